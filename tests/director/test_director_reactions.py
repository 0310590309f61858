"""What a customer takes up at once: a wrong name, hurry, a wall of text, a question passed over, coming back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import director
from simulator.director import Casting
from simulator.domain.grade import Grade
from simulator.domain.persona import Difficulty, Move
from tests.director.stage import (
    SEED,
    STYLES,
    bent_talks,
    calm,
    casting,
    ordered,
    said,
    shipped,
    talk,
    talks,
)
from tests.factories import grade_of

SELDOM = {Move.CORRECT: 2, Move.CATCH_OUT: 3, Move.RESIST_HURRY: 2, Move.COME_BACK: 2}
CLEAN = ("skill:polite_address",)


def played(persona: str) -> Casting:
    """A person of the cast in their own situation and style."""
    c = shipped()
    who = c.persona(persona)
    return director.cast(
        who, c.style(who.style), c.situation(who.situations[0]), c.rubric("service"), Difficulty.EASY
    )


CALLED = [
    ("fang_shuzhen", "王总，您好，实在抱歉", ("王总", "方")),
    ("fang_shuzhen", "您好，方先生，实在抱歉", ("方先生", None)),
    ("fang_shuzhen", "方女士您好，王女士，实在抱歉", ("王女士", "方")),
    ("feng_dakui", "冯女士，您看这样行吗", ("冯女士", None)),
    ("feng_dakui", "方厂长，您看这样行吗", ("方厂长", "冯")),
    ("feng_dakui", "冯总，您看这样行吗", None),
    ("feng_dakui", "冯厂长，您看这样行吗", None),
    ("feng_dakui", "您好，我是小王，负责您这片", None),
    ("feng_dakui", "我们张经理会来看现场", None),
    ("feng_dakui", "您看这样行吗", None),
]


@pytest.mark.parametrize(("persona", "text", "wrong"), CALLED)
def test_a_customer_corrects_a_wrong_name_or_title_and_no_other(
    persona: str, text: str, wrong: tuple[str, str | None] | None
) -> None:
    cast, grade = played(persona), said(text, "skill:polite_address")
    step = director.direct(cast, calm(), grade, SEED)
    told = ordered(cast, step, grade)
    assert (step.move is Move.CORRECT) == (wrong is not None)
    assert (told.wrong, told.surname) == (wrong or (None, None))
    assert ("feature:misnamed" in {r.key for r in step.reasons}) == (wrong is not None)
    rude = replace(grade, banned=grade_of(banned=("insult",)).banned)
    assert director.direct(cast, calm(), rude, SEED).move is not Move.CORRECT


@pytest.mark.parametrize("persona", sorted(shipped().personas))
def test_nobody_minds_their_own_name_and_everybody_a_strangers(persona: str) -> None:
    cast = played(persona)
    own, other = (said(f"{name}，您好，您看这样行吗") for name in (cast.persona.honorific, "魏总"))
    assert director.direct(cast, calm(), own, SEED).move is not Move.CORRECT
    assert director.direct(cast, calm(), other, SEED).move is Move.CORRECT


@pytest.mark.parametrize("style", STYLES)
def test_hurry_is_resisted_unless_there_is_an_insult_to_answer(style: str) -> None:
    cast, hurry = casting(style=style), grade_of("negative:pressure", "skill:polite_address")
    for seed in range(10):
        assert director.direct(cast, calm(), hurry, seed).move is Move.RESIST_HURRY
        rude = grade_of("negative:pressure", banned=("insult",))
        assert director.direct(cast, calm(), rude, seed).move is not Move.RESIST_HURRY
        assert director.direct(cast, calm(), grade_of("negative:jargon"), seed).move is not Move.RESIST_HURRY


@pytest.mark.parametrize("style", STYLES)
def test_a_wall_of_text_is_cut_short_but_not_by_a_warm_customer(style: str) -> None:
    cast = casting(style=style)
    wall = grade_of("skill:polite_address", length=2 * cast.style.long_reply + 1)
    for seed in range(10):
        assert director.direct(cast, calm(), wall, seed).move is Move.INTERRUPT
        warm = director.direct(cast, calm(anger=0.0, trust=0.9), wall, seed)
        assert warm.move is not Move.INTERRUPT


@pytest.mark.parametrize("style", STYLES)
def test_one_who_went_quiet_comes_back_at_a_word_worth_it(style: str) -> None:
    cast, quiet = casting(style=style), calm(moves=(Move.OPEN, Move.GO_QUIET))
    offer = grade_of(*CLEAN, mentions=("offer",))
    for seed in range(10):
        assert director.direct(cast, quiet, offer, seed).move is Move.COME_BACK
        for grade in (
            grade_of(meaningful=False, length=1),
            grade_of(banned=("insult",)),
            grade_of(*CLEAN),  # says nothing that would be taken up
        ):
            assert director.direct(cast, quiet, grade, seed).move is not Move.COME_BACK
        twice = calm(moves=(Move.GO_QUIET, Move.COME_BACK) * 2 + (Move.GO_QUIET,))
        assert director.direct(cast, twice, offer, seed).move is not Move.COME_BACK
        talking = calm(moves=(Move.GO_QUIET, Move.PRESS))
        assert director.direct(cast, talking, offer, seed).move is not Move.COME_BACK


EVADES, TAKES_UP = (grade_of(*CLEAN, question_answered=answered) for answered in (False, True))
EMPTY = grade_of(meaningful=False, length=1)


@pytest.mark.parametrize("style", STYLES)
def test_a_question_passed_over_twice_is_asked_again(style: str) -> None:
    cast = casting(style=style)
    waits = [calm(waiting=n, moves=(Move.OPEN, Move.PRESS)) for n in range(3)]
    for seed in range(10):
        assert director.direct(cast, waits[1], EVADES, seed).move is Move.ASK_AGAIN
        assert director.direct(cast, waits[2], EVADES, seed).move is Move.ASK_AGAIN
        assert director.direct(cast, waits[1], TAKES_UP, seed).move is not Move.ASK_AGAIN
    assert {director.direct(cast, waits[0], EVADES, seed).move for seed in range(40)} - {Move.ASK_AGAIN}


ANSWERS = grade_of(*CLEAN, "step:too_expensive.reason", question_answered=False)
ASKED, GRUMBLED = (Move.QUESTION,), (Move.PRESS,)
WAITING = [
    (ASKED, [EVADES], 1),
    (ASKED, [EVADES, EVADES], 2),
    (ASKED, [EVADES, EMPTY], 2),
    (ASKED, [EMPTY], 0),  # too little to have passed anything over
    (ASKED, [EVADES, TAKES_UP], 0),
    (ASKED, [EVADES, EVADES, grade_of(*CLEAN)], 0),
    (ASKED, [ANSWERS], 0),  # in other words than it was asked
    (GRUMBLED, [EVADES], 0),  # 凭什么这么贵 wants no answer
]


@pytest.mark.parametrize(("moves", "grades", "waiting"), WAITING)
def test_how_long_a_question_waits(moves: tuple[Move, ...], grades: list[Grade], waiting: int) -> None:
    cast, state = casting(), calm(moves=moves)
    for grade in grades:
        state = director.direct(cast, state, grade, SEED).state
    assert state.waiting == waiting


NAGGING = {
    Move.CORRECT: [grade_of(*CLEAN, called=("王总",))],
    Move.RESIST_HURRY: [grade_of(*CLEAN, "negative:pressure")],
    Move.CATCH_OUT: [grade_of(*CLEAN, figures=(f"{p}元/月",)) for p in range(30, 44)],
}


@pytest.mark.parametrize("move", NAGGING)
def test_what_soon_sounds_like_a_tic_stays_seldom(move: Move) -> None:
    for style in STYLES:
        cast = casting(style=style)
        state = calm(patience=1.0)
        for turn in range(12):
            grade = NAGGING[move][turn % len(NAGGING[move])]
            state = replace(
                director.direct(cast, state, grade, SEED).state, patience=1.0, trust=0.45, anger=0.4
            )
        assert state.moves.count(move) == SELDOM[move]


@given(st.one_of(talks(), bent_talks()))
@settings(max_examples=80, deadline=None)
def test_seldom_moves_stay_seldom_whatever_is_said(told: tuple[Casting, list[Grade], int]) -> None:
    cast, grades, seed = told
    moves = talk(cast, grades, seed)[-1].state.moves
    for move, most in SELDOM.items():
        assert moves.count(move) <= most
    assert moves.count(Move.OBJECT) <= len(cast.objections)
