"""The statistics of comparing two graders: against other libraries and plain formulas."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower

from eval import metrics
from eval.comparing import figures, statistics
from eval.comparing.figures import Array, Figure
from eval.comparing.statistics import Paired

FIGURES = (figures.precision, figures.recall, figures.f1, figures.cohen_kappa)


def some_counts(seed: int, size: int = 60, items: int = 3, off: float = 0.3) -> tuple[Array, Array]:
    """Of two graders that are each wrong in a third of the verdicts."""
    chance = np.random.default_rng(seed)
    labels = chance.random((size, items)) < 0.4
    graders = [labels ^ (chance.random((size, items)) < off) for _ in range(2)]
    one, other = (figures.confusion_counts(g, labels).astype(float) for g in graders)
    return one, other


@pytest.mark.parametrize("figure", FIGURES)
def test_the_bootstrap_is_scipys(figure: Figure) -> None:
    one, other = (c.sum(axis=1) for c in some_counts(1))
    found = statistics.paired_bootstrap(one, other, figure, draws=20_000)
    graders: list[Callable[[Array], Array]] = [
        lambda c: figure(one[c].sum(axis=-2)),
        lambda c: figure(other[c].sum(axis=-2)),
        lambda c: figure(other[c].sum(axis=-2)) - figure(one[c].sum(axis=-2)),
    ]
    references = [
        scipy.stats.bootstrap(
            (np.arange(60),),
            lambda cases, axis, of=of: of(cases),
            n_resamples=20_000,
            method="percentile",
            rng=np.random.default_rng(2),
            vectorized=True,
        )
        for of in graders
    ]
    for interval, of, reference in zip((found.a, found.b), graders, references, strict=False):
        assert interval is not None
        assert interval.value == pytest.approx(of(np.arange(60)))
        near = 0.1 * reference.standard_error
        assert interval.low == pytest.approx(reference.confidence_interval.low, abs=near)
        assert interval.high == pytest.approx(reference.confidence_interval.high, abs=near)
    assert found.difference is not None
    error = references[2].standard_error
    assert found.standard_error == pytest.approx(error, rel=0.03)
    value, percentiles = float(graders[2](np.arange(60))), references[2].confidence_interval
    assert found.difference.value == pytest.approx(value)
    assert found.difference.low == pytest.approx(min(percentiles.low, value - 1.96 * error), abs=0.1 * error)
    assert found.difference.high == pytest.approx(
        max(percentiles.high, value + 1.96 * error), abs=0.1 * error
    )


def test_draws_of_spearman_and_of_kappa_are_scipys() -> None:
    chance = np.random.default_rng(3)
    label = np.round(2 * chance.uniform(1, 5, 50)) / 2
    grade = np.clip(np.round(2 * (label + chance.normal(0, 1, 50))) / 2, 1, 5)
    of: dict[Callable[..., Paired], Callable[[Array, Array], float]] = {
        statistics.paired_spearman: lambda x, y: scipy.stats.spearmanr(x, y).statistic,
        statistics.paired_quadratic_kappa: lambda x, y: cohen_kappa_score(
            (2 * x).astype(int), (2 * y).astype(int), weights="quadratic", labels=range(2, 11)
        ),
    }
    for compare, figure in of.items():
        found = compare(label, grade, label, draws=4000)
        reference = scipy.stats.bootstrap(
            (label, grade), figure, n_resamples=600, paired=True, vectorized=False, method="percentile", rng=chance
        )  # fmt: skip
        assert found.a is not None
        assert found.a.value == pytest.approx(figure(label, grade))
        near = 0.3 * reference.standard_error
        assert found.a.low == pytest.approx(reference.confidence_interval.low, abs=near)
        assert found.a.high == pytest.approx(reference.confidence_interval.high, abs=near)
        assert found.standard_error == pytest.approx(reference.standard_error, rel=0.1)
        assert found.b == metrics.Interval(value=1.0, low=1.0, high=1.0, support=50)


CELLS = st.sampled_from([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=12)


def numbers(paired: Paired) -> list[float | None]:
    """All that it says, in a row."""
    intervals = [
        (i.value, i.low, i.high) if i else (None,) * 3 for i in (paired.a, paired.b, paired.difference)
    ]
    return [*itertools.chain(*intervals), paired.standard_error, paired.changed]


@given(rows=ROWS, figure=st.sampled_from(FIGURES), seed=st.integers(0, 5))
@settings(deadline=None)
def test_items_are_compared_together_as_one_by_one_and_never_nan(
    rows: list[tuple[list[int], ...]], figure: Figure, seed: int
) -> None:
    one, other = np.array(rows).reshape(-1, 2, 2, 4).swapaxes(0, 1)
    found = statistics.paired_bootstrap_items(one, other, figure, draws=40, seed=seed)
    for item in range(2):
        paired = found.one(item)
        alone = statistics.paired_bootstrap(one[:, item], other[:, item], figure, draws=40, seed=seed)
        assert numbers(paired) == pytest.approx(numbers(alone))
        values = [figure(c[:, item].sum(axis=0).astype(float)) for c in (one, other)]
        assert [paired.a is None, paired.b is None] == np.isnan(values).tolist()
        assert (paired.difference is None) == (paired.standard_error is None) == bool(np.isnan(values).any())
        assert paired.changed == sum(
            a[item] != b[item] for a, b in zip(one.tolist(), other.tolist(), strict=True)
        )
        for interval in (paired.a, paired.b, paired.difference):
            if interval is not None:
                assert math.isfinite(interval.low + interval.value + interval.high)
                assert interval.support == len(rows)
        if paired.difference is not None:
            assert paired.difference.low <= paired.difference.value <= paired.difference.high


def test_a_figure_that_hardly_any_draw_defines_is_still_not_nan() -> None:
    counts = np.zeros((30, 3))
    counts[0] = 1, 0, 0
    for seed in range(20):
        paired = statistics.paired_bootstrap(counts, counts, draws=2, seed=seed)
        assert paired.a in (None, metrics.Interval(value=1.0, low=1.0, high=1.0, support=30))
        assert paired.difference == metrics.Interval(value=0.0, low=0.0, high=0.0, support=30)


@pytest.mark.parametrize("figure", FIGURES)
def test_no_items_and_no_cases_are_compared_without_complaint(figure: Figure) -> None:
    assert statistics.paired_bootstrap_items(np.zeros((5, 0, 4)), np.zeros((5, 0, 4)), figure).support == 5
    nobody = statistics.paired_bootstrap(np.zeros((0, 4)), np.zeros((0, 4)), figure)
    assert nobody == Paired(a=None, b=None, difference=None, standard_error=None, changed=0)
    assert statistics.paired_spearman([], [], []) == nobody
    assert statistics.paired_quadratic_kappa([None], [2.0], [3.0]) == nobody


def test_quality_that_is_all_alike_has_no_figure() -> None:
    for compare in (statistics.paired_spearman, statistics.paired_quadratic_kappa):
        alike = compare([4.0] * 9, [4.0] * 9, [4.0] * 9, draws=20)
        assert (alike.a, alike.b, alike.difference) == (None, None, None)
        assert not alike.told_apart


def test_graders_that_say_the_same_do_not_differ() -> None:
    one, _ = some_counts(4)
    found = statistics.paired_bootstrap_items(one, one)
    assert not found.difference.low.any()
    assert not found.difference.high.any()
    assert not found.standard_error.any()
    assert not found.changed.any()
    assert (found.a.low < found.a.high).all()
    assert not found.one(0).told_apart


@given(seed=st.integers(0, 100))
@settings(deadline=None, max_examples=20)
def test_the_other_way_about_only_the_sign_changes(seed: int) -> None:
    one, other = some_counts(seed)
    here, there = (statistics.paired_bootstrap_items(*x, draws=200) for x in ((one, other), (other, one)))
    assert (here.a.low == there.b.low).all()
    assert here.difference.value == pytest.approx(-there.difference.value)
    assert here.difference.low == pytest.approx(-there.difference.high)
    assert here.standard_error == pytest.approx(there.standard_error)


def test_a_seed_gives_the_same_draws_however_many_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = some_counts(5)
    once = statistics.paired_bootstrap_items(*counts, draws=300, seed=7)
    other = statistics.paired_bootstrap_items(*counts, draws=300, seed=8)
    monkeypatch.setattr(statistics, "BATCH", 7 * 60)
    again = statistics.paired_bootstrap_items(*counts, draws=300, seed=7)
    for name in ("a", "b", "difference"):
        for side in ("value", "low", "high"):
            assert getattr(getattr(once, name), side) == pytest.approx(getattr(getattr(again, name), side))
    assert (once.standard_error != other.standard_error).all()


@pytest.mark.parametrize(("lost", "apart"), [(1, False), (5, False), (6, True), (40, True)])
def test_fewer_than_six_changed_cases_tell_nothing(lost: int, apart: bool) -> None:
    one = np.tile([1, 0, 0], (40, 1))
    other = one.copy()
    other[:lost] = 0, 0, 1
    for size in (lost, 40):
        found = statistics.paired_bootstrap(one[:size], other[:size])
        assert found.changed == lost
        assert found.told_apart is apart
        gain = statistics.paired_bootstrap(other[:size], one[:size])
        assert gain.told_apart is apart


def test_counts_that_cannot_be_compared_and_draws_without_spread_are_refused() -> None:
    with pytest.raises(ValueError, match="must be alike"):
        statistics.paired_bootstrap(np.zeros((3, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="must be alike"):
        statistics.paired_bootstrap_items(np.zeros((3, 3)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="1 draws"):
        statistics.paired_bootstrap(np.zeros((3, 3)), np.zeros((3, 3)), draws=1)


def test_two_thousand_draws_of_a_whole_rubric_take_seconds() -> None:
    counts = some_counts(6, size=906, items=120, off=0.1)
    start = time.perf_counter()
    statistics.paired_bootstrap_items(*counts)
    assert time.perf_counter() - start < 3


# tests of significance


@given(only_a=st.integers(0, 300), only_b=st.integers(0, 300))
@settings(deadline=None)
def test_mcnemar_is_that_of_statsmodels(only_a: int, only_b: int) -> None:
    found = statistics.mcnemar(only_a, only_b)
    if only_a + only_b:
        expected = reference_mcnemar([[5, only_a], [only_b, 7]], exact=True).pvalue
        assert found == pytest.approx(expected, rel=1e-6)
    else:
        assert found == 1.0


@pytest.mark.parametrize(("only_a", "only_b"), list(itertools.product(range(9), repeat=2)))
def test_mcnemar_counts_coins(only_a: int, only_b: int) -> None:
    coins = only_a + only_b
    worse = sum(math.comb(coins, heads) for heads in range(min(only_a, only_b) + 1))
    expected = min(Fraction(1), Fraction(2 * worse, 2**coins))
    assert statistics.mcnemar(only_a, only_b) == pytest.approx(float(expected))
    assert (statistics.mcnemar(only_a, 0) < 0.05) == (only_a >= statistics.TELLING)


@given(p_values=st.lists(st.floats(0, 1), max_size=7))
@settings(deadline=None)
def test_holm_is_closed_testing_with_bonferroni(p_values: list[float]) -> None:
    """A hypothesis goes when Bonferroni rejects every set of hypotheses that holds it (Marcus et al. 1976)."""
    expected = []
    for own in range(len(p_values)):
        others = [p for n, p in enumerate(p_values) if n != own]
        sets = itertools.chain.from_iterable(itertools.combinations(others, k) for k in range(len(p_values)))
        expected.append(min(1.0, max((1 + len(s)) * min(p_values[own], *s, 1.0) for s in sets)))
    assert statistics.holm(p_values) == pytest.approx(expected)


@pytest.mark.parametrize("count", [1, 2, 9, 200])
def test_holm_is_that_of_statsmodels(count: int) -> None:
    p_values = np.random.default_rng(count).random(count).round(2) ** 3  # some alike
    expected = multipletests(p_values, method="holm")[1]
    assert statistics.holm(p_values.tolist()) == pytest.approx(expected.tolist())


@given(
    difference=st.floats(0.005, 0.5),
    spread=st.floats(0.2, 2),
    n=st.integers(50, 5000),
    power=st.sampled_from([0.5, 0.8, 0.9]),
    level=st.sampled_from([0.01, 0.05]),
)
@settings(deadline=None)
def test_labels_needed_are_the_first_that_have_the_power(
    difference: float, spread: float, n: int, power: float, level: float
) -> None:
    def reached(labels: float) -> float:
        return float(NormalIndPower().power(difference / spread, labels, level, ratio=0))

    found = statistics.labels_needed(difference, spread / math.sqrt(n), n, power, level)
    assert found == statistics.labels_needed(-difference, spread / math.sqrt(n), n, power, level)
    if found is None:
        assert reached(100 * n) < power
    else:
        assert found <= 100 * n
        assert reached(found) >= power - 1e-9
        assert reached(found - 1) < power + 1e-3  # the formula leaves out telling it the wrong way about


@pytest.mark.parametrize(
    ("difference", "error", "n"), [(0.0, 0.1, 100), (0.1, 0.0, 100), (0.0, 0.0, 0), (1e-3, 0.1, 300), (1e-320, 0.1, 9)]
)  # fmt: skip
def test_no_number_is_named_where_there_is_none(difference: float, error: float, n: int) -> None:
    assert statistics.labels_needed(difference, error, n) is None
