"""How well an item is judged that nobody has labelled: what a trainer's new item can count on.

Items are held out in folds: no encoder was tuned on them (the caller gives an encoder for each fold), no
calibration and no model of other items saw their labels, and of their examples only as many are kept as a trainer must write. The shared
calibration, fitted on the other items, then judges them on the test replies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case
from eval.fitting.bands import set_bands
from eval.fitting.shared import fit_all_shared, related, shared_logits
from eval.fitting.tables import KINDS, Table, tabulate
from eval.metrics import LEFT_OUT
from simulator.domain.rubric import Rubric, RubricItem
from simulator.grading import calibration
from simulator.grading.encoder import Encoder
from simulator.grading.evidence import gather
from simulator.grading.examples import column_name
from simulator.grading.grader import Grader

FOLDS = 4
EXAMPLES, NEAR_MISSES = 8, 6
FEWEST = 5  # labels of an item in the test split, or its F1 says nothing
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ItemScore:
    """One held-out item's agreement with the labels."""

    name: str
    f1: float
    support: int


def folds(rubric: Rubric) -> list[frozenset[str]]:
    """Column names by fold: every fourth id with examples, kinds spread alike. Items of one id (`reason` of two
    situations) go together, or one would teach the other."""
    items = [i for i in rubric.items if i.examples and i.id not in LEFT_OUT]
    place = {name: n % FOLDS for n, name in enumerate(dict.fromkeys(i.id for i in items))}
    return [frozenset(column_name(i) for i in items if place[i.id] == f) for f in range(FOLDS)]


def trimmed(rubric: Rubric, held: frozenset[str]) -> Rubric:
    """`rubric` with the held-out items as a trainer would first write them."""

    def cut(item: RubricItem) -> RubricItem:
        if column_name(item) not in held:
            return item
        return replace(item, examples=item.examples[:EXAMPLES], contrast=item.contrast[:NEAR_MISSES])

    return replace(rubric, items=tuple(cut(i) for i in rubric.items))


def judge_unseen(
    rubric: Rubric, encoders: Sequence[Encoder], calibrating: Sequence[Case], test: Sequence[Case]
) -> list[ItemScore]:
    """The scores of all items, each judged in the fold that held it out. `encoders`: one a fold."""
    scores: list[ItemScore] = []
    for held, encoder in zip(folds(rubric), encoders, strict=True):
        cut = trimmed(rubric, held)
        grader = Grader(cut, encoder, calibration.blank(encoder.hash, cut.hash))
        every = [*calibrating, *test]
        table = tabulate(grader, every, gather([c.request for c in every], grader.fewshot))
        seen = np.arange(len(calibrating))
        table = related(table, grader.fewshot.examples, seen, held)
        scores += _fold(table, held, len(calibrating))
    return scores


def _fold(table: Table, held: frozenset[str], first_test: int) -> list[ItemScore]:
    hidden = np.isin(table.column, sorted(held))
    known = np.flatnonzero(~hidden & (table.reply < first_test))
    judged = np.flatnonzero(hidden & (table.reply >= first_test))
    met = np.zeros(len(table.label), dtype=bool)
    chance = 1 / (1 + np.exp(-shared_logits(table, fit_all_shared(table, known))))
    bands = set_bands(table, chance, known, alike=True)
    for kind in KINDS:
        mine = judged[table.kind[judged] == kind]
        met[mine] = chance[mine] >= bands[kind].met
    out = []
    for name in sorted(held):
        rows = judged[table.column[judged] == name]
        labels = table.label[rows]
        if labels.sum() >= FEWEST:
            both = int(labels.sum() + met[rows].sum())
            f1 = 2 * int((labels & met[rows]).sum()) / both
            out.append(ItemScore(name=name, f1=f1, support=int(labels.sum())))
    return out
