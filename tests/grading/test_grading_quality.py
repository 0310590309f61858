"""Quality: the ordinal model, the caps of the labelling guide, and what each item is said to have done."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.grade import BannedHit, Features, Grade, ItemResult, Span, Verdict
from simulator.domain.rubric import Kind, Placement, Rubric, RubricItem, Scoring
from simulator.grading.quality import INPUTS, LEVELS, Marking, cap, inputs, quality, reasons
from tests.factories import make_grade

HERE = "too_expensive"
MET, NOT_MET, UNSURE = Verdict.MET, Verdict.NOT_MET, Verdict.UNSURE


def item(name: str, kind: Kind, **changes: Any) -> RubricItem:
    return RubricItem(
        id=name, kind=kind, name=name, meaning=name, advice=name, examples=("例句",), contrast=(), **changes
    )


RUBRIC = Rubric(
    name="small",
    version=1,
    title="小",
    items=(
        item("reason", Kind.STEP, placements={HERE: Placement(order=1)}),
        item("recalculate", Kind.STEP, placements={HERE: Placement(order=2)}),
        item("elsewhere", Kind.STEP, placements={"no_need": Placement()}),
        item("empathy", Kind.SKILL),
        item("plain_words", Kind.SKILL, form_only=True),
        item("argue", Kind.NEGATIVE, quality_cap=2.5),
        item("vague", Kind.NEGATIVE, quality_cap=3.5),
    ),
    banned=(),
    scoring=Scoring(),
    hash="0f" * 8,
)
WEIGHTS = {
    "first_step": 2.0, "more_steps": 3.0, "share": 1.0, "skills": 1.5, "fault": -3.0, "banned": -4.0,
    "length": 1.0, "brief": -1.0,
}  # fmt: skip
MARKING = Marking(weights=WEIGHTS, cuts=(-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0))
UNITS = st.fixed_dictionaries({name: st.floats(0, 1) for name in INPUTS})
HIT = BannedHit(id="b001", category="shut_up", score=0.9, span=Span(start=0, end=2), text="少来")


def result(key: str, verdict: Verdict, score: float | None = None) -> ItemResult:
    usual = {MET: 0.9, NOT_MET: 0.1, UNSURE: 0.5}[verdict]
    return ItemResult(key=key, verdict=verdict, score=usual if score is None else score)


def graded(
    *,
    reason: Verdict = NOT_MET,
    recalculate: Verdict = NOT_MET,
    empathy: Verdict = NOT_MET,
    argue: Verdict = NOT_MET,
    vague: Verdict = NOT_MET,
    **changes: Any,
) -> Grade:
    """A grade under `RUBRIC` of 30 characters."""
    items = (
        result(f"step:{HERE}.reason", reason),
        result(f"step:{HERE}.recalculate", recalculate),
        result("skill:empathy", empathy),
        result("skill:plain_words", MET),
        result("negative:argue", argue),
        result("negative:vague", vague),
    )
    plain: dict[str, Any] = {"items": items, "banned": (), "features": Features(length=30), "quality": 3.0}
    return make_grade(**(plain | changes))


@given(values=UNITS)
def test_expected_quality_lies_between_one_and_five(values: dict[str, float]) -> None:
    assert 1 <= MARKING.expected(values) <= 5
    strong = Marking(weights={n: w * 1000 for n, w in WEIGHTS.items()}, cuts=MARKING.cuts)
    assert 1 <= strong.expected(values) <= 5


@pytest.mark.parametrize("name", INPUTS)
@given(values=UNITS, more=st.floats(0.01, 1))
def test_more_of_an_input_moves_quality_as_its_weight_says(
    name: str, values: dict[str, float], more: float
) -> None:
    before, after = MARKING.expected(values), MARKING.expected(values | {name: values[name] + more})
    assert (after > before) if WEIGHTS[name] > 0 else (after < before)


def test_an_input_without_a_weight_does_nothing() -> None:
    none = dict.fromkeys(INPUTS, 0.0)
    flat = Marking(weights={"first_step": 1.0}, cuts=(0.0,) * 8)
    assert flat.expected(none) == 3.0, "every cut at even odds: the middle"
    assert flat.expected(none | {"skills": 1.0}) == 3.0
    assert flat.expected(none | {"first_step": 1.0}) == pytest.approx(1 + 4 / (1 + 2.718281828**-1))


def test_sure_cuts_give_their_level() -> None:
    for place, level in enumerate(LEVELS):
        cuts = tuple(-40.0 if k < place else 40.0 for k in range(8))
        assert Marking(weights={}, cuts=cuts).expected(dict.fromkeys(INPUTS, 1.0)) == pytest.approx(level)


INPUTS_OF = [
    ({}, 0.0, 0, dict.fromkeys(INPUTS, 0.0) | {"brief": 1.0}),
    ({f"step:{HERE}.reason": 0.6}, 0.0, 12, {"first_step": 0.6, "more_steps": 0.0, "share": 0.3, "brief": 0}),
    (
        {f"step:{HERE}.reason": 1.0, f"step:{HERE}.recalculate": 0.5},
        0.0,
        40,
        {"first_step": 1.0, "more_steps": 0.5 / 3, "share": 0.75, "length": 0.5},
    ),
    ({"step:no_need.elsewhere": 1.0, f"step:{HERE}.elsewhere": 1.0}, 0.0, 6, {"first_step": 0, "brief": 0.5}),
    ({"skill:empathy": 0.9, "skill:plain_words": 1.0}, 0.0, 999, {"skills": 0.3, "length": 1.0}),
    ({"negative:argue": 0.5, "negative:vague": 0.5}, 0.25, 30, {"fault": 0.75, "banned": 0.25}),
]


@pytest.mark.parametrize(("chances", "banned", "length", "expected"), INPUTS_OF)
def test_inputs(chances: dict[str, float], banned: float, length: int, expected: dict[str, float]) -> None:
    found = inputs(RUBRIC, chances, banned, HERE, length)
    assert tuple(found) == INPUTS
    assert {n: found[n] for n in expected} == pytest.approx(expected)


CAPS = [
    (graded(), False, 5.0),
    (graded(vague=MET), False, 3.5),
    (graded(argue=MET, vague=MET), False, 2.5),
    (graded(argue=UNSURE), False, 5.0),
    (graded(reason=MET, empathy=MET), False, 5.0),
    (graded(), True, 1.0),
    (graded(empathy=MET), True, 1.0),
    (graded(reason=UNSURE), True, 1.0),
    (graded(reason=MET), True, 2.0),
    (graded(reason=MET, argue=MET), True, 2.0),
    (graded(items=(result("negative:banned_phrase", MET),)), False, 5.0),
]


@pytest.mark.parametrize(("grade", "banned", "highest"), CAPS)
def test_faults_and_banned_things_cap_the_quality(grade: Grade, banned: bool, highest: float) -> None:
    assert cap(RUBRIC, grade.items, banned) == highest


def test_quality_is_the_expected_one_to_a_tenth_below_its_cap() -> None:
    best = dict.fromkeys(INPUTS, 0.0) | {"first_step": 1.0, "more_steps": 1.0, "skills": 1.0}
    free = quality(RUBRIC, MARKING, best, graded().items, ())
    assert free == round(MARKING.expected(best), 1) > 4
    assert quality(RUBRIC, MARKING, best, graded(vague=MET).items, ()) == 3.5
    assert quality(RUBRIC, MARKING, best, graded(reason=MET).items, (HIT,)) == 2.0
    poor = best | {"first_step": 0.0, "more_steps": 0.0, "skills": 0.0, "fault": 1.0}
    low = quality(RUBRIC, MARKING, poor, graded(vague=MET).items, ())
    assert low == round(MARKING.expected(poor), 1) < 3.5, "a cap lifts nothing"


def told(grade: Grade, marking: Marking = MARKING) -> dict[str, tuple[bool, float]]:
    return {r.key: (r.done, r.points) for r in reasons(RUBRIC, marking, grade, HERE)}


def test_what_was_done_brings_points_and_a_missing_step_costs_them() -> None:
    found = told(graded(reason=MET, empathy=MET))
    assert set(found) == {f"step:{HERE}.reason", f"step:{HERE}.recalculate", "skill:empathy"}
    assert found[f"step:{HERE}.reason"][0] is True
    assert found[f"step:{HERE}.reason"][1] > 0
    assert found["skill:empathy"][0] is True
    assert found["skill:empathy"][1] > 0
    assert found[f"step:{HERE}.recalculate"][0] is False
    assert found[f"step:{HERE}.recalculate"][1] < 0


def test_a_fault_costs_points_and_one_not_committed_is_not_told() -> None:
    found = told(graded(reason=MET, argue=MET))
    assert found["negative:argue"][0] is True
    assert found["negative:argue"][1] < 0
    assert "negative:vague" not in found
    assert "skill:empathy" not in found, "a missing skill is no fault"


def test_points_are_the_quality_with_the_item_surely_there_less_that_without() -> None:
    grade = graded(reason=MET)
    chances = {i.key: i.score for i in grade.items}
    key = f"step:{HERE}.reason"
    surely, never = (
        round(MARKING.expected(inputs(RUBRIC, chances | {key: p}, 0.0, HERE, 30)), 1) for p in (1.0, 0.0)
    )
    assert told(grade)[key] == (True, pytest.approx(surely - never, abs=1e-6))


def test_a_cap_counts_among_the_points() -> None:
    """The model alone would not mind this fault: its whole cost is the cap."""
    mild = Marking(weights=WEIGHTS | {"fault": 0.0, "more_steps": 9.0, "first_step": 9.0}, cuts=MARKING.cuts)
    found = told(graded(reason=MET, recalculate=MET, argue=MET), mild)
    assert found["negative:argue"] == (True, pytest.approx(2.5 - 5.0, abs=0.11))
    banned = told(graded(reason=MET, recalculate=MET, banned=(HIT,)), mild)
    assert banned == {}, "with a banned thing the other step still helps: neither is missed"
    [alone] = reasons(RUBRIC, mild, graded(reason=MET, banned=(HIT,)), HERE)
    assert (alone.key, alone.points) == (f"step:{HERE}.reason", 1.0)


def test_reasons_come_by_weight_then_name() -> None:
    found = reasons(RUBRIC, MARKING, graded(reason=MET, empathy=MET), HERE)
    weights = [abs(r.points) for r in found]
    assert len(found) >= 3
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) > 1
    even = reasons(
        RUBRIC, Marking(weights={"share": 8.0}, cuts=MARKING.cuts), graded(reason=MET, recalculate=MET), HERE
    )
    assert [r.key for r in even] == [f"step:{HERE}.reason", f"step:{HERE}.recalculate"]
    assert even[0].points == even[1].points


def test_what_is_open_of_form_or_hardly_matters_is_left_out() -> None:
    assert f"step:{HERE}.reason" not in told(graded(reason=UNSURE))
    assert "skill:plain_words" not in told(graded(empathy=MET))
    faint = Marking(weights={"skills": 0.1, "share": 3.0}, cuts=MARKING.cuts)
    assert "skill:empathy" not in told(graded(empathy=MET), faint)
    assert f"step:{HERE}.reason" in told(graded(empathy=MET), faint)


def test_a_reply_that_could_not_be_graded_has_no_reasons() -> None:
    assert reasons(RUBRIC, MARKING, graded(reason=MET, quality=None), HERE) == []
