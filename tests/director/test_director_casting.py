"""A rubric that scores situations by steps of its own: what it does not score is not asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator import director
from simulator.director import Casting
from simulator.domain.grade import Grade
from simulator.domain.persona import Condition, Difficulty
from simulator.domain.rubric import Kind, Placement, Rubric, RubricItem
from simulator.domain.session import Outcome
from tests.director.stage import SITUATIONS, STYLES, casting, shipped, talk
from tests.factories import grade_of

OWN = ("own_hear", "own_check", "own_explain", "own_offer")
SERVICE = shipped().rubric("service@1")


def pack(*, skills: bool) -> Rubric:
    """All situations, by four steps of its own; with `skills`, those of service and its faults too."""
    places = [{s: Placement(order=n) for s in SITUATIONS} for n in range(1, len(OWN) + 1)]
    steps = tuple(step(name, where) for name, where in zip(OWN, places, strict=True))
    theirs = tuple(i for i in SERVICE.items if i.kind is not Kind.STEP) if skills else ()
    return replace(SERVICE, name="pack", items=steps + theirs, banned=(), prescribed=(), hash="0" * 16)


def step(name: str, placements: dict[str, Placement]) -> RubricItem:
    return RubricItem(
        id=name, kind=Kind.STEP, name=name, meaning="", advice="", examples=("您好",), contrast=(),
        placements=placements,
    )  # fmt: skip


def under(rubric: Rubric, situation: str, style: str = "amiable", won: Condition | None = None) -> Casting:
    content = shipped()
    person = replace(content.first_persona(situation), won=won)
    return director.cast(
        person, content.style(style), content.situation(situation), rubric, Difficulty.NORMAL
    )


def handling(cast: Casting, *, skills: bool) -> list[Grade]:
    """The rubric's steps in order, then what wins: asking, proof, a proposal, agreement, thanks."""
    s = cast.situation
    a_reply = max(1, len(OWN) // 2) if s.max_turns < 10 else 1
    keys = [f"step:{x}" for x in OWN]
    plan = [keys[i : i + a_reply] for i in range(0, len(keys), a_reply)]
    if skills:
        plan += [["skill:open_question", "skill:empathy"], ["skill:evidence", "skill:solution"]]
        plan += [["skill:next_step", "skill:ask_agreement"]] * 2 + [["skill:thanks_close"]] * 2
    else:
        plan += [keys] * (s.max_turns - len(plan))
    return [grade_of(*k, situation=s.id) for k in plan]


def test_under_service_nothing_is_left_out() -> None:
    for situation in SITUATIONS:
        cast = casting(situation)
        own = shipped().situation(situation)
        assert cast.situation == own
        assert set(cast.won.steps) == set((cast.persona.won or own.won).steps)
        assert set(cast.advanced.steps) == set((cast.persona.advanced or own.advanced).steps)
    assert any(casting(situation).won.steps for situation in SITUATIONS)


def test_steps_that_are_not_scored_are_left_out_of_conditions() -> None:
    asked = Condition(coverage=0.5, steps=("own_check", "act_now"), trust=0.4, anger=0.6)
    cast = under(pack(skills=True), "billing_dispute", won=asked)
    assert cast.won == replace(asked, steps=("own_check",))
    assert cast.advanced.steps == ()
    service = under(SERVICE, "billing_dispute", won=asked)
    assert service.won.steps == ("act_now",)


@pytest.mark.parametrize("skills", [True, False], ids=["with skills", "steps alone"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_can_be_won_by_the_rubrics_own_steps(situation: str, skills: bool) -> None:
    for style in STYLES:
        cast = under(pack(skills=skills), situation, style)
        steps = talk(cast, handling(cast, skills=skills))
        assert steps[-1].state.outcome is Outcome.WON, (style, [s.move for s in steps])


def test_without_the_rubrics_own_steps_nothing_is_won() -> None:
    for situation in SITUATIONS:
        cast = under(pack(skills=True), situation)
        plan = [grade_of("skill:empathy", "skill:next_step", situation=situation)] * cast.situation.max_turns
        assert talk(cast, plan)[-1].state.outcome is not Outcome.WON


def test_what_counts_as_an_answer_is_widened_only_where_nothing_scored_does() -> None:
    situation = shipped().situation("too_expensive")
    bare, skilled = under(pack(skills=False), situation.id), under(pack(skills=True), situation.id)
    assert bare.situation.answers == bare.situation.proposals == tuple(f"step:{x}" for x in OWN)
    assert bare.situation.probes == situation.probes
    assert skilled.situation == situation
    assert under(pack(skills=False), "phone_answer").situation.probes == ()
