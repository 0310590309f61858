"""Small rubrics: with few examples, and with nothing that is banned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.cli import wiring
from simulator.domain.grade import BANNED_KEY, GradeRequest
from simulator.domain.rubric import Kind
from simulator.grading.encoder import Encoder
from simulator.grading.grader import Grader

CASES = Path(__file__).parents[2] / "eval" / "cases" / "calibration.jsonl"
SITUATION = "too_expensive"
GIBBERISH = ("曝鹄隳趱墼鬻觳黾蠡氅瓴饕餮", "asdf qwer zxcv tyui ghjk bnm", "饕隳鹄曝觳趱鬻墼蠡黾瓴氅餮鼗")


@pytest.fixture(scope="module")
def small(grader: Grader, encoder: Encoder) -> Grader:
    """Of service the steps of one situation, and no banned phrase."""
    whole = grader.rubric
    steps = tuple(i for i in whole.items if i.kind is Kind.STEP and SITUATION in i.placements)
    return wiring.make_grader(replace(whole, items=steps, banned=(), prescribed=(), hash="0" * 16), encoder)


def test_ordinary_chinese_is_no_gibberish_to_a_rubric_of_few_examples(small: Grader) -> None:
    rows = [json.loads(row) for row in CASES.read_text(encoding="utf-8").splitlines()]
    said = [r["reply"] for r in rows if r["kind"] in ("strong", "middling")][:200]
    grades = small.grade_many([GradeRequest(situation=SITUATION, reply=text) for text in said])
    assert sum(not g.features.meaningful for g in grades) <= 2


@pytest.mark.parametrize("reply", GIBBERISH)
def test_gibberish_stays_gibberish(small: Grader, reply: str) -> None:
    assert not small.grade(GradeRequest(situation=SITUATION, reply=reply)).features.meaningful


def test_nothing_is_banned_where_the_rubric_bans_nothing(small: Grader, grader: Grader) -> None:
    asked = [GradeRequest(situation=SITUATION, reply=b.phrase) for b in grader.rubric.banned]
    assert sum(bool(g.banned) for g in grader.grade_many(asked)) > len(asked) * 0.8
    for grade in small.grade_many(asked):
        [any_banned] = [i for i in grade.items if i.key == BANNED_KEY]
        assert (grade.banned, any_banned.score) == ((), 0.0)
