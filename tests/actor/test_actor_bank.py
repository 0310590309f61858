"""The line bank: right cell, filled slots, no repeats, the same choice for the same seed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from simulator.actor.forms import AGAIN, FORMS
from simulator.actor.lines import pick, slots_for
from simulator.actor.models.bank import BankChatModel
from simulator.actor.prompt import messages
from simulator.actor.wording import sameness_key
from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Cue, Line, Mood, Move, Standing
from simulator.domain.session import LedgerEntry
from simulator.errors import ModelError
from tests.actor.talk import cast, make_direction

OBJECTION = LedgerEntry(id="nobodys", text="怕装起来耽误事", status=ConcernStatus.RAISED)


def line(line_id: str, text: str, *scopes: str, mood: Mood = Mood.NEUTRAL, move: Move = Move.PRESS) -> Line:
    return Line(id=line_id, style="driver", move=move, mood=mood, scopes=scopes, text=text)


def with_lines(content: Content, *lines: Line) -> Content:
    return replace(content, lines=lines)


@pytest.mark.parametrize("persona", ["feng_dakui", "shen_yanqiu", "lin_xiuzhen", "tan_xiao"])
@pytest.mark.parametrize("move", [Move.PRESS, Move.QUESTION])
def test_thirty_draws_repeat_nothing(content: Content, persona: str, move: Move) -> None:
    who, where, style = cast(content, persona)
    used: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    for turn in range(30):
        direction = make_direction(move=move, turn=turn, used=used, spoken=spoken)
        drawn = pick(content, who, where, style, direction)
        assert "{" not in drawn.text
        used, spoken = (*used, drawn.line_id), (*spoken, drawn.text)
    assert len({sameness_key(s) for s in spoken}) == 30


def test_the_same_seed_says_the_same_and_seeds_differ(content: Content) -> None:
    who, where, style = cast(content)
    once, again = (pick(content, who, where, style, make_direction(seed=3)) for _ in range(2))
    assert once == again
    others = {pick(content, who, where, style, make_direction(seed=s)).text for s in range(30)}
    assert len(others) > 1


@pytest.mark.parametrize("move", [m for m in Move if m is not Move.OPEN])
def test_every_move_of_every_family_has_a_line(content: Content, move: Move) -> None:
    for persona in content.personas.values():
        for situation_id in persona.situations:
            for style in content.styles.values():
                direction = make_direction(
                    move=move,
                    reveals=persona.concern.short if move is Move.REVEAL else None,
                    answer="这个我说过" if move is Move.ANSWER else None,
                    objection=OBJECTION if move is Move.OBJECT else None,
                )
                drawn = pick(content, persona, content.situation(situation_id), style, direction)
                assert drawn.text.strip()
                assert "{" not in drawn.text


def test_slots_take_what_was_just_said(content: Content) -> None:
    who, where, style = cast(content)
    small = with_lines(content, line("a", "{figure}？{day}？{company}不信", "sales"))
    drawn = pick(small, who, where, style, make_direction(figure="38块", day="周三"))
    assert drawn.text == "38块？周三？奎盛铸造厂不信"


NEW_SLOTS = [
    (Move.CATCH_OUT, "{earlier}变{now}", {"earlier": "38元/月", "now": "48元/月"}, "38元/月变48元/月"),
    (Move.CATCH_OUT, "“{earlier}”还算吗", {"earlier": "我来办"}, "“我来办”还算吗"),
    (Move.CORRECT, "我不是{wrong}", {"wrong": "冯女士"}, "我不是冯女士"),
    (Move.CORRECT, "{wrong}？我姓{surname}", {"wrong": "王总", "surname": "冯"}, "王总？我姓冯"),
    (Move.OBJECT, "那{objection}呢", {"objection": OBJECTION}, "那怕装起来耽误事呢"),
]


@pytest.mark.parametrize(("move", "text", "told", "spoken"), NEW_SLOTS)
def test_what_is_taken_up_is_quoted_as_it_was_said(
    content: Content, move: Move, text: str, told: dict[str, Any], spoken: str
) -> None:
    who, where, style = cast(content)
    about = OBJECTION.id if move is Move.OBJECT else None
    small = with_lines(content, replace(line("a", text, "sales", move=move), objection=about))
    assert pick(small, who, where, style, make_direction(move=move, **told)).text == spoken


UNFILLED = [
    (Move.CATCH_OUT, "{earlier}变{now}", {"earlier": "我来办"}),  # a broken promise has nothing instead
    (Move.CORRECT, "我姓{surname}", {"wrong": "冯女士"}),  # the family name was right
]


@pytest.mark.parametrize(("move", "text", "told"), UNFILLED)
def test_a_line_about_what_was_not_wrong_is_not_said(
    content: Content, move: Move, text: str, told: dict[str, str]
) -> None:
    who, where, style = cast(content)
    small = with_lines(content, line("slot", text, "sales", move=move))
    for seed in range(10):
        drawn = pick(small, who, where, style, make_direction(move=move, seed=seed, **told))
        assert drawn.line_id == f"form:{move}"
        assert "{" not in drawn.text


def test_an_objection_is_brought_up_by_its_own_lines_only(content: Content) -> None:
    for situation in content.situations.values():
        for objection, style in itertools.product(situation.objections, content.styles.values()):
            who = content.first_persona(situation.id)
            entry = LedgerEntry(id=objection.id, text=objection.text, status=ConcernStatus.RAISED)
            own = {
                ln.id: ln.text
                for ln in content.lines
                if ln.move is Move.OBJECT and ln.objection == objection.id
            }
            for seed in range(5):
                order = make_direction(move=Move.OBJECT, objection=entry, seed=seed)
                assert pick(content, who, situation, style, order).line_id in own


def test_an_objection_without_lines_is_brought_up_by_what_it_is(content: Content) -> None:
    who, where, style = cast(content)
    for seed in range(10):
        order = make_direction(move=Move.OBJECT, objection=OBJECTION, seed=seed)
        assert OBJECTION.text in pick(content, who, where, style, order).text


@pytest.mark.parametrize("mood", Mood)
def test_every_style_quotes_the_earlier_words_exactly(content: Content, mood: Mood) -> None:
    who, where, _ = cast(content)
    for style, seed in itertools.product(content.styles.values(), range(10)):
        slip = make_direction(move=Move.CATCH_OUT, mood=mood, seed=seed, earlier="38元/月", now="48元/月")
        assert "38元/月" in pick(content, who, where, style, slip).text
        broken = make_direction(move=Move.CATCH_OUT, mood=mood, seed=seed, earlier="我来办")
        assert "我来办" in pick(content, who, where, style, broken).text


@pytest.mark.parametrize(
    ("text", "persona"),
    [
        ("{figure}是真的？", "feng_dakui"),
        ("{day}能好？", "feng_dakui"),
        ("{company}怎么办", "qiao_manli"),
        ("{price}太贵", "fang_shuzhen"),
        ("我怕{concern}", "feng_dakui"),
    ],
)
def test_a_line_with_an_empty_slot_is_not_eligible(content: Content, text: str, persona: str) -> None:
    who, where, _ = cast(content, persona)
    small = with_lines(content, line("slot", text, where.id), line("plain", "先把话说完", where.id))
    drawn = pick(small, who, where, content.style("driver"), make_direction())
    assert drawn.line_id == "plain"


def test_exact_mood_before_adjacent_before_far(content: Content) -> None:
    who, where, style = cast(content)
    lines = [
        line("warm", "我再说一次嘛", "sales", mood=Mood.WARM),
        line("neutral", "价钱不降免谈", "sales", mood=Mood.NEUTRAL),
        line("upset", "听不懂人话是吧", "sales", mood=Mood.UPSET),
        line("other", "真用不着这些东西", "no_need", mood=Mood.UPSET),
    ]
    small = with_lines(content, *lines)
    used: tuple[str, ...] = ()
    order: list[str] = []
    for _ in lines:
        drawn = pick(small, who, where, style, make_direction(mood=Mood.UPSET, used=used))
        used, order = (*used, drawn.line_id), [*order, drawn.line_id]
    assert order == ["upset", "neutral", "warm", "other"]


def test_the_line_that_fits_the_reply_wins(content: Content) -> None:
    who, where, style = cast(content)
    others = [line(f"o{i}", t, "sales") for i, t in enumerate(["说重点", "价格呢", "别绕", "我没空", "快点"])]
    fitting = line("fit", "备用线路到底有没有用", where.id)
    seen = [
        pick(with_lines(content, fitting, *others), who, where, style, make_direction(seed=s)).line_id
        for s in range(40)
    ]
    assert seen.count("fit") >= 5


def test_answers_once_and_then_says_that_it_was_said(content: Content) -> None:
    who, where, style = cast(content)
    told = "两条宽带，一条六百，一千二"
    direction = make_direction(move=Move.ANSWER, answer=told)
    assert pick(content, who, where, style, direction).text == told
    again = pick(content, who, where, style, replace(direction, spoken=(told,)))
    assert again.text in AGAIN[style.id]
    third = pick(content, who, where, style, replace(direction, spoken=(told, again.text)))
    assert third.text in AGAIN[style.id]
    assert third.text != again.text


def test_nothing_left_names_the_cell(content: Content) -> None:
    who, where, style = cast(content)
    empty = with_lines(content)
    order = make_direction(move=Move.ACCEPT, mood=Mood.WARM)
    spoken: tuple[str, ...] = ()
    for _ in FORMS[Move.ACCEPT]:
        text = pick(empty, who, where, style, replace(order, spoken=spoken)).text
        assert text not in spoken
        spoken = (*spoken, text)
    with pytest.raises(ModelError, match=r"driver / too_expensive / accept / warm"):
        pick(empty, who, where, style, replace(order, spoken=spoken))


def test_as_a_chat_model(content: Content) -> None:
    who, where, style = cast(content)
    direction = make_direction()
    prompt = messages(content, who, where, style, (("customer", "太贵"),), direction)
    answer = BankChatModel(content=lambda: content).invoke(prompt)
    expected = pick(content, who, where, style, direction)
    assert (answer.text, answer.response_metadata["line_id"]) == (expected.text, expected.line_id)
    with pytest.raises(ModelError):
        BankChatModel(content=lambda: content).invoke("你好")


def test_a_quote_is_spoken_of_only_once_somebody_has_named_it(content: Content) -> None:
    who = content.persona("guo_zhenbang")
    where, style = content.situation("signed_competitor"), content.style("driver")
    assert who.price is not None
    unsaid = make_direction(spoken=("签了电信 两年",))
    named = replace(unsaid, spoken=(f"你说的{who.price.amount:g}块",))
    assert "price" not in slots_for(who, where, unsaid)
    assert slots_for(who, where, named)["price"] == str(who.price)
    for direction, spoken_of in ((unsaid, False), (named, True)):
        told = pick(with_lines(content, line("p", "{price}还是高", where.id)), who, where, style, direction)
        assert (told.line_id == "p") == spoken_of


def test_nobody_calls_their_own_company_by_a_long_full_name(content: Content) -> None:
    long, short = content.persona("lei_zhenshan"), content.persona("feng_dakui")
    assert long.company is not None
    assert len(long.company) > 6
    where = content.situation("too_expensive")
    assert "company" not in slots_for(long, where, make_direction())
    assert slots_for(short, where, make_direction())["company"] == short.company


def test_a_line_is_said_only_where_what_it_takes_for_granted_holds(content: Content) -> None:
    who, where, style = cast(content)
    plain, waits = line("plain", "这价不行", where.id), line("waits", "我问的你还没答", where.id)
    small = with_lines(content, plain, replace(waits, needs=(Cue.EVADED,)))
    for seed in range(20):
        assert pick(small, who, where, style, make_direction(seed=seed)).line_id == "plain"
    evaded = make_direction(cues=frozenset({Cue.EVADED, Cue.KIND}))
    assert {pick(small, who, where, style, replace(evaded, seed=s)).line_id for s in range(20)} == {
        "plain",
        "waits",
    }


def test_a_line_that_answers_this_very_reply_comes_before_many_that_fit_any(content: Content) -> None:
    who, where, style = cast(content)
    words = [f"{a}{b}得很" for a in "天地玄黄宇宙" for b in "洪荒日月盈昃"]
    rivals = tuple(
        replace(line(f"own{n}", f"{{figure}}也{w}", where.id), speakers=(who.id,))
        for n, w in enumerate("贵高多狠重")
    )
    claim, asked = (
        replace(line(cue.value, text, where.id), needs=(cue,))
        for cue, text in ((Cue.CLAIMED, "你哄谁"), (Cue.ASKED, "说来话长"))
    )

    def chosen(*cues: Cue, among: tuple[Line, ...] = ()) -> list[str]:
        small = with_lines(content, claim, asked, *(line(w, w, where.id) for w in words), *among)
        heard = make_direction(cues=frozenset(cues), reply="嗯嗯", figure="38块")
        return [pick(small, who, where, style, replace(heard, seed=s)).line_id for s in range(80)]

    assert chosen().count("claimed") == 0
    assert chosen(Cue.CLAIMED).count("claimed") > 10  # of 4 that it comes among, not of 37
    # who is asked says something to it, before all that picks up other words of the reply
    assert chosen(Cue.ASKED, among=rivals).count("asked") > 10
    assert chosen(Cue.CLAIMED, among=rivals).count("claimed") == 0


def test_a_line_is_said_only_by_whom_it_fits(content: Content) -> None:
    style = content.style("driver")
    by = {"owner": "feng_dakui", "staff": "shen_yanqiu", "public": "luo_tiejun", "home": "qiao_manli"}
    lines = [
        replace(line(s, text, "sales", "complaint"), speakers=(s,))
        for s, text in zip(by, "甲乙丙丁", strict=True)
    ]
    own = replace(line("own", "就我这么说", "sales"), speakers=("feng_dakui",))
    for standing, persona in by.items():
        who = content.persona(persona)
        where = content.situation(who.situations[0])
        drawn = {
            pick(with_lines(content, *lines, own), who, where, style, make_direction(seed=s)).line_id
            for s in range(20)
        }
        assert drawn == ({standing, "own"} if persona == "feng_dakui" else {standing})


def test_no_customer_names_a_product_before_it_was_presented(content: Content) -> None:
    who = content.persona("he_jinsong")
    pitched, known = content.situation("first_pitch"), content.situation("too_expensive")
    assert "product" not in slots_for(who, pitched, make_direction())
    told = make_direction(cues=frozenset({Cue.PRESENTED}))
    assert (
        slots_for(who, pitched, told)["product"]
        == slots_for(who, known, make_direction())["product"]
        == who.product
    )


@pytest.mark.parametrize(
    ("company", "title", "standing"),
    [(None, "女士", "home"), ("某某建材", "总", "owner"), ("某某建材", "主管", "staff")],
)
def test_company_and_title_tell_from_where_a_person_speaks(
    content: Content, company: str | None, title: str, standing: str
) -> None:
    who = replace(content.persona("feng_dakui"), company=company, title=title)
    assert who.speaks_as == standing
    assert replace(who, standing=Standing.PUBLIC).speaks_as == "public"
