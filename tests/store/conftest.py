"""A real database file for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.domain.session import Session
from simulator.store import Store
from tests.factories import make_opening, make_setup, make_state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "数据 100%" / "sessions.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as store:
        yield store


@pytest.fixture
def session(store: Store) -> Session:
    return store.start(make_setup(), make_state(turn=0, met=(), claims=(), faults=0), make_opening())
