"""The plain verdict: what must be found, what must not, and how often it errs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.comparing.comparison import Pair, compare
from eval.comparing.ruling import Direction, Outcome
from eval.comparing.wording import headline, plainly
from tests.eval.planted_runs import NAMES, Row, edited, is_true, item_of, planted, set_verdict, write_run

REASON = "step:too_expensive.reason"
BASE = planted(400)


def pair_of(folder: Path, b: list[Row], a: list[Row] = BASE, draws: int = 500, **record_b: object) -> Pair:
    later = {"started": "2026-11-02T00:00:00+00:00", "rubric_hash": "bbbb"}
    return compare(
        write_run(folder / "a", a), write_run(folder / "b", b, **(later | record_b)), draws=draws
    ).pairs[0]


def turned(key: str, right: bool, most: int = 10_000) -> list[Row]:
    """BASE with the first `most` verdicts on `key` that are wrong (right) made right (wrong)."""
    left = [most]

    def edit(row: Row) -> None:
        item = item_of(row, key)
        if item and left[0] and (item["verdict"] == "met") != (is_true(row, key) is right):
            set_verdict(row, key, item["verdict"] != "met")
            left[0] -= 1

    return edited(BASE, edit)


def named(pair: Pair, direction: Direction) -> set[str]:
    return {e.key for e in pair.ruling.evidence if e.direction is direction}


def test_a_regression_on_one_item_is_found_and_named(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, turned(REASON, right=False, most=25))
    assert pair.ruling.outcome is Outcome.WORSE
    assert REASON in named(pair, Direction.WORSE)
    assert {e.key for e in pair.ruling.evidence if ":" in e.key} == {REASON}
    assert "B 比 A 差" in headline(pair)
    assert "嫌贵·说清贵在哪" in plainly(pair, {"too_expensive": "嫌贵"})


def test_a_gain_on_one_item_is_found_and_named(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, turned("skill:empathy", right=True))
    assert pair.ruling.outcome is Outcome.BETTER
    assert "skill:empathy" in named(pair, Direction.BETTER)


def test_a_gain_here_and_a_loss_there_are_both_told(tmp_path: Path) -> None:
    lost = {r["id"]: item_of(r, REASON) for r in turned(REASON, right=False, most=30)}

    def also(row: Row) -> None:
        row["items"] = [lost[row["id"]] if i["key"] == REASON else i for i in row["items"]]

    pair = pair_of(tmp_path, edited(turned("skill:empathy", right=True), also))
    assert pair.ruling.outcome is Outcome.MIXED
    assert REASON in named(pair, Direction.WORSE)
    assert "skill:empathy" in named(pair, Direction.BETTER)
    told = plainly(pair, {})
    assert re.search("变好的：[^。]*同理心.*变差的：[^。]*说清贵在哪", told)


def test_five_lost_verdicts_tell_nothing_and_six_do(tmp_path: Path) -> None:
    """0.5 ** 5 * 2 = 0.0625, 0.5 ** 6 * 2 = 0.03125."""
    five = pair_of(tmp_path / "5", turned(REASON, right=False, most=5))
    assert five.ruling.outcome is Outcome.INDISTINCT
    six = pair_of(tmp_path / "6", turned(REASON, right=False, most=6))
    assert REASON in named(six, Direction.WORSE)
    item = next(c for c in six.contrasts.items if c.key == REASON)
    assert (item.a_alone, item.b_alone, item.p, item.p_holm) == (6, 0, 0.03125, 0.03125)


def test_no_difference_of_f1_reaches_beyond_one(tmp_path: Path) -> None:
    def lose(row: Row) -> None:
        if item_of(row, REASON):
            set_verdict(row, REASON, not is_true(row, REASON))

    few = planted(80, seed=4)
    pair = pair_of(tmp_path, edited(few, lose), a=few)
    bounds = next(c.f1.difference for c in pair.contrasts.items if c.key == REASON)
    assert bounds is not None
    assert -1.0 == bounds.low < bounds.value


def test_noise_is_not_told_from_nothing(tmp_path: Path) -> None:
    chance = random.Random(11)
    pair = pair_of(tmp_path, edited(BASE, lambda row: redraw(row, chance, 0.15)))
    assert pair.ruling.outcome is Outcome.INDISTINCT
    assert len(pair.changes) > 20
    assert "看不出 B 和 A 哪个好" in headline(pair)
    needed = pair.ruling.labels_needed
    assert needed is not None
    assert needed > len(BASE)
    assert f"一共大约要 {round(needed, -1):,} 条" in plainly(pair, {})


def test_quality_alone_may_decide(tmp_path: Path) -> None:
    def flatten(row: Row) -> None:
        row["quality"] = 3.0

    pair = pair_of(tmp_path, edited(BASE, flatten))
    assert named(pair, Direction.WORSE) == {"quality"}
    assert pair.ruling.outcome is Outcome.WORSE


def test_more_right_and_less_found_is_neither_better_nor_worse(tmp_path: Path) -> None:
    """A finds a rare thing often where it is not; B never finds it: right more often, and of no use."""
    key = "negative:argue"

    def rare(row: Row) -> None:
        row["label_negatives"] = ["argue"] if row["index"] % 16 == 0 else []
        set_verdict(row, key, row["index"] % 16 in (0, 3, 5))

    base = edited(BASE, rare)
    pair = pair_of(tmp_path, edited(base, lambda row: set_verdict(row, key, False)), a=base)
    item = next(e for e in pair.ruling.evidence if e.key == key)
    assert item.direction is Direction.BOTH
    assert pair.ruling.outcome is Outcome.MIXED


def test_the_same_is_identical_and_a_score_is_enough_to_differ(tmp_path: Path) -> None:
    def below_four_decimals(row: Row) -> None:
        row["items"][0]["score"] += 0.00001

    def move(row: Row) -> None:
        row["items"][0]["score"] = round(row["items"][0]["score"] + 0.0002, 4)

    same = pair_of(tmp_path / "same", edited(BASE, below_four_decimals))
    assert same.ruling.outcome is Outcome.IDENTICAL
    assert "B 和 A 判得一模一样" in headline(same)
    moved = pair_of(tmp_path / "moved", edited(BASE, move))
    assert moved.ruling.outcome is Outcome.INDISTINCT
    assert "没有一个判断变了" in plainly(moved, {})
    assert "再标多少条也难分出来" in plainly(moved, {})


def test_a_verdict_over_one_own_calibration_is_qualified(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, turned(REASON, right=False), calibrated=False)
    assert headline(pair) == "B 比 A 差，但只有一边有自己的校准，先别当真"


def redraw(row: Row, chance: random.Random, share: float) -> None:
    """Some verdicts and qualities anew by the process of `planted`; hard replies more often."""
    hard = chance.choice((0.2, 1.8))
    for key in NAMES:
        if item_of(row, key) and chance.random() < share * hard:
            set_verdict(row, key, is_true(row, key) != (chance.random() < 0.1))
    if chance.random() < share:
        moved = row["label_quality"] + chance.choice((-1.0, -0.5, 0.0, 0.0, 0.5, 1.0))
        row["quality"] = min(5.0, max(1.0, moved))


@pytest.mark.slow
def test_of_two_equally_good_one_is_called_better_about_one_time_in_ten(tmp_path: Path) -> None:
    outcomes = []
    for number in range(80):
        chance = random.Random(number)
        base = planted(160, seed=1000 + number)
        new = edited(base, lambda row, chance=chance: redraw(row, chance, 0.3))
        outcomes.append(pair_of(tmp_path / str(number), new, a=base, draws=300).ruling.outcome)
    assert set(outcomes) <= {Outcome.INDISTINCT, Outcome.BETTER, Outcome.WORSE, Outcome.MIXED}
    told = sum(o is not Outcome.INDISTINCT for o in outcomes)
    assert 1 <= told <= 16  # 8 expected; more than 16 has a chance of 1 in 500 if one in ten is true


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda row: None, "一模一样"),
        (lambda row: row.update(quality=3.0), "质量分（kappa 差"),
    ],
)
def test_the_words_name_what_the_verdict_rests_on(
    tmp_path: Path, edit: Callable[[Row], None], words: str
) -> None:
    assert words in plainly(pair_of(tmp_path, edited(BASE, edit)), {})
