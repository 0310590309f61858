"""Sessions that outlive a crash, and sessions and calls at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulator.domain.session import Outcome, Session
from simulator.errors import StoreError, UsageError
from simulator.session import PracticeRoom
from simulator.store.store import Store
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


def test_a_pending_reply_is_answered_when_the_session_is_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    with Store.open(path) as store:
        room = open_room(store, ScriptedGrader(GRADES))
        session = say(room, room.start(PERSON, seed=1), "认")
        room.submit(session.id, "因")
        expected = room.answer(room.redo(session.id, 1).id)
    with Store.open(path) as store:
        later = open_room(store, ScriptedGrader(GRADES))
        taken_up = later.answer(session.id)
        assert taken_up.pending is None
        assert taken_up.turns[0] == expected.turns[0] == session.turns[0]
        assert taken_up.turns[1].grade == GRADES["因"]
        assert later.answer(session.id) == taken_up


class Killed(BaseException):
    """The process is gone."""


def kill_before_finish(room: PracticeRoom, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose last answer is stored and whose end is not."""

    def gone(*_: object) -> Session:
        raise Killed

    session = say(room, room.start(PERSON), "滚")
    room.submit(session.id, "烦")
    with monkeypatch.context() as patch:
        patch.setattr(room.store, "finish", gone)
        with pytest.raises(Killed):
            room.answer(session.id)
    stored = room.store.load(session.id)
    assert stored.outcome is None
    assert stored.state.outcome is not None
    return stored


@pytest.mark.parametrize("how", ["answer", "end"])
def test_an_end_lost_in_a_crash_is_made_up_for(
    room: PracticeRoom, grader: ScriptedGrader, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    stored = kill_before_finish(room, monkeypatch)
    later = open_room(room.store, grader)
    ended = later.answer(stored.id) if how == "answer" else later.end(stored.id)
    assert ended.outcome is stored.state.outcome
    assert ended.turns == stored.turns
    assert ended.score == 0


def test_after_such_a_crash_no_reply_is_taken_that_nobody_could_answer(
    room: PracticeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = kill_before_finish(room, monkeypatch)
    with pytest.raises(UsageError, match="已经结束"):
        room.submit(stored.id, "认")
    assert room.answer(stored.id).outcome is stored.state.outcome


def test_two_sessions_at_once_do_not_touch_each_other(room: PracticeRoom) -> None:
    alone = [say(room, room.start(PERSON, seed=n), *GOOD) for n in (1, 2)]
    started = [room.start(PERSON, seed=n) for n in (1, 2)]
    together = threading.Barrier(2)

    def play(session: Session) -> Session:
        together.wait(timeout=10)
        return say(room, session, *GOOD)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(play, started))
    for one, other in zip(alone, ended, strict=True):
        assert [t.step for t in other.turns] == [t.step for t in one.turns]
        assert [t.line.text for t in other.turns if t.line] == [t.line.text for t in one.turns if t.line]
        assert (other.outcome, other.score) == (Outcome.WON, 100)


def test_many_answers_and_ends_at_once_make_one_answer_and_one_end(
    room: PracticeRoom, grader: ScriptedGrader
) -> None:
    session = room.start(PERSON, seed=1)
    room.submit(session.id, "认")
    calls = [room.answer, room.end] * 4
    with ThreadPoolExecutor(8) as pool:
        results = [f.result(timeout=20) for f in [pool.submit(call, session.id) for call in calls]]
    assert len(grader.asked) == 1
    assert room.store.load(session.id).outcome is Outcome.STALLED
    assert {s.turns for s in results} == {room.store.load(session.id).turns}


def test_of_two_replies_at_once_one_is_taken(room: PracticeRoom) -> None:
    session = room.start(PERSON)
    together = threading.Barrier(4)

    def submit(reply: str) -> bool:
        together.wait(timeout=10)
        try:
            room.submit(session.id, reply)
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(submit, "认因算问"))
    assert taken.count(True) == 1
    assert len(room.answer(session.id).turns) == 1
