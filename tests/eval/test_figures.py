"""The figures of agreement: against scikit-learn, scipy and tables worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score, precision_score, recall_score

from eval import metrics
from eval.comparing import figures, statistics
from eval.comparing.figures import Confusion

VERDICTS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40)
HALVES = st.integers(2, 10).map(lambda n: n / 2)
MARKS = st.lists(st.tuples(HALVES, HALVES), min_size=1, max_size=40)


@given(pairs=VERDICTS)
@settings(deadline=None)
def test_precision_recall_and_f1_are_those_of_sklearn(pairs: list[tuple[bool, bool]]) -> None:
    found, labels = [a for a, _ in pairs], [b for _, b in pairs]
    confusion = Confusion.of(found, labels)
    assert confusion.tp + confusion.fp + confusion.fn + confusion.tn == len(pairs)
    for figure, reference in (
        (confusion.precision, precision_score),
        (confusion.recall, recall_score),
        (confusion.f1, f1_score),
    ):
        expected = reference(labels, found, zero_division=np.nan) if pairs else math.nan
        assert figure is None if math.isnan(expected) else figure == pytest.approx(expected)


@given(pairs=VERDICTS)
@settings(deadline=None)
def test_kappa_is_that_of_sklearn_and_undefined_where_all_are_alike(pairs: list[tuple[bool, bool]]) -> None:
    kappa = Confusion.of([a for a, _ in pairs], [b for _, b in pairs]).kappa
    if len({x for pair in pairs for x in pair}) < 2:
        assert kappa is None
    else:
        assert kappa == pytest.approx(cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs]))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((0, 0, 0, 0), (None, None, None, None)),
        ((0, 0, 0, 9), (None, None, None, None)),
        ((9, 0, 0, 0), (1.0, 1.0, 1.0, None)),
        ((0, 2, 0, 2), (0.0, None, 0.0, 0.0)),
        ((0, 0, 2, 2), (None, 0.0, 0.0, 0.0)),
        ((0, 1, 1, 0), (0.0, 0.0, 0.0, -1.0)),
        ((3, 0, 0, 1), (1.0, 1.0, 1.0, 1.0)),
        ((2, 1, 1, 2), (2 / 3, 2 / 3, 2 / 3, 1 / 3)),
    ],
)
def test_figures_of_known_tables(cells: tuple[int, ...], expected: tuple[float | None, ...]) -> None:
    confusion = Confusion(**dict(zip(("tp", "fp", "fn", "tn"), cells, strict=True)))
    found = (confusion.precision, confusion.recall, confusion.f1, confusion.kappa)
    assert found == tuple(None if x is None else pytest.approx(x) for x in expected)


@given(rows=st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=30))
@settings(deadline=None)
def test_what_is_not_judged_does_not_count(rows: list[tuple[bool, bool, bool]]) -> None:
    found, labels, judged = np.array(rows, dtype=bool).reshape(-1, 3).T
    assert Confusion.of(found, labels, judged) == Confusion.of(found[judged], labels[judged])


def test_counts_of_cases_and_items_keep_their_places() -> None:
    found = [[True, True, False], [False, False, True]]
    labels = [[True, False, True], [False, True, True]]
    judged = [[True, True, True], [True, True, False]]
    counts = figures.confusion_counts(found, labels, judged)
    assert counts.tolist() == [
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
        [[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]],
    ]


def test_counts_of_things_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        figures.confusion_counts([True], [True, False])
    with pytest.raises(ValueError, match="differ in shape"):
        figures.confusion_counts([[True, False]], [[True, False]], [[True]])


# quality


@given(marks=MARKS)
@settings(deadline=None)
def test_quadratic_kappa_is_that_of_sklearn(marks: list[tuple[float, float]]) -> None:
    one, other = zip(*marks, strict=True)
    kappa = float(figures.quadratic_kappa(figures.quality_counts(one, other).sum(axis=0)))
    if len({*one, *other}) == 1:
        assert math.isnan(kappa)
        return
    halves = [[int(2 * q) for q in side] for side in (one, other)]
    assert kappa == pytest.approx(cohen_kappa_score(*halves, weights="quadratic", labels=range(2, 11)))
    assert kappa == pytest.approx(metrics.quadratic_kappa(one, other))


@given(seed=st.integers(0, 10_000), most=st.integers(1, 50))
@settings(deadline=None)
def test_quadratic_kappa_of_random_tables_is_that_of_sklearn(seed: int, most: int) -> None:
    table = np.random.default_rng(seed).integers(0, most + 1, (9, 9))
    rows, columns = (np.repeat(side.ravel(), table.ravel()) for side in np.indices((9, 9)))
    expected = cohen_kappa_score(rows, columns, weights="quadratic", labels=range(9))
    assert float(figures.quadratic_kappa(table.reshape(81).astype(float))) == pytest.approx(expected)


@given(marks=st.lists(st.tuples(st.floats(1, 5), st.floats(1, 5)), min_size=2, max_size=20))
@settings(deadline=None)
def test_marks_are_cut_to_halves_as_in_the_metrics(marks: list[tuple[float, float]]) -> None:
    one, other = zip(*marks, strict=True)
    kappa = float(figures.quadratic_kappa(figures.quality_counts(one, other).sum(axis=0)))
    assert (1.0 if math.isnan(kappa) else kappa) == pytest.approx(metrics.quadratic_kappa(one, other))


def test_cases_without_a_label_are_left_out_and_a_missing_grade_is_the_middle() -> None:
    labels, grades = [2.0, None, 4.5, math.nan, 1.0], [None, 5.0, 4.0, 2.0, math.nan]
    plain = [2.0, 4.5, 1.0], [metrics.MIDDLE, 4.0, metrics.MIDDLE]
    assert (figures.quality_counts(labels, grades) == figures.quality_counts(*plain)).all()
    for compare in (statistics.paired_quadratic_kappa, statistics.paired_spearman):
        holed = compare(labels, grades, [3.0, None, 2.0, 1.0, 5.0], draws=50)
        assert holed == compare(*plain, [3.0, 2.0, 5.0], draws=50)
        assert holed.a is not None
        assert holed.a.support == 3


@given(
    rows=st.lists(st.tuples(HALVES, st.floats(1, 5), st.integers(0, 4)), min_size=1, max_size=30),
)
@settings(deadline=None)
def test_spearman_of_weighted_cases_is_scipys_of_repeated_ones(rows: list[tuple[float, float, int]]) -> None:
    one, other, weights = (np.array(x) for x in zip(*rows, strict=True))
    x, y = np.repeat(one, weights), np.repeat(other, weights)
    found = figures.spearman(one, other, np.array([weights, np.ones(len(rows))], dtype=float))
    for value, (first, second) in zip(found, ((x, y), (one, other)), strict=True):
        if len(set(first)) < 2 or len(set(second)) < 2:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(scipy.stats.spearmanr(first, second).statistic)
