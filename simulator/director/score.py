"""The session's score, 0-100: weighted steps in order, skills, minus faults. The outcome is not in it."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.director.casting import Casting
from simulator.director.ledger import insults
from simulator.domain.grade import BANNED_KEY, Grade, Verdict
from simulator.domain.rubric import Kind, Rubric, RubricItem

# What a harsh word costs of an insult's points, as of its hurt.
_HARSH = 0.5


def session_score(rubric: Rubric, situation: str, grades: Sequence[Grade], *, ordered: bool = True) -> float:
    """0-100, one decimal. A session without a graded reply scores 0. `ordered`: whether a step costs
    points when it comes too early (`Situation.ordered`)."""
    first: dict[str, int] = {}
    skills: set[str] = set()
    lost = 0.0
    for turn, grade in enumerate(grades):
        met = [i for i in grade.items if i.verdict is Verdict.MET]
        for item in met:
            if item.key.startswith("negative:") and item.key != BANNED_KEY:
                found = rubric.item(item.key)
                lost += rubric.scoring.negative * (found.weight if found else 1.0)
        if grade.banned:
            sure = insults(grade)
            lost += (
                rubric.scoring.banned * len({h.category for h in grade.banned}) * (1.0 if sure else _HARSH)
            )
            if sure:  # what is done in an insulting reply counts for nothing, here as in the talk
                continue
        for item in met:
            if item.key.startswith("step:"):
                first.setdefault(item.bare, turn)
        skills |= {i.bare for i in met if i.key.startswith("skill:")}
    scored = {i.id for i in rubric.items if i.kind is Kind.SKILL and i.weight > 0}
    share = min(1.0, len(skills & scored) / rubric.scoring.skills_wanted)
    points = (
        rubric.scoring.steps * _steps_share(rubric, situation, first, ordered) + rubric.scoring.skills * share
    )
    return round(min(100.0, max(0.0, points - lost)), 1)


def score_of(casting: Casting, grades: Sequence[Grade]) -> float:
    """The score of a session of `casting` with these grades."""
    situation = casting.situation
    return session_score(casting.rubric, situation.id, grades, ordered=situation.ordered)


def _steps_share(rubric: Rubric, situation: str, first: dict[str, int], ordered: bool) -> float:
    """Weighted share of the steps done; a step done before one that should precede it earns less. Of
    alternatives the better counts, and the other has no say in the order."""
    steps = rubric.steps_of(situation)
    groups = {i.placements[situation].any_of for i in steps} - {None}
    ways = [[i for i in steps if i.placements[situation].any_of in (None, g)] for g in groups or {None}]
    return max(_share(rubric, situation, way, first, ordered) for way in ways)


def _share(
    rubric: Rubric, situation: str, steps: list[RubricItem], first: dict[str, int], ordered: bool
) -> float:
    earned = whole = 0.0
    latest = -1
    for item in steps:
        weight = item.placements[situation].weight
        whole += weight
        turn = first.get(item.id)
        if turn is not None:
            earned += weight * (1 - rubric.scoring.out_of_order if ordered and turn < latest else 1.0)
            latest = max(latest, turn)
    return earned / whole if whole else 0.0
