"""Faults under a calibration that judges windows: what stands beside a fault hardly excuses it, nothing decent is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.cli import wiring
from simulator.content.catalog import Catalog
from simulator.domain.grade import Grade, GradeRequest, Verdict
from simulator.grading.encoder import Encoder
from simulator.grading.grader import Grader


@pytest.fixture(scope="module")
def grader(catalog: Catalog, encoder: Encoder) -> Grader:
    return wiring.make_grader(catalog.content.rubric("service@2"), encoder)


def graded(grader: Grader, reply: str, situation: str = "suspension_anger") -> Grade:
    return grader.grade(GradeRequest(situation=situation, reply=reply, customer="怎么还没好！"))


def faults(grade: Grade) -> set[str]:
    return {i.key for i in grade.items if i.verdict is Verdict.MET and i.key.startswith("negative:")}


INSULT = "早干嘛去了"
WRAPS = (
    "{}",
    "真的很抱歉，我特别理解您，{}，我这就帮您查",
    "感谢您的耐心等待，{}，五分钟后给您回电话，祝您生活愉快",
)


@pytest.mark.parametrize("wrap", WRAPS)
def test_the_span_is_the_clause_that_does_it(grader: Grader, wrap: str) -> None:
    [hit, *_] = graded(grader, wrap.format(INSULT)).banned
    assert INSULT in hit.text
    assert len(hit.text) <= len(INSULT) + 8


@pytest.mark.parametrize("wrap", WRAPS[1:])
@pytest.mark.parametrize("insult", [INSULT, "吼我也快不了", "您有完没完"])
def test_kind_words_excuse_less_than_without_windows(
    grader: Grader, encoder: Encoder, insult: str, wrap: str
) -> None:
    whole = Grader(grader.rubric, encoder, replace(grader.calibration, windows=None))

    def chance(judge: Grader) -> float:
        grade = graded(judge, wrap.format(insult))
        return next(i.score for i in grade.items if i.key == "negative:banned_phrase")

    assert chance(grader) > chance(whole) + 0.05


def test_a_prescribed_line_excuses_nothing_beside_it(grader: Grader) -> None:
    alone = graded(grader, "别人都能用就您事多", "front_desk_visitor")
    beside = graded(grader, "请您稍等。别人都能用就您事多", "front_desk_visitor")
    assert faults(alone)
    assert faults(beside)
    assert beside.quality is not None
    assert beside.quality <= 2


@pytest.mark.parametrize(
    "reply",
    [
        "哈哈哈哈哈哈哈哈，您真幽默，我这就帮您查一下",
        "好好好好好好，我这就帮您查一下套餐",
        "嗯嗯嗯嗯嗯，您慢慢说，我记着呢",
    ],
)
def test_laughing_or_nodding_long_is_no_fault(grader: Grader, reply: str) -> None:
    assert not faults(graded(grader, reply))


def test_an_older_calibration_has_no_windows_and_still_grades(grader: Grader, encoder: Encoder) -> None:
    older = replace(grader.calibration, windows=None)
    grade = graded(Grader(grader.rubric, encoder, older), f"抱歉，{INSULT}")
    assert len(grade.items) == len(graded(grader, f"抱歉，{INSULT}").items)


def test_the_batch_changes_nothing(grader: Grader) -> None:
    replies = [f"抱歉，{INSULT}", "好的", "我这就查，五分钟后给您回电话", "哦" * 300]
    requests = [GradeRequest(situation="suspension_anger", reply=r) for r in replies]
    assert grader.grade_many(requests) == [grader.grade(r) for r in requests]
