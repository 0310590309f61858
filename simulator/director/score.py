"""The session's score, 0-100: weighted steps in order, skills, minus faults. The outcome is not in it."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.domain.grade import BANNED_KEY, Grade, Verdict
from simulator.domain.rubric import Kind, Rubric


def session_score(rubric: Rubric, situation: str, grades: Sequence[Grade]) -> float:
    """0-100, one decimal. A session without a graded reply scores 0."""
    first: dict[str, int] = {}
    skills: set[str] = set()
    lost = 0.0
    for turn, grade in enumerate(grades):
        for item in grade.items:
            if item.verdict is not Verdict.MET:
                continue
            if item.key.startswith("step:"):
                first.setdefault(item.bare, turn)
            elif item.key.startswith("skill:"):
                skills.add(item.bare)
            elif item.key != BANNED_KEY:
                found = rubric.item(item.key)
                lost += rubric.scoring.negative * (found.weight if found else 1.0)
        lost += rubric.scoring.banned * len({h.category for h in grade.banned})
    scored = {i.id for i in rubric.items if i.kind is Kind.SKILL and i.weight > 0}
    share = min(1.0, len(skills & scored) / rubric.scoring.skills_wanted)
    points = rubric.scoring.steps * _ordered_share(rubric, situation, first) + rubric.scoring.skills * share
    return round(min(100.0, max(0.0, points - lost)), 1)


def _ordered_share(rubric: Rubric, situation: str, first: dict[str, int]) -> float:
    """Weighted share of the steps done; a step done before one that should precede it earns less. Of
    alternatives the better counts."""
    plain: list[tuple[float, float]] = []
    groups: dict[str, list[tuple[float, float]]] = {}
    latest = -1
    for item in rubric.steps_of(situation):
        place = item.placements[situation]
        turn = first.get(item.id)
        earned = 0.0
        if turn is not None:
            earned = place.weight * (1 - rubric.scoring.out_of_order if turn < latest else 1.0)
            latest = max(latest, turn)
        (groups.setdefault(place.any_of, []) if place.any_of else plain).append((earned, place.weight))
    if groups:
        plain += max(groups.values(), key=lambda g: sum(e for e, _ in g) / sum(w for _, w in g))
    whole = sum(weight for _, weight in plain)
    return sum(earned for earned, _ in plain) / whole if whole else 0.0
