"""Who plays: style, situation, person and rubric brought together, with the person's own overrides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.domain.persona import (
    ConcernStatus,
    Condition,
    Delta,
    Difficulty,
    Family,
    Persona,
    Situation,
    Style,
)
from simulator.domain.rubric import Rubric
from simulator.domain.session import CustomerState, LedgerEntry

# What a level of difficulty changes: (start of patience and trust, what must be covered, trust needed).
_LEVELS = {
    Difficulty.EASY: (0.12, -0.1, -0.05),
    Difficulty.NORMAL: (0.0, 0.0, 0.0),
    Difficulty.HARD: (-0.08, 0.05, 0.05),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Casting:
    """Everything the director needs to know about one session, fixed from its start."""

    persona: Persona
    style: Style
    situation: Situation
    rubric: Rubric
    difficulty: Difficulty
    effects: dict[str, Delta]
    won: Condition
    advanced: Condition
    hides_concern: bool


def cast(
    persona: Persona,
    style: Style,
    situation: Situation,
    rubric: Rubric,
    difficulty: Difficulty | None = None,
) -> Casting:
    """A Casting. `difficulty` defaults to the person's own. What the rubric does not score in the situation
    cannot be asked for."""
    level = difficulty or persona.difficulty
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
    )


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
    _, coverage, trust = _LEVELS[level]
    return replace(
        condition,
        coverage=min(1.0, max(0.0, condition.coverage + coverage)),
        trust=min(1.0, max(0.0, condition.trust + trust)),
    )


def opening_state(casting: Casting) -> CustomerState:
    """The customer's state before the first reply."""
    start, style = casting.situation.start, casting.style.start
    ease = _LEVELS[casting.difficulty][0]

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
    )
