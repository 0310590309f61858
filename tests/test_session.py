"""A practice session in a real store: submitted, answered, ended, taken up again, done over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from simulator import director
from simulator.content import Catalog, ContentSource
from simulator.content.places import shipped
from simulator.domain.persona import ConcernStatus, Difficulty, Move
from simulator.domain.session import CustomerLine, Outcome, Session
from simulator.errors import DuilianError, StoreError, UsageError
from simulator.session import (
    MAX_REPLY,
    Played,
    PracticeRoom,
    Rehearsal,
    Trainee,
    facts_of,
    rehearse,
    scripted,
)
from simulator.store.store import Store
from tests.factories import grade_of
from tests.rooms import GOOD, GRADES, PERSON, ScriptedGrader, open_room, say


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "sessions.sqlite3") as store:
        yield store


@pytest.fixture
def grader() -> ScriptedGrader:
    return ScriptedGrader(GRADES)


@pytest.fixture
def room(store: Store, grader: ScriptedGrader) -> PracticeRoom:
    return open_room(store, grader)


def test_a_new_session_holds_its_setup_and_the_customers_first_line(room: PracticeRoom) -> None:
    session = room.start(PERSON, style_id="driver", difficulty=Difficulty.HARD, seed=5, trainee="小李")
    setup = session.setup
    assert (setup.persona, setup.situation, setup.style) == (PERSON, "too_expensive", "driver")
    assert (setup.difficulty, setup.seed, setup.trainee) == (Difficulty.HARD, 5, "小李")
    assert (setup.rubric, setup.model, setup.encoder) == ("service@2", "bank", "scripted")
    assert session.opening.text
    assert session.initial == director.opening_state(room.casting(session))
    assert room.store.load(session.id) == session


def test_without_a_seed_sessions_differ(room: PracticeRoom) -> None:
    assert len({room.start(PERSON).setup.seed for _ in range(4)}) > 1


@pytest.mark.parametrize(
    "given", [{"style_id": "drivr"}, {"situation_id": "nowhere"}, {"persona_id": "nobody"}]
)
def test_what_does_not_exist_cannot_be_started(room: PracticeRoom, given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"drivr|nowhere|nobody"):
        room.start(**({"persona_id": PERSON} | given))
    assert room.store.recent() == ()


def test_a_good_talk_is_won_and_scored(room: PracticeRoom) -> None:
    session = say(room, room.start(PERSON, seed=1), *GOOD)
    assert session.outcome is Outcome.WON
    assert session.score == 100
    assert session.ended is not None
    assert [t.step.move for t in session.turns if t.step][-2:] == [Move.ACCEPT, Move.FAREWELL]
    assert all(t.line and t.line.text and t.line.source == "bank" for t in session.turns)
    assert room.store.load(session.id) == session


def test_a_reply_is_kept_before_it_is_answered(room: PracticeRoom, grader: ScriptedGrader) -> None:
    session = room.start(PERSON, seed=1)
    turn = room.submit(session.id, "  认\n", 12.5)
    stored = room.store.load(session.id)
    assert stored.pending == turn
    assert (turn.reply, turn.seconds_to_reply, turn.grade) == ("认", 12.5, None)
    assert grader.asked == []


def test_the_grader_is_told_the_talk_so_far_and_the_persons_facts(
    room: PracticeRoom, grader: ScriptedGrader
) -> None:
    session = say(room, room.start(PERSON, seed=1), "认", "因")
    first, second = grader.asked
    lines = [t.line.text for t in session.turns if t.line]
    assert (first.customer, first.history, first.reply) == (session.opening.text, (), "认")
    assert (second.customer, second.reply) == (lines[0], "因")
    assert second.history == (("customer", session.opening.text), ("trainee", "认"))
    assert (first.situation, first.style) == ("too_expensive", "analytical")
    assert first.facts == facts_of(room.content.persona(PERSON))
    assert grader.rubrics == ["service@2"] * 2


def test_a_reply_that_says_an_earlier_one_again_is_taken_as_such(room: PracticeRoom) -> None:
    session = say(room, room.start(PERSON, seed=1), "认", "认")
    keys = [{r.key for r in t.step.reasons} for t in session.turns if t.step]
    assert ["feature:repeated" in k for k in keys] == [False, True]


def test_the_room_plays_as_a_rehearsal_does(room: PracticeRoom, grader: ScriptedGrader) -> None:
    session = room.start(PERSON, seed=3)
    casting, actor = room.casting(session), room._actor
    played = rehearse(casting, scripted(GOOD), grader=grader.for_rubric(casting.rubric), actor=actor, seed=3)
    session = say(room, session, *GOOD)
    assert [t.step for t in session.turns] == [t.step for t in played.turns]
    assert [t.line.text for t in session.turns if t.line] == [t.line.text for t in played.turns]
    assert (session.opening, session.outcome, session.score) == (played.opening, played.outcome, played.score)


def test_a_rehearsal_drops_what_comes_after_the_end(room: PracticeRoom, grader: ScriptedGrader) -> None:
    casting = room.casting(room.start(PERSON))
    say_all = ["滚", "烦", "认", "因"]
    played = rehearse(
        casting, scripted(say_all), grader=grader.for_rubric(casting.rubric), actor=room._actor, seed=1
    )
    assert len(played.turns) == 2
    assert played.outcome in {Outcome.LOST, Outcome.ESCALATED}
    assert played.score == 0


BAD_REPLIES = [("", "写点什么"), (" \n\t", "写点什么"), ("好" * (MAX_REPLY + 1), "5001")]


@pytest.mark.parametrize(("reply", "message"), BAD_REPLIES)
def test_an_empty_or_endless_reply_is_refused_and_changes_nothing(
    room: PracticeRoom, reply: str, message: str
) -> None:
    session = room.start(PERSON)
    with pytest.raises(UsageError, match=message):
        room.submit(session.id, reply)
    assert room.store.load(session.id) == session


def test_the_longest_reply_is_taken(room: PracticeRoom) -> None:
    session = room.start(PERSON)
    assert room.submit(session.id, " " + "好" * MAX_REPLY + " ").reply == "好" * MAX_REPLY
    assert room.answer(session.id).pending is None


def test_a_second_reply_waits_for_the_first_ones_answer(room: PracticeRoom) -> None:
    session = room.start(PERSON)
    room.submit(session.id, "认")
    with pytest.raises(StoreError, match="还没有得到回应"):
        room.submit(session.id, "因")
    assert [t.reply for t in room.answer(session.id).turns] == ["认"]


def test_without_a_pending_reply_answering_changes_nothing(room: PracticeRoom) -> None:
    session = say(room, room.start(PERSON), "认")
    assert room.answer(session.id) == session


@pytest.mark.parametrize("finish", [lambda r, s: r.end(s.id), lambda r, s: say(r, s, "滚", "烦")])
def test_an_ended_session_takes_no_reply(
    room: PracticeRoom, finish: Callable[[PracticeRoom, Session], Session]
) -> None:
    ended = finish(room, room.start(PERSON))
    assert ended.outcome is not None
    with pytest.raises(UsageError, match="已经结束"):
        room.submit(ended.id, "因")
    assert room.store.load(ended.id) == ended
    assert room.answer(ended.id) == room.end(ended.id) == ended


ENDS = [("", Outcome.STALLED), ("认因", Outcome.STALLED), ("认因算问证约", Outcome.WON), ("滚", Outcome.LOST)]


@pytest.mark.parametrize(("replies", "outcome"), ENDS)
def test_the_trainee_may_end_a_talk_at_any_time(room: PracticeRoom, replies: str, outcome: Outcome) -> None:
    session = room.end(say(room, room.start(PERSON, seed=1), *replies).id)
    assert session.outcome is outcome
    assert len(session.turns) == len(replies)
    assert session.score == director.session_score(
        room.casting(session).rubric, "too_expensive", [GRADES[r] for r in replies]
    )


def test_ending_answers_a_pending_reply_first(room: PracticeRoom) -> None:
    session = say(room, room.start(PERSON, seed=1), *"认因算问证")
    room.submit(session.id, "约")
    ended = room.end(session.id)
    assert ended.outcome is Outcome.WON
    assert ended.turns[-1].line is not None


def test_a_session_nobody_knows(room: PracticeRoom) -> None:
    for call in (lambda: room.submit("nix", "好"), lambda: room.answer("nix"), lambda: room.end("nix")):
        with pytest.raises(DuilianError, match="nix"):
            call()


def test_redo_branches_before_a_reply_and_leaves_the_old_session_alone(room: PracticeRoom) -> None:
    old = say(room, room.start(PERSON, seed=1), "认", "滚", "烦")
    new = room.redo(old.id, 1)
    assert new.id != old.id
    assert (new.setup.parent, new.setup.parent_turn) == (old.id, 1)
    assert (new.turns, new.outcome) == (old.turns[:1], None)
    won = say(room, new, *GOOD[1:])
    assert won.outcome is Outcome.WON
    assert room.store.load(old.id) == old
    again = say(room, room.redo(old.id, 0), "认").turns[0]
    assert again.step == old.turns[0].step
    assert again.line is not None
    assert old.turns[0].line is not None
    assert again.line.text == old.turns[0].line.text
    for turn in (-1, 9):
        with pytest.raises(StoreError, match="不能从第"):
            room.redo(old.id, turn)


def test_a_hint_is_the_next_step_that_is_missing(room: PracticeRoom) -> None:
    session, hinted = room.start(PERSON, seed=1), []
    for reply in "因认算":
        hint = room.hint(session)
        assert hint is not None
        assert hint.example in hint.item.examples
        hinted.append(hint.item.id)
        session = say(room, session, reply)
    assert hinted == ["acknowledge", "acknowledge", "recalculate"]
    assert room.hint(session) is None


def test_no_hint_for_an_alternative_that_is_not_needed(store: Store) -> None:
    grades = {
        k: grade_of(f"step:{s}", situation="think_about_it")
        for k, s in (("同", "agree"), ("问", "ask_criteria"))
    }
    room = open_room(store, ScriptedGrader(grades))
    session = say(room, room.start("lin_xiuzhen", seed=1), "同")
    assert (hint := room.hint(session)) is not None
    assert hint.item.id == "leave_material"
    assert room.hint(say(room, session, "问")) is None


def rewrite(overlay: Path, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Puts the shipped file `name`, changed, into a trainer's own folder."""
    yaml = YAML(typ="safe")
    top, _, below = name.partition("/")
    data = yaml.load((shipped(top) / below).read_text(encoding="utf-8"))
    (overlay / name).parent.mkdir(parents=True)
    with (overlay / name).open("w", encoding="utf-8") as out:
        yaml.dump(data | change(data), out)


def another_worry_first(person: dict[str, Any]) -> dict[str, Any]:
    fresh = {"short": "老板不认这张测算表", "detail": "她做的表老板一看就摇头", "cues": ["老板", "测算表"]}
    return {"concern": fresh, "other_concerns": [person["other_concerns"][1], person["concern"]]}


def objections_turned_round(situation: dict[str, Any]) -> dict[str, Any]:
    return {"objections": situation["objections"][::-1]}


def test_a_started_session_keeps_its_worry_and_objections_when_the_content_changes(
    room: PracticeRoom, tmp_path: Path
) -> None:
    started = [room.start(PERSON, seed=seed) for seed in range(12)]
    rewrite(tmp_path, f"personas/cast/{PERSON}.yaml", another_worry_first)
    rewrite(tmp_path, "personas/situations/too_expensive.yaml", objections_turned_round)
    room.catalog = Catalog(ContentSource(overlay=tmp_path))
    kept = [s for s in started if s.initial.concern.text != "话打得少了反而多花"]  # that one is gone
    assert len({s.initial.concern.text for s in kept}) == 2
    for old in kept:
        worry, [objection] = old.initial.concern.text, old.initial.further
        assert room.casting(old).persona.concern.short == worry
        talked = say(room, old, *"认因问证约")
        told = {t.step.move: t.line.text for t in talked.turns if t.step and t.line}
        assert worry in told[Move.REVEAL]
        assert [(e.id, e.text) for e in talked.state.further] == [(objection.id, objection.text)]
        assert (Move.OBJECT in told) == (talked.state.further[0].status is not ConcernStatus.HIDDEN)
    anew = [room.start(PERSON, seed=s.setup.seed).initial for s in kept]
    assert [s.concern.text for s in anew] != [s.initial.concern.text for s in kept]
    assert [s.further for s in anew] != [s.initial.further for s in kept]


def listening(opening: CustomerLine, turns: tuple[Played, ...]) -> str | None:
    """A trainee who goes by what the customer just did, and stops when all is agreed."""
    assert opening.text
    answers = {Move.OBJECT: "证", Move.REVEAL: "问", Move.ACCEPT: None}
    said = [t.reply for t in turns]
    rest = [r for r in "认因算问证约" if r not in said]
    return answers.get(turns[-1].step.move, rest[0] if rest else "约") if turns else "认"


@pytest.mark.parametrize("seed", range(4))
def test_a_trainee_who_listens_is_told_everything_and_may_stop(
    room: PracticeRoom, grader: ScriptedGrader, seed: int
) -> None:
    casting = room.casting(room.start(PERSON, seed=seed))
    seen: list[int] = []

    def trainee(opening: CustomerLine, turns: tuple[Played, ...]) -> str | None:
        seen.append(len(turns))
        return listening(opening, turns)

    def play(by: Trainee) -> Rehearsal:
        return rehearse(casting, by, grader=grader.for_rubric(casting.rubric), actor=room._actor, seed=seed)

    played = play(trainee)
    moves = [t.step.move for t in played.turns]
    assert seen == list(range(len(played.turns) + 1))
    assert moves[-1] is Move.ACCEPT
    assert Move.OBJECT in moves
    assert played.turns[moves.index(Move.OBJECT) + 1].reply == "证"
    # stopping after the agreement is as good as saying goodbye, and the words alone make the talk
    assert played.outcome is Outcome.WON
    again = play(scripted([t.reply for t in played.turns]))
    assert [t.step for t in again.turns] == [t.step for t in played.turns]
    assert [t.line.text for t in again.turns] == [t.line.text for t in played.turns]


def test_a_trainee_who_says_nothing_at_all_gets_nowhere(room: PracticeRoom, grader: ScriptedGrader) -> None:
    casting = room.casting(room.start(PERSON))
    played = rehearse(
        casting, lambda *_: None, grader=grader.for_rubric(casting.rubric), actor=room._actor, seed=1
    )
    assert (played.turns, played.outcome, played.score) == ((), Outcome.STALLED, 0)
