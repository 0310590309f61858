"""Labelled replies as numbers: one row for every (reply, item) pair. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from eval.cases import Case
from simulator.domain.rubric import Kind
from simulator.grading.calibration import BANNED
from simulator.grading.evidence import Evidence, lacks
from simulator.grading.examples import column_name
from simulator.grading.grader import Grader
from simulator.grading.models import Turn

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
KINDS = (*(k.value for k in Kind), BANNED)
_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Table:
    """Every (reply, item) pair, one row each, a banned row for every reply. `whole` has one row a reply; `pieces`: its
    windows in canonical form."""

    own: Array
    label: NDArray[np.bool_]
    reply: Rows
    column: NDArray[np.str_]
    kind: NDArray[np.str_]
    whole: Array
    said: list[Turn]
    pieces: list[tuple[str, ...]]

    def of(self, replies: Rows) -> Rows:
        """The rows that belong to `replies`."""
        return np.flatnonzero(np.isin(self.reply, replies))

    def of_column(self, name: str) -> tuple[Flags, Flags]:
        """Of every reply: whether it was judged by a column, and whether it does it."""
        judged, does = np.zeros(len(self.said), dtype=bool), np.zeros(len(self.said), dtype=bool)
        rows = np.flatnonzero(self.column == name)
        judged[self.reply[rows]] = True
        does[self.reply[rows]] = self.label[rows]
        return judged, does


def tabulate(grader: Grader, cases: Sequence[Case], evidence: Sequence[Evidence]) -> Table:
    """The table of `cases`."""
    columns = {column_name(i): c for c, i in enumerate(grader.fewshot.examples.items)}
    rows: list[tuple[int, str, str, NDArray[np.float32], bool]] = []
    for number, (case, found) in enumerate(zip(cases, evidence, strict=True)):
        for item in grader.rubric.items_for(case.request.situation):
            judged = f"{item.kind.value}:{item.id}" not in case.unjudged
            if judged and item.examples and not item.form_only:
                name = column_name(item)
                values = grader.own_inputs(columns[name], found, lacks(item, found))
                rows.append((number, name, item.kind.value, values, item.id in case.labels[item.kind.value]))
        values = grader.own_inputs(grader.fewshot.examples.width - 1, found, False)
        rows.append((number, BANNED, BANNED, values, case.says_banned))
    return Table(
        own=np.array([r[3] for r in rows], dtype=np.float64),
        label=np.array([r[4] for r in rows]),
        reply=np.array([r[0] for r in rows]),
        column=np.array([r[1] for r in rows]),
        kind=np.array([r[2] for r in rows]),
        whole=np.array([e.vector() for e in evidence], dtype=np.float64),
        said=[Turn(c.request.situation, c.request.reply, c.request.customer) for c in cases],
        pieces=[e.pieces for e in evidence],
    )


def splits(train: Rows, judged: Rows) -> list[tuple[Rows, Rows]]:
    """(replies that teach, replies that are judged): one pair, or folds of `judged` where `train` is empty."""
    if len(train):
        return [(train, judged)]
    folds = KFold(_FOLDS, shuffle=True, random_state=0).split(judged)
    return [(judged[seen], judged[unseen]) for seen, unseen in folds]
