"""What the intervals of `eval.comparing.statistics` really cover: simulated graders, of whom the truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.stats
from numpy.typing import ArrayLike
from scipy.special import expit

from eval.comparing import figures, statistics
from eval.comparing.figures import Array
from eval.comparing.statistics import Paired


@dataclass(frozen=True, kw_only=True)
class World:
    """Replies of standard normal difficulty: hard ones have fewer labels, which are missed more, and more false
    alarms. `hits`, `alarms`: log odds of A and of B of finding what is there and what is not, at middle difficulty."""

    items: int
    prevalence: float
    hits: tuple[float, float]
    alarms: tuple[float, float]

    def chances(self, difficulty: Array) -> Iterator[Array]:
        """Of a label, of A's and B's hits, of A's and B's false alarms; (..., items) for difficulty (..., 1)."""
        base = math.log(self.prevalence / (1 - self.prevalence)) + np.linspace(-1, 1, self.items + 2)[1:-1]
        yield expit(base - 0.3 * difficulty)
        for odds in self.hits:
            yield expit(odds - difficulty + 0 * base)
        for odds in self.alarms:
            yield expit(odds + difficulty + 0 * base)

    def f1(self) -> tuple[float, float]:
        """The true micro-F1 of A and of B: that of the expected counts, integrated over the difficulty."""
        place, weight = np.polynomial.hermite_e.hermegauss(100)
        there, *ways = self.chances(place[:, None])

        def mean(chance: Array) -> float:
            return float(weight @ chance.sum(axis=1) / weight.sum())

        hit = [mean(there * ways[side]) for side in (0, 1)]
        false = [mean((1 - there) * ways[2 + side]) for side in (0, 1)]
        one, other = (2 * h / (h + f + mean(there)) for h, f in zip(hit, false, strict=True))
        return one, other

    def counts(self, chance: np.random.Generator, size: int, worlds: int) -> tuple[Array, Array]:
        """(size, worlds, 4) of A and of B, which agree beyond what the difficulty makes them."""
        there, *ways = self.chances(chance.normal(size=(size, worlds, 1)))
        labels = chance.random(there.shape) < there
        one = chance.random(there.shape)
        other = np.where(chance.random(there.shape) < 0.7, one, chance.random(there.shape))
        both = [
            figures.confusion_counts(np.where(labels, die < ways[side], die < ways[2 + side]), labels)
            for side, die in ((0, one), (1, other))
        ]
        a, b = (c.sum(axis=2).astype(float) for c in both)
        return a, b


BETTER = World(items=12, prevalence=0.2, hits=(1.6, 2.0), alarms=(-3.0, -3.0))
EQUAL = World(items=12, prevalence=0.2, hits=(1.6, 1.6), alarms=(-3.0, -3.0))
TRADED = World(items=30, prevalence=0.05, hits=(1.0, 2.0), alarms=(-5.0, -4.0))  # hits bought with alarms
GOOD = World(items=12, prevalence=0.2, hits=(3.5, 4.0), alarms=(-5.0, -5.0))


def covered(truth: tuple[float, float], runs: list[statistics.PairedItems]) -> tuple[float, float, float]:
    """How often the intervals of A, of B and of their difference hold the truth."""
    true = (*truth, truth[1] - truth[0])
    shares = []
    for name, value in zip(("a", "b", "difference"), true, strict=True):
        intervals = [getattr(r, name) for r in runs]
        low, high = (np.concatenate([getattr(i, side) for i in intervals]) for side in ("low", "high"))
        defined = ~np.isnan(low)
        shares.append(float(((low <= value) & (value <= high))[defined].mean()))
    return shares[0], shares[1], shares[2]


def coverage(
    world: World, size: int, worlds: int = 2000, seed: int = 0
) -> tuple[tuple[float, float, float], float]:
    """`covered`, and the mean of the changed replies. A hundred worlds share a set of draws."""
    chance = np.random.default_rng(seed)
    runs = [
        statistics.paired_bootstrap_items(*world.counts(chance, size, 100), seed=seed + n)
        for n in range(worlds // 100)
    ]
    return covered(world.f1(), runs), float(np.mean([r.changed for r in runs]))


def test_the_true_f1_is_that_of_a_huge_sample() -> None:
    for world in (BETTER, TRADED):
        sample = world.counts(np.random.default_rng(1), 60_000, 1)
        assert [float(figures.f1(c.sum(axis=(0, 1)))) for c in sample] == pytest.approx(world.f1(), abs=0.006)


@pytest.mark.slow
@pytest.mark.parametrize("world", [BETTER, EQUAL, TRADED, GOOD], ids=["better", "equal", "traded", "good"])
def test_intervals_hold_the_truth_in_95_of_100_worlds(world: World) -> None:
    shares, _ = coverage(world, 300)
    for share in shares:
        assert 0.93 <= share <= 0.97, shares


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prevalence", "hits", "few"), [(0.005, (1.0, 1.6), 8), (0.02, (1.0, 1.6), 10), (0.02, (3.0, 3.5), 8)]
)
def test_of_rare_items_the_difference_is_covered_where_few_replies_changed(
    prevalence: float, hits: tuple[float, float], few: float
) -> None:
    rare = World(items=1, prevalence=prevalence, hits=hits, alarms=(-5.0, -5.0))
    shares, changed = coverage(rare, 906, worlds=1000)
    assert 3 < changed < few
    assert shares[2] >= 0.91, shares


@pytest.mark.slow
def test_as_many_labels_as_are_needed_tell_the_difference_as_often_as_promised() -> None:
    chance = np.random.default_rng(3)
    one, other = BETTER.f1()
    pilot = statistics.paired_bootstrap_items(*BETTER.counts(chance, 300, 50))
    error = float(np.sqrt(np.square(pilot.standard_error).mean()))
    needed = statistics.labels_needed(other - one, error, 300)
    assert needed is not None
    assert 60 < needed < 300
    found = statistics.paired_bootstrap_items(*BETTER.counts(chance, needed, 1000))
    assert np.mean([found.one(n).told_apart for n in range(1000)]) == pytest.approx(0.8, abs=0.05)


HALF_POINTS = np.arange(1, 5.5, 0.5)
LABELLER, GRADERS, ALIKE = 0.3, (0.7, 0.5), 0.6  # standard deviations; how much of A's error B shares


def rounded(marks: ArrayLike) -> Array:
    return np.clip(np.round(2 * np.asarray(marks)) / 2, 1, 5)


def quality(chance: np.random.Generator, size: int) -> tuple[Array, Array, Array]:
    """Labels, A's grades and B's of replies whose true quality is normal about 3."""
    true, shared = chance.normal(3, 1, size), chance.normal(0, math.sqrt(ALIKE), size)
    a, b = (true + e * (shared + chance.normal(0, math.sqrt(1 - ALIKE), size)) for e in GRADERS)
    return rounded(true + chance.normal(0, LABELLER, size)), rounded(a), rounded(b)


def joint(error: float) -> Array:
    """The true 9 x 9 table of labels and grades with this error: given the true quality they are independent."""
    true = np.linspace(-5, 11, 4001)
    edges = np.array([-np.inf, *(HALF_POINTS[:-1] + 0.25), np.inf])
    label, grade = (np.diff(scipy.stats.norm.cdf(edges[:, None], true, e), axis=0) for e in (LABELLER, error))
    table: Array = (label * scipy.stats.norm.pdf(true, 3, 1)) @ grade.T
    return table / table.sum()


def true_kappa(table: Array) -> float:
    apart = np.subtract.outer(HALF_POINTS, HALF_POINTS) ** 2
    chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    return float(1 - (table * apart).sum() / (chance * apart).sum())


def true_spearman(table: Array) -> float:
    """The correlation of mid-ranks."""
    ranks = [np.cumsum(side) - side / 2 for side in (table.sum(axis=1), table.sum(axis=0))]
    x, y = np.meshgrid(*ranks, indexing="ij")
    (xx, xy), (_, yy) = np.cov(x.ravel(), y.ravel(), aweights=table.ravel())
    return float(xy / math.sqrt(xx * yy))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compare", "truth"),
    [(statistics.paired_quadratic_kappa, true_kappa), (statistics.paired_spearman, true_spearman)],
)
def test_intervals_of_quality_hold_the_truth(
    compare: Callable[..., Paired], truth: Callable[[Array], float]
) -> None:
    chance = np.random.default_rng(0)
    a, b = (truth(joint(e)) for e in GRADERS)
    runs = [compare(*quality(chance, 300), draws=500, seed=n) for n in range(800)]
    for name, value in (("a", a), ("b", b), ("difference", b - a)):
        intervals = [getattr(r, name) for r in runs]
        assert 0.92 <= np.mean([i.low <= value <= i.high for i in intervals]) <= 0.97, name
