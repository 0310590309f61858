"""Figures of agreement with labels, for one grader or for arrays of many items and draws at once.

Counts are arrays whose last axis is tp, fp, fn and, where a figure needs it, tn. A figure takes counts (..., k) and
gives (...), with NaN where it is 0/0; outside arrays that is None. Knows nothing of runs, rubrics or files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.metrics import MIDDLE

Array = NDArray[np.float64]
Figure = Callable[[Array], Array]
MARKS = 9  # half points from 1 to 5


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often something was found and was there: `tp`, found only: `fp`, there only: `fn`, neither: `tn`.

    Each figure is None where it is 0/0.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, found: ArrayLike, labels: ArrayLike, judged: ArrayLike = True) -> Confusion:
        """From booleans of equal shape, those that were not `judged` left out."""
        tp, fp, fn, tn = confusion_counts(found, labels, judged).reshape(-1, 4).sum(axis=0).tolist()
        return cls(tp=tp, fp=fp, fn=fn, tn=tn)

    @property
    def precision(self) -> float | None:
        """The share of the found that was there; None where nothing was found."""
        return self._figure(precision)

    @property
    def recall(self) -> float | None:
        """The share of what was there that was found; None where nothing was there."""
        return self._figure(recall)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; 0 where nothing found was there, None where nothing was found nor there."""
        return self._figure(f1)

    @property
    def kappa(self) -> float | None:
        """Agreement beyond chance (Cohen 1960); None where all cases are alike to both sides."""
        return self._figure(cohen_kappa)

    def _figure(self, figure: Figure) -> float | None:
        return plain(figure(np.array([self.tp, self.fp, self.fn, self.tn], dtype=float)))


def confusion_counts(found: ArrayLike, labels: ArrayLike, judged: ArrayLike = True) -> NDArray[np.int64]:
    """Zeros and ones (..., 4), tp, fp, fn, tn, of booleans of equal shape (...), such as cases x items.

    Where `judged` is false (an item that does not apply to a case) all four are 0. Summed over the items they are
    the counts of each case over all of these. Raises ValueError where the shapes differ.
    """
    have, want, among = (np.asarray(x, dtype=bool) for x in (found, labels, judged))
    if have.shape != want.shape or (among.ndim and among.shape != have.shape):
        raise ValueError(f"found {have.shape}, labels {want.shape} and judged {among.shape} differ in shape")
    cells = np.stack([have & want, have & ~want, ~have & want, ~have & ~want], axis=-1)
    counts: NDArray[np.int64] = (cells & among[..., None]).astype(np.int64)
    return counts


def precision(counts: Array) -> Array:
    """tp / (tp + fp) of counts (..., 3 or 4)."""
    return ratio(counts[..., 0], counts[..., 0] + counts[..., 1])


def recall(counts: Array) -> Array:
    """tp / (tp + fn) of counts (..., 3 or 4)."""
    return ratio(counts[..., 0], counts[..., 0] + counts[..., 2])


def f1(counts: Array) -> Array:
    """2 tp / (2 tp + fp + fn) of counts (..., 3 or 4)."""
    return ratio(2 * counts[..., 0], 2 * counts[..., 0] + counts[..., 1] + counts[..., 2])


def cohen_kappa(counts: Array) -> Array:
    """Cohen's kappa (1960) of counts (..., 4): 1 less disagreement seen over disagreement expected by chance."""
    tp, fp, fn, tn = (counts[..., i] for i in range(4))
    return ratio(2 * (tp * tn - fp * fn), (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn))


def quality_counts(labels: ArrayLike, grades: ArrayLike) -> Array:
    """A row of 81 for each labelled case: 1 in its cell of the 9 x 9 table, label x grade in half points from 1 to 5.

    Takes what `labelled_marks` takes; rounds as `eval.metrics.quadratic_kappa` does.
    """
    label, grade = labelled_marks(labels, grades)
    one, other = (np.clip(np.floor(2 * q + 0.5), 2, 10).astype(int) - 2 for q in (label, grade))
    cells: Array = np.eye(MARKS * MARKS)[MARKS * one + other]
    return cells


def quadratic_kappa(tables: Array) -> Array:
    """Cohen's kappa with quadratic weights (1968) of tables (..., 81), sums of `quality_counts`.

    Undefined where all labels and grades are one and the same mark (`eval.metrics.quadratic_kappa` says 1).
    """
    table = tables.reshape(*tables.shape[:-1], MARKS, MARKS)
    place = np.arange(MARKS)
    apart = np.square(place[:, None] - place).astype(float)
    seen = (table * apart).sum(axis=(-2, -1)) * table.sum(axis=(-2, -1))
    by_chance = np.einsum("...i,ij,...j->...", table.sum(axis=-1), apart, table.sum(axis=-2))
    kappa: Array = 1 - ratio(seen, by_chance)
    return kappa


def labelled_marks(labels: ArrayLike, grades: ArrayLike) -> tuple[Array, Array]:
    """Quality of the cases that have a label, and their grades; both (n,), None or NaN for none.

    A missing grade counts as `eval.metrics.MIDDLE`.
    """
    label, grade = np.asarray(labels, dtype=np.float64), np.asarray(grades, dtype=np.float64)
    marked = ~np.isnan(label)
    return label[marked], np.where(np.isnan(grade), MIDDLE, grade)[marked]


def spearman(one: Array, other: Array, weights: Array) -> Array:
    """Spearman's rank correlation of `one` and `other` (n,) for each row of `weights` (draws, n): how often each
    pair counts. Ties have their mean rank.
    """
    if not len(one):
        return np.full(len(weights), np.nan)
    middle = weights.sum(axis=1, keepdims=True) / 2
    x, y = _ranks(one, weights) - middle, _ranks(other, weights) - middle
    spread = (weights * x * x).sum(axis=1) * (weights * y * y).sum(axis=1)
    return ratio((weights * x * y).sum(axis=1), np.sqrt(spread))


def _ranks(values: Array, weights: Array) -> Array:
    """Mean ranks, less a half, of `values` (n,) taken `weights` (draws, n) times: (draws, n)."""
    order = np.argsort(values, kind="stable")
    distinct, where = np.unique(values, return_inverse=True)
    starts = np.searchsorted(values[order], distinct)
    alike = np.add.reduceat(weights[:, order], starts, axis=1)
    ranks: Array = (np.cumsum(alike, axis=1) - alike / 2)[:, where]
    return ranks


def ratio(over: Array, under: ArrayLike) -> Array:
    """NaN where `under` is 0, without numpy's warning."""
    below = np.asarray(under, dtype=np.float64)
    share: Array = np.divide(over, below, out=np.full(below.shape, np.nan), where=below > 0)
    return share


def plain(figure: Array | np.float64) -> float | None:
    """A single figure as a number; None for NaN."""
    return None if np.isnan(figure) else float(figure)
