"""What the customer may do next: gifts are earned, the worry comes out only when asked for, no move sticks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings

from simulator import director
from simulator.director import Casting
from simulator.director.direct import direction_for
from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus, Condition, Family, Mood, Move
from simulator.domain.session import CustomerState, Step
from tests.director.stage import FAMILIES, SEED, STYLES, casting, even_state, good_talk, ledger, talk, talks
from tests.factories import grade_of

Talk = tuple[Casting, list[Grade], int]
MAY_RUN_ON = {Move.QUESTION, Move.PRESS}
BY_CHANCE = set(Move) - {Move.OPEN, Move.ANSWER, Move.REVEAL, Move.CONCEDE, Move.ACCEPT, Move.FAREWELL}


def keys_of(grade: Grade) -> set[str]:
    """The keys met, as situation files write them: `step:reason`."""
    kinds = (("step", grade.steps), ("skill", grade.skills))
    return {f"{kind}:{bare}" for kind, ids in kinds for bare in ids}


def covered(cast: Casting, state: CustomerState) -> float:
    """Share of the prescribed steps done, by the reference: of alternatives the better counts."""
    sid = cast.situation.id
    done = {key for key, _ in state.met}
    ways: dict[str | None, list[bool]] = {}
    for item in cast.rubric.steps_of(sid):
        ways.setdefault(item.placements[sid].any_of, []).append(item.key_in(sid) in done)
    plain = ways.pop(None, [])
    best = max(ways.values(), key=lambda w: (sum(w) / len(w), sum(w)), default=[])
    return sum(plain + best) / len(plain + best)


def fulfils(cast: Casting, condition: Condition, state: CustomerState) -> bool:
    """Whether all that `condition` states holds; full trust with all settled overlooks a fifth of the steps and a
    tenth of interest, and after a first concession one step asked for by name."""
    entries = [state.objection, state.concern, *state.further]
    settled = all(e.status.value in ("settled", "hidden") for e in entries[2:])
    full = state.trust >= 0.9 and settled and all(e.status.value == "settled" for e in entries[:2])
    return (
        covered(cast, state) + 0.2 * full >= condition.coverage - 1e-6
        and sum(f"step:{cast.situation.id}.{s}" not in dict(state.met) for s in condition.steps)
        <= (full and bool({Move.ACCEPT, Move.CONCEDE} & {*state.moves[:-1]}))
        and state.trust >= condition.trust
        and state.interest + 0.1 * full >= condition.interest - 1e-6
        and state.anger <= condition.anger
        and (condition.concern is None or state.concern.status.rank >= condition.concern.rank)
    )


def check_gift(cast: Casting, grade: Grade, step: Step) -> None:
    """`accept` and `concede` only when their condition holds and the reply proposes something, cleanly."""
    if step.move in (Move.ACCEPT, Move.CONCEDE):
        assert fulfils(cast, cast.won if step.move is Move.ACCEPT else cast.advanced, step.state)
        assert keys_of(grade) & set(cast.situation.proposals)
        assert not grade.banned
        assert grade.features.meaningful
    assert step.state.conceded or step.move not in (Move.ACCEPT, Move.CONCEDE)
    assert not step.state.agreed or Move.ACCEPT in step.state.moves


@given(talks())
@settings(max_examples=40, deadline=None)
def test_gifts_are_earned_whatever_is_said(told: Talk) -> None:
    cast, grades, seed = told
    for grade, step in zip(grades, talk(cast, grades, seed), strict=False):
        check_gift(cast, grade, step)


@pytest.mark.parametrize("situation", FAMILIES)
def test_gifts_are_earned_in_good_talks_with_any_part_left_out(situation: str) -> None:
    cast, given_away = casting(situation, "amiable"), 0
    whole = good_talk(cast)
    for left_out in itertools.combinations(range(len(whole)), 2):
        part = [g for n, g in enumerate(whole) if n not in left_out]
        for grade, step in zip(part, talk(cast, part), strict=False):
            check_gift(cast, grade, step)
            given_away += step.move in (Move.ACCEPT, Move.CONCEDE)
    assert given_away > 10


@pytest.mark.parametrize("situation", ["too_expensive", "suspension_anger", "call_closing"])
def test_nothing_is_accepted_without_a_proposal(situation: str) -> None:
    cast = casting(situation, "amiable")
    told = []
    for grade in good_talk(cast):
        keys = [k for k in keys_of(grade) - set(cast.situation.proposals) if k != "skill:thanks_close"]
        told.append(grade_of(*keys, situation=situation))
    moves = {s.move for s in talk(cast, told)}
    assert not moves & {Move.ACCEPT, Move.CONCEDE}


@given(talks())
@settings(max_examples=40, deadline=None)
def test_the_worry_comes_out_only_by_reveal_and_the_ledger_never_goes_back(told: Talk) -> None:
    cast, grades, seed = told
    before = director.opening_state(cast)
    for grade, step in zip(grades, talk(cast, grades, seed), strict=False):
        after = step.state
        hidden = before.concern.status is ConcernStatus.HIDDEN
        out = after.concern.status is not ConcernStatus.HIDDEN
        assert (hidden and out) == (step.move is Move.REVEAL)
        assert after.objection.status.rank >= before.objection.status.rank
        assert after.concern.status.rank >= before.concern.status.rank
        assert after.objection.status.rank - before.objection.status.rank <= 1
        direction = direction_for(cast, step, grade, "回复", seed, (), ())
        clause = cast.persona.concern.short
        assert direction.reveals == (clause if step.move is Move.REVEAL else None)
        assert cast.hides_concern or not out
        before = after


@pytest.mark.parametrize("situation", ["too_expensive", "suspension_anger"])
@pytest.mark.parametrize("style", STYLES)
def test_an_open_question_draws_the_worry_out_of_one_who_trusts_a_little(situation: str, style: str) -> None:
    cast = casting(situation, style)
    asked = grade_of("skill:open_question", situation=situation)
    trusting = even_state(trust=0.45, anger=0.4)
    assert director.direct(cast, trusting, asked, SEED).move is Move.REVEAL
    for closed in (even_state(trust=0.2, anger=0.4), even_state(trust=0.45, anger=0.9)):
        assert director.direct(cast, closed, asked, SEED).move is not Move.REVEAL
    told_nothing = grade_of("skill:greeting", situation=situation)
    assert director.direct(cast, trusting, told_nothing, SEED).move is not Move.REVEAL


def test_a_drill_hides_nothing() -> None:
    cast = casting("call_closing", "amiable")
    assert cast.situation.family is Family.DRILL
    asked = grade_of("skill:open_question", "skill:empathy", situation="call_closing")
    steps = [director.direct(cast, even_state(trust=1.0, anger=0.0), asked, seed) for seed in range(30)]
    assert Move.REVEAL not in {s.move for s in steps}


STAGES = [
    ("raised", "skill:empathy", "heard"),
    ("heard", "step:reason", "answered"),
    ("answered", "skill:next_step", "settled"),
    ("raised", "skill:greeting", "raised"),
    ("raised", "skill:next_step", "heard"),
    ("answered", "skill:empathy", "answered"),
    ("settled", "skill:empathy", "settled"),
]


@pytest.mark.parametrize(("start", "key", "end"), STAGES)
def test_an_objection_is_heard_then_answered_then_settled(start: str, key: str, end: str) -> None:
    state = even_state(objection=ledger("objection", ConcernStatus(start)))
    after = director.direct(casting(), state, grade_of(key), SEED).state
    assert after.objection.status == end
    insulted = director.direct(casting(), state, grade_of(key, banned=("insult",)), SEED).state
    assert insulted.objection.status == start


@given(talks())
@settings(max_examples=40, deadline=None)
def test_no_move_sticks(told: Talk) -> None:
    cast, grades, seed = told
    steps = talk(cast, grades, seed)
    check_moves(steps[-1].state.moves)


DULL = {
    "empty": grade_of(meaningful=False, length=1),
    "off the point": grade_of("skill:greeting", question_answered=False),
    "a fault": grade_of("negative:jargon", "skill:greeting"),
    "too long": grade_of("skill:greeting", length=300),
    "polite": grade_of("skill:greeting", "skill:polite_address"),
}


@pytest.mark.parametrize("reply", DULL)
@pytest.mark.parametrize("style", STYLES)
def test_no_move_sticks_while_the_trainee_does(reply: str, style: str) -> None:
    for mood in (
        even_state(anger=0.9),
        even_state(anger=0.4),
        even_state(anger=0.0, trust=1.0, patience=1.0),
    ):
        for seed in range(10):
            state = mood
            while state.outcome is None:
                state = director.direct(casting(style=style), state, DULL[reply], seed).state
            check_moves(state.moves)


def check_moves(moves: tuple[Move, ...]) -> None:
    """No chance move comes thrice running, or twice where that sounds stuck, or five times in all."""
    for one, two in itertools.pairwise(moves):
        assert one is not two or one not in BY_CHANCE - MAY_RUN_ON
    for three in zip(moves, moves[1:], moves[2:], strict=False):
        assert len(set(three)) > 1 or three[0] not in BY_CHANCE
    assert all(moves.count(m) <= 4 for m in BY_CHANCE)


def test_moves_fit_the_mood() -> None:
    for seed, style in itertools.product(range(40), STYLES):
        angry = director.direct(casting(style=style), even_state(anger=1.0), grade_of("skill:greeting"), seed)
        warm = director.direct(casting(style=style), even_state(anger=0.1, trust=0.58), DULL["polite"], seed)
        assert (angry.state.mood, warm.state.mood) == (Mood.UPSET, Mood.WARM)
        assert angry.move not in {Move.SOFTEN, Move.HESITATE, Move.DIGRESS, Move.RAISE_CONCERN}
        assert warm.move not in {Move.THREATEN, Move.INTERRUPT, Move.REFUSE, Move.PRESS, Move.DOUBT}


def test_only_a_long_reply_is_interrupted() -> None:
    cast = casting(style="driver")
    short, long = (
        [director.direct(cast, even_state(), grade_of("skill:greeting", length=n), s).move for s in range(60)]
        for n in (30, 200)
    )
    assert Move.INTERRUPT not in short
    assert long.count(Move.INTERRUPT) > 15


@given(talks())
@settings(max_examples=40, deadline=None)
def test_an_answer_gives_a_fact_of_the_persona_that_was_asked_for(told: Talk) -> None:
    cast, grades, seed = told
    for grade, step in zip(grades, talk(cast, grades, seed), strict=False):
        direction = direction_for(cast, step, grade, "回复", seed, (), ())
        assert (direction.answer is not None) == (step.move is Move.ANSWER)
        if step.move is Move.ANSWER:
            asked = "".join(grade.features.questions)
            fits = [a for a in cast.persona.answers if any(w in asked for w in a.about)]
            assert direction.answer in {a.text for a in fits}


def test_what_the_customer_knows_is_told_unless_furious_or_insulted() -> None:
    cast = casting()
    known = cast.persona.answers[0]
    asked = grade_of("skill:open_question", questions=(f"请问{known.about[0]}是？",))
    calm = even_state(trust=0.2)
    step = director.direct(cast, calm, asked, SEED)
    assert step.move is Move.ANSWER
    assert direction_for(cast, step, asked, "", SEED, (), ()).answer == known.text
    assert director.direct(cast, even_state(trust=0.2, anger=1.0), asked, SEED).move is not Move.ANSWER
    insult = grade_of(banned=("insult",), questions=asked.features.questions)
    assert director.direct(cast, calm, insult, SEED).move is not Move.ANSWER
    unknown = grade_of("skill:open_question", questions=("您喜欢什么颜色？",))
    assert director.direct(cast, calm, unknown, SEED).move is not Move.ANSWER
