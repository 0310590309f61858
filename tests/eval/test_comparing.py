"""What two runs differ in: figures against direct counts, every change with its effect, and what must be said."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score, precision_score, recall_score

from eval.comparing.changes import Effect
from eval.comparing.comparison import Comparison, Pair, compare, letter
from eval.comparing.ruling import Outcome
from eval.metrics import LEFT_OUT, quadratic_kappa
from simulator.errors import UsageError
from tests.eval.planted_runs import (
    NAMES,
    Row,
    edited,
    failed,
    is_true,
    item_of,
    planted,
    set_verdict,
    unlabelled,
    write_run,
)

REASON = "step:too_expensive.reason"
BASE = planted(240)


def noisy(seed: int, share: float = 0.05) -> list[Row]:
    """BASE with some verdicts turned, one unsure, qualities and banned findings moved."""
    chance = random.Random(seed)

    def edit(row: Row) -> None:
        for item in row["items"]:
            if chance.random() < share:
                met = item["verdict"] != "met"
                set_verdict(row, item["key"], met, round(chance.random(), 4))
            elif chance.random() < share / 2:
                item["verdict"] = "unsure"
        if chance.random() < share:
            row["quality"] = max(1.0, row["quality"] - 1.0)
        if chance.random() < share:
            row["banned"] = []

    return edited(BASE, edit)


def compared(folder: Path, a: list[Row], b: list[Row], **record_b: Any) -> Pair:
    """The one pair of a comparison of two fresh runs."""
    return both(folder, a, b, **record_b).pairs[0]


def both(folder: Path, a: list[Row], b: list[Row], **record_b: Any) -> Comparison:
    later = {"started": "2026-11-02T00:00:00+00:00", "rubric": "service@2", "rubric_hash": "bbbb"}
    return compare(write_run(folder / "a", a), write_run(folder / "b", b, **(later | record_b)), draws=200)


def lose_reason(row: Row) -> None:
    if item_of(row, REASON) and is_true(row, REASON):
        set_verdict(row, REASON, False)


def pairs_of(rows: list[Row], key: str) -> tuple[list[bool], list[bool]]:
    """Labels and findings of an item in the rows that it applies to, counted directly."""
    if key == "banned":
        said = [bool(r["label_banned"]) for r in rows]
        return said, [bool(r["banned"]) for r in rows]
    judged = [r for r in rows if item_of(r, key)]
    found = [(item_of(r, key) or {})["verdict"] == "met" for r in judged]
    return [is_true(r, key) for r in judged], found


def test_every_figure_is_that_of_a_direct_count(tmp_path: Path) -> None:
    changed = noisy(1)
    pair = compared(tmp_path, BASE, changed)
    keys = [k for k in NAMES if k.rpartition(".")[2].rpartition(":")[2] not in LEFT_OUT]
    assert [c.key for c in pair.contrasts.items] == keys
    for contrast, members in [
        *((c, [c.key]) for c in pair.contrasts.items),
        (pair.contrasts.groups[0], [*keys, "banned"]),
        *((c, [k for k in keys if k.startswith(c.key)]) for c in pair.contrasts.groups[1:4]),
        (pair.contrasts.groups[4], ["banned"]),
    ]:
        for rows, side, interval in (
            (BASE, contrast.a, contrast.f1.a),
            (changed, contrast.b, contrast.f1.b),
        ):
            labels = [x for k in members for x in pairs_of(rows, k)[0]]
            found = [x for k in members for x in pairs_of(rows, k)[1]]
            assert side.precision == pytest.approx(precision_score(labels, found))
            assert side.recall == pytest.approx(recall_score(labels, found))
            assert side.f1 == pytest.approx(f1_score(labels, found))
            assert side.kappa == pytest.approx(cohen_kappa_score(labels, found))
            assert interval is not None
            assert interval.value == side.f1
            assert interval.low <= interval.value <= interval.high
            assert contrast.support == sum(labels)
        before = [x for k in members for x in pairs_of(BASE, k)[1]]
        after = [x for k in members for x in pairs_of(changed, k)[1]]
        assert contrast.agreement == pytest.approx(cohen_kappa_score(before, after))
    quality = pair.contrasts.quality
    wanted = [r["label_quality"] for r in BASE]
    for rows, kappa, spearman in (
        (BASE, quality.kappa.a, quality.spearman.a),
        (changed, quality.kappa.b, quality.spearman.b),
    ):
        given = [r["quality"] for r in rows]
        assert kappa is not None
        assert spearman is not None
        assert kappa.value == pytest.approx(quadratic_kappa(wanted, given))
        assert spearman.value == pytest.approx(spearmanr(wanted, given).statistic)


def test_slices_are_the_figures_of_their_cases_alone(tmp_path: Path) -> None:
    changed = noisy(2)
    whole = compared(tmp_path / "all", BASE, changed)
    picks = {
        "situation:too_expensive": lambda r: r["situation"] == "too_expensive",
        "style:amiable": lambda r: r["style"] == "amiable",
        "kind:trap": lambda r: r["kind"] == "trap",
        "length:15 字以内": lambda r: len(r["reply"]) <= 15,
        "length:16–40 字": lambda r: 16 <= len(r["reply"]) <= 40,
    }
    assert {c.key for c in whole.contrasts.slices} >= picks.keys()
    for number, (key, among) in enumerate(picks.items()):
        part = compared(
            tmp_path / str(number), [r for r in BASE if among(r)], [r for r in changed if among(r)]
        ).contrasts.groups[0]
        contrast = next(c for c in whole.contrasts.slices if c.key == key)
        assert (contrast.a, contrast.b, contrast.cases) == (part.a, part.b, part.cases)
    for by in ("situation", "style", "length", "kind"):
        assert sum(c.cases for c in whole.contrasts.slices if c.kind == by) == len(BASE)


def test_every_change_is_listed_with_its_effect(tmp_path: Path) -> None:
    changed = noisy(3)
    pair = compared(tmp_path, BASE, changed)
    wanted: dict[tuple[str, str], Effect] = {}
    for old, new in zip(BASE, changed, strict=True):
        for item in old["items"]:
            key, other = item["key"], item_of(new, item["key"])
            assert other is not None
            if key == "negative:banned_phrase" or item["verdict"] == other["verdict"]:
                continue
            effect = Effect.NEITHER
            if key != "skill:polite_address":
                right = [x["verdict"] == "met" for x in (item, other)]
                truth = is_true(old, key)
                if right[0] != right[1]:
                    effect = Effect.GAIN if right[1] == truth else Effect.LOSS
            wanted[old["id"], key] = effect
        if bool(old["banned"]) != bool(new["banned"]):
            gain = bool(new["banned"]) == bool(old["label_banned"])
            wanted[old["id"], "banned"] = Effect.GAIN if gain else Effect.LOSS
        if abs(old["quality"] - new["quality"]) > 0.5:
            off = [abs(r["quality"] - r["label_quality"]) for r in (old, new)]
            effect = Effect.NEITHER if off[0] == off[1] else Effect.GAIN
            wanted[old["id"], "quality"] = Effect.LOSS if off[1] > off[0] else effect
    assert {(c.case, c.item): c.effect for c in pair.changes} == wanted
    assert {Effect.GAIN, Effect.LOSS, Effect.NEITHER} == {c.effect for c in pair.changes}
    assert [list(Effect).index(c.effect) for c in pair.changes] == sorted(
        list(Effect).index(c.effect) for c in pair.changes
    )
    for effect in Effect:
        sizes = [c.size for c in pair.changes if c.effect is effect]
        assert sizes == sorted(sizes, reverse=True)


def test_a_change_carries_its_evidence(tmp_path: Path) -> None:
    change = compared(tmp_path, BASE, edited(BASE, lose_reason)).changes[0]
    row = next(r for r in BASE if r["id"] == change.case)
    assert (change.reply, change.situation, change.style) == (row["reply"], "too_expensive", row["style"])
    assert (change.item, change.name, change.label, change.effect) == (
        REASON,
        "说清贵在哪",
        True,
        Effect.LOSS,
    )
    assert (change.a.verdict, change.a.span, change.b.verdict, change.b.score) == (
        "met",
        (0, 5),
        "not_met",
        0.1,
    )
    assert change.size == pytest.approx((item_of(row, REASON) or {})["score"] - 0.1)


def test_other_banned_phrases_in_the_same_reply_are_a_change_of_neither_sort(tmp_path: Path) -> None:
    def other(row: Row) -> None:
        for hit in row["banned"]:
            hit["id"] = "b002"

    pair = compared(tmp_path, BASE, edited(BASE, other))
    assert {(c.a.phrases, c.b.phrases, c.effect) for c in pair.changes} == {
        (("b001",), ("b002",), Effect.NEITHER)
    }
    assert pair.ruling.outcome is Outcome.INDISTINCT


def test_a_missing_quality_counts_as_the_middle_one(tmp_path: Path) -> None:
    def forget(row: Row) -> None:
        row["quality"] = None

    pair = compared(tmp_path, BASE, edited(BASE, forget))
    listed = [c for c in pair.changes if c.item == "quality"]
    assert {c.case for c in listed} == {r["id"] for r in BASE if abs(r["quality"] - 3.0) > 0.5}
    assert all(c.b.score is None for c in listed)
    assert pair.contrasts.quality.kappa.b is not None
    assert pair.contrasts.quality.kappa.b.value == pytest.approx(0.0)


def test_unlabelled_runs_are_only_said_to_agree(tmp_path: Path) -> None:
    pair = compared(tmp_path, edited(BASE, unlabelled), edited(noisy(4), unlabelled))
    assert (pair.ruling.outcome, pair.labelled, pair.labels_by) == (Outcome.UNLABELLED, 0, "none")
    assert {c.effect for c in pair.changes} == {Effect.NEITHER}
    assert {c.label for c in pair.changes} == {None}
    whole = pair.contrasts.groups[0]
    assert (whole.a.f1, whole.f1.difference) == (None, None)
    assert whole.agreement is not None
    assert 0.7 < whole.agreement < 0.95
    assert math.isnan(
        both(tmp_path / "f", edited(BASE, unlabelled), edited(BASE, unlabelled)).to_pandas()["f1_a"][0]
    )


def test_cases_without_labels_count_for_changes_only(tmp_path: Path) -> None:
    def half(row: Row) -> None:
        if row["index"] % 2:
            unlabelled(row)

    base = edited(BASE, half)
    pair = compared(tmp_path, base, edited(base, lose_reason_unless_unlabelled))
    assert pair.labelled == 120
    assert pair.contrasts.groups[0].cases == 120
    assert any(c.code == "unlabelled" and "120" in c.text for c in pair.caveats)


def lose_reason_unless_unlabelled(row: Row) -> None:
    if row["label_steps"] is not None:
        lose_reason(row)


def test_failed_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    def some(row: Row) -> None:
        if row["index"] < 3:
            failed(row)

    def others(row: Row) -> None:
        if 2 <= row["index"] < 6:
            failed(row)

    pair = compared(tmp_path, edited(BASE, some), edited(BASE, others))
    assert pair.cases == len(BASE) - 6
    assert any(c.code == "failed" and " 6 条" in c.text for c in pair.caveats)
    assert pair.changes == ()


def test_nothing_is_compared_where_everything_failed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="240 条回复都没评成"):
        compared(tmp_path, BASE, edited(BASE, failed))


def test_items_of_one_version_are_listed_and_not_compared(tmp_path: Path) -> None:
    def renamed(row: Row) -> None:
        for item in row["items"]:
            if item["key"] == REASON:
                item["key"] = "step:too_expensive.why"

    names = {k: n for k, n in NAMES.items() if k != REASON} | {"step:too_expensive.why": "说说为什么"}
    pair = compared(tmp_path, BASE, edited(BASE, renamed), item_names=names)
    assert (pair.added, pair.removed) == (("step:too_expensive.why",), (REASON,))
    assert not {REASON, "step:too_expensive.why"} & {c.key for c in pair.contrasts.items}
    direct = [x for k in NAMES if k in {c.key for c in pair.contrasts.items} for x in pairs_of(BASE, k)[1]]
    direct += pairs_of(BASE, "banned")[1]
    assert pair.contrasts.groups[0].a.tp + pair.contrasts.groups[0].a.fp == sum(direct)
    assert pair.ruling.outcome is Outcome.INDISTINCT  # not identical: the versions are not one
    assert any(c.code == "items" for c in pair.caveats)


def test_only_the_cases_of_both_are_compared(tmp_path: Path) -> None:
    pair = compared(tmp_path, BASE[:200], BASE[50:][::-1])
    assert pair.cases == 150
    told = next(c.text for c in pair.caveats if c.code == "cases")
    assert "只有 A 评了的 50 条" in told
    assert "只有 B 评了的 40 条" in told
    assert pair.ruling.outcome is Outcome.IDENTICAL


def test_runs_of_other_cases_are_refused(tmp_path: Path) -> None:
    def other_id(row: Row) -> None:
        row["id"] = f"x{row['id']}"

    def other_reply(row: Row) -> None:
        if row["index"] in (7, 9):
            row["reply"] = "别的话"

    with pytest.raises(UsageError, match="没有一条共同的回复"):
        compared(tmp_path / "ids", BASE, edited(BASE, other_id))
    with pytest.raises(UsageError, match=r"q0007 在两边不是同一条，回复不一样（这样的有 2 条）[\s\S]*别的话"):
        compared(tmp_path / "texts", BASE, edited(BASE, other_reply))


def test_a_run_with_an_id_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="q0000 出现了两次"):
        compared(tmp_path, [*BASE, BASE[0]], BASE)


def test_the_same_folder_twice_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", BASE)
    with pytest.raises(UsageError, match="写了两次"):
        compare(run, run)


def test_labels_mended_between_the_runs_are_those_of_the_later(tmp_path: Path) -> None:
    def mend(row: Row) -> None:
        if row["index"] == 0:
            row["label_skills"] = ["empathy", "evidence", "we_language"]

    mended = edited(BASE, mend)
    pair = compared(tmp_path / "b later", BASE, mended)
    swapped = compared(tmp_path / "a later", mended, BASE, started="2026-10-01T00:00:00+00:00")
    for found in (pair, swapped):
        assert any(c.code == "relabelled" and " 1 条" in c.text for c in found.caveats)
        assert found.contrasts.groups[2].support == sum(
            sum(pairs_of(mended, k)[0]) for k in ("skill:empathy", "skill:evidence", "skill:we_language")
        )


@pytest.mark.parametrize(
    ("by", "wanted", "caveat"),
    [
        (["human"], "human", False),
        (["model"], "model", True),
        (["human", "model"], "mixed", True),
        (["human", None], "mixed", True),
        ([None], "unknown", True),
    ],
)
def test_whose_the_labels_are_is_said(
    tmp_path: Path, by: list[str | None], wanted: str, caveat: bool
) -> None:
    def sign(row: Row) -> None:
        row["by"] = by[row["index"] % len(by)]

    pair = compared(tmp_path, edited(BASE, sign), edited(BASE, sign))
    assert pair.labels_by == wanted
    assert any(c.code == "labels_by" for c in pair.caveats) is caveat


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"calibrated": False}, "calibrated"),
        ({"encoder": "bge#2"}, "encoder"),
        ({"rubric_hash": "aaaa", "calibration": "c2"}, "calibration"),
        ({"rubric_hash": "aaaa", "commit": "fff"}, "same_grader"),
        ({"dirty": True}, "dirty"),
    ],
)
def test_what_makes_a_comparison_doubtful_is_said(tmp_path: Path, record: dict[str, Any], code: str) -> None:
    assert [c.code for c in compared(tmp_path, BASE, BASE, **record).caveats] == [code]


def test_a_clean_comparison_has_no_caveats(tmp_path: Path) -> None:
    assert compared(tmp_path, BASE, BASE).caveats == ()


def test_every_other_run_is_compared_with_the_first(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / "base", BASE),
        write_run(tmp_path / "same", BASE),
        write_run(tmp_path / "worse", edited(BASE, lose_reason)),
    ]
    found = compare(*runs, draws=200)
    assert [p.b.name for p in found.pairs] == ["B", "C"]
    assert [p.ruling.outcome for p in found.pairs] == [Outcome.IDENTICAL, Outcome.WORSE]
    assert [letter(n) for n in (0, 25, 26)] == ["A", "Z", "A1"]


def test_json_and_frames_hold_everything(tmp_path: Path) -> None:
    found = both(tmp_path, BASE, noisy(5))
    pair = found.pairs[0]
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["baseline"]["rubric"] == "service@1"
    only = plain["pairs"][0]
    assert only["verdict"]["outcome"] == pair.ruling.outcome.value
    assert len(only["changes"]) == len(pair.changes)
    assert only["items"][0]["a"]["f1"] == pair.contrasts.items[0].a.f1
    frame = found.to_pandas()
    assert len(frame) == 5 + len(pair.contrasts.items) + len(pair.contrasts.slices)
    assert frame["f1_b"].dtype.kind == "f"
    row = frame[frame["key"] == REASON].iloc[0]
    wanted = next(c for c in pair.contrasts.items if c.key == REASON)
    assert wanted.f1.difference is not None
    assert row["difference"] == wanted.f1.difference.value
    changes = found.changes_to_pandas()
    assert list(changes["case"]) == [c.case for c in pair.changes]
    assert both(tmp_path / "same", BASE, BASE).changes_to_pandas().empty


def test_the_same_seed_gives_the_same_figures(tmp_path: Path) -> None:
    a, b = write_run(tmp_path / "a", BASE), write_run(tmp_path / "b", noisy(6))
    once, again, other = (compare(a, b, draws=100, seed=s).to_json() for s in (1, 1, 2))
    assert once == again
    assert once["pairs"][0]["groups"][0]["difference"] != other["pairs"][0]["groups"][0]["difference"]
