"""Labelled replies that cannot serve: told in one message, never a calibration made of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval import calibrate as fitting
from eval.cases import borrowed, check_labels, read_cases
from simulator.cli import wiring
from simulator.domain.rubric import Kind, Rubric
from simulator.errors import InputError
from simulator.grading import calibration
from simulator.grading.grader import Grader

CASE: dict[str, Any] = {
    "id": "a", "situation": "too_expensive", "reply": "您好\u2028您好", "steps": ["reason"], "skills": [],
    "negatives": ["banned_phrase"], "banned": ["b001"], "quality": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return wiring.open_catalog(None).content.rubric("service")


def write(folder: Path, *cases: dict[str, Any]) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases), encoding="utf-8")
    return path


def test_a_sound_case_is_read_whole(rubric: Rubric, tmp_path: Path) -> None:
    [case] = read_cases([write(tmp_path, CASE)])
    check_labels([case], [rubric])
    assert case.request.reply == CASE["reply"], "a line separator inside a text ends no line"
    assert case.says_banned


@pytest.mark.parametrize(
    ("change", "told"),
    [({"quality": 9}, "quality"), ({"steps": None}, "steps"), ({"reply": 5}, "reply"), ({"id": None}, "id")],
)
def test_a_bad_field_is_told_with_its_line(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    path = write(tmp_path, CASE, CASE | {"id": "b"} | change)
    with pytest.raises(InputError, match=rf"cases.jsonl:2: .*{told}"):
        read_cases([path])


def test_a_doubled_id_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cases.jsonl:2: 编号 a 前面已经有了"):
        read_cases([write(tmp_path, CASE, CASE)])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"steps": ["reasn"]}, "reasn"),
        ({"skills": ["reason"]}, "reason"),
        ({"banned": ["b999"]}, "b999"),
        ({"situation": "nowhere"}, "nowhere"),
    ],
)
def test_a_label_that_the_rubric_has_not_is_told(
    rubric: Rubric, change: dict[str, Any], told: str, tmp_path: Path
) -> None:
    cases = read_cases([write(tmp_path, CASE | change)])
    with pytest.raises(InputError, match=told):
        check_labels(cases, [rubric])


@pytest.mark.parametrize("name", ["service", "complaint", "phone", "selling"])
def test_shipped_labels_are_all_known(name: str) -> None:
    content = wiring.open_catalog(None).content
    cases = Path(__file__).parents[2] / "eval" / "cases"
    files = sorted((cases if name == "service" else cases / name).glob("*.jsonl"))
    assert {"train.jsonl", "calibration.jsonl", "test.jsonl"} <= {f.name for f in files}
    for file in files:
        found = read_cases([file])
        check_labels(found, [content.rubric(name)])  # raises for a label that would not count
        assert any(case.labels["step"] for case in found) or file.name == "offtopic.jsonl"


def test_borrowed_cases_teach_only_what_both_rubrics_have(rubric: Rubric, tmp_path: Path) -> None:
    own = replace(rubric.items[-1], id="brand_new", kind=Kind.SKILL)
    wider = replace(rubric, items=(*rubric.items, own))
    other = CASE | {"id": "b", "skills": ["empathy"]}
    cases = read_cases([write(tmp_path, CASE, other)])
    found = borrowed(cases, wider, cases[:1])
    assert [c.id for c in found] == ["b"], "a reply that is labelled for the rubric itself is not borrowed"
    assert "skill:brand_new" in found[0].unjudged
    assert "skill:empathy" not in found[0].unjudged
    elsewhere = replace(wider, items=tuple(i for i in wider.items if not i.placements))
    assert borrowed(cases, elsewhere, ()) == []


def test_an_item_that_was_not_looked_for_is_no_row(rubric: Rubric, tmp_path: Path) -> None:
    encoder = wiring.open_encoder("builtin")
    grader = Grader(rubric, encoder, calibration.blank(encoder.hash, rubric.hash))
    [case] = read_cases([write(tmp_path, CASE)])
    columns = [
        set(fitting.prepare(grader, [c]).table.column.tolist())
        for c in (case, replace(case, unjudged=frozenset({"skill:empathy"})))
    ]
    assert columns[0] - columns[1] == {"skill:empathy"}
