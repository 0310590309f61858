"""What has been covered of the prescribed handling, and whether an outcome's condition holds.

Knows nothing of moods or moves.
"""

from __future__ import annotations

from simulator.domain.grade import Grade, Verdict
from simulator.domain.persona import ConcernStatus, Condition
from simulator.domain.rubric import Rubric, RubricItem
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
    """Weighted share of the prescribed steps done, 0-1. Of alternatives (`any_of`) the better counts."""
    steps = path(rubric, situation, done)
    earned = sum(i.placements[situation].weight for i in steps if i.id in done)
    whole = sum(i.placements[situation].weight for i in steps)
    return earned / whole if whole else 1.0


def path(rubric: Rubric, situation: str, done: set[str]) -> tuple[RubricItem, ...]:
    """The prescribed steps that count, in order: those without a group, and of alternatives (`any_of`)
    the one of which most is done (the first when none is)."""
    groups: dict[str, list[RubricItem]] = {}
    steps = rubric.steps_of(situation)
    for item in steps:
        group = item.placements[situation].any_of
        if group is not None:
            groups.setdefault(group, []).append(item)

    def most(group: str) -> tuple[float, float]:
        weights = [(i.placements[situation].weight, i.id in done) for i in groups[group]]
        earned = sum(weight for weight, met in weights if met)
        return earned / sum(weight for weight, _ in weights), earned

    chosen = max(groups, key=most, default=None)
    return tuple(i for i in steps if i.placements[situation].any_of in (None, chosen))


def is_lost(state: CustomerState) -> bool:
    """Whether a talk that ends here without agreement has lost the customer, however it ends."""
    soured = state.anger >= 0.5 or state.trust <= 0.25
    furious = state.anger >= 0.75 and state.trust <= 0.2
    return furious or (bool(state.insults) and soured) or (state.faults >= 2 and state.trust <= 0.15)


# Trust from which a customer with nothing left to settle is content: he overlooks so much of the prescribed steps
# and of his lack of interest.
_FULL_TRUST = 0.9
_OVERLOOKED, _LENIENT = 0.2, 0.1


def holds(condition: Condition, state: CustomerState, covered: float) -> bool:
    """Whether `condition` holds in `state` with `covered` of the steps done. One who trusts fully and has had
    everything settled does not hold out for a step nobody missed; nor, having taken a first step already, for one
    that is asked for by name."""
    content = _is_content(state)
    return (
        covered + _OVERLOOKED * content + 1e-9 >= condition.coverage
        and len(set(condition.steps) - steps_done(state.met)) <= (content and state.conceded)
        and state.trust >= condition.trust
        and state.interest + _LENIENT * content + 1e-9 >= condition.interest
        and state.anger <= condition.anger
        and (condition.concern is None or state.concern.status.rank >= condition.concern.rank)
    )


def _is_content(state: CustomerState) -> bool:
    told = (
        state.objection,
        state.concern,
        *(e for e in state.further if e.status is not ConcernStatus.HIDDEN),
    )
    return state.trust >= _FULL_TRUST and all(e.status is ConcernStatus.SETTLED for e in told)
