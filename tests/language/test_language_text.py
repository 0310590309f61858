"""Normalising, cutting into clauses and windows, and telling a repetition, for any text at all."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.domain.grade import Span
from simulator.language.text import clauses, han_share, is_repeat, level_marks, normalise, windows

PIECES = [
    "您好",
    "，",
    "。",
    "！？",
    " ",
    "\n",
    "2800元/月",
    "VPN",
    "😀",
    "é",
    "ﬃ",
    "…",
    "繁體字",
    "﷽",
    "\u0300",
    "İ",
]
TEXTS = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=120).map("".join))


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_normalising_moves_no_character(text: str) -> None:
    assert len(normalise(text)) == len(text)
    assert normalise(normalise(text)) == normalise(text)


NORMAL = [
    ("ＶＩＰ套餐２８００元", "vip套餐2800元"),
    ("好，行！可以？", "好,行!可以?"),
    ("貴公司的寬帶與專線", "贵公司的宽带与专线"),
    ("①②", "12"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "normal"), NORMAL)
def test_normal_form_is_half_width_simplified_lower_case(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_clauses_and_windows_lie_in_the_text_and_hold_something(text: str) -> None:
    single, runs = clauses(text), windows(text)
    for span in (*single, *runs):
        assert 0 <= span.start < span.end <= len(text)
    assert len(set(runs)) == len(runs)
    assert set(single) <= set(runs)
    assert [s.start for s in single] == sorted(s.start for s in single)
    if len(text) < 200 and any(c.isalnum() for c in text):
        held = "".join(text[s.start : s.end] for s in single)
        assert {c for c in text if c.isalnum()} <= set(held)


def cut(text: str) -> list[str]:
    return [text[s.start : s.end] for s in clauses(text)]


CLAUSES = [
    ("您好，我是小王。马上查！好吗？", ["您好", "我是小王", "马上查", "好吗"]),
    ("好的 我明天来", ["好的", "我明天来"]),
    ("每月38.5元,便宜", ["每月38.5元", "便宜"]),
    ("行~那就这样…再见", ["行", "那就这样", "再见"]),
    ("“对不起”", ["对不起"]),
    ("，。！😀 ", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "parts"), CLAUSES)
def test_clauses_are_cut_at_punctuation_and_trimmed(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_windows_are_clauses_and_short_runs_of_neighbours() -> None:
    text = "您好，我是小王，马上查，好吗"
    held = [text[s.start : s.end] for s in windows(text)]
    assert set(held) == {
        "您好", "我是小王", "马上查", "好吗", "您好，我是小王", "我是小王，马上查", "马上查，好吗",
        "您好，我是小王，马上查", "我是小王，马上查，好吗",
    }  # fmt: skip
    assert len(windows(text, at_most=1)) == 4


def test_a_run_without_punctuation_is_cut_into_overlapping_pieces() -> None:
    text = "".join(chr(0x4E00 + n) for n in range(200))
    found = clauses(text)
    assert found[0].start == 0
    assert found[-1].end == 200
    assert all(s.end - s.start <= 45 for s in found)
    assert all(a.start < b.start < a.end for a, b in itertools.pairwise(found))


def test_a_very_long_reply_is_judged_by_its_ends() -> None:
    text = "开头在这。" + "中间的话。" * 998 + "结尾在这。"
    found = clauses(text)
    assert len(text) == 5000
    assert len(found) < 500
    assert (found[0], found[-1]) == (Span(start=0, end=4), Span(start=4995, end=4999))


SHARES = [("您好", 1.0), ("hello", 0.0), ("您好ab", 0.5), ("😀123！", 0.0), ("", 0.0)]


@pytest.mark.parametrize(("text", "share"), SHARES)
def test_share_of_chinese_among_the_letters(text: str, share: float) -> None:
    assert han_share(text) == share


SAID = "我理解您的心情，马上给您查一下，下午三点前回电话"
REPEATS = [
    (SAID, True),
    ("我理解您的心情 马上给您查一下 下午三点前回电话！！", True),
    ("我理解您的心情，马上给您查一下，下午三点前回电話哈", True),
    ("我理解您的心情", False),
    ("这笔是国际漫游，您看详单第三行", False),
    ("", False),
    ("😀😀", False),
]


@pytest.mark.parametrize(("text", "again"), REPEATS)
def test_the_same_words_again_are_told_however_typed(text: str, again: bool) -> None:
    assert is_repeat(text, SAID) is again
    assert is_repeat(SAID, text) is again


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_every_text_repeats_itself(text: str) -> None:
    assert is_repeat(text, text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("您好，我马上查。", "您好 我马上查！"),
        ("好的；我记下了…", "好的，我记下了。"),
        ("每月38，您看", "每月38 您看"),
        ("用app，您自己看", "用app 您自己看"),
        ("专线、宽带", "专线，宽带"),
    ],
)
def test_marks_of_one_kind_are_levelled(one: str, other: str) -> None:
    assert level_marks(normalise(one)) == level_marks(normalise(other))


@pytest.mark.parametrize(
    "text",
    ["38.5元", "1,200块", "38 元", "10:30", "www.10086.cn", "wifi 6", "是吗?", "“没信号”", "a-b/c"],
)
def test_marks_within_figures_and_words_stay(text: str) -> None:
    assert level_marks(text) == text


@pytest.mark.parametrize(
    ("one", "other"), [("好吗？行。", "好吗，行。"), ("我理解。但是不行", "我理解，但是不行")]
)
def test_marks_of_other_kinds_stay_apart(one: str, other: str) -> None:
    assert level_marks(normalise(one)) != level_marks(normalise(other))


@given(st.text(max_size=80))
def test_levelling_marks_moves_no_letter(text: str) -> None:
    levelled = level_marks(text)
    assert len(levelled) == len(text)
    assert [c if c.isalnum() else "" for c in levelled] == [c if c.isalnum() else "" for c in text]
