"""What a line does, told by what the bank's lines do: in words that no list names."""

from __future__ import annotations

import random

import pytest

from simulator.actor.guard import refusal
from simulator.actor.meaning import Act, Meaning, meaning_of
from simulator.content.contents import Content
from simulator.domain.persona import Line, Move
from tests.actor.test_actor_guard import make_direction

DOING = {
    Act.GIVES: ({Move.ACCEPT, Move.CONCEDE}, {Move.FAREWELL}),
    Act.THREATENS: ({Move.THREATEN, Move.ESCALATE}, set()),
    Act.LEAVES: ({Move.LEAVE, Move.FAREWELL, Move.ESCALATE}, {Move.ACCEPT, Move.CONCEDE}),
}


def halves(lines: tuple[Line, ...]) -> tuple[list[Line], list[Line]]:
    spoken = [ln for ln in lines if ln.move is not Move.OPEN]
    random.Random(1).shuffle(spoken)
    return spoken[: len(spoken) // 2], spoken[len(spoken) // 2 :]


@pytest.mark.parametrize(
    ("act", "found", "wrong"), [(Act.GIVES, 0.5, 0.03), (Act.THREATENS, 0.75, 0.02), (Act.LEAVES, 0.75, 0.04)]
)
def test_acts_are_heard_in_lines_never_learned_from(
    content: Content, act: Act, found: float, wrong: float
) -> None:
    learned, judged = halves(content.lines)
    meaning = Meaning(learned)
    doing, unclear = DOING[act]
    does = [act in meaning.acts(ln.text) for ln in judged if ln.move in doing]
    others = [act in meaning.acts(ln.text) for ln in judged if ln.move not in doing | unclear]
    assert sum(does) / len(does) >= found
    assert sum(others) / len(others) <= wrong


def test_an_agreement_in_other_words_is_refused_unless_told_to_agree(content: Content) -> None:
    who = content.persona("feng_dakui")
    line = "先按你说的试试看吧"  # in no word list
    assert refusal(line, make_direction(reply="您请讲"), who, ()) is None
    heard = Meaning(content.lines).acts(line)
    assert Act.GIVES in heard
    assert refusal(line, make_direction(reply="您请讲"), who, (), acts=heard) == "没让你答应，却松了口"
    assert refusal(line, make_direction(move=Move.ACCEPT, reply="您请讲"), who, (), acts=heard) is None


def test_an_act_that_no_line_does_is_never_heard(content: Content) -> None:
    pressing = [ln for ln in content.lines if ln.move is Move.PRESS]
    assert Meaning(pressing).acts("行，就这么定了") == frozenset()
    assert Meaning([]).acts("行，就这么定了") == frozenset()


def test_the_same_lines_are_learned_from_once(content: Content) -> None:
    assert meaning_of(content.lines) is meaning_of(content.lines)
    assert meaning_of(content.lines[:50]) is not meaning_of(content.lines)
