"""Regrades: kept beside a session's own grades, added and never changed; and the finished sessions in order."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.domain.session import Ending, Grading, Outcome, Session
from simulator.errors import StoreError
from simulator.store import Store
from simulator.store import store as module
from simulator.store.schema import RegradeRow, SessionRow, TurnRow
from tests.factories import REPLY, make_grade, make_line, make_opening, make_setup, make_state, make_step
from tests.store.regrades import make_grading, make_regrade


def ended(store: Store, trainee: str = "小李") -> Session:
    """A finished session of two replies."""
    session = store.start(make_setup(trainee=trainee), make_state(turn=0), make_opening())
    for index in range(2):
        store.add_reply(session.id, REPLY)
        store.answer(session.id, index, make_grade(), make_step(), make_line())
    return store.finish(session.id, Outcome.WON, 88.0)


def execute(path: Path, sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(path)) as raw, raw:
        return raw.execute(sql, values).fetchall()


def test_a_regrade_comes_back_equal_after_reopening(path: Path) -> None:
    with Store.open(path) as store:
        session = ended(store)
        store.add_regrades([make_regrade(session.id)])
    with Store.open(path) as store:
        assert store.regrades_of(session.id) == (make_regrade(session.id),)
        assert store.regraded(session.id, make_grading()) == make_regrade(session.id).ending


def test_the_sessions_own_grades_stay_as_they_are(path: Path, store: Store) -> None:
    session = ended(store)
    tables = [m.__tablename__ for m in (SessionRow, TurnRow)]
    before = [execute(path, f"SELECT * FROM {table}") for table in tables]
    store.add_regrades([make_regrade(session.id)])
    assert store.load(session.id) == session
    assert [execute(path, f"SELECT * FROM {table}") for table in tables] == before


def test_under_the_same_grading_the_first_regrade_stays(path: Path, store: Store) -> None:
    session, other = ended(store), ended(store)
    store.add_regrades([make_regrade(session.id)])
    rows = execute(path, "SELECT * FROM regrades")
    again = make_regrade(
        session.id,
        ending=Ending(outcome=Outcome.WON, score=100.0, replies=2),
        grading=make_grading(rubric="renamed@2", calibrated=False),  # neither tells gradings apart
        turns=(),
    )
    store.add_regrades([again, make_regrade(other.id)])
    assert store.regrades_of(session.id) == (make_regrade(session.id),)
    assert store.regrades_of(other.id) == (make_regrade(other.id),)
    assert execute(path, "SELECT * FROM regrades WHERE session_id = ?", session.id) == rows


def test_a_regrade_made_again_stands_beside_the_first(path: Path, store: Store) -> None:
    session = ended(store)
    first = make_regrade(session.id)
    better = Ending(outcome=Outcome.WON, score=100.0, replies=2)
    second = make_regrade(session.id, ending=better, made=first.made + timedelta(seconds=1))
    store.add_regrades([first])
    rows = execute(path, "SELECT * FROM regrades")
    store.add_regrades([second], again=True)
    assert store.regrades_of(session.id) == (first, second)
    assert store.regraded(session.id, make_grading()) == better, "the latest"
    assert execute(path, "SELECT * FROM regrades WHERE made = (SELECT min(made) FROM regrades)") == rows
    store.add_regrades([make_regrade(session.id, made=second.made + timedelta(1))])
    assert len(store.regrades_of(session.id)) == 2


@pytest.mark.parametrize("field", ["rubric_hash", "encoder", "calibration"])
def test_under_another_grading_a_regrade_is_another(store: Store, field: str) -> None:
    session = ended(store)
    first = make_regrade(session.id)
    grading = make_grading(**{field: "another"})
    earlier = make_regrade(session.id, grading=grading, made=first.made - timedelta(days=1))
    later = make_regrade(session.id, grading=make_grading(encoder="third"), made=first.made + timedelta(1))
    assert store.regraded(session.id, grading) is None
    store.add_regrades([first, later, earlier])
    assert store.regrades_of(session.id) == (earlier, first, later)
    assert store.regraded(session.id, grading) == earlier.ending


def test_regrades_are_stored_all_or_none(store: Store) -> None:
    session = ended(store)
    with pytest.raises(StoreError, match="与库中已有的记录矛盾"):
        store.add_regrades([make_regrade(session.id), make_regrade("nope")])
    bad = Ending(outcome=Outcome.WON, score=float("nan"), replies=1)
    with pytest.raises(StoreError, match="不是有限的数"):
        store.add_regrades([make_regrade(session.id), make_regrade(session.id, ending=bad)])
    assert store.regrades_of(session.id) == ()


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE regrades SET turns = '{'", "已损坏"),
        ("UPDATE regrades SET turns = '[{\"index\": 0}]'", r"Regrade\.turns\[0\] 缺少字段:grade"),
        ("UPDATE regrades SET turns = '7'", r"Regrade\.turns .*list"),
        ("UPDATE regrades SET outcome = 'draw'", r"draw.*won \| advanced"),
    ],
)
def test_a_regrade_changed_by_hand(path: Path, store: Store, sql: str, says: str) -> None:
    session = ended(store)
    store.add_regrades([make_regrade(session.id)])
    execute(path, sql)
    with pytest.raises(StoreError, match=says):
        store.regrades_of(session.id)


def test_no_regrades_is_no_error(store: Store) -> None:
    store.add_regrades([])
    assert store.regrades_of("nope") == ()
    assert store.regraded("nope", make_grading()) is None


def test_a_regraded_session_can_be_done_over(store: Store) -> None:
    session = ended(store)
    store.add_regrades([make_regrade(session.id)])
    branch = store.branch(session.id, 1)
    assert store.regrades_of(branch.id) == ()


def test_a_summary_is_as_the_list_has_it(store: Store) -> None:
    session = ended(store)
    assert (store.summary(session.id),) == store.recent()
    with pytest.raises(StoreError, match="没有这次对练:nope"):
        store.summary("nope")


def test_finished_sessions_come_oldest_first(store: Store) -> None:
    first, second = ended(store), ended(store, trainee="小王")
    running = store.start(make_setup(), make_state(), make_opening())
    third = ended(store)
    assert list(store.finished()) == [first.id, second.id, third.id]
    assert list(store.finished(trainee="小李")) == [first.id, third.id]
    assert list(store.finished(trainee="小")) == []
    store.finish(running.id, Outcome.STALLED, 0.0)
    assert list(store.finished())[2] == running.id


def test_since_is_included_and_until_is_not(store: Store) -> None:
    first, second, third = (ended(store) for _ in range(3))
    assert list(store.finished(since=second.started)) == [second.id, third.id]
    assert list(store.finished(until=second.started)) == [first.id]
    assert list(store.finished(since=first.started, until=third.started)) == [first.id, second.id]
    abroad = second.started.astimezone(tz=None)
    assert list(store.finished(since=abroad, until=abroad + timedelta(microseconds=1))) == [second.id]
    assert list(store.finished(since=datetime.now(UTC))) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_page_by_page_each_comes_once(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    ids = [ended(store).id for _ in range(7)]
    execute(path, "UPDATE sessions SET started = '2026-11-01 08:00:00.000000' WHERE id != ?", ids[3])
    monkeypatch.setattr(module, "_PAGE", size)
    assert list(store.finished()) == [*sorted(i for i in ids if i != ids[3]), ids[3]]


def test_listing_holds_no_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [ended(store).id for _ in range(4)]
    monkeypatch.setattr(module, "_PAGE", 2)
    listed = []
    for one in store.finished():
        store.add_regrades([make_regrade(one)])
        listed.append(one)
    assert listed == ids


def test_a_damaged_time_hides_no_other_session(path: Path, store: Store) -> None:
    first, second = ended(store), ended(store)
    execute(path, "UPDATE sessions SET started = 'yesterday' WHERE id = ?", first.id)
    assert list(store.finished()) == [second.id, first.id]
    with pytest.raises(StoreError, match="已损坏"):
        store.summary(first.id)


def test_every_field_of_grading_and_ending_is_a_column() -> None:
    names = {f.name for kind in (Grading, Ending) for f in fields(kind)}
    assert names <= set(RegradeRow.__table__.columns.keys())
