"""Who plays: style, situation, person and rubric brought together, with the person's own overrides."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from simulator.domain.persona import (
    Concern,
    ConcernStatus,
    Condition,
    Delta,
    Difficulty,
    Family,
    Objection,
    Persona,
    Situation,
    Style,
)
from simulator.domain.rubric import Rubric
from simulator.domain.session import CustomerState, LedgerEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """What a level of difficulty changes; the rules stay the same. `ease`: added to the start of patience (half
    of it to trust); `coverage`, `trust`: added to what must be earned; `objections`: how many more are brought
    up once the first is answered."""

    ease: float
    coverage: float
    trust: float
    objections: int


LEVELS = {
    Difficulty.EASY: Level(ease=0.12, coverage=-0.1, trust=-0.05, objections=0),
    Difficulty.NORMAL: Level(ease=0.0, coverage=0.0, trust=0.0, objections=1),
    Difficulty.HARD: Level(ease=-0.08, coverage=0.05, trust=0.05, objections=2),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Casting:
    """Everything the director needs to know about one session, fixed from its start. `persona.concern` is the
    worry that this session hides; `objections`: what else will be brought up, in that order."""

    persona: Persona
    style: Style
    situation: Situation
    rubric: Rubric
    difficulty: Difficulty
    effects: dict[str, Delta]
    won: Condition
    advanced: Condition
    hides_concern: bool
    objections: tuple[Objection, ...] = ()


def cast(
    persona: Persona,
    style: Style,
    situation: Situation,
    rubric: Rubric,
    difficulty: Difficulty | None = None,
    seed: int = 0,
    *,
    worry: str | None = None,
) -> Casting:
    """A Casting. `difficulty` defaults to the person's own; `seed` chooses which of the person's worries is
    hidden and which objections follow in what order, unless `worry` (its short form) says which worry it is.
    What the rubric does not score in the situation cannot be asked for."""
    level = difficulty or persona.difficulty
    persona = replace(persona, concern=_worry(persona, seed, worry))
    steps = tuple(i.id for i in rubric.steps_of(situation.id))
    return Casting(
        persona=persona,
        style=style,
        situation=_within_reach(situation, rubric, steps),
        rubric=rubric,
        difficulty=level,
        effects=style.effects | persona.effects,
        won=_harder(_scored(persona.won or situation.won, steps), level),
        advanced=_harder(_scored(persona.advanced or situation.advanced, steps), level),
        hides_concern=situation.family is not Family.DRILL,
        objections=_objections(situation, level, seed),
    )


def _worry(persona: Persona, seed: int, worry: str | None) -> Concern:
    worries = (persona.concern, *persona.other_concerns)
    if worry is None:
        return random.Random(f"{seed}:{persona.id}:worry").choice(worries)
    # a running session keeps its words even when the file has others by now
    return next((c for c in worries if c.short == worry), replace(persona.concern, short=worry))


def _objections(situation: Situation, level: Difficulty, seed: int) -> tuple[Objection, ...]:
    """As many of the situation's as the level brings up, in an order of the seed's."""
    order = list(situation.objections)
    random.Random(f"{seed}:{situation.id}:objections").shuffle(order)
    return tuple(order[: LEVELS[level].objections])


def _scored(condition: Condition, steps: tuple[str, ...]) -> Condition:
    """`condition` without the steps that are none of `steps`, which could never be met."""
    return replace(condition, steps=tuple(s for s in condition.steps if s in steps))


def _within_reach(situation: Situation, rubric: Rubric, steps: tuple[str, ...]) -> Situation:
    """`situation`, but where nothing that the rubric scores counts as an answer (or as a proposal), each of
    its steps does: else nobody could win."""
    scored = {f"{i.kind.value}:{i.id}" for i in rubric.items_for(situation.id)}
    own = tuple(f"step:{s}" for s in steps)

    def reached(keys: tuple[str, ...]) -> tuple[str, ...]:
        return keys if not keys or scored & set(keys) else own

    return replace(situation, answers=reached(situation.answers), proposals=reached(situation.proposals))


def _harder(condition: Condition, level: Difficulty) -> Condition:
    more = LEVELS[level]
    return replace(
        condition,
        coverage=min(1.0, max(0.0, condition.coverage + more.coverage)),
        trust=min(1.0, max(0.0, condition.trust + more.trust)),
    )


def opening_state(casting: Casting) -> CustomerState:
    """The customer's state before the first reply."""
    start, style = casting.situation.start, casting.style.start
    ease = LEVELS[casting.difficulty].ease

    def value(name: str, shift: float = 0.0) -> float:
        leaning = float(getattr(style, name))
        return round(min(1.0, max(0.0, start[name] + leaning + shift)), 4)

    return CustomerState(
        anger=value("anger"),
        trust=value("trust", ease / 2),
        interest=value("interest"),
        patience=value("patience", ease),
        objection=LedgerEntry(
            id=casting.situation.id, text=casting.situation.name, status=ConcernStatus.RAISED
        ),
        concern=LedgerEntry(id="concern", text=casting.persona.concern.short, status=ConcernStatus.HIDDEN),
        further=tuple(
            LedgerEntry(id=o.id, text=o.text, status=ConcernStatus.HIDDEN) for o in casting.objections
        ),
    )
