"""Labelled replies and the rubric's examples in the form that `tune` learns from. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Sequence

from eval.cases import Case
from simulator.domain.rubric import Rubric
from simulator.grading.calibration import BANNED
from simulator.grading.examples import column_name
from simulator.language.text import normalise
from training.encoder.tune import Group, Labelled


def columns(rubric: Rubric) -> dict[str, int]:
    """Number of every item with examples, of “any banned thing” and of every banned phrase."""
    names = [column_name(i) for i in rubric.items if i.examples] + [BANNED] + [b.id for b in rubric.banned]
    return {name: number for number, name in enumerate(names)}


def labelled(rubric: Rubric, cases: Sequence[Case]) -> list[Labelled]:
    """Every reply with what was judged of it."""
    number = columns(rubric)
    out = []
    for case in cases:
        items = [i for i in rubric.items_for(case.request.situation) if i.examples and not i.form_only]
        judged = {number[column_name(i)]: float(i.id in case.labels[i.kind.value]) for i in items}
        judged[number[BANNED]] = float(case.says_banned)
        judged |= {number[b]: 1.0 for b in case.banned}
        out.append(Labelled(text=normalise(case.request.reply), judged=judged))
    return out


def groups(rubric: Rubric) -> list[Group]:
    """Every item's and banned phrase's examples against their near misses."""
    number = columns(rubric)
    sources = [(column_name(i), i.examples, i.contrast) for i in rubric.items if i.examples]
    sources += [(BANNED, (b.phrase, *b.paraphrases), b.neighbours) for b in rubric.banned]
    return [
        Group(
            column=number[name],
            examples=tuple(map(normalise, good)),
            near_misses=tuple(map(normalise, near)),
        )
        for name, good, near in sources
    ]
