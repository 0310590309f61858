"""What has been covered of the prescribed handling, and whether an outcome's condition holds.

Knows nothing of moods or moves.
"""

from __future__ import annotations

from simulator.domain.grade import Grade, Verdict
from simulator.domain.persona import Condition
from simulator.domain.rubric import Rubric
from simulator.domain.session import CustomerState


def with_met(met: tuple[tuple[str, int], ...], grade: Grade, turn: int) -> tuple[tuple[str, int], ...]:
    """`met` with the keys that `grade` newly meets; a key keeps the turn it was first met in."""
    known = {key for key, _ in met}
    new = [
        (i.key, turn)
        for i in grade.items
        if i.verdict is Verdict.MET and not i.key.startswith("negative:") and i.key not in known
    ]
    return met + tuple(new)


def steps_done(met: tuple[tuple[str, int], ...]) -> set[str]:
    """Bare ids of the steps met."""
    return {key.rpartition(".")[2] for key, _ in met if key.startswith("step:")}


def coverage(rubric: Rubric, situation: str, done: set[str]) -> float:
    """Weighted share of the prescribed steps done, 0-1. Of alternatives (`any_of`) the better counts:
    steps without a group always count, plus the group of which most is done."""
    plain = have = 0.0
    groups: dict[str, list[float]] = {}
    for item in rubric.steps_of(situation):
        place = item.placements[situation]
        earned = place.weight if item.id in done else 0.0
        if place.any_of is None:
            plain += place.weight
            have += earned
        else:
            group = groups.setdefault(place.any_of, [0.0, 0.0])
            group[0] += earned
            group[1] += place.weight
    if groups:
        best = max(groups.values(), key=lambda g: (g[0] / g[1], g[0]))
        have, plain = have + best[0], plain + best[1]
    return have / plain if plain else 1.0


def holds(condition: Condition, state: CustomerState, covered: float) -> bool:
    """Whether `condition` holds in `state` with `covered` of the steps done."""
    return (
        covered + 1e-9 >= condition.coverage
        and set(condition.steps) <= steps_done(state.met)
        and state.trust >= condition.trust
        and state.interest >= condition.interest
        and state.anger <= condition.anger
        and (condition.concern is None or state.concern.status.rank >= condition.concern.rank)
    )
