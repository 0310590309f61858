"""The figures: against a plain computation of the same, and what they say of themselves."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from eval import metrics, table
from eval.cases import Case
from eval.metrics import Bin, Reading
from simulator.domain.grade import GradeRequest, ItemResult, Verdict
from tests.factories import grade_of

KINDS = ("step", "skill", "negative")
IDS = {"step": "abc", "skill": "pqr", "negative": "xyz"}
MARKS = st.integers(2, 10).map(lambda n: n / 2)


def reading(
    steps: str = "", skills: str = "", negatives: str = "", banned: str = "", quality: float | None = None
) -> Reading:
    """Ids are single letters."""
    found = {"step": frozenset(steps), "skill": frozenset(skills), "negative": frozenset(negatives)}
    return Reading(found=found, banned=frozenset(banned), quality=quality)


READINGS = st.builds(
    reading,
    *(st.sets(st.sampled_from(IDS[k])).map("".join) for k in KINDS),
    banned=st.sampled_from(["", "", "b", "?"]),
    quality=st.none() | MARKS,
)
ENDS = [reading(quality=1.0), reading("a", "p", "x", "b", quality=5.0)]  # so that no figure lacks a spread


def f1(pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> float:
    """By precision and recall."""
    right = sum(len(w & h) for w, h in pairs)
    false, missed = sum(len(h - w) for w, h in pairs), sum(len(w - h) for w, h in pairs)
    if not right:
        return 0.0
    precision, recall = right / (right + false), right / (right + missed)
    return 2 * precision * recall / (precision + recall)


def ranks(values: Sequence[float]) -> list[float]:
    """Mean place of each value."""
    return [sum(v < x for v in values) + (sum(v == x for v in values) - 1) / 2 for x in values]


def pearson(one: Sequence[float], other: Sequence[float]) -> float:
    a, b = (np.asarray(x, dtype=float) - np.mean(x) for x in (one, other))
    return float((a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum()))


def weighted_kappa(one: Sequence[float], other: Sequence[float]) -> float:
    """1 less seen over expected disagreement, squared distances of half points."""
    a, b = [int(2 * q + 0.5) for q in one], [int(2 * q + 0.5) for q in other]
    both, first, second = Counter(zip(a, b, strict=True)), Counter(a), Counter(b)
    pairs = list(itertools.product(range(2, 11), repeat=2))
    seen = sum((i - j) ** 2 * both[i, j] for i, j in pairs)
    expected = sum((i - j) ** 2 * first[i] * second[j] / len(a) for i, j in pairs)
    return 1 - seen / expected if expected else 1.0


@given(pairs=st.lists(st.tuples(READINGS, READINGS), max_size=12))
@settings(deadline=None)
def test_figures_are_those_of_a_plain_computation(pairs: list[tuple[Reading, Reading]]) -> None:
    labels = [*ENDS, *(a for a, _ in pairs)]
    heard = [*ENDS, *(b for _, b in pairs)]
    found = metrics.agreement(labels, heard, draws=0)
    for kind in KINDS:
        sets = [(w.found[kind], h.found[kind]) for w, h in zip(labels, heard, strict=True)]
        assert found[f"{kind} F1"].value == pytest.approx(f1(sets))
        assert found[f"{kind} F1"].support == sum(len(w) for w, _ in sets)
    said = [(frozenset("!" * bool(w.banned)), frozenset("!" * bool(h.banned))) for w, h in zip(labels, heard, strict=True)]  # fmt: skip
    assert found["banned F1"].value == pytest.approx(f1(said))
    clean = [h for w, h in zip(labels, heard, strict=True) if not w.banned and not w.found["negative"]]
    assert found["false alarms on clean"].value == pytest.approx(
        sum(bool(h.banned) for h in clean) / len(clean)
    )
    assert found["false alarms on clean"].support == len(clean)
    marks = [(w.quality, 3.0 if h.quality is None else h.quality) for w, h in zip(labels, heard, strict=True) if w.quality is not None]  # fmt: skip
    true, mine = zip(*marks, strict=True)
    assert found["quality Spearman"].value == pytest.approx(pearson(ranks(true), ranks(mine)))
    assert found["quality quadratic kappa"].value == pytest.approx(weighted_kappa(true, mine))
    assert found["quality Spearman"].support == len(marks)


def test_agreement_with_oneself_is_whole_and_with_nobody_none() -> None:
    labels = [*ENDS, reading("ab", "q", "", quality=3.5)]
    same, silent = (
        metrics.agreement(labels, r, draws=0) for r in (labels, [reading(quality=q) for q in (5.0, 1.0, 3.5)])
    )
    for name in ("step F1", "skill F1", "negative F1", "banned F1"):
        assert (same[name].value, silent[name].value) == (1.0, 0.0)
    assert same["quality Spearman"].value == pytest.approx(1.0)
    assert silent["quality Spearman"].value == pytest.approx(-1.0)
    assert same["quality quadratic kappa"].value == 1.0
    assert silent["quality quadratic kappa"].value < 0


@given(marks=st.lists(st.tuples(MARKS, MARKS), min_size=2, max_size=30))
@settings(deadline=None)
def test_quadratic_kappa_is_its_formula(marks: list[tuple[float, float]]) -> None:
    one, other = zip(*marks, strict=True)
    assert metrics.quadratic_kappa(one, other) == pytest.approx(weighted_kappa(one, other))


def test_quadratic_kappa_of_known_tables() -> None:
    assert metrics.quadratic_kappa([3, 3, 3], [3, 3, 3]) == 1.0
    assert metrics.quadratic_kappa([1, 5], [5, 1]) == pytest.approx(-1.0)
    assert metrics.quadratic_kappa([1, 5, 1, 5], [1, 5, 5, 1]) == pytest.approx(0.0)
    near = metrics.quadratic_kappa([1, 2, 3, 4, 5], [1.5, 2, 3, 4, 5])
    far = metrics.quadratic_kappa([1, 2, 3, 4, 5], [4, 2, 3, 4, 5])
    assert 1 > near > far
    assert metrics.quadratic_kappa([2.24, 4], [2.26, 4]) < 1, "cut to half points, half up"
    assert metrics.quadratic_kappa([2.25, 4], [2.5, 4]) == 1.0, "a quarter goes up"


def synthetic(count: int = 200) -> tuple[list[Reading], list[Reading]]:
    """Labels, and readings that are right three times of four."""
    chance = np.random.default_rng(5)

    def some(ids: str) -> str:
        return "".join(c for c in ids if chance.random() < 0.4)

    labels, heard = [], []
    for _ in range(count):
        label = reading(some("abc"), some("pqr"), some("xy"), some("b"), float(chance.integers(2, 11)) / 2)
        off = reading(some("abc"), some("pqr"), some("xy"), some("b"), float(chance.integers(2, 11)) / 2)
        labels.append(label)
        heard.append(label if chance.random() < 0.75 else off)
    return labels, heard


def test_intervals_hold_the_value_and_are_the_same_for_a_seed() -> None:
    labels, heard = synthetic()
    found = metrics.agreement(labels, heard, draws=200, seed=3)
    for name, interval in found.items():
        assert interval.low <= interval.value <= interval.high, name
        assert 0 < interval.high - interval.low < 0.5, name
    assert metrics.agreement(labels, heard, draws=200, seed=3) == found
    assert metrics.agreement(labels, heard, draws=200, seed=4) != found


def test_intervals_narrow_with_more_replies() -> None:
    few, many = (metrics.agreement(*synthetic(n), draws=200)["step F1"] for n in (40, 1000))
    assert many.high - many.low < (few.high - few.low) / 2


def applying(count: int) -> list[dict[str, frozenset[str]]]:
    return [{k: frozenset(IDS[k]) for k in KINDS}] * count


def test_kappas_are_those_of_all_reply_and_item_pairs() -> None:
    labels, heard = synthetic(60)
    found = metrics.kappas(labels, heard, applying(60))
    for kind in KINDS:
        pairs = [(i in a.found[kind], i in b.found[kind]) for a, b in zip(labels, heard, strict=True) for i in IDS[kind]]  # fmt: skip
        seen = sum(x == y for x, y in pairs) / len(pairs)
        x, y = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
        by_chance = x * y + (1 - x) * (1 - y)
        kappa, count = found[kind]
        assert kappa == pytest.approx((seen - by_chance) / (1 - by_chance))
        assert kappa == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)))
        assert count == sum(a or b for a, b in pairs)
    said = [[bool(r.banned) for r in side] for side in (labels, heard)]
    assert found["banned"][0] == pytest.approx(cohen_kappa_score(*said))


def test_kappas_leave_out_form_items_and_what_does_not_apply() -> None:
    one = [reading("a", "p", "x", "b"), reading("b", "q", "y")]
    known = {"step": frozenset("ab"), "skill": frozenset("pq"), "negative": frozenset("xy")}
    formal = known | {"skill": known["skill"] | metrics.LEFT_OUT}
    other = [reading("a", "q", "x", "b"), reading("a", "q", "y")]
    expected = metrics.kappas(one, other, [known, known])
    assert expected["step"] == (pytest.approx(0.0), 3)
    assert expected["negative"] == (pytest.approx(1.0), 2)
    assert metrics.kappas(one, other, [formal, formal]) == expected
    elsewhere = known | {"step": frozenset("a")}
    assert metrics.kappas(one, other, [known, elsewhere])["step"] == (pytest.approx(0.4), 2)


def test_bins_that_say_what_happens_have_no_error() -> None:
    chances = np.repeat([0.25, 0.75, 1.0, 0.0], 4)
    labels = np.array([1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    bars = metrics.reliability(chances, labels)
    assert [(b.predicted, b.actual, b.count) for b in bars] == [
        (0, 0, 4), (0.25, 0.25, 4), (0.75, 0.75, 4), (1, 1, 4),
    ]  # fmt: skip
    assert metrics.calibration_error(bars) == 0


def test_calibration_error_is_the_gap_by_size() -> None:
    bars = [Bin(predicted=0.9, actual=0.5, count=30), Bin(predicted=0.1, actual=0.2, count=10)]
    assert metrics.calibration_error(bars) == pytest.approx((30 * 0.4 + 10 * 0.1) / 40)
    assert metrics.calibration_error([]) == 0


@given(
    rows=st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), bins=st.integers(1, 20)
)
def test_every_verdict_lies_in_one_bar(rows: list[tuple[float, bool]], bins: int) -> None:
    chances, labels = np.array([p for p, _ in rows]), np.array([y for _, y in rows])
    bars = metrics.reliability(chances, labels, bins)
    assert sum(b.count for b in bars) == len(rows)
    assert sum(b.predicted * b.count for b in bars) == pytest.approx(chances.sum(), abs=1e-6)
    assert sum(b.actual * b.count for b in bars) == pytest.approx(labels.sum())
    assert len(bars) <= bins
    assert 0 <= metrics.calibration_error(bars) <= 1


def case(number: int, banned: tuple[str, ...] = (), **labels: set[str]) -> Case:
    sets = {k: frozenset(labels.get(k, ())) for k in KINDS}
    request = GradeRequest(situation="too_expensive", reply="您好")
    return Case(id=str(number), request=request, labels=sets, banned=banned, quality=2.5)


def test_labels_are_read_without_form_items() -> None:
    found = metrics.of_case(case(1, step={"reason"}, skill={"empathy", "plain_words"}, negative={"banned_phrase", "argue"}))  # fmt: skip
    assert found == Reading(
        found={
            "step": frozenset({"reason"}),
            "skill": frozenset({"empathy"}),
            "negative": frozenset({"argue"}),
        },
        banned=frozenset({"?"}),
        quality=2.5,
    )
    assert metrics.of_case(case(2, banned=("b001",))).banned == {"b001"}
    assert metrics.of_case(case(3)).banned == frozenset()


def test_grades_are_read_without_form_items() -> None:
    grade = grade_of("step:reason", "skill:empathy", "skill:match_style", "negative:argue", banned=("rude",))
    found = metrics.of_grade(grade)
    assert found.found == {"step": {"reason"}, "skill": {"empathy"}, "negative": {"argue"}}
    assert (found.banned, found.quality) == ({"ban_0"}, grade.quality)


def test_only_contested_verdicts_are_shown_as_probabilities() -> None:
    def judged(key: str, score: float, verdict: Verdict = Verdict.NOT_MET) -> ItemResult:
        return ItemResult(key=key, verdict=verdict, score=score)

    items = (
        judged("step:too_expensive.reason", 0.01),
        judged("step:too_expensive.recalculate", 0.01),
        judged("skill:empathy", 0.5, Verdict.UNSURE),
        judged("skill:plain_words", 0.5, Verdict.UNSURE),
        judged("negative:argue", 0.97, Verdict.MET),
        judged("negative:banned_phrase", 0.9, Verdict.MET),
    )
    chances, labels, unsure = table.contested(
        [case(1, banned=("b001",), step={"reason"})], [replace(grade_of(), items=items)]
    )
    assert list(zip(chances, labels, strict=True)) == [(0.01, True), (0.5, False), (0.9, True)]
    assert unsure == pytest.approx(1 / 3)


def test_columns_are_printed_side_by_side_and_gaps_told() -> None:
    columns = [table.Column(name="A", cells={"x": "1", "y": "2"}), table.Column(name="B", cells={"y": "3"})]
    assert table.printed(columns).splitlines() == [
        "| | A | B |", "|---|---|---|", "| x | 1 | – |", "| y | 2 | 3 |",
    ]  # fmt: skip


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "p.md"
    page.write_text("前\n<!-- figures -->\n旧\n<!-- end of figures -->\n后\n", encoding="utf-8")
    table.write_between(page, r"新 \1")
    expected = "前\n<!-- figures -->\n新 \\1\n<!-- end of figures -->\n后\n"
    assert page.read_text(encoding="utf-8") == expected
    page.write_text("没有记号", encoding="utf-8")
    with pytest.raises(SystemExit, match="no markers"):
        table.write_between(page, "x")
    assert page.read_text(encoding="utf-8") == "没有记号"


def test_labels_without_any_quality_still_have_the_other_figures() -> None:
    labels = [reading("a", "p", "x", "b"), reading()]
    assert metrics.agreement(labels, labels, draws=0)["step F1"].value == 1.0


def test_kappa_where_neither_found_anything_is_not_nan() -> None:
    nothing = [reading("a"), reading("b")]
    kappa, count = metrics.kappas(nothing, nothing, applying(2))["skill"]
    assert count == 0
    assert not math.isnan(kappa)
