"""Typos of pinyin input, put right by context."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.language.spelling import Speller, correct, sound
from simulator.language.text import normalise


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("真的很倒歉", "真的很道歉"),
        ("我马上帮您茶一下", "我马上帮您查一下"),
        ("您的欠废我查到了", "您的欠费我查到了"),
        ("明天中武之前给您回电话", "明天中午之前给您回电话"),
    ],
)
def test_a_typo_is_put_right_by_its_neighbours(typed: str, meant: str) -> None:
    assert correct(typed) == meant


@pytest.mark.parametrize(
    "text",
    ["您好，我是移动的小王", "我理解您的心情", "这个月话费多了二十块", "对不起", "wifi 6 ok?", "😊", ""],
)
def test_what_is_right_stays(text: str) -> None:
    assert correct(normalise(text)) == normalise(text)


@given(st.text(alphabet="您好我这就查一下三头六臂彭涛丘磊莹倒歉茶在看", max_size=20))
def test_the_end_of_a_text_is_judged_like_the_end_of_a_clause(text: str) -> None:
    assert correct(text) == correct(text + ",")[:-1]


@given(st.text(max_size=60))
def test_only_characters_of_the_same_sound_are_put_in(text: str) -> None:
    corrected = correct(text)
    assert len(corrected) == len(text)
    assert [sound(c) for c in corrected] == [sound(c) for c in text]


def test_the_likelier_character_is_taken_only_when_likelier_by_far() -> None:
    counts = {c: 1000 for c in "我道到你"} | {"我到": 900, "到你": 900}
    assert Speller(counts).correct("我道你") == "我到你"
    assert Speller(counts).correct("我到你") == "我到你"
    # 900 to 90 of a thousand twice, with a little for the character alone: about e^4
    assert Speller(counts | {"我道": 90, "道你": 90}).correct("我道你") == "我道你"


def test_a_character_hardly_ever_written_is_not_put_in() -> None:
    counts = {c: 1000 for c in "我道你"} | {"我到": 900, "到你": 900}
    assert Speller(counts | {"到": 19}).correct("我道你") == "我道你"
    assert Speller(counts | {"到": 900}).correct("我道你") == "我到你"
