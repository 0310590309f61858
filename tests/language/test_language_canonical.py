"""The levelled form: blind to whom, to what product and to how it was typed, not to what is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.language.canonical import canonical
from simulator.language.spelling import sound
from simulator.language.text import normalise

PIECES = ["王", "先生", "小", "姐", "哥", "套餐", "移动办公室", "固定IP", "她", "3.5", "，", " ", "您好", "総", "😀", "İ", "ﬃ", "Ⅻ", "²"]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=120), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))

ALIKE = [
    ("王先生，您好", "张先生，您好"),
    ("您好，刘总，打扰了", "您好，陈总，打扰了"),
    ("我是李经理", "我是周经理"),
    ("我是移动的小王", "我是移动的小赵"),
    ("老何让我来的", "老孙让我来的"),
    ("王先生您慢走", "李女士您慢走"),
    ("大哥您别急", "大姐您别急"),
    ("叔您别急", "阿姨您别急"),
    ("他说得对", "她说得对"),
    ("这个宽带一直没断过", "这个专线一直没断过"),
    ("流量包给您退了", "移动办公室给您退了"),
    ("固定IP给您配好", "副卡给您配好"),
    ("一个月1280元", "一个月38.5元"),
    ("合计2,800元", "合计9元"),
    ("上午10:30到", "上午9:05到"),
    ("好的，我这就查！", "好的 我这就查。"),
    ("“好的”，我这就查～", "好的我这就查"),
    ("套餐VIP３８元！", "套餐vip38元!"),
    ("真對不起，我馬上給您查", "真对不起，我马上给您查"),
    ("咨詢財務", "咨询财务"),
    ("張經理，寬帶給您裝好", "李经理，专线给您装好"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_whom_what_and_how_do_not_show(one: str, other: str) -> None:
    assert canonical(one)[0] == canonical(other)[0]


APART = [
    ("行", "不行"),
    ("我马上查", "您自己查"),
    ("您看行吗", "你看行吗"),
    ("王总，您好", "王经理，您好"),
    ("我给您退费", "我不给您退费"),
    ("一个月38元", "一个月三元"),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_is_said_shows(one: str, other: str) -> None:
    assert canonical(one)[0] != canonical(other)[0]


FORMS = [
    ("", "", ()),
    ("，。！😀 ", "", ()),
    ("您好，张总！", "您好王总", (0, 1, 3, 4)),
    ("叔，3.5元", "先生0元", (0, 0, 2, 5)),
    ("给您装移动办公室了", "给您装套餐了", (0, 1, 2, 3, 4, 8)),
    ("小李 ＡＢ", "小王ab", (0, 1, 3, 4)),
    ("24小时都在", "0小时都在", (0, 2, 3, 4, 5)),
    ("老师高兴，方便就来", "老师高兴方便就来", (0, 1, 2, 3, 5, 6, 7, 8)),
]


@pytest.mark.parametrize(("text", "letters", "places"), FORMS)
def test_forms_and_the_places_they_stand_for(text: str, letters: str, places: tuple[int, ...]) -> None:
    assert canonical(text) == (letters, places)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_has_a_form_whose_places_lie_in_it_in_order(text: str) -> None:
    letters, places = canonical(text)
    assert len(letters) == len(places)
    assert all(0 <= place < len(text) for place in places)
    assert list(places) == sorted(places)
    assert all(c.isalnum() for c in letters)
    assert all(normalise(text)[p].isalnum() for p in places)


@given(st.text(alphabet="您好对不起我就查，。 ab\nＡ這樣行嗎", max_size=80))
@settings(max_examples=100, deadline=None)
def test_text_without_names_products_or_figures_loses_its_marks_only(text: str) -> None:
    letters, places = canonical(text)
    plain = normalise(text)
    kept = "".join(c for c in plain if c.isalnum())
    assert list(map(sound, letters)) == list(map(sound, kept))  # a typo may be put right
    assert places == tuple(n for n, c in enumerate(plain) if c.isalnum())


@given(
    name=st.sampled_from("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭罗马"),
    title=st.sampled_from(["先生", "女士", "大哥", "大姐", "叔叔", "阿姨"]),
    product=st.sampled_from(["套餐", "宽带", "专线", "彩铃", "副卡", "固话", "流量包", "企业之窗", "随心呼"]),
    figure=st.one_of(st.integers(0, 99999).map(str), st.floats(0, 999).map("{:.1f}".format)),
)
def test_every_filling_of_a_template_is_the_same(name: str, title: str, product: str, figure: str) -> None:
    reply = f"您好，{name}{title}，小{name}给您算：{product}一个月{figure}元"
    assert canonical(reply)[0] == "您好王先生小王给您算套餐一个月0元"


SOUNDS = [("歉", "qian"), ("倒", "dao"), ("道", "dao"), ("绿", "lv"), ("a", "a"), ("3", "3"), ("😀", "😀")]


@pytest.mark.parametrize(("char", "expected"), SOUNDS)
def test_a_character_sounds_without_tone_and_others_as_they_are(char: str, expected: str) -> None:
    assert sound(char) == expected


def test_a_surname_without_a_mark_before_it_does_not_show() -> None:
    assert canonical("对不起马总，我这就查")[0] == canonical("对不起林总，我这就查")[0]


@pytest.mark.parametrize(("typed", "plain"), [("瞭解一下", "了解一下"), ("回覆", "回复")])
def test_traditional_words_of_several_readings(typed: str, plain: str) -> None:
    assert canonical(typed)[0] == canonical(plain)[0]
