"""The shipped cast on a stage: castings by name, whole talks, and grades of every kind at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from simulator import director
from simulator.content.catalog import load
from simulator.content.contents import Content
from simulator.content.source import ContentSource
from simulator.director import Casting
from simulator.director.direct import direction_for
from simulator.domain.grade import Address, Grade
from simulator.domain.persona import ConcernStatus, Difficulty
from simulator.domain.rubric import Kind
from simulator.domain.session import CustomerState, Direction, LedgerEntry, Step
from simulator.language.features import features
from tests.factories import grade_of, make_state

SEED = 7
PROMISES = ((), ("我来办",), ("我周三来给您装好",), ("我周五来给您装好",), ("我周五给您打电话",))
WRONG_NAMES = (("王总",), ("魏女士",), ("魏先生",))
FAMILIES = ("too_expensive", "think_about_it", "suspension_anger", "first_pitch", "call_closing")


@cache
def shipped() -> Content:
    """What trainers wrote, read once."""
    return load(ContentSource())


SITUATIONS = tuple(sorted(shipped().situations))
STYLES = tuple(sorted(shipped().styles))


@cache
def casting(
    situation: str = "too_expensive", style: str = "analytical", difficulty: Difficulty = Difficulty.NORMAL
) -> Casting:
    """The situation's first person, played in `style`."""
    content = shipped()
    return director.cast(
        content.first_persona(situation),
        content.style(style),
        content.situation(situation),
        content.rubric("service"),
        difficulty,
    )


def even_state(**changes: Any) -> CustomerState:
    """A customer in the middle of every scale at the start of a talk."""
    plain: dict[str, Any] = {
        "anger": 0.5,
        "trust": 0.5,
        "interest": 0.5,
        "patience": 0.5,
        "turn": 0,
        "met": (),
        "claims": (),
        "faults": 0,
        "moves": (),
        "objection": ledger("objection", ConcernStatus.RAISED),
        "concern": ledger("concern", ConcernStatus.HIDDEN),
    }
    return make_state(**(plain | changes))


def ledger(name: str, status: ConcernStatus) -> LedgerEntry:
    """An entry that has come as far as `status`."""
    return LedgerEntry(id=name, text="（内容）", status=status)


def calm(**changes: Any) -> CustomerState:
    """A customer neither cross nor warm who hides nothing, so that only what is tested moves them."""
    told = ledger("concern", ConcernStatus.SETTLED)
    return even_state(**({"anger": 0.4, "trust": 0.45, "patience": 0.7, "concern": told} | changes))


def said(text: str, *keys: str, **changes: Any) -> Grade:
    """The grade of a reply of these words."""
    return replace(grade_of(*keys, **changes), features=features(text))


def ordered(cast: Casting, step: Step, grade: Grade) -> Direction:
    """What the actor is told for `step`."""
    return direction_for(cast, step, grade, "回复", SEED, (), ())


def talk(cast: Casting, grades: Iterable[Grade], seed: int = SEED) -> list[Step]:
    """The steps of a talk, from its opening until the grades or the customer's will run out."""
    state, steps = director.opening_state(cast), []
    for grade in grades:
        step = director.direct(cast, state, grade, seed)
        steps.append(step)
        state = step.state
        if state.outcome is not None:
            break
    return steps


def good_talk(cast: Casting) -> list[Grade]:
    """A talk as prescribed: every step in order (a drill's in four replies), an open question about what
    matters, evidence and a proposal for it, agreement, thanks."""
    s = cast.situation
    a_reply = max(1, -(-len(s.steps) // 4)) if s.max_turns < 10 else 1
    steps = [f"step:{x}" for x in s.steps]
    plan = [steps[i : i + a_reply] for i in range(0, len(steps), a_reply)]
    plan += [["skill:open_question", "skill:empathy"], ["skill:evidence", "skill:solution"]]
    plan += [["skill:next_step", "skill:ask_agreement"]] * 2 + [["skill:thanks_close"]] * 2
    return [grade_of(*keys, situation=s.id) for keys in plan]


@st.composite
def castings(draw: st.DrawFn) -> Casting:
    """Any of the shipped situations, styles and difficulties."""
    return casting(
        draw(st.sampled_from(SITUATIONS)), draw(st.sampled_from(STYLES)), draw(st.sampled_from(Difficulty))
    )


@st.composite
def grades(draw: st.DrawFn, cast: Casting) -> Grade:
    """Any grade that a reply in `cast` could get: mostly with something good, sometimes foul."""
    rubric, situation = cast.rubric, cast.situation
    skills = [f"skill:{i.id}" for i in rubric.items if i.kind is Kind.SKILL]
    faults = [f"negative:{i.id}" for i in rubric.items if i.kind is Kind.NEGATIVE and i.id != "banned_phrase"]
    keys = draw(st.lists(st.sampled_from([f"step:{x}" for x in situation.steps]), max_size=4, unique=True))
    keys += draw(st.lists(st.sampled_from(skills), max_size=4, unique=True))
    foul = draw(st.integers(0, 5)) == 0
    if foul:
        keys += draw(st.lists(st.sampled_from(faults), max_size=3, unique=True))
    if draw(st.integers(0, 7)) == 0:  # what the ledger notices, oftener than chance would have it
        noticed = draw(st.sampled_from(["negative:pressure", "negative:pass_the_buck"]))
        keys += [noticed] if noticed not in keys else []
    banned = ("insult",) if foul and draw(st.booleans()) else ()
    return grade_of(*keys, situation=situation.id, banned=banned, **draw(_features(cast)))


@st.composite
def _features(draw: st.DrawFn, cast: Casting) -> dict[str, Any]:
    asked = [word for answer in cast.persona.answers for word in answer.about]
    return {
        "length": draw(st.integers(0, 400)),
        "figures": draw(st.sampled_from([(), ("38元/月",), ("46元/月", "8块"), ("两成", "三天")])),
        "days": draw(st.sampled_from([(), ("周四上午十点",)])),
        "promises": draw(st.sampled_from(PROMISES)),
        "address": draw(st.sampled_from(Address)),
        "question_answered": draw(st.sampled_from([None, True, False])),
        "questions": draw(st.sampled_from([(), ("您看行吗",), *((f"{w}呢",) for w in asked)])),
        "story": draw(st.booleans()),
        "third_parties": draw(st.sampled_from([(), ("隔壁厂",)])),
        "small_talk": draw(st.booleans()),
        "spec_list": draw(st.booleans()),
        "meaningful": draw(st.integers(0, 9)) > 0,
        "called": draw(st.sampled_from([(), (), (cast.persona.honorific,), *WRONG_NAMES])),
    }


@st.composite
def talks(draw: st.DrawFn) -> tuple[Casting, list[Grade], int]:
    """A casting, a whole talk's grades and a seed."""
    cast = draw(castings())
    told = draw(st.lists(grades(cast), min_size=1, max_size=cast.situation.max_turns + 1))
    return cast, told, draw(st.integers(0, 2**31))


@st.composite
def bent_talks(draw: st.DrawFn) -> tuple[Casting, list[Grade], int]:
    """As `talks`, but a good talk with any replies put in and left out: most are nearly won, many are."""
    cast = draw(castings())
    told = good_talk(cast)
    for _ in range(draw(st.integers(0, 4))):
        told.insert(draw(st.integers(0, len(told))), draw(grades(cast)))
    if draw(st.booleans()):
        told.pop(draw(st.integers(0, len(told) - 1)))
    return cast, told + good_talk(cast)[-4:], draw(st.integers(0, 2**31))
