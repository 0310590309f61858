"""Quality 1-5 from probabilities: a linear model, then the caps of the labelling guide.

Knows nothing of text. Each input has a name, so that a quality can be explained.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.domain.grade import BannedHit, ItemResult, Verdict
from simulator.domain.rubric import Kind, Rubric

INPUTS = ("base", "first_step", "more_steps", "share", "skills", "fault", "banned", "length")


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
        "base": 1.0,
        "first_step": min(1.0, steps),
        "more_steps": min(3.0, max(0.0, steps - 1)) / 3,
        "share": steps / number if number else 0.0,
        "skills": min(3.0, skills) / 3,
        "fault": 1 - clean,
        "banned": banned,
        "length": min(length, 80) / 80,
    }


def quality(
    rubric: Rubric,
    weights: Mapping[str, float],
    values: Mapping[str, float],
    items: tuple[ItemResult, ...],
    banned: tuple[BannedHit, ...],
) -> float:
    """1.0-5.0, one decimal."""
    raw = sum(weights.get(name, 0.0) * values[name] for name in INPUTS)
    return round(min(cap(rubric, items, banned), max(1.0, min(5.0, raw))), 1)


def cap(rubric: Rubric, items: tuple[ItemResult, ...], banned: tuple[BannedHit, ...]) -> float:
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
