"""What may plainly be said of a pair of versions, by a rule that is written down.

The rule. Evidence is any of
- all items together: the 95 % interval of the difference of micro-F1 leaves out 0;
- quality: the interval of the difference of quadratic kappa leaves out 0;
- a kind (step, skill, negative, banned): McNemar's exact p, adjusted by Holm over the four, is below 0.05;
- an item: the same, adjusted over the items in which at least six cases tell the two apart (fewer cannot reach
  0.05 whichever way they fall).
Of the first two, too, at least six replies must tell the two apart: resampled intervals of fewer say too much.
Evidence is for the better when B is right more often (has the higher figure), for the worse when less often. Where
B is right more often and the interval says that its F1 is lower, or the other way about, it is both.
Then B is better if all evidence is for the better, worse if all is for the worse, mixed if there is both, and not to
be told from A if there is none. Of two versions that are equally good the rule calls one better about one time in ten
(`tests/eval/test_comparing_rule.py`): each of the first two errs once in twenty, the rest seldom. Without labels nothing
is better or worse.

Knows nothing of how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eval.comparing.changes import QUALITY
from eval.comparing.contrasts import TELLING, Contrast, Contrasts, Quality
from eval.comparing.statistics import labels_needed
from eval.metrics import Interval

LEVEL = 0.05


class Outcome(StrEnum):
    """What B is, beside A."""

    IDENTICAL = "identical"
    BETTER = "better"
    WORSE = "worse"
    MIXED = "mixed"
    INDISTINCT = "indistinct"
    UNLABELLED = "unlabelled"


class Direction(StrEnum):
    """What one piece of evidence is for."""

    BETTER = "better"
    WORSE = "worse"
    BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Something in which B differs from A by more than chance. `key`: of a group or an item, or `quality`;
    `difference`: of F1 (of quadratic kappa), None where one of them is undefined; `p`: adjusted, None where
    the interval decides."""

    key: str
    name: str
    direction: Direction
    difference: Interval | None
    p: float | None


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """The plain verdict on B beside A. `labels_needed`: about how many labelled replies in all would tell a
    difference of micro-F1 of the size seen, None where no number can be named or none is wanted."""

    outcome: Outcome
    evidence: tuple[Evidence, ...]
    labels_needed: int | None


def rule(found: Contrasts, labelled: int, same: bool) -> Ruling:
    """The verdict by the rule above. `labelled`: how many cases have labels; `same`: `changes.same`."""
    if same:
        return Ruling(outcome=Outcome.IDENTICAL, evidence=(), labels_needed=None)
    if not labelled:
        return Ruling(outcome=Outcome.UNLABELLED, evidence=(), labels_needed=None)
    evidence = tuple(_evidence(found))
    directions = {e.direction for e in evidence}
    if not directions:
        return Ruling(
            outcome=Outcome.INDISTINCT, evidence=(), labels_needed=_needed(found.groups[0], labelled)
        )
    outcome = Outcome.MIXED
    if directions in ({Direction.BETTER}, {Direction.WORSE}):
        outcome = Outcome(directions.pop())
    return Ruling(outcome=outcome, evidence=evidence, labels_needed=None)


def _needed(overall: Contrast, labelled: int) -> int | None:
    f1 = overall.f1
    if f1.difference is None or f1.standard_error is None:
        return None
    return labels_needed(f1.difference.value, f1.standard_error, labelled)


def _evidence(found: Contrasts) -> Iterator[Evidence]:
    overall, *kinds = found.groups
    apart = overall.f1.difference
    if apart is not None and overall.f1.told_apart and overall.a_alone + overall.b_alone >= TELLING:
        yield Evidence(
            key=overall.key, name=overall.name, direction=_towards(apart.value), difference=apart, p=None
        )
    yield from _of_quality(found.quality)
    for contrast in (*kinds, *surest(found.items)):
        if contrast.p_holm is not None and contrast.p_holm < LEVEL:
            yield Evidence(
                key=contrast.key,
                name=contrast.name,
                direction=_direction(contrast),
                difference=contrast.f1.difference,
                p=contrast.p_holm,
            )


def _of_quality(quality: Quality) -> Iterator[Evidence]:
    apart = quality.kappa.difference
    if apart is not None and quality.kappa.told_apart and quality.changed >= TELLING:
        yield Evidence(key=QUALITY, name="质量分", direction=_towards(apart.value), difference=apart, p=None)


def surest(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Those in which A and B differ: the surest first, then the largest difference of F1."""

    def rank(contrast: Contrast) -> tuple[float, float, float, str]:
        apart = contrast.f1.difference
        adjusted = 1.0 if contrast.p_holm is None else contrast.p_holm
        return adjusted, contrast.p, -abs(apart.value) if apart else 0.0, contrast.key

    return sorted((c for c in contrasts if c.changed), key=rank)


def _direction(contrast: Contrast) -> Direction:
    """By who is right more often, unless F1 is told apart the other way."""
    towards = _towards(contrast.b_alone - contrast.a_alone)
    apart = contrast.f1.difference
    if apart is not None and contrast.f1.told_apart and _towards(apart.value) is not towards:
        return Direction.BOTH
    return towards


def _towards(more: float) -> Direction:
    return Direction.BETTER if more > 0 else Direction.WORSE
