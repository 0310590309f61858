"""Statistics that compare two graders, A and B, on the same labelled cases; knows nothing of runs, rubrics or files.

The verdicts on one reply hang together (a reply that is hard for one item is hard for others), so replies, not
verdicts, are what is drawn again (Field & Welsh 2007, bootstrapping clustered data), and both graders get the same
draws (Koehn 2004, the paired bootstrap). A draw is a row of weights, how often each reply was drawn, so that the sums
of all draws and items are one matrix product.

Intervals of a figure are the 95 % percentiles of its draws. Those of a difference reach on each side as far as the
wider of the percentiles and 1.96 standard errors: where few replies changed, the percentiles lean away from the
truth and cover it too seldom (83 to 92 % where 4 to 8 replies of 906 did; the corrections of Efron 1987, BCa, follow
the same few replies and cover 78 to 90 %). Where fewer than six replies changed they reach 0, as no exact test of
so few can tell two graders apart; where none did, [0, 0] is what was seen, not a bound.

In the simulated worlds of `tests/eval/test_intervals.py`, over five seeds, the intervals of micro-F1 and of its
difference hold the truth in 94 to 96 % of sets of 300 replies and in 92 to 95 % of sets of 60; those of an item with
five labels or more in 906 replies in 91 to 97 %. An item with one label has no interval worth the name (56 %).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, norm

from eval.comparing.figures import (
    Array,
    Confusion,
    Figure,
    cohen_kappa,
    confusion_counts,
    f1,
    labelled_marks,
    plain,
    precision,
    quadratic_kappa,
    quality_counts,
    ratio,
    recall,
    spearman,
)
from eval.metrics import Interval

__all__ = [
    "Confusion",
    "Figure",
    "Interval",
    "Intervals",
    "Paired",
    "PairedItems",
    "cohen_kappa",
    "confusion_counts",
    "f1",
    "holm",
    "labels_needed",
    "mcnemar",
    "paired_bootstrap",
    "paired_bootstrap_items",
    "paired_quadratic_kappa",
    "paired_spearman",
    "precision",
    "quadratic_kappa",
    "quality_counts",
    "recall",
]

LEVEL = 0.05
MOST = 100  # times the labels there are: more than that is no plan
TELLING = 6  # the fewest changed cases that can tell at LEVEL: 2 / 2**6 < 0.05 < 2 / 2**5
BATCH = 4_000_000  # weights held at once: 32 MB


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A figure of A, of B and B's less A's with 95 % intervals (their `support`: the cases), and the standard error
    of the difference; `changed`: the cases in which A and B differ.

    None where the figure is undefined for all the cases together; the last two where either is.
    """

    a: Interval | None
    b: Interval | None
    difference: Interval | None
    standard_error: float | None
    changed: int

    @property
    def told_apart(self) -> bool:
        """Whether the interval of the difference leaves 0 out."""
        return self.difference is not None and not self.difference.low <= 0 <= self.difference.high


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """A figure of many items with its 95 % intervals, each (items,); NaN where undefined."""

    value: Array
    low: Array
    high: Array


@dataclass(frozen=True, kw_only=True)
class PairedItems:
    """`Paired` for many items: arrays (items,), NaN where undefined; `one` gives that of an item."""

    a: Intervals
    b: Intervals
    difference: Intervals
    standard_error: Array
    changed: NDArray[np.int64]
    support: int

    def one(self, item: int) -> Paired:
        """What is known of one item."""
        a, b, difference = (self._interval(x, item) for x in (self.a, self.b, self.difference))
        return Paired(
            a=a,
            b=b,
            difference=difference,
            standard_error=plain(self.standard_error[item]),
            changed=int(self.changed[item]),
        )

    def _interval(self, of: Intervals, item: int) -> Interval | None:
        value, low, high = float(of.value[item]), float(of.low[item]), float(of.high[item])
        if math.isnan(low + high):
            return None
        return Interval(value=value, low=low, high=high, support=self.support)


def paired_bootstrap(
    counts_a: ArrayLike, counts_b: ArrayLike, figure: Figure = f1, draws: int = 2000, seed: int = 0
) -> Paired:
    """`figure` of the summed counts of A, of B and their difference; counts (n, k), a row for each case.

    Raises ValueError for counts of different shapes and fewer than two draws.
    """
    one, other = np.asarray(counts_a), np.asarray(counts_b)
    return paired_bootstrap_items(one[:, None], other[:, None], figure, draws, seed).one(0)


def paired_bootstrap_items(
    counts_a: ArrayLike, counts_b: ArrayLike, figure: Figure = f1, draws: int = 2000, seed: int = 0
) -> PairedItems:
    """`paired_bootstrap` for many items at once: counts (n, items, k)."""
    one, other = np.asarray(counts_a, dtype=np.float64), np.asarray(counts_b, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 3:
        raise ValueError(
            f"counts of A {one.shape} and of B {other.shape} must be alike: cases, items, counts"
        )
    size, *cells = one.shape

    def of(counts: Array) -> Callable[[Array], Array]:
        flat = counts.reshape(size, math.prod(cells))
        return lambda weights: figure((weights @ flat).reshape(len(weights), *cells))

    changed = (one != other).any(axis=2).sum(axis=0)
    return _paired(of(one), of(other), changed, size, draws, seed)


def paired_quadratic_kappa(
    labels: ArrayLike, grades_a: ArrayLike, grades_b: ArrayLike, draws: int = 2000, seed: int = 0
) -> Paired:
    """Quadratic kappa of labelled quality with A's and with B's grades, each (n,), None or NaN for none: a case
    without a label is left out, a missing grade counts as `eval.metrics.MIDDLE`.
    """
    one, other = quality_counts(labels, grades_a), quality_counts(labels, grades_b)
    return paired_bootstrap(one, other, quadratic_kappa, draws, seed)


def paired_spearman(
    labels: ArrayLike, grades_a: ArrayLike, grades_b: ArrayLike, draws: int = 2000, seed: int = 0
) -> Paired:
    """Spearman's correlation, as `paired_quadratic_kappa`; each draw is ranked anew."""
    label, one = labelled_marks(labels, grades_a)
    _, other = labelled_marks(labels, grades_b)

    def of(grade: Array) -> Callable[[Array], Array]:
        return lambda weights: spearman(label, grade, weights)[:, None]

    changed = np.array([(one != other).sum()])
    return _paired(of(one), of(other), changed, len(label), draws, seed).one(0)


def _paired(
    of_a: Callable[[Array], Array],
    of_b: Callable[[Array], Array],
    changed: NDArray[np.int64],
    size: int,
    draws: int,
    seed: int,
) -> PairedItems:
    """`of_a`, `of_b`: from weights of the cases (draws, size) to the figure of each item (draws, items)."""
    if draws < 2:
        raise ValueError(f"{draws} draws have no spread")
    even = np.ones((1, size))
    value_a, value_b = of_a(even)[0], of_b(even)[0]
    drawn = [(of_a(w), of_b(w)) for w in _weights(size, draws, seed)]
    a, b = (np.concatenate(x) for x in zip(*drawn, strict=True))
    # Nothing to find and nothing found by either is no difference.
    apart = np.where(np.isnan(a) & np.isnan(b), 0.0, b - a)
    error = np.where(np.isnan(value_b - value_a), np.nan, _deviation(apart))
    return PairedItems(
        a=_percentiles(value_a, a),
        b=_percentiles(value_b, b),
        difference=_widened(_percentiles(value_b - value_a, apart), error, changed),
        standard_error=error,
        changed=changed,
        support=size,
    )


def _weights(size: int, draws: int, seed: int) -> Iterator[Array]:
    """How often each of `size` cases was drawn in each of `draws` draws: (some draws, size), a batch at a time."""
    if not size:
        yield np.zeros((draws, 0))
        return
    chance = np.random.default_rng(seed)
    many = max(1, BATCH // size)
    for start in range(0, draws, many):
        rows = min(many, draws - start)
        cells = chance.integers(0, size, (rows, size)) + size * np.arange(rows)[:, None]
        yield np.bincount(cells.ravel(), minlength=rows * size).reshape(rows, size).astype(np.float64)


def _percentiles(value: Array, drawn: Array) -> Intervals:
    """Of the draws (draws, items) in which the figure is defined."""
    ordered = np.sort(drawn, axis=0)  # NaN comes last
    last = np.maximum(np.isfinite(drawn).sum(axis=0) - 1, 0)
    low, high = (_quantile(ordered, last * tail) for tail in (LEVEL / 2, 1 - LEVEL / 2))
    gone = np.isnan(value)
    return Intervals(value=value, low=np.where(gone, np.nan, low), high=np.where(gone, np.nan, high))


def _widened(difference: Intervals, error: Array, changed: NDArray[np.int64]) -> Intervals:
    """To 1.96 standard errors and, where few cases changed, to 0; the module says why."""
    reach = norm.ppf(1 - LEVEL / 2) * error
    low = np.minimum(difference.low, difference.value - reach)
    high = np.maximum(difference.high, difference.value + reach)
    few = changed < TELLING
    return Intervals(
        value=difference.value,
        low=np.where(few, np.minimum(low, 0), low),
        high=np.where(few, np.maximum(high, 0), high),
    )


def _quantile(ordered: Array, place: Array) -> Array:
    """The value at `place` (items,) of each sorted column (draws, items), between two neighbours their mix."""
    below, above = np.floor(place).astype(int), np.ceil(place).astype(int)
    items = np.arange(ordered.shape[1])
    low, high = ordered[below, items], ordered[above, items]
    out: Array = low + (place - below) * (high - low)
    return out


def _deviation(drawn: Array) -> Array:
    """The standard deviation of the draws (draws, items) in which the figure is defined."""
    known = np.isfinite(drawn)
    count = known.sum(axis=0)
    mean = ratio(np.where(known, drawn, 0.0).sum(axis=0), count)
    squares = np.where(known, np.square(drawn - mean), 0.0).sum(axis=0)
    deviation: Array = np.sqrt(ratio(squares, count - 1.0))
    return deviation


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p of A and B being right equally often (McNemar 1947) when A alone is right in `only_a` cases and
    B alone in `only_b`.

    Exact (binomial). Not the mid-p that Fagerland, Lydersen & Laake (2013) prefer for its power: the exact test is
    never wrong more often than it says, and a new version that is called better and is not costs more than one
    whose gain shows later. A case may count once: for one item, not for many of the same reply. 1 where no case
    tells them apart.
    """
    if not only_a + only_b:
        return 1.0
    return float(binomtest(only_a, only_a + only_b, 0.5).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (Holm 1979), in the order given: call different what lies below 0.05, and the chance that
    any of that is no difference is at most 5 %.

    Written out, as `statsmodels.stats.multitest` collects all garbage at every call, up to 0.3 s.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return [float(x) for x in adjusted]


def labels_needed(
    difference: float, standard_error: float, n: int, power: float = 0.8, level: float = LEVEL
) -> int | None:
    """About how many labelled cases in all tell a true difference of this size from none in `power` of the tries.

    Normal approximation, two-sided; `standard_error`, of the difference on `n` cases, shrinks with the square root
    of their number. None where no number can be named: no difference, no spread to go by, or more than 100 times
    `n`. Whether the true difference has the size seen is another question (Hoenig & Heisey 2001).
    """
    if not difference or not standard_error:
        return None
    reach = float(norm.ppf(1 - level / 2) + norm.ppf(power))
    share = reach * standard_error / difference
    needed = n * share * share
    return math.ceil(needed) if needed <= MOST * n else None
