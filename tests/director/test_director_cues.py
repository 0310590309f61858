"""What the customer's next words may take for granted, and the moves that are made only where it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator import director
from simulator.director.cues import cues_of
from simulator.domain.grade import Grade
from simulator.domain.persona import JUST_SAID, ConcernStatus, Cue, Move
from simulator.domain.session import Claim
from tests.director.stage import STYLES, calm, casting, ledger, ordered, said
from tests.factories import grade_of

NOTHING = "嗯，您说得是这么回事，我听着。"
WORDS = [
    (NOTHING, set()),
    ("您这边现在用的是哪家的线路？", {Cue.ASKED}),
    ("那就这么安排，您看行吗？", set()),  # consent is nothing to answer with a fact
    ("我们这条线很稳定，价格也实惠。", {Cue.CLAIMED}),
    ("一共是三百二十块。", {Cue.CLAIMED, Cue.FIGURE}),
    ("好多客户都在用呢。", {Cue.CLAIMED, Cue.OTHERS}),
    ("合同的条款都写在纸上。", {Cue.MATERIAL}),
    ("实在对不起。", {Cue.APOLOGISED}),
    ("您先等一下，回头再说吧。", {Cue.PUT_OFF}),
    ("我给您申请一个月试用。", {Cue.OFFERED}),
    ("有问题您再打10086", {Cue.PUT_OFF}),  # the number is no figure to be doubted
    ("您慢慢想，没问题。", set()),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_what_the_words_of_a_reply_allow(text: str, expected: set[Cue]) -> None:
    assert cues_of(casting(), calm(), said(text)) & JUST_SAID == expected


def test_in_a_drill_a_greeting_is_no_offer() -> None:
    greeting = grade_of("step:greet", situation="phone_answer", days=("今天",))
    assert not cues_of(casting("phone_answer"), calm(), greeting) & {Cue.OFFERED, Cue.PROMISED, Cue.CLAIMED}


VERDICTS = [
    (grade_of("skill:empathy"), Cue.KIND),
    (grade_of("step:too_expensive.reason"), Cue.CLAIMED),
    (grade_of("skill:next_step"), Cue.OFFERED),
    (grade_of("skill:next_step", days=("周三",)), Cue.PROMISED),
    (grade_of("negative:argue"), Cue.PUSHED),
    (grade_of(banned=("insult",)), Cue.PUSHED),
    (grade_of(meaningful=False, length=1, question_answered=False), Cue.EVADED),
    (grade_of(length=300), Cue.LONG),
]


@pytest.mark.parametrize(("grade", "cue"), VERDICTS)
def test_what_a_verdict_allows(grade: Grade, cue: Cue) -> None:
    assert cue in cues_of(casting(), calm(), grade)
    assert cue not in cues_of(casting(), calm(), grade_of())


def test_a_grunt_where_nothing_was_asked_evades_nothing() -> None:
    grunt = grade_of(meaningful=False, length=1)
    assert Cue.EVADED not in cues_of(casting(), calm(), grunt)
    assert Move.ASK_AGAIN not in {director.direct(casting(), calm(), grunt, seed).move for seed in range(40)}


def test_what_the_talk_so_far_allows() -> None:
    def held(situation: str, **state: object) -> frozenset[Cue]:
        return cues_of(casting(situation), calm(**state), grade_of())

    assert Cue.EVADED in held("too_expensive", waiting=1)
    assert Cue.PRESENTED in held("too_expensive")  # they have seen the price before they say it is dear
    assert Cue.PRESENTED not in held("first_pitch")
    assert Cue.PRESENTED in held("first_pitch", claims=(Claim(turn=1, kind="price", text="38元/月"),))
    assert Cue.PRESENTED in held("first_pitch", met=(("step:first_pitch.why_listen", 1),))
    assert Cue.ANGRY_BEFORE in held("suspension_anger")
    assert Cue.ANGRY_BEFORE not in held("too_expensive")
    assert Cue.ANGRY_BEFORE in held("too_expensive", moves=(Move.THREATEN,))
    assert Cue.UNSOLVED in held("too_expensive", objection=ledger("objection", ConcernStatus.HEARD))
    assert Cue.UNSOLVED not in held("too_expensive", objection=ledger("objection", ConcernStatus.ANSWERED))
    assert Cue.LATE in held("too_expensive", turn=4)
    assert Cue.LATE not in held("too_expensive", turn=3)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("move", "text"),
    [
        (Move.TEST_CLAIM, NOTHING),
        (Move.HESITATE, NOTHING),
        (Move.SOFTEN, NOTHING),
        (Move.ASK_AGAIN, NOTHING),
        (Move.DIGRESS, "您平时最看重哪一点？"),
    ],
)
def test_a_move_that_takes_for_granted_what_is_not_so_is_not_made(style: str, move: Move, text: str) -> None:
    cast, state = casting("no_need", style), calm(anger=0.2, trust=0.5, turn=2)
    grade = said(text, "skill:open_question") if move is Move.DIGRESS else said(text)
    assert move not in {director.direct(cast, state, grade, seed).move for seed in range(60)}


def test_the_actor_is_told_what_holds() -> None:
    cast, grade = casting(), said("我们这条线很稳定。")
    step = director.direct(cast, calm(), grade, 1)
    assert ordered(cast, step, grade).cues == cues_of(cast, step.state, grade)
    assert Cue.CLAIMED in ordered(cast, step, grade).cues


def test_a_list_of_days_proposes_none_of_them() -> None:
    cast, state = casting(), calm()
    for text, day in (("周五、周六、周日各算一天。", None), ("周五或者周六我都行。", "周六")):
        grade = said(text, "skill:next_step")
        assert ordered(cast, director.direct(cast, state, grade, 1), grade).day == day


def test_styles_alike_but_in_name_take_their_own_ways() -> None:
    one = casting()
    other = replace(one, style=replace(one.style, id="twin"))
    grade = said("我们这条线很稳定。")
    drawn = [{director.direct(c, calm(), grade, seed).move for c in (one, other)} for seed in range(30)]
    assert any(len(moves) == 2 for moves in drawn)


def test_a_complaint_is_no_time_to_chat_before_it_is_settled() -> None:
    cast = casting("billing_dispute", "expressive")
    open_, settled = (
        calm(anger=0.2, turn=2, objection=ledger("objection", status))
        for status in (ConcernStatus.HEARD, ConcernStatus.SETTLED)
    )
    grade = replace(said(NOTHING), items=())
    moves = [{director.direct(cast, s, grade, seed).move for seed in range(200)} for s in (open_, settled)]
    assert Move.DIGRESS not in moves[0]
    assert Move.DIGRESS in moves[1]
    for text, chats in (("在的", True), ("在吗", False), ("您看重这一点。", True), ("您看重哪一点？", False)):
        drawn = {director.direct(cast, settled, said(text), seed).move for seed in range(200)}
        assert (Move.DIGRESS in drawn) == chats
    first = replace(settled, turn=0)
    assert Move.DIGRESS not in {director.direct(cast, first, grade, seed).move for seed in range(200)}
