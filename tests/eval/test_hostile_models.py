"""A slice of `eval.hostile_models`: three sessions with each kind of model that is no good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from eval import hostile_models
from eval.hostile_models import LOCAL, SERVERS, Kind, Stage, kinds, main, measure, open_stage
from eval.hostile_server import serving
from simulator.actor import lines
from simulator.errors import ModelError


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
    assert result.through == result.broke == ()
    assert result.ended == 3
    assert result.reached > 0, "scripts are long enough for the customer to come to an end"
    assert (result.from_model > 0) == (name == "429, then fine")


def test_a_line_that_is_not_one_of_the_fine_ones_counts_as_garbage(
    stage: Stage, models: dict[str, Kind]
) -> None:
    result = measure(stage, replace(models["429, then fine"], fine=frozenset()), 3)
    assert result.through
    assert not result.met
    assert "3 of 3 ended" in str(result)


def test_a_session_in_which_the_customer_falls_silent_has_not_ended(
    stage: Stage, models: dict[str, Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wordless(*_: Any) -> None:
        raise ModelError("台词库里没有合适的话")

    monkeypatch.setattr(lines, "pick", wordless)
    result = measure(stage, models["empty"], 2)
    assert result.lines > 0
    assert (result.ended, result.met) == (0, False)


def test_a_session_that_breaks_off_has_not_ended(
    stage: Stage, models: dict[str, Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("没有电了")

    monkeypatch.setattr(hostile_models, "rehearse", broken)
    result = measure(stage, models["empty"], 2)
    assert (result.ended, result.met) == (0, False)
    assert result.broke == ("RuntimeError: 没有电了",) * 2


def test_no_sessions_prove_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--sessions", "0"])
    assert leaving.value.code == 2
    assert "at least 1, not 0" in capsys.readouterr().err
