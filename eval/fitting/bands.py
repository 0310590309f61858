"""From logits to verdicts: the line that makes probabilities honest, and where a verdict is left open."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from eval.fitting.tables import KINDS, Array, Rows, Table
from simulator.grading.calibration import BANNED, Band, Linear, scale_of

# What precision weighs against recall when `met` is set, by kind (F-beta).
_BETA = {"step": 1.0, "skill": 1.0, "negative": 1.0, BANNED: 0.8}
# What leaving a verdict open costs, where a wrong one costs 1 and a missed one `_MISS`: Chow's (1970) rule
# leaves it open where the likely cost of both verdicts is more.
_OPEN = 0.5
_MISS = {"step": 1.5, "skill": 1.5, "negative": 2.0, BANNED: 2.5}
# Positive labels of a column below which it has less say in a band where all weigh alike.
_FEW = 4


def fit_scaling(table: Table, windowed: Collection[str], logits: Array, judged: Rows) -> dict[str, Linear]:
    """Platt's (1999) lines, by `scale_of`: of the columns of a kind that window models judge as well (`windowed`), and
    of the others; of all of them, where one of the two has none."""
    rows = table.of(judged)
    own = np.isin(table.column[rows], sorted(windowed))
    scaling = {}
    for kind in KINDS:
        of_kind = table.kind[rows] == kind
        for with_windows in (False, True):
            mine = rows[of_kind & (own == with_windows)]
            if not table.label[mine].any() or table.label[mine].all():
                mine = rows[of_kind]
            model = LogisticRegression(C=100.0).fit(logits[mine][:, None], table.label[mine])
            line = Linear(bias=float(model.intercept_[0]), weights=(float(model.coef_[0][0]),))
            if not with_windows or (of_kind & own).any():
                scaling[scale_of(kind, with_windows)] = line
    return scaling


def scaled(table: Table, windowed: Collection[str], logits: Array, scaling: dict[str, Linear]) -> Array:
    """`logits`, each by the line of its column."""
    out = logits.copy()
    own = np.isin(table.column, sorted(windowed))
    for kind in KINDS:
        for with_windows in (False, True):
            rows = (table.kind == kind) & (own == with_windows)
            if rows.any():
                line = scaling[scale_of(kind, with_windows)]
                out[rows] = logits[rows] * line.weights[0] + line.bias
    return out


def set_bands(table: Table, chances: Array, rows: Rows, *, alike: bool = False) -> dict[str, Band]:
    """The band of every kind that `rows` are of. `alike`: every column weighs alike however often it is met, since a new
    item may be like any of them."""
    bands = {}
    for kind in dict.fromkeys(table.kind[rows].tolist()):
        mine = rows[table.kind[rows] == kind]
        bands[kind] = set_band(chances[mine], table.label[mine], kind, _alike(table, mine) if alike else None)
    return bands


def _alike(table: Table, rows: Rows) -> Array:
    """Of each row one by the positive labels of its column; less where these are few, for they say little."""
    _, column = np.unique(table.column[rows], return_inverse=True)
    positive = np.bincount(column, table.label[rows])[column]
    return np.where(positive > 0, 1 / np.maximum(positive, _FEW), 0.0)


def set_band(chances: Array, labels: NDArray[np.bool_], kind: str, weights: Array | None = None) -> Band:
    """`met` where F-beta is best, which for honest probabilities is at F*/(1 + beta²), F* being the best F-beta
    (Lipton, Elkan & Naryanaswamy 2014): steadier than the place of the highest peak. `not_met` where a miss is
    likely to cost no more than an open verdict. `weights`: of the rows, one each where None."""
    weights = np.ones(len(labels)) if weights is None else weights
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum((labels * weights)[order])
    weight = _BETA[kind] ** 2
    said = np.maximum(np.cumsum(weights[order]), 1e-9)  # the likeliest may weigh nothing
    score = (1 + weight) * hits / (said + weight * hits[-1])
    met = round(max(0.1, float(score.max()) / (1 + weight)), 4)
    return Band(not_met=round(min(met, _OPEN / _MISS[kind]), 4), met=met)
