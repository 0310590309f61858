"""The whole way with the real grader: what is made worse is called worse and named, what is alike is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import eval as evaluation
from eval.comparing.comparison import Pair
from eval.comparing.ruling import Outcome
from simulator.cli import wiring
from simulator.domain.rubric import Rubric
from simulator.grading import calibration
from tests.eval.runs import lines, write

ITEM = "skill:open_question"
Compared = Callable[[str, str], Pair]


@pytest.fixture(scope="module")
def service() -> Rubric:
    return wiring.open_catalog(None).content.rubric("service@1")


def rubric(folder: Path, version: int, items: list[dict[str, object]], service: Rubric) -> None:
    """A version that takes everything from service@1 but `items`, which are its own."""
    situations = sorted({s for i in service.items for s in i.placements})
    wanted = ["skill:*", "negative:*", *(f"step:{s}.*" for s in situations)]
    file = {
        "rubric": "copy", "version": version, "title": "照抄",
        "include": [{"from": "service@1", "items": wanted, "banned": True, "prescribed": True}],
        "items": items,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"copy@{version}.yaml").open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump(file, stream)


def item(service: Rubric, examples: tuple[str, ...], contrast: tuple[str, ...]) -> dict[str, object]:
    """The item with other examples."""
    known = service.item(ITEM)
    assert known is not None
    return {
        "id": known.id, "kind": "skill", "name": known.name, "meaning": known.meaning, "advice": known.advice,
        "weight": known.weight, "requires": list(known.requires),
        "examples": list(examples), "contrast": list(contrast),
    }  # fmt: skip


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, service: Rubric) -> Compared:
    """Compares two rubrics of an overlay on 400 calibration cases. Versions of `copy`: 1 as service; 2 the same
    again; 3 with the examples of one item swapped; 4 with one example more."""
    folder = tmp_path_factory.mktemp("own")
    known = service.item(ITEM)
    assert known is not None
    good, near = known.examples, known.contrast
    rubric(folder / "rubrics", 1, [], service)
    rubric(folder / "rubrics", 2, [], service)
    rubric(folder / "rubrics", 3, [item(service, near, good)], service)
    rubric(folder / "rubrics", 4, [item(service, (*good, "这事您前前后后是怎么想的呀"), near)], service)
    shifted = calibration.load(
        next(p for p in wiring.calibration_folders()[-1].glob(f"*-{service.hash}.json"))
    )
    # by much: its models have seen these replies, and are sure of most
    line = shifted.scaling["skill"]
    scaling = shifted.scaling | {"skill": replace(line, bias=line.bias - 4.0)}
    calibration.save(replace(shifted, scaling=scaling), folder / "shifted" / "models" / "calibration")
    cases = write(folder / "cases.jsonl", lines(400, "calibration.jsonl"))

    def made(name: str) -> Path:
        out = folder / "runs" / name
        own = {"shifted": folder / "shifted", "service@1": None}.get(name, folder)
        evaluation.run(rubric=name if "@" in name else "service@1", cases=cases, out=out, content=own)
        return out

    return lambda a, b: evaluation.compare(made(a), made(b)).pairs[0]


@pytest.mark.slow
def test_two_versions_that_mean_the_same_are_identical(compared: Compared) -> None:
    assert compared("copy@1", "copy@2").ruling.outcome is Outcome.IDENTICAL


@pytest.mark.slow
def test_swapped_examples_are_worse_and_the_item_is_named(compared: Compared) -> None:
    ruling = compared("copy@1", "copy@3").ruling
    assert ruling.outcome is Outcome.WORSE
    assert [e.key for e in ruling.evidence if e.key.startswith(("skill:", "step:", "negative:"))] == [ITEM]


@pytest.mark.slow
def test_a_shifted_calibration_is_worse_in_what_it_shifts(compared: Compared) -> None:
    ruling = compared("service@1", "shifted").ruling
    assert ruling.outcome is Outcome.WORSE
    named = {e.key for e in ruling.evidence}
    assert "skill" in named
    assert not {"step", "negative", "banned"} & named


@pytest.mark.slow
def test_one_example_more_is_not_told_from_none(compared: Compared) -> None:
    assert compared("copy@1", "copy@4").ruling.outcome in (Outcome.INDISTINCT, Outcome.IDENTICAL)
