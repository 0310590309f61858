"""Quality 1-5 from probabilities: an ordinal model, then the caps of the labelling guide.

The ordinal model is McCullagh's (1980) proportional odds: one weighted sum, cut into half points. Each
input has a name and each item its part, so that a quality can be explained. Knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.domain.grade import BANNED_KEY, BannedHit, Grade, ItemResult, Verdict
from simulator.domain.rubric import Kind, Rubric

INPUTS = ("first_step", "more_steps", "share", "skills", "fault", "banned", "length", "brief")
LEVELS = tuple(1 + i / 2 for i in range(9))  # half points
_SMALLEST_REASON = 0.15


@dataclass(frozen=True, kw_only=True)
class Marking:
    """P(quality > LEVELS[k]) = 1 / (1 + exp(cuts[k] - Σ weights · inputs)); `cuts` rise."""

    weights: dict[str, float]
    cuts: tuple[float, ...]

    def expected(self, values: Mapping[str, float]) -> float:
        """The expected quality, 1-5."""
        score = sum(self.weights.get(name, 0.0) * values[name] for name in INPUTS)
        above = 1 / (1 + np.exp(np.clip(np.asarray(self.cuts) - score, -30, 30)))
        return float(LEVELS[0] + above.sum() / 2)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What an item did to the quality: `points` it brought (positive) or cost (negative); `done`: whether
    it was found in the reply, a fault or a skill alike."""

    key: str
    done: bool
    points: float


def inputs(
    rubric: Rubric, probabilities: Mapping[str, float], banned: float, situation: str, length: int
) -> dict[str, float]:
    """The named inputs. `probabilities`: by item key; form items do not count."""
    steps, skills, clean = 0.0, 0.0, 1.0
    number = 0
    for item in rubric.items_for(situation):
        if item.form_only:
            continue
        p = probabilities.get(item.key_in(situation), 0.0)
        if item.kind is Kind.STEP:
            steps, number = steps + p, number + 1
        elif item.kind is Kind.SKILL:
            skills += p
        else:
            clean *= 1 - p
    return {
        "first_step": min(1.0, steps),
        "more_steps": min(3.0, max(0.0, steps - 1)) / 3,
        "share": steps / number if number else 0.0,
        "skills": min(3.0, skills) / 3,
        "fault": 1 - clean,
        "banned": banned,
        "length": min(length, 80) / 80,
        "brief": max(0, 12 - length) / 12,
    }


def quality(
    rubric: Rubric,
    marking: Marking,
    values: Mapping[str, float],
    items: Sequence[ItemResult],
    banned: Sequence[BannedHit],
) -> float:
    """1.0-5.0, one decimal."""
    return round(min(cap(rubric, items, bool(banned)), marking.expected(values)), 1)


def cap(rubric: Rubric, items: Sequence[ItemResult], banned: bool) -> float:
    """The highest quality that the faults allow. A banned thing: 1, or 2 in an otherwise helpful reply."""
    highest = 5.0
    helpful = any(i.verdict is Verdict.MET and i.key.startswith("step:") for i in items)
    if banned:
        highest = 2.0 if helpful else 1.0
    for item in items:
        if item.verdict is Verdict.MET and item.key.startswith("negative:"):
            known = rubric.item(item.key)
            if known is not None:
                highest = min(highest, known.quality_cap)
    return highest


def reasons(rubric: Rubric, marking: Marking, grade: Grade, situation: str) -> list[Reason]:
    """What each item did to the quality, the weightiest first: the quality with the item surely done against
    the quality with it surely not done, all else as it was judged. Small parts are left out, and a banned
    thing, which has its own place in a grade."""
    if grade.quality is None:
        return []
    chances = {i.key: i.score for i in grade.items}
    found = []
    for item in rubric.items_for(situation):
        key = item.key_in(situation)
        result = next((i for i in grade.items if i.key == key), None)
        if result is None or item.form_only or result.verdict is Verdict.UNSURE:
            continue
        done = result.verdict is Verdict.MET
        if done or item.kind is Kind.STEP:
            other = _instead(rubric, marking, grade, situation, chances, key, done)
            now = _instead(rubric, marking, grade, situation, chances, key, not done)
            points = round(now - other, 1)
            if abs(points) >= _SMALLEST_REASON:
                found.append(Reason(key=key, done=done, points=points))
    return sorted(found, key=lambda r: (-abs(r.points), r.key))


def _instead(
    rubric: Rubric,
    marking: Marking,
    grade: Grade,
    situation: str,
    chances: Mapping[str, float],
    key: str,
    absent: bool,
) -> float:
    """The quality if the item `key` were surely absent, or surely there."""
    changed = dict(chances) | {key: 0.0 if absent else 1.0}
    items = [
        ItemResult(key=i.key, verdict=Verdict.NOT_MET if absent else Verdict.MET, score=changed[key])
        if i.key == key
        else i
        for i in grade.items
    ]
    values = inputs(rubric, changed, _banned(grade), situation, grade.features.length)
    return quality(rubric, marking, values, items, grade.banned)


def _banned(grade: Grade) -> float:
    return next((i.score for i in grade.items if i.key == BANNED_KEY), 0.0)
