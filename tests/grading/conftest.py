"""The shipped rubric with the builtin encoder and its calibration, loaded once."""

from __future__ import annotations

import pytest

from simulator.cli import wiring
from simulator.content.catalog import Catalog
from simulator.grading.encoder import Encoder
from simulator.grading.grader import Grader


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return wiring.open_catalog(None)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return wiring.open_encoder("builtin")


@pytest.fixture(scope="session")
def grader(catalog: Catalog, encoder: Encoder) -> Grader:
    return wiring.make_grader(catalog.content.rubric("service@1"), encoder)
