"""Changes that must not matter: each changes what it says and leaves the rest, or says there is nothing."""

from __future__ import annotations

import itertools
import json
import random
import re
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from eval.cases import Case
from eval.perturb import KINDS
from eval.robustness import Change, robustness
from simulator.domain.grade import Grade, GradeRequest
from simulator.grading.grader import Grader
from simulator.language.canonical import canonical
from simulator.language.text import normalise
from tests.factories import grade_of

CASES = Path(__file__).parents[2] / "eval" / "cases" / "calibration.jsonl"
REPLIES = [json.loads(row)["reply"] for row in CASES.read_text(encoding="utf-8").splitlines()]
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
PRODUCTS = ["套餐", "宽带", "专线", "彩铃", "副卡", "固话", "流量包", "移动办公室", "企业之窗", "随心呼"]
SEEDS = range(8)


def changed(kind: str, reply: str, seed: int = 0) -> str | None:
    return KINDS[kind](reply, random.Random(seed))


def differing(one: str, other: str) -> list[int]:
    return [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


NOTHING = [
    *((kind, reply) for kind in KINDS for reply in ("", "😀")),
    ("names", "好的，我马上给您查"),
    ("names", "王国的周末和高楼"),
    ("sex", "其他的我来办"),
    ("sex", "他们的人都在"),
    ("sex", "您好，王总"),
    ("product", "好的，我给您办"),
    ("punctuation", "您看行吗？好吗?"),
    ("width", "您好，我来办。"),
    ("script", "您好"),
    ("typo", "VIP 38"),
]


@pytest.mark.parametrize(("kind", "reply"), NOTHING)
def test_where_there_is_nothing_to_change_there_is_no_reply(kind: str, reply: str) -> None:
    assert all(changed(kind, reply, seed) is None for seed in SEEDS)


NAMED = [
    ("王总您好，我来办", [0]),
    ("您好，我是小张，张先生在吗", [6, 8]),
    ("我姓刘，给您送资料", [2]),
    ("老周让我来的", [1]),
    ("李经理，马老师，林姐", [0, 4, 8]),
]


@pytest.mark.parametrize(("reply", "places"), NAMED)
@pytest.mark.parametrize("seed", SEEDS)
def test_another_name_stands_where_each_name_stood(reply: str, places: list[int], seed: int) -> None:
    other = changed("names", reply, seed)
    assert other is not None
    assert differing(reply, other) == places
    assert {other[n] for n in places} <= set(SURNAMES)


SEXED = [
    ("王先生，您好", "王女士，您好"),
    ("她说她来", "他说他来"),
    ("帅哥美女都来了", "美女帅哥都来了"),
    ("叔叔，大姐让我问大爷", "阿姨，大哥让我问大妈"),
    ("李姐，其他的他来办", "李哥，其他的她来办"),
]


@pytest.mark.parametrize(("reply", "other"), SEXED)
def test_the_other_sex_and_back(reply: str, other: str) -> None:
    assert changed("sex", reply) == other
    assert changed("sex", other) == reply


@pytest.mark.parametrize("reply", ["宽带、副卡和宽带，一个月38元", "移动办公室怎么样？", "专线,固话,随心呼!"])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_product_stands_where_each_product_stood(reply: str, seed: int) -> None:
    pattern = "|".join(PRODUCTS)
    other = changed("product", reply, seed)
    assert other is not None
    assert re.split(pattern, other) == re.split(pattern, reply)
    pairs = set(zip(re.findall(pattern, reply), re.findall(pattern, other), strict=True))
    assert all(before != after for before, after in pairs)
    assert len(pairs) == len(set(re.findall(pattern, reply))), "one product becomes one other"


def test_marks_change_and_letters_and_questions_do_not() -> None:
    assert (
        changed("punctuation", "好的，我查。行吗？谢谢！一、二；三～") == "好的 我查！行吗？谢谢。一，二，三"
    )


@pytest.mark.parametrize("kind", ["punctuation", "width", "script"])
def test_how_shipped_replies_are_typed_changes_nothing_else(kind: str) -> None:
    tried = [(reply, other) for reply in REPLIES if (other := changed(kind, reply)) is not None]
    assert len(tried) > 20
    for reply, other in tried:
        assert other != reply
        if kind == "punctuation":
            assert [c for c in other if c.isalnum() or c in "？?"] == [c for c in reply if c.isalnum() or c in "？?"]  # fmt: skip
        elif kind == "width":
            assert normalise(other) == normalise(reply)
            assert not re.search("[!-~]", other)
        else:
            assert len(other) == len(reply)
            assert all("\u4e00" <= reply[n] <= "\u9fff" for n in differing(reply, other))


def test_traditional_characters() -> None:
    assert changed("script", "对不起，这个宽带我马上给您办") == "對不起，這個寬帶我馬上給您辦"


@given(reply=st.sampled_from(REPLIES), seed=st.integers(0, 10_000))
@settings(deadline=None)
def test_a_typo_is_one_character_of_the_same_sound(reply: str, seed: int) -> None:
    other = changed("typo", reply, seed)
    if other is None:  # no character of it has another of its sound (嗯嗯嗯)
        assert not any(changed("typo", c, n) for c in reply for n in range(3))
        return
    [place] = differing(reply, other)
    sounds = [lazy_pinyin(text[place], style=Style.NORMAL) for text in (reply, other)]
    assert sounds[0] == sounds[1]
    assert "\u4e00" <= other[place] <= "\u9fff"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_chance_makes_the_same_change(kind: str) -> None:
    reply = "王先生，套餐38元，对不起"
    assert changed(kind, reply, 3) == changed(kind, reply, 3) != reply


@pytest.mark.parametrize("kind", ["names", "product", "typo"])
def test_chance_decides_what_comes_instead(kind: str) -> None:
    assert len({changed(kind, "王总，宽带给您办好了", seed) for seed in SEEDS}) > 2


@pytest.mark.parametrize("kind", ["sex", "width"])
def test_the_levelled_form_of_shipped_replies_does_not_move(kind: str) -> None:
    pairs = [(r, other) for r in REPLIES if (other := changed(kind, r)) is not None]
    assert len(pairs) > 5
    assert [r for r, other in pairs if canonical(r)[0] != canonical(other)[0]] == []


class Keyword:
    """Meets a step when the word is said: as frail a grader as can be."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[str] = []

    def grade_many(self, requests: list[GradeRequest]) -> list[Grade]:
        self.asked += [r.reply for r in requests]
        return [grade_of("step:reason") if self.word in r.reply else grade_of() for r in requests]


def case(number: int, reply: str) -> Case:
    labels: dict[str, frozenset[str]] = {"step": frozenset(), "skill": frozenset(), "negative": frozenset()}
    request = GradeRequest(situation="too_expensive", reply=reply)
    return Case(id=str(number), request=request, labels=labels, banned=(), quality=None)


def judged(word: str, *replies: str) -> dict[str, Change]:
    grader = cast(Grader, Keyword(word))
    return {c.kind: c for c in robustness(grader, list(itertools.starmap(case, enumerate(replies))))}


def test_robustness_counts_replies_that_could_change_and_those_that_did() -> None:
    found = judged("先生", "先生您好", "您好", "女士，您好，先生在吗", "女士您好")
    assert list(found) == list(KINDS)
    assert found["sex"] == Change(kind="sex", tried=3, changed=2)
    assert found["punctuation"] == Change(kind="punctuation", tried=1, changed=0)
    assert found["product"] == Change(kind="product", tried=0, changed=0)


def test_a_grader_that_sees_no_change_is_robust() -> None:
    assert all(not c.changed for c in judged("\0", *REPLIES[:20]).values())
    assert all(c.tried <= 20 for c in judged("\0", *REPLIES[:20]).values())


NO_NAMES = ["最高总价", "任何经理都行", "本周总共两次", "小马上就来"]


@pytest.mark.parametrize("reply", NO_NAMES)
def test_words_that_hold_a_surname_are_no_names(reply: str) -> None:
    assert changed("names", reply) is None


def test_marks_inside_figures_stay() -> None:
    assert "2,800元" in (changed("punctuation", "一年2,800元，您看。") or "")
