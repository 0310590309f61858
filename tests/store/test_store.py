"""What the store promises to its callers, on a real database file."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from simulator.domain.session import Outcome, Session, SessionSetup, SessionSummary, Turn
from simulator.errors import StoreError
from simulator.store import Store
from simulator.store.schema import SessionRow
from tests.factories import REPLY, make_grade, make_line, make_opening, make_setup, make_state, make_step


def play(store: Store, session_id: str, turns: int) -> tuple[Turn, ...]:
    """Play answered turns on."""
    played = []
    for _ in range(turns):
        turn = store.add_reply(session_id, REPLY, 4.5)
        line = make_line(text=f"第{turn.index}句")
        played.append(store.answer(session_id, turn.index, make_grade(), make_step(), line))
    return tuple(played)


def test_a_whole_session_comes_back_equal_after_reopening(path: Path) -> None:
    with Store.open(path) as store:
        session = store.start(make_setup(), make_state(turn=0), make_opening())
        first = store.add_reply(session.id, "  您好\n🙂\x00 ", 3.25)
        store.answer(session.id, first.index, make_grade(), make_step(), make_line())
        ungraded = make_grade(quality=None, items=(), banned=())
        store.add_reply(session.id, "")
        store.answer(session.id, 1, ungraded, make_step(reasons=()), make_line(line_id="b7", rejected=()))
        store.finish(session.id, Outcome.ADVANCED, 61.5)
    with Store.open(path) as store:
        loaded = store.load(session.id)
    line = make_line(line_id="b7", rejected=())
    turns = (
        Turn(
            index=0,
            reply="  您好\n🙂\x00 ",
            seconds_to_reply=3.25,
            grade=make_grade(),
            step=make_step(),
            line=make_line(),
        ),
        Turn(index=1, reply="", grade=ungraded, step=make_step(reasons=()), line=line),
    )
    ended = replace(session, turns=turns, outcome=Outcome.ADVANCED, score=61.5, ended=loaded.ended)
    assert loaded == ended
    assert loaded.ended is not None
    assert loaded.ended >= loaded.started
    assert loaded.started.tzinfo is UTC
    assert datetime.now(UTC) - loaded.started < timedelta(minutes=1)


def test_what_start_and_answer_return_is_what_is_stored(store: Store, session: Session) -> None:
    assert store.load(session.id) == session
    assert len(session.id) == 32
    assert session.turns == ()
    assert session.outcome is None
    turns = play(store, session.id, 2)
    assert store.load(session.id).turns == turns


def test_a_pending_reply_is_seen_at_once(store: Store, session: Session) -> None:
    turn = store.add_reply(session.id, REPLY, 2.0)
    assert turn == Turn(index=0, reply=REPLY, seconds_to_reply=2.0)
    assert store.load(session.id).pending == turn


def test_a_second_reply_waits_for_the_answer(store: Store, session: Session) -> None:
    store.add_reply(session.id, REPLY)
    with pytest.raises(StoreError, match="还没有得到回应"):
        store.add_reply(session.id, "喂?")
    assert len(store.load(session.id).turns) == 1


def test_an_answer_is_given_once(store: Store, session: Session) -> None:
    (turn,) = play(store, session.id, 1)
    with pytest.raises(StoreError, match="第 1 句回复已有回应"):
        store.answer(session.id, 0, make_grade(quality=1.0), make_step(), make_line(text="改口"))
    with pytest.raises(StoreError, match="没有第 2 句回复"):
        store.answer(session.id, 1, make_grade(), make_step(), make_line())
    assert store.load(session.id).turns == (turn,)


def test_an_answer_that_cannot_be_stored_leaves_the_reply_pending(store: Store, session: Session) -> None:
    turn = store.add_reply(session.id, REPLY)
    with pytest.raises(StoreError, match="不是有限的数"):
        store.answer(session.id, 0, make_grade(quality=float("nan")), make_step(), make_line())
    with pytest.raises(StoreError, match="无法保存的字符"):
        store.answer(session.id, 0, make_grade(), make_step(), make_line(text="坏\ud800字"))
    assert store.load(session.id).pending == turn
    store.answer(session.id, 0, make_grade(), make_step(), make_line())


def test_an_ended_session_does_not_change(store: Store, session: Session) -> None:
    play(store, session.id, 1)
    store.add_reply(session.id, "先这样")
    ended = store.finish(session.id, Outcome.STALLED, None)
    assert (ended.outcome, ended.score) == (Outcome.STALLED, None)
    for change in (
        lambda: store.add_reply(session.id, REPLY),
        lambda: store.answer(session.id, 1, make_grade(), make_step(), make_line()),
        lambda: store.finish(session.id, Outcome.WON, 100.0),
    ):
        with pytest.raises(StoreError, match="已经结束"):
            change()
    assert store.load(session.id) == ended


def test_an_unknown_session_is_named(store: Store) -> None:
    for call in (
        lambda: store.load("nope"),
        lambda: store.add_reply("nope", REPLY),
        lambda: store.finish("nope", Outcome.WON, 1.0),
        lambda: store.branch("nope", 0),
    ):
        with pytest.raises(StoreError, match="没有这次对练:nope"):
            call()


def test_a_parent_that_does_not_exist_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="与库中已有的记录矛盾"):
        store.start(make_setup(parent="nope", parent_turn=0), make_state(), make_opening())
    assert store.recent() == ()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_sqlite_would_lose_are_refused(store: Store, session: Session, number: float) -> None:
    with pytest.raises(StoreError, match="不是有限的数"):
        store.add_reply(session.id, REPLY, number)
    with pytest.raises(StoreError, match="不是有限的数"):
        store.finish(session.id, Outcome.WON, number)
    with pytest.raises(StoreError, match="过大"):
        store.start(make_setup(seed=2**70), make_state(), make_opening())
    assert store.load(session.id) == session


def test_recent_lists_newest_first(store: Store) -> None:
    sessions = [
        store.start(make_setup(trainee=name), make_state(), make_opening()) for name in ("甲", "乙", "甲")
    ]
    play(store, sessions[0].id, 2)
    store.add_reply(sessions[0].id, REPLY)
    store.finish(sessions[0].id, Outcome.LOST, 12.0)
    first, _, third = sessions
    assert [s.id for s in store.recent()] == [s.id for s in reversed(sessions)]
    assert [s.id for s in store.recent(trainee="甲")] == [third.id, first.id]
    assert [s.id for s in store.recent(limit=1)] == [third.id]
    assert store.recent(limit=0) == store.recent(trainee="丙") == ()
    assert store.recent()[2] == SessionSummary(
        id=first.id, setup=first.setup, started=first.started, turns=3, outcome=Outcome.LOST, score=12.0
    )


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_branch_shares_what_came_before_and_lives_on_its_own(
    store: Store, session: Session, index: int
) -> None:
    play(store, session.id, 2)
    store.add_reply(session.id, "说错了")
    original = store.finish(session.id, Outcome.ESCALATED, 3.0)
    branch = store.branch(session.id, index)
    assert branch.id != session.id
    assert branch.setup == replace(session.setup, parent=session.id, parent_turn=index)
    assert (branch.initial, branch.opening) == (session.initial, session.opening)
    assert branch.turns == original.turns[:index]
    assert (branch.outcome, branch.score, branch.ended) == (None, None, None)
    play(store, branch.id, 1)
    assert store.load(session.id) == original
    assert len(store.load(branch.id).turns) == index + 1


def test_a_branch_of_a_branch_points_to_its_parent(store: Store, session: Session) -> None:
    play(store, session.id, 1)
    first = store.branch(session.id, 1)
    second = store.branch(first.id, 0)
    assert (second.setup.parent, second.setup.parent_turn) == (first.id, 0)


@pytest.mark.parametrize("index", [-1, 2, 3])
def test_a_branch_needs_answered_turns_before_it(store: Store, session: Session, index: int) -> None:
    play(store, session.id, 1)
    store.add_reply(session.id, REPLY)
    with pytest.raises(StoreError, match="不能从第"):
        store.branch(session.id, index)
    assert len(store.recent()) == 1


def test_a_branch_cannot_start_after_the_end(store: Store, session: Session) -> None:
    store.add_reply(session.id, REPLY)
    step = make_step(state=make_state(outcome=Outcome.WON))
    store.answer(session.id, 0, make_grade(), step, make_line())
    with pytest.raises(StoreError, match="已经结束"):
        store.branch(session.id, 1)
    assert store.branch(session.id, 0).turns == ()


def test_of_two_replies_at_the_same_moment_one_is_stored(store: Store, session: Session) -> None:
    barrier = Barrier(4)

    def reply(text: str) -> bool:
        barrier.wait()
        try:
            store.add_reply(session.id, text)
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        accepted = list(threads.map(reply, "甲乙丙丁"))
    assert accepted.count(True) == 1
    assert [t.reply for t in store.load(session.id).turns] == ["甲乙丙丁"[accepted.index(True)]]


def test_threads_and_a_second_store_write_side_by_side(path: Path, store: Store) -> None:
    with Store.open(path) as other:

        def one(which: Store) -> str:
            session = which.start(make_setup(), make_state(), make_opening())
            play(which, session.id, 3)
            return session.id

        with ThreadPoolExecutor(4) as threads:
            ids = list(threads.map(one, [store, other] * 3))
    assert {s.id: s.turns for s in store.recent()} == {i: 3 for i in ids}


def test_the_file_is_opened_for_safety(path: Path, store: Store) -> None:
    with store._engine.connect() as connection:
        read = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert read == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_the_database_itself_refuses_half_a_turn(path: Path, store: Store, session: Session) -> None:
    store.add_reply(session.id, REPLY)
    raw = sqlite3.connect(path)
    try:
        with pytest.raises(sqlite3.IntegrityError, match="whole_or_pending"):
            raw.execute("UPDATE turns SET customer = '嗯'")
    finally:
        raw.close()


def test_texts_are_kept_readable(path: Path, store: Store, session: Session) -> None:
    play(store, session.id, 1)
    raw = sqlite3.connect(path)
    try:
        (reasons,) = raw.execute("SELECT reasons FROM turns").fetchone()
    finally:
        raw.close()
    assert "诚恳道歉让他消了气" in reasons


def test_every_field_of_the_setup_is_a_column() -> None:
    assert {f.name for f in fields(SessionSetup)} <= set(SessionRow.__table__.columns.keys())


def test_a_closed_store_says_so(path: Path) -> None:
    store = Store.open(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="已经关闭"):
        store.recent()
