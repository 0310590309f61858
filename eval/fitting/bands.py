"""From logits to verdicts: the line that makes probabilities honest, and where a verdict is left open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from eval.fitting.tables import KINDS, Array, Rows, Table
from simulator.grading.calibration import BANNED, Band, Linear

# What precision weighs against recall when `met` is set, by kind (F-beta).
_BETA = {"step": 1.0, "skill": 1.0, "negative": 1.0, BANNED: 0.8}
# What leaving a verdict open costs, where a wrong one costs 1 and a missed one `_MISS`: Chow's (1970) rule
# leaves it open where the likely cost of both verdicts is more.
_OPEN = 0.5
_MISS = {"step": 1.5, "skill": 1.5, "negative": 2.0, BANNED: 2.5}


def fit_scaling(table: Table, kind: str, logits: Array, judged: Rows) -> Linear:
    """Platt's (1999) line for a kind."""
    rows = table.of(judged)
    rows = rows[table.kind[rows] == kind]
    model = LogisticRegression(C=100.0).fit(logits[rows][:, None], table.label[rows])
    return Linear(bias=float(model.intercept_[0]), weights=(float(model.coef_[0][0]),))


def scaled(table: Table, logits: Array, scaling: dict[str, Linear]) -> Array:
    """`logits`, each by the line of its kind."""
    out = logits.copy()
    for kind, line in scaling.items():
        rows = table.kind == kind
        out[rows] = logits[rows] * line.weights[0] + line.bias
    return out


def set_bands(table: Table, chances: Array, rows: Rows) -> dict[str, Band]:
    """The band of every kind, set on `rows`."""
    by_kind = {kind: rows[table.kind[rows] == kind] for kind in KINDS}
    return {kind: set_band(chances[mine], table.label[mine], kind) for kind, mine in by_kind.items()}


def set_band(chances: Array, labels: NDArray[np.bool_], kind: str) -> Band:
    """`met` where F-beta is best, which for honest probabilities is at F*/(1 + beta²), F* being the best F-beta
    (Lipton, Elkan & Naryanaswamy 2014): steadier than the place of the highest peak. `not_met` where a miss is
    likely to cost no more than an open verdict."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(labels[order])
    weight = _BETA[kind] ** 2
    score = (1 + weight) * hits / (np.arange(1, len(order) + 1) + weight * labels.sum())
    met = round(max(0.1, float(score.max()) / (1 + weight)), 4)
    return Band(not_met=round(min(met, _OPEN / _MISS[kind]), 4), met=met)
