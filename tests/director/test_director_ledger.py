"""What the customer remembers: objections one at a time, what waits for them, what was said and does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import director
from simulator.director import Casting
from simulator.director.ledger import amount_of, time_of
from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus, Difficulty, Move
from simulator.domain.session import CustomerState, LedgerEntry, Outcome
from simulator.language.features import features
from simulator.language.numbers import values
from tests.director.stage import (
    SEED,
    STYLES,
    bent_talks,
    calm,
    casting,
    ledger,
    ordered,
    said,
    talk,
    talks,
)
from tests.factories import grade_of

Talk = tuple[Casting, list[Grade], int]
GIFTS = {Move.REVEAL, Move.CONCEDE, Move.ACCEPT}
HARD = casting(difficulty=Difficulty.HARD)
ANY_TALK = st.one_of(talks(), bent_talks())


def further(*statuses: str) -> tuple[LedgerEntry, ...]:
    """The objections of `HARD`, come as far as told."""
    pairs = zip(HARD.objections, statuses, strict=True)
    return tuple(LedgerEntry(id=o.id, text=o.text, status=ConcernStatus(s)) for o, s in pairs)


def statuses(state: CustomerState) -> tuple[str, ...]:
    return tuple(e.status.value for e in state.further)


# first objection, further ones, what the reply does -> further ones after it; a new `raised` is `object`
CLEAN, ANSWERS = ("skill:polite_address",), ("skill:evidence",)
NEXT: list[tuple[str, tuple[str, str], tuple[str, ...], tuple[str, str]]] = [
    ("raised", ("hidden", "hidden"), CLEAN, ("hidden", "hidden")),
    ("raised", ("hidden", "hidden"), ANSWERS, ("hidden", "hidden")),
    ("heard", ("hidden", "hidden"), ("skill:empathy",), ("hidden", "hidden")),
    ("heard", ("hidden", "hidden"), ANSWERS, ("raised", "hidden")),
    ("answered", ("hidden", "hidden"), CLEAN, ("raised", "hidden")),
    ("answered", ("raised", "hidden"), CLEAN, ("raised", "hidden")),
    ("answered", ("raised", "hidden"), ("skill:empathy",), ("heard", "hidden")),
    ("answered", ("raised", "hidden"), ANSWERS, ("answered", "raised")),
    ("settled", ("heard", "hidden"), ANSWERS, ("answered", "raised")),
    ("settled", ("answered", "hidden"), CLEAN, ("answered", "raised")),
    ("settled", ("answered", "raised"), ("skill:next_step",), ("settled", "answered")),
    ("settled", ("answered", "answered"), CLEAN, ("answered", "answered")),
]


@pytest.mark.parametrize(("first", "before", "keys", "after"), NEXT)
def test_the_next_objection_comes_when_what_was_brought_up_is_answered(
    first: str, before: tuple[str, str], keys: tuple[str, ...], after: tuple[str, str]
) -> None:
    state = calm(objection=ledger("objection", ConcernStatus(first)), further=further(*before))
    grade = grade_of(*keys)
    step = director.direct(HARD, state, grade, SEED)
    assert statuses(step.state) == after
    is_new = [b == "hidden" and a == "raised" for b, a in zip(before, after, strict=True)]
    assert (step.move is Move.OBJECT) == any(is_new)
    told = ordered(HARD, step, grade).objection
    assert told == (step.state.further[is_new.index(True)] if any(is_new) else None)


NOT_NOW = {
    "a fault": grade_of("negative:jargon"),
    "an insult": grade_of(banned=("insult",)),
    "nothing said": grade_of(meaningful=False, length=1),
}


@pytest.mark.parametrize("reply", NOT_NOW)
def test_nothing_new_is_brought_up_after_a_fault_an_insult_or_nothing(reply: str) -> None:
    state = calm(objection=ledger("objection", ConcernStatus.ANSWERED), further=further("hidden", "hidden"))
    for seed in range(20):
        assert director.direct(HARD, state, NOT_NOW[reply], seed).move is not Move.OBJECT
        assert director.direct(HARD, state, grade_of(*CLEAN), seed, repeated=True).move is not Move.OBJECT
        assert director.direct(HARD, state, grade_of(*CLEAN), seed).move is Move.OBJECT


def test_goodbye_ends_the_list_late_in_a_talk_or_once_it_was_begun_and_early_thanks_do_not() -> None:
    thanks = grade_of("skill:thanks_close")
    for turn, first, asked in ((1, "hidden", True), (5, "hidden", False), (1, "answered", False)):
        state = calm(
            objection=ledger("objection", ConcernStatus.ANSWERED), further=further(first, "hidden"), turn=turn
        )
        assert (director.direct(HARD, state, thanks, SEED).move is Move.OBJECT) == asked


def test_a_rival_another_tier_a_difference_and_a_list_price_are_no_offers() -> None:
    for first, now in (
        ("电信给您报的2400元/月，对吧", "我们专线2500元/月"),
        ("我们给您380元/月", "再往上还有一档480元/月"),
        ("每月贵300元/月", "专线380元/月"),
        ("给您380元/月", "原价是580元/月"),
        ("给您380元/月", "联通那边要450元/月"),
    ):
        assert second(first, now)[0] is not Move.CATCH_OUT


@pytest.mark.parametrize(
    ("first", "now", "slip"),
    [
        ("我三天内给您出方案", "我一天内给您出方案", False),
        ("我2小时内给您回电话", "我2天内给您回电话", True),
        ("我三天内给您出方案", "我72小时内给您出方案", False),
        ("我周日来给您装", "我周天来给您装", False),
        ("我明天来给您装", "我今天来给您装", False),
    ],
)
def test_only_a_later_deadline_is_held_against_the_trainee(first: str, now: str, slip: bool) -> None:
    assert (second(first, now)[0] is Move.CATCH_OUT) == slip


@pytest.mark.parametrize("worry", ["raised", "heard"])
def test_nothing_new_is_brought_up_while_the_worry_waits_for_an_answer(worry: str) -> None:
    state = calm(
        objection=ledger("objection", ConcernStatus.ANSWERED),
        further=further("hidden", "hidden"),
        concern=ledger("concern", ConcernStatus(worry)),
    )
    assert director.direct(HARD, state, grade_of(*CLEAN), SEED).move is not Move.OBJECT


@given(ANY_TALK)
@settings(max_examples=80, deadline=None)
def test_objections_come_one_at_a_time_in_their_order_and_never_go_back(told: Talk) -> None:
    cast, grades, seed = told
    before = director.opening_state(cast)
    for step in talk(cast, grades, seed):
        after = step.state
        assert [(e.id, e.text) for e in after.further] == [(o.id, o.text) for o in cast.objections]
        ranks = [(b.status.rank, a.status.rank) for b, a in zip(before.further, after.further, strict=True)]
        assert all(b <= a for b, a in ranks)
        assert sum(b == 0 < a for b, a in ranks) == (step.move is Move.OBJECT)
        assert len(after.open_objections) <= 1
        if step.move is Move.OBJECT:
            assert after.objection.status.rank >= ConcernStatus.ANSWERED.rank
        brought_up = [a > 0 for _, a in ranks]
        assert brought_up == sorted(brought_up, reverse=True)
        before = after


def ripe(**changes: Any) -> CustomerState:
    """All but agreed: whatever `HARD` asks for is there."""
    done = tuple((f"step:too_expensive.{s}", 1) for s in HARD.situation.steps)
    settled = ledger("objection", ConcernStatus.SETTLED)
    plain = {
        "anger": 0.1,
        "trust": 0.65,
        "interest": 0.8,
        "met": done,
        "objection": settled,
        "conceded": True,
    }
    return calm(**(plain | changes))


# further ones, trust, turn, also said -> whether agreed to a proposal (which answers nothing by itself)
AGREED: list[tuple[tuple[str, str], float, int, tuple[str, ...], bool]] = [
    (("answered", "answered"), 0.65, 5, (), True),
    (("raised", "hidden"), 0.65, 5, (), False),
    (("raised", "hidden"), 0.95, 5, (), False),
    (("heard", "answered"), 0.95, 5, (), False),
    (("answered", "raised"), 0.65, 12, (), False),
    (("answered", "raised"), 0.65, 5, ("skill:evidence",), True),
    (("answered", "hidden"), 0.65, 5, (), False),
    (("hidden", "hidden"), 0.65, 5, (), False),
    (("answered", "hidden"), 0.9, 5, (), True),  # one who trusts that much lets the rest be
    (("hidden", "hidden"), 0.95, 5, (), False),  # but not the first of it
    (("answered", "hidden"), 0.65, 5, ("skill:thanks_close",), True),
    (("answered", "hidden"), 0.65, 12, (), True),  # no time for one more
]


@pytest.mark.parametrize(("before", "trust", "turn", "keys", "agreed"), AGREED)
def test_agreement_waits_for_what_is_open_and_for_what_is_still_to_come(
    before: tuple[str, str], trust: float, turn: int, keys: tuple[str, ...], agreed: bool
) -> None:
    state = ripe(trust=trust, turn=turn, further=further(*before))
    step = director.direct(HARD, state, grade_of("skill:ask_agreement", *keys), SEED)
    assert (step.move is Move.ACCEPT) == agreed
    still_to_come = "hidden" in before and not {"raised", "heard"} & set(before)
    assert (step.move is Move.OBJECT) == (still_to_come and not agreed)


@given(ANY_TALK)
@settings(max_examples=80, deadline=None)
def test_nothing_is_agreed_with_something_open_and_one_farewell_follows(told: Talk) -> None:
    cast, grades, seed = told
    steps = talk(cast, grades, seed)
    for grade, step in zip(grades, steps, strict=False):
        if step.move is Move.ACCEPT:
            assert not step.state.open_objections
        if step.move in GIFTS:
            assert "feature:contradiction" not in {r.key for r in step.reasons}
            assert not grade.banned
    moves = [s.move for s in steps]
    assert Move.FAREWELL not in moves[:-1]
    if Move.ACCEPT in moves[:-1]:
        assert moves.index(Move.ACCEPT) == len(moves) - 2
        assert (moves[-1], steps[-1].state.outcome) in {
            (Move.FAREWELL, Outcome.WON),
            (Move.LEAVE, Outcome.LOST),
        }
    assert (steps[-1].state.outcome is Outcome.WON) == (Move.ACCEPT in moves and moves[-1] is Move.FAREWELL)


def second(first: str, now: str, *keys: str, cast: Casting = HARD) -> tuple[Move, tuple[str | None, ...]]:
    """The move after `now`, said after `first`, and what the actor is told to hold together."""
    before = director.direct(cast, calm(), said(first, "skill:polite_address"), SEED).state
    grade = said(now, *keys)
    step = director.direct(cast, before, grade, SEED)
    told = ordered(cast, step, grade)
    return step.move, (told.earlier, told.now)


CAUGHT = [
    ("这个套餐38元/月", "您办下来48元/月", (), ("38元/月", "48元/月")),
    ("38元一个月，含流量", "那就是48元一个月", (), ("38元一个月", "48元一个月")),
    ("我周三来给您装好", "我周五来给您装好", (), ("周三", "周五")),
    ("我明天给您答复", "我后天给您答复", (), ("明天", "后天")),
    ("我周三来给您装好，您放心", "您看，我下周一来给您装好", (), ("周三", "下周一")),
    ("这事我负责到底", "这个您找技术部吧", ("negative:pass_the_buck",), ("这事我负责到底", None)),
    ("我今天就给您查清楚", "这不归我管", ("negative:pass_the_buck",), ("我今天就给您查清楚", None)),
]


@pytest.mark.parametrize(("first", "now", "keys", "quoted"), CAUGHT)
def test_what_does_not_hold_is_held_against_the_trainee_in_their_own_words(
    first: str, now: str, keys: tuple[str, ...], quoted: tuple[str, str | None]
) -> None:
    for style in STYLES:
        cast = casting(style=style)
        assert second(first, now, *keys, cast=cast) == (Move.CATCH_OUT, quoted)
    assert quoted[0] in first
    assert quoted[1] is None or quoted[1] in now


HOLDS = {
    "the same price": ("这个套餐38元/月", "对，就是38元/月", ()),
    "the customer's own bill": ("这个套餐38元/月", "您现在付1200元/月", ()),
    "the bill first": ("您现在付1200元/月", "新的38元/月", ()),
    "worked sums": ("这个套餐38元/月", "一年456元，十个人380元，省下120元", ()),
    "the same day": ("我周三来给您装好", "我周三来给您装好，不变", ()),
    "another act's day": ("我周三来给您装好", "我周五给您打电话回访", ()),
    "no promise before": ("这个价含维护", "这个您找技术部吧", ("negative:pass_the_buck",)),
    "a promise kept": ("这事我负责到底", "我给您查到了", ()),
    "too long to quote": (
        "我一定把您说的这几样从头到尾都给您查得清清楚楚",
        "这不归我管",
        ("negative:pass_the_buck",),
    ),
}


@pytest.mark.parametrize("case", HOLDS)
def test_what_holds_is_held_against_nobody(case: str) -> None:
    first, now, keys = HOLDS[case]
    move, quoted = second(first, now, *keys)
    assert move is not Move.CATCH_OUT
    assert quoted == (None, None)


SAME_THING = {
    "price in words": ("专线两千六百元/月", "就是2600元/月"),
    "price with a decimal": ("套餐38元/月", "就是38.00元/月"),
    "bill in words": ("新的38元/月", "您现在付一千二百元/月"),
    "hour left out": ("我周四上午十点来给您装", "我周四来给您装"),
    "hour added": ("我今天给您答复", "我今天下午三点前给您答复"),
    "day in other words": ("我明天给您答复", "我明儿给您答复"),
    "date in figures": ("我十五号给您装好", "我15号给您装好"),
    "within as 内 or 之内": ("我三天内给您答复", "我三天之内给您答复"),
}


@pytest.mark.parametrize("case", SAME_THING)
def test_the_same_thing_in_other_words_is_no_slip(case: str) -> None:
    assert second(*SAME_THING[case])[0] is not Move.CATCH_OUT


@pytest.mark.parametrize(
    ("first", "now"), [("2,600元/月", "2,800元/月"), ("38元/月", "48元一个月"), ("38元/月", "48块/月")]
)
def test_another_price_is_noticed_however_it_is_written(first: str, now: str) -> None:
    assert second(f"这个{first}", f"这个要{now}") == (Move.CATCH_OUT, (first, now))


@given(st.integers(1, 999), st.integers(1, 999), st.sampled_from(["元/月", "元一个月", "块每月"]))
@settings(max_examples=60, deadline=None)
def test_a_price_is_caught_just_when_it_has_risen(one: int, two: int, unit: str) -> None:
    quoted = (f"{one}{unit}", f"{two}{unit}")
    known = values((*HARD.persona.facts, *(a.text for a in HARD.persona.answers))) | {
        HARD.persona.bill.amount
    }
    risen = one < two < 2 * one and not known & {one, two}  # cheaper or a multiple: no slip
    move, told = second(f"这个{quoted[0]}", f"这个{quoted[1]}")
    assert (move is Move.CATCH_OUT) == risen
    assert told == (quoted if risen else (None, None))


@pytest.mark.parametrize(
    "replies",
    [("这个38元/月", "这个48元/月", "对，48元/月"), ("我周三来给您装", "我周五来给您装", "我周五来给您装")],
    ids=["price", "day"],
)
def test_what_was_caught_once_and_is_kept_to_is_not_caught_again(replies: tuple[str, ...]) -> None:
    filler = said("您说得对", "skill:polite_address")
    first, changed, kept = (said(r, "skill:polite_address") for r in replies)
    steps = talk(HARD, [first, changed, filler, kept])
    assert [s.move is Move.CATCH_OUT for s in steps] == [False, True, False, False]


GIVEN = {
    Move.ACCEPT: (ripe(further=further("answered", "answered")), ("skill:ask_agreement",)),
    Move.CONCEDE: (ripe(trust=0.5, conceded=False), ("skill:ask_agreement",)),
    Move.REVEAL: (calm(concern=ledger("concern", ConcernStatus.HIDDEN)), ("skill:open_question",)),
}


@pytest.mark.parametrize("gift", GIVEN)
def test_nothing_is_given_in_the_turn_of_a_slip(gift: Move) -> None:
    state, keys = GIVEN[gift]
    for style in STYLES:
        cast = casting(style=style, difficulty=Difficulty.HARD)
        before = director.direct(cast, state, said("这个38元/月"), SEED).state
        before = replace(state, claims=before.claims, turn=1)
        assert director.direct(cast, before, grade_of(*keys, figures=("38元/月",)), SEED).move is gift
        slip = director.direct(cast, before, grade_of(*keys, figures=("48元/月",)), SEED)
        assert slip.move is Move.CATCH_OUT
        tired = replace(before, moves=(Move.CATCH_OUT, Move.QUESTION) * 3)
        assert director.direct(cast, tired, grade_of(*keys, figures=("48元/月",)), SEED).move not in GIFTS


@pytest.mark.parametrize(
    ("reply", "amount"),
    [
        ("每月280元，添一台机器", "280元"),
        ("半小时内到，差两成", "两成"),
        ("跟话费放一块儿交，三个号", None),
        ("一共六千一百二十块", "六千一百二十块"),
    ],
)
def test_a_customer_takes_up_prices_and_shares_and_no_counts(reply: str, amount: str | None) -> None:
    assert amount_of(features(reply)) == amount


@pytest.mark.parametrize(
    ("reply", "proposed", "time"),
    [
        ("周五夜里住进去算一天，周日又一天", False, None),
        ("我周四上午十点来给您装", False, "周四上午十点"),
        ("周四上午十点您看行吗", True, "周四上午十点"),
        ("今天就过来介绍一下", True, None),
    ],
)
def test_a_customer_takes_up_times_that_were_promised_or_proposed(
    reply: str, proposed: bool, time: str | None
) -> None:
    assert time_of(features(reply), proposed=proposed) == time
