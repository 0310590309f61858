"""What the grader says of replies that people would judge alike."""

from __future__ import annotations

import pytest

from simulator.domain.grade import BANNED_KEY, Grade, GradeRequest, Verdict
from simulator.errors import GradingError
from simulator.grading.grader import Grader

CALLS = {
    "suspension_anger": "我的号凭什么给停了！",
    "too_expensive": "你们这也太贵了",
    "think_about_it": "我考虑一下",
    "billing_dispute": "这三十块是哪来的？",
}


def grade(grader: Grader, situation: str, reply: str, **context: str) -> Grade:
    customer = context.pop("customer", CALLS.get(situation, ""))
    return grader.grade(GradeRequest(situation=situation, customer=customer, reply=reply, **context))


@pytest.mark.parametrize(
    ("situation", "reply", "steps"),
    [
        ("suspension_anger", "真对不起，号停了这么大的事耽误您了，我现在就给您查", {"apologise", "act_now"}),
        ("too_expensive", "贵是因为装机、维护和备件都含在里头", {"reason"}),
        ("too_expensive", "四十个人摊下来一人一个月才三十二块，比您现在还少八块", {"recalculate"}),
        ("think_about_it", "好的没问题，不催您。这份资料您留着慢慢看", {"agree", "leave_material"}),
        ("think_about_it", "周三下午我把对比表给您送过来，咱们再聊", {"followup"}),
        ("phone_answer", "您好，移动公司小陈，请问有什么可以帮您？", {"greet", "company", "own_name"}),
    ],
)
def test_steps_are_seen(grader: Grader, situation: str, reply: str, steps: set[str]) -> None:
    assert steps <= set(grade(grader, situation, reply).steps)


@pytest.mark.parametrize(
    ("situation", "reply", "step"),
    [
        ("think_about_it", "改天有空再联系您吧", "followup"),
        ("too_expensive", "一分钱一分货嘛", "recalculate"),
        ("suspension_anger", "不好意思问一下您贵姓", "apologise"),
        ("suspension_anger", "我们会尽快处理的", "agree_plan"),
    ],
)
def test_near_misses_do_not_count(grader: Grader, situation: str, reply: str, step: str) -> None:
    assert step not in grade(grader, situation, reply).steps


@pytest.mark.parametrize(
    "reply",
    [
        "嫌贵就别买呗，又没人求你",
        "你找我也没用，去找我们领导",
        "这是规定，不能办就是不能办",
        "急什么急，没看见我正忙着吗",
        "欠费的时候不着急，停机了知道急了？",
    ],
)
def test_banned_things_are_found_with_their_place(grader: Grader, reply: str) -> None:
    result = grade(grader, "suspension_anger", reply)
    assert result.banned
    hit = result.banned[0]
    assert reply[hit.span.start : hit.span.end] == hit.text
    assert "banned_phrase" in result.negatives
    assert result.quality is not None
    assert result.quality <= 2


@pytest.mark.parametrize(
    "reply",
    [
        "您先别着急，我这就帮您查",
        "抱歉，系统出了点故障，我马上联系技术",
        "这个我要问一下同事，十分钟内回您电话",
        "按规定要本人带身份证来，我帮您约个不排队的时间",
        "确实比别家贵一点，我给您算算里头都有什么",
    ],
)
def test_polite_neighbours_are_not_flagged(grader: Grader, reply: str) -> None:
    assert not grade(grader, "suspension_anger", reply).banned


def test_every_prescribed_line_meets_its_steps(grader: Grader) -> None:
    """A prescribed line of the sources meets its own steps, commits no fault, has quality 4 or more."""
    lines = grader.rubric.prescribed
    assert len(lines) >= 40
    grades = grader.grade_many(
        [GradeRequest(situation=x.situation, customer=x.customer, reply=x.text) for x in lines]
    )
    for line, result in zip(lines, grades, strict=True):
        assert set(line.steps) <= set(result.steps), line
        assert not result.negatives, line
        assert not result.banned, line
        assert result.quality is not None
        assert result.quality >= 4, line


def test_a_prescribed_line_does_not_excuse_an_insult(grader: Grader) -> None:
    polite = "您说得没错！这也是我来的目的。"
    result = grade(grader, "doubts_understanding", polite + "你这人真麻烦，少啰嗦，有完没完？")
    assert result.banned
    assert result.banned[0].span.start >= len(polite) - 2


@pytest.mark.parametrize("reply", ["", "   ", "😀😀", "……", "？！", "。", "\u200b"])
def test_nothing_said_is_nothing_met(grader: Grader, reply: str) -> None:
    result = grade(grader, "too_expensive", reply)
    assert not result.steps
    assert not result.skills
    assert not result.negatives
    assert not result.unsure
    assert result.quality == 2.0


@pytest.mark.parametrize(
    "reply", ["I am terribly sorry about the price", "Привет, как дела сегодня", "ご飯を食べましたか、今日は"]
)
def test_another_language_cannot_be_judged(grader: Grader, reply: str) -> None:
    result = grade(grader, "too_expensive", reply)
    assert not result.steps
    assert result.quality is None or result.quality <= 2
    assert result.quality is not None or all(i.verdict is Verdict.UNSURE for i in result.items)


def test_five_thousand_characters(grader: Grader) -> None:
    result = grade(grader, "too_expensive", "贵是因为都包在里面，您看行吗？" * 333)
    assert result.quality is not None
    assert all(0 <= i.score <= 1 for i in result.items)


def test_random_characters_do_nothing(grader: Grader) -> None:
    text = "蝗妬塌盷輄負寵璕钏獂巹鐒碗錨栂鬵鐋餷狑蛵妺驓罄皔鞮泽猩斉昽旦券鱯潉諾囗奿庫愤勲塅"
    result = grade(grader, "too_expensive", text)
    assert not result.steps
    assert not result.skills


def test_an_unknown_situation_is_an_error(grader: Grader) -> None:
    with pytest.raises(GradingError, match="no_such"):
        grade(grader, "no_such", "您好")


def test_items_list_what_applies(grader: Grader) -> None:
    result = grade(grader, "too_expensive", "您好")
    keys = [i.key for i in result.items]
    assert len(keys) == len(set(keys))
    assert BANNED_KEY in keys
    steps = {k for k in keys if k.startswith("step:")}
    assert steps == {f"step:too_expensive.{s}" for s in ("acknowledge", "reason", "recalculate")}
    assert sum(k.startswith("skill:") for k in keys) == 20
    assert sum(k.startswith("negative:") for k in keys) == 12


def test_the_style_decides_whether_the_manner_fits(grader: Grader) -> None:
    figures = "四十六个号一个月1860元，换过来1280元，一个号省12块6"
    assert "match_style" in grade(grader, "too_expensive", figures, style="analytical").skills
    small_talk = "哎呀今天下雨路上堵车，您吃饭了没？孩子都好吧？对不起让您久等了"
    assert "match_style" not in grade(grader, "too_expensive", small_talk, style="driver").skills
