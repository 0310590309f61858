"""A slice of `eval.hostile_models`: three sessions with each kind of model that is no good."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eval.hostile_models import LOCAL, SERVERS, Kind, Stage, kinds, measure, open_stage
from eval.hostile_server import serving


@pytest.fixture(scope="module")
def stage() -> Stage:
    return open_stage()


@pytest.fixture(scope="module")
def models(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kind]]:
    with serving() as address:
        made = kinds(stage.content, address, tmp_path_factory.mktemp("models"))
        yield {kind.name: kind for kind in made}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*(name for name, _, _ in SERVERS), LOCAL])
def test_sessions_end_and_no_garbage_is_let_through(stage: Stage, models: dict[str, Kind], name: str) -> None:
    result = measure(stage, models[name], 3)
    assert result.through == ()
    assert result.ended == 3
    assert (result.from_model > 0) == (name == "429, then fine")


def test_a_line_that_is_not_one_of_the_fine_ones_counts_as_garbage(
    stage: Stage, models: dict[str, Kind]
) -> None:
    from dataclasses import replace

    result = measure(stage, replace(models["429, then fine"], fine=frozenset()), 3)
    assert result.through
    assert not result.met
    assert "3 of 3 ended" in str(result)
