"""How talks end: insults, patience, the last turn, farewells, and what politeness alone is worth."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import director
from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus, Difficulty, Move
from simulator.domain.session import Outcome
from tests.director.stage import (
    SEED,
    SITUATIONS,
    STYLES,
    casting,
    castings,
    even_state,
    good_talk,
    ledger,
    talk,
)
from tests.factories import grade_of

BAD = {Outcome.LOST, Outcome.ESCALATED}
POLITE = (
    "greeting",
    "polite_address",
    "empathy",
    "plain_words",
    "we_language",
    "thanks_close",
    "match_style",
)
CATEGORIES = ("insult", "impatience", "deny", "blame_customer", "hide_behind_rules")


@pytest.mark.parametrize("difficulty", Difficulty)
@pytest.mark.parametrize("style", STYLES)
def test_two_insults_end_every_talk_badly_and_one_ends_none(style: str, difficulty: Difficulty) -> None:
    for situation in SITUATIONS:
        cast = casting(situation, style, difficulty)
        insult = grade_of(banned=("insult",), situation=situation)
        for category in CATEGORIES:
            first, second = talk(cast, [grade_of(banned=(category,), situation=situation), insult])
            assert first.state.outcome is None
            assert second.state.outcome in BAD
            assert second.move in {Move.LEAVE, Move.ESCALATE}


@pytest.mark.parametrize("style", STYLES)
def test_one_insult_does_not_end_a_talk_even_with_no_patience_left(style: str) -> None:
    tired = even_state(anger=0.9, trust=0.1, patience=0.01)
    step = director.direct(casting(style=style), tired, grade_of(banned=("insult",)), SEED)
    assert step.state.outcome is None
    assert step.state.patience == 0


def test_a_complaint_goes_over_the_trainees_head_and_a_calm_buyer_out_of_the_door() -> None:
    angry = [grade_of(banned=("insult",), situation="suspension_anger")] * 2
    assert talk(casting("suspension_anger", "driver"), angry)[-1].state.outcome is Outcome.ESCALATED
    buyer = [grade_of(banned=("insult",), situation="think_about_it")] * 2
    assert talk(casting("think_about_it", "amiable"), buyer)[-1].state.outcome is Outcome.LOST


@given(castings(), st.data())
@settings(max_examples=40, deadline=None)
def test_politeness_without_steps_never_gets_anywhere(cast: director.Casting, data: st.DataObject) -> None:
    polite = st.lists(st.sampled_from(POLITE), max_size=7, unique=True)
    told = data.draw(st.lists(polite, min_size=1, max_size=cast.situation.max_turns))
    grades = [grade_of(*(f"skill:{s}" for s in skills), situation=cast.situation.id) for skills in told]
    steps = talk(cast, grades, data.draw(st.integers(0, 999)))
    assert not {s.move for s in steps} & {Move.ACCEPT, Move.CONCEDE}
    assert director.close(steps[-1].state) not in {Outcome.WON, Outcome.ADVANCED}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_all_politeness_in_every_reply_wins_nothing(situation: str) -> None:
    for style in STYLES:
        cast = casting(situation, style, Difficulty.EASY)
        grade = grade_of(*(f"skill:{s}" for s in POLITE), situation=situation, small_talk=True, story=True)
        last = talk(cast, [grade] * 20)[-1].state
        assert last.outcome in {Outcome.STALLED, Outcome.LOST}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_prescribed_handling_wins_in_every_style(situation: str) -> None:
    for style, seed in itertools.product(STYLES, (1, 2)):
        cast = casting(situation, style)
        steps = talk(cast, good_talk(cast), seed)
        assert steps[-1].state.outcome is Outcome.WON
        assert [s.move for s in steps].count(Move.ACCEPT) == 1
        assert steps[-1].move is Move.FAREWELL


@pytest.mark.parametrize("situation", ["too_expensive", "suspension_anger", "call_closing"])
def test_after_accepting_any_civil_word_is_farewell_and_an_insult_loses_all(situation: str) -> None:
    cast = casting(situation, "amiable")
    steps = talk(cast, good_talk(cast))
    agreed = next(s.state for s in steps if s.move is Move.ACCEPT)
    assert agreed.outcome is None
    assert director.close(agreed) is Outcome.WON
    for grade in (grade_of("skill:thanks_close"), grade_of(meaningful=False), grade_of("negative:jargon")):
        step = director.direct(cast, agreed, grade, SEED)
        assert (step.move, step.state.outcome) == (Move.FAREWELL, Outcome.WON)
    insult = grade_of(banned=("insult",))
    rude = director.direct(cast, agreed, insult, SEED)
    assert (rude.move, rude.state.outcome) == (Move.LEAVE, Outcome.LOST)
    likely = replace(insult, banned=tuple(replace(b, score=0.85) for b in insult.banned))
    harsh = director.direct(cast, agreed, likely, SEED)
    assert (harsh.move, harsh.state.insults) == (Move.FAREWELL, 0), "a yes is not undone over a likelihood"
    before = steps[0].state
    assert director.direct(cast, before, likely, SEED).state.insults == 1


def test_taking_leave_after_a_concession_is_a_step_forward() -> None:
    cast = casting("too_expensive", "amiable")
    done = tuple((f"step:too_expensive.{s}", 1) for s in cast.situation.steps)
    raised = ledger("concern", ConcernStatus.RAISED)
    told = even_state(trust=0.5, anger=0.4, met=done, moves=(Move.REVEAL,), concern=raised)
    conceded = director.direct(cast, told, grade_of("skill:ask_agreement"), SEED)
    assert conceded.move is Move.CONCEDE
    assert director.close(conceded.state) is Outcome.ADVANCED
    bye = director.direct(cast, conceded.state, grade_of("skill:thanks_close"), SEED)
    assert (bye.move, bye.state.outcome) == (Move.FAREWELL, Outcome.ADVANCED)
    early = director.direct(cast, told, grade_of("skill:thanks_close"), SEED)
    assert early.state.outcome is None


@pytest.mark.parametrize("situation", SITUATIONS)
def test_patience_runs_out_on_empty_words(situation: str) -> None:
    for style in STYLES:
        cast = casting(situation, style)
        steps = talk(cast, [grade_of(meaningful=False, length=1, situation=situation)] * 20)
        patience = [s.state.patience for s in steps]
        assert patience == sorted(patience, reverse=True)
        assert len(steps) <= min(8, cast.situation.max_turns)
        assert steps[-1].state.outcome in {Outcome.STALLED, Outcome.LOST}
        assert patience[-1] == 0 or len(steps) == cast.situation.max_turns


def lively(situation: str) -> Grade:
    """A reply that keeps the customer listening and asks for nothing."""
    return grade_of("skill:restate", situation=situation, small_talk=True, story=True, question_answered=True)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_talk_ends_at_the_situations_last_turn(situation: str) -> None:
    cast = casting(situation, "amiable", Difficulty.EASY)
    steps = talk(cast, [lively(situation)] * (cast.situation.max_turns + 3))
    assert len(steps) == cast.situation.max_turns
    assert [s.state.turn for s in steps] == list(range(1, cast.situation.max_turns + 1))
    assert (steps[-1].move, steps[-1].state.outcome) == (Move.FAREWELL, Outcome.STALLED)


def test_nothing_is_said_after_the_end() -> None:
    ended = even_state(outcome=Outcome.LOST)
    with pytest.raises(ValueError, match="lost"):
        director.direct(casting(), ended, grade_of("step:reason"), SEED)


CLOSED = [
    ({}, Outcome.STALLED),
    ({"conceded": True}, Outcome.ADVANCED),
    ({"conceded": True, "agreed": True}, Outcome.WON),
    ({"insults": 1, "anger": 0.6}, Outcome.LOST),
    ({"insults": 1, "anger": 0.2, "trust": 0.6}, Outcome.STALLED),
    ({"faults": 2, "trust": 0.1}, Outcome.LOST),
    ({"anger": 0.85, "trust": 0.12}, Outcome.LOST),
    ({"anger": 0.85, "trust": 0.4}, Outcome.STALLED),
    ({"outcome": Outcome.ESCALATED, "agreed": True}, Outcome.ESCALATED),
]


@pytest.mark.parametrize(("changes", "outcome"), CLOSED)
def test_what_it_comes_to_when_the_trainee_stops_here(changes: dict[str, object], outcome: Outcome) -> None:
    assert director.close(even_state(**changes)) is outcome
