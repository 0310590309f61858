"""What can be read off a reply: tables of Chinese as staff type it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.domain.grade import Address
from simulator.language.features import features, is_open_question, is_question
from simulator.language.text import level_marks, normalise

FIGURES = [
    ("一个月200块，十个人，每人20元", ("200块", "十个", "20元")),
    ("打八折，能省15%，百分之二十", ("八折", "15%", "百分之二十")),
    ("月租38元/月，比46元一个月省8块", ("38元/月", "46元一个月", "8块")),
    ("两千八百块钱一个月，含100M", ("两千八百块钱一个月", "100m")),
    ("２８００元", ("2800元",)),
    ("我给您一个方案，一份资料，跑一次", ()),
    ("您说得对，我理解", ()),
]


@pytest.mark.parametrize(("reply", "found"), FIGURES)
def test_figures_are_numbers_with_their_unit(reply: str, found: tuple[str, ...]) -> None:
    assert features(reply).figures == found


DAYS = [
    ("周四上午十点我过来", ("周四上午十点",)),
    ("明天下午三点前给您答复", ("明天下午三点",)),
    ("下周三带资料来，月底装好", ("下周三", "月底")),
    ("礼拜五或者6月12日", ("礼拜五", "6月12日")),
    ("15号上门", ("15号",)),
    ("三天内，或者24小时之内", ("三天内", "24小时之内")),
    ("下班前给您电话，晚了就10:30", ("下班前", "10:30")),
    ("两点半、十一点、三点钟", ("两点半", "十一点", "三点钟")),
    ("下午一点", ("下午一点",)),
    ("我快一点办，便宜一点，一点都不麻烦", ()),
    ("我有两点建议，三点原因", ()),
    ("15号线、10号楼", ()),
    ("尽快给您答复", ()),
]


@pytest.mark.parametrize(("reply", "found"), DAYS)
def test_days_and_hours_are_named_as_typed_and_adjoining_ones_are_one(
    reply: str, found: tuple[str, ...]
) -> None:
    assert features(reply).days == found


QUESTIONS = [
    ("您最看重的是什么？我记一下", ("您最看重的是什么?",)),
    ("您方便吗，我明天过来", ("您方便吗",)),
    ("您家地址我记了，您看什么时候方便", ("您看什么时候方便",)),
    ("这样行不行", ("这样行不行",)),
    ("好的，没问题。", ()),
]


@pytest.mark.parametrize(("reply", "asked"), QUESTIONS)
def test_questions_are_the_clauses_that_ask(reply: str, asked: tuple[str, ...]) -> None:
    assert features(reply).questions == asked


KINDS = [
    ("您最担心什么", True, True),
    ("一个月大概用多少流量?", True, True),
    ("您看行吗", True, False),
    ("要不要给您留一份", True, False),
    ("能便宜点吗,我等着用", True, False),
    ("我明白了", False, False),
]


@pytest.mark.parametrize(("text", "asks", "openly"), KINDS)
def test_an_open_question_is_one_that_yes_does_not_answer(text: str, asks: bool, openly: bool) -> None:
    assert (is_question(text), is_open_question(text)) == (asks, openly)


ANSWERED = [
    ("这个多少钱？", "每月38元，什么都含了", True),
    ("什么时候能好？", "明天下午三点前", True),
    ("备用线路另外收费吗？", "备用线路含在月租里，不另收", True),
    ("备用线路另外收费吗？", "您放心，我们服务一直很好", False),
    ("多少钱？", "您放心好了，我们很实惠的", False),
    ("太贵了。", "每月38元", None),
    ("", "每月38元", None),
]


@pytest.mark.parametrize(("customer", "reply", "answered"), ANSWERED)
def test_whether_the_customers_question_is_taken_up(customer: str, reply: str, answered: bool | None) -> None:
    assert features(reply, customer).question_answered is answered


ADDRESS = [
    ("您好，我帮您查", Address.POLITE),
    ("王总，这边给个方案", Address.POLITE),
    ("您看你要哪个", Address.MIXED),
    ("你等一下", Address.FAMILIAR),
    ("你们公司的方案", Address.NONE),
    ("马上查", Address.NONE),
]


@pytest.mark.parametrize(("reply", "address"), ADDRESS)
def test_form_of_address(reply: str, address: Address) -> None:
    assert features(reply).address is address


CALLED = [
    ("冯厂长，您好", ("冯厂长",)),
    ("您好，王总，我来说一下", ("王总",)),
    ("您好王总：方案发您了", ("王总",)),
    ("你好方女士", ("方女士",)),
    ("王总您看这样行吗", ("王总",)),
    ("方女士 这边帮您查", ("方女士",)),
    ("馮廠長，您好", ("冯厂长",)),
    ("好的。沈老师！您放心", ("沈老师",)),
    ("李先生，王总，两位好", ("李先生",)),
    ("您好，我是客服 王主管，想了解下", ()),
    ("这事我问过，李主任您认识的", ()),
    ("谢谢！王经理", ()),
    ("我是小王，负责您这片", ()),
    ("我是张经理，负责您这片", ()),
    ("我们张经理会来", ()),
    ("我们张经理，他会来", ()),
    ("我请王主任给您打电话", ()),
    ("王总那边我去说", ()),
    ("总之，您放心", ()),
    ("老师，您好", ()),
    ("您好，厂长", ()),
    ("", ()),
]


@pytest.mark.parametrize(("reply", "called"), CALLED)
def test_who_is_addressed_is_surname_and_title_standing_alone(reply: str, called: tuple[str, ...]) -> None:
    assert features(reply).called == called


FLAGS = [
    ("上个月有家物流公司也嫌贵，后来用了半年，现在又加了两条", "story"),
    ("去年隔壁厂刚开始也犹豫，装完以后说省心", "story"),
    ("隔壁那家酒店也在用", "third_parties"),
    ("好几家医院都是这么装的", "third_parties"),
    ("今天下雨，路上不好走吧", "small_talk"),
    ("有空来喝杯茶，咱们聊聊", "small_talk"),
    ("带宽100M，时延5ms，支持QoS和VoLTE", "spec_list"),
    ("我马上给您查", "promises"),
]


@pytest.mark.parametrize(("reply", "flag"), FLAGS)
def test_stories_third_parties_small_talk_specifications_and_promises(reply: str, flag: str) -> None:
    plain = features("您说得对，价钱看着是不低")
    assert getattr(features(reply), flag)
    assert not getattr(plain, flag)


def test_a_promise_is_the_clause_that_makes_it() -> None:
    assert features("对不起，我马上给您查，您先坐").promises == ("我马上给您查",)


MEANINGFUL = [
    ("您好", True),
    ("这个价含VPN和100M专线", True),
    ("", False),
    ("   \n", False),
    ("😀😀😀", False),
    ("。。。！！", False),
    ("嗯", False),
    ("啊啊啊啊啊", False),
    ("Hello, how can I help you today?", False),
    ("12345678", False),
]


@pytest.mark.parametrize(("reply", "meaningful"), MEANINGFUL)
def test_whether_a_reply_says_anything_in_chinese(reply: str, meaningful: bool) -> None:
    assert features(reply, "多少钱？").meaningful is meaningful


def test_five_thousand_characters_are_read_whole() -> None:
    reply = "您好，这个价里含了维护。" * 416 + "每月38元周四来"
    found = features(reply, "多少钱？")
    assert found.length == len(reply) == 5000
    assert found.meaningful
    assert found.figures[-1] == "38元"
    assert found.days == ("周四",)


def test_length_leaves_out_spaces() -> None:
    assert features(" 您 好\n吗 ").length == 3


@given(st.text(max_size=120), st.text(max_size=40))
@example("a\tb谁?", "")  # a blank between foreign words is read as a space
@settings(max_examples=150, deadline=None)
def test_what_is_found_stands_in_the_reply(reply: str, customer: str) -> None:
    found, text = features(reply, customer), level_marks(normalise(reply))
    for piece in (
        *found.figures,
        *found.days,
        *found.promises,
        *found.questions,
        *found.third_parties,
        *found.called,
    ):
        assert piece
        assert piece in text
    assert found == features(reply, customer)
