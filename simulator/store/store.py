"""Keeps practice sessions in one SQLite file: a reply is on the disk before `add_reply` returns, and its
answer is written whole or not at all.

A finished session can be graded again; its regrades stand beside it. Safe to share between threads and
between processes: each call is one short transaction. Knows nothing of Gradio, grading, directors or models.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self
from uuid import uuid4

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session as Transaction

from simulator.domain.grade import Grade
from simulator.domain.session import (
    CustomerLine,
    CustomerState,
    Ending,
    Grading,
    Outcome,
    Regrade,
    Session,
    SessionSetup,
    SessionSummary,
    Step,
    Turn,
)
from simulator.errors import StoreError
from simulator.store import regrades
from simulator.store.border import translated
from simulator.store.engine import engine_for, migration_engine, use_wal, writing
from simulator.store.revisions import bring_up_to_date
from simulator.store.rows import (
    copy_of,
    session_of,
    session_row,
    summary_of,
    turn_of,
    write_answer,
)
from simulator.store.schema import SessionRow, TurnRow

_PAGE = 256  # sessions listed in one transaction


class Store:
    """The sessions of one database file. Made by `Store.open`; closes as a context manager.

    Every method raises `StoreError` when the request does not fit what is stored (no such session, the
    session has ended) or the file cannot be read or written; then nothing has been changed.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        """Of an open, up-to-date database; callers use `Store.open`."""
        self.path = path
        self._engine = engine
        self._writing = writing(engine)
        self._turn_to_write = Lock()  # a fair queue; SQLite's own waiting starves the slower threads
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, busy_timeout: float = 5.0) -> Store:
        """Open the database file `path`, creating it and its folder, and bring it to the newest revision.

        `busy_timeout`: seconds to wait for another writer before giving up.
        """
        path = path.expanduser().absolute()
        with translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            use_wal(path, busy_timeout=busy_timeout)
            with migration_engine(path, busy_timeout=busy_timeout).begin() as connection:
                bring_up_to_date(connection, path)
            return cls(path, engine_for(path, busy_timeout=busy_timeout))

    def close(self) -> None:
        """Release the file; no call works afterwards. Closing twice does nothing."""
        self._closed = True
        with translated(self.path):
            self._engine.dispose()

    def __enter__(self) -> Self:
        """The store itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def start(self, setup: SessionSetup, initial: CustomerState, opening: CustomerLine) -> Session:
        """Store a new session without turns; its id is made here (32 hexadecimal digits)."""
        with self._write() as transaction:
            row = session_row(uuid4().hex, setup, _now(), initial, opening)
            transaction.add(row)
            transaction.flush()
            return session_of(row)

    def add_reply(self, session_id: str, reply: str, seconds_to_reply: float | None = None) -> Turn:
        """Store a reply; it has reached the disk when this returns. StoreError when the session has ended
        or its last reply is still unanswered."""
        _check_finite("seconds_to_reply", seconds_to_reply)
        with self._write() as transaction:
            _running(transaction, session_id)
            last = _last_turn(transaction, session_id)
            if last is not None and last.answered is None:
                raise StoreError(f"对练 {session_id} 的上一句回复还没有得到回应,请等客户答复后再发。")
            turn = TurnRow(
                session_id=session_id,
                turn_index=0 if last is None else last.turn_index + 1,
                reply=reply,
                seconds_to_reply=seconds_to_reply,
                replied=_now(),
            )
            transaction.add(turn)
            return turn_of(turn)

    def answer(self, session_id: str, index: int, grade: Grade, step: Step, line: CustomerLine) -> Turn:
        """Store all that followed from reply `index` (0-based), in one transaction. StoreError when there
        is no such reply, it has been answered, or the session has ended."""
        _check_finite("seconds", line.seconds)
        with self._write() as transaction:
            _running(transaction, session_id)
            turn = transaction.get(TurnRow, (session_id, index))
            if turn is None:
                raise StoreError(f"对练 {session_id} 没有第 {index + 1} 句回复。")
            if turn.answered is not None:
                raise StoreError(f"对练 {session_id} 的第 {index + 1} 句回复已有回应,不能再改。")
            write_answer(turn, grade, step, line, _now())
            return turn_of(turn)

    def finish(self, session_id: str, outcome: Outcome, score: float | None) -> Session:
        """End a session. `score`: 0-100, None when nothing could be graded. A reply still pending stays
        unanswered. StoreError when the session has already ended."""
        _check_finite("score", score)
        with self._write() as transaction:
            session = _running(transaction, session_id)
            session.outcome, session.score, session.ended = outcome.value, score, _now()
            return session_of(session)

    def load(self, session_id: str) -> Session:
        """The whole session, a pending reply included."""
        with self._read() as transaction:
            return session_of(_find(transaction, session_id))

    def recent(self, limit: int = 20, trainee: str | None = None) -> tuple[SessionSummary, ...]:
        """At most `limit` sessions, newest first; only those of `trainee` when given."""
        query = _with_turns().order_by(SessionRow.started.desc(), SessionRow.id)
        if trainee is not None:
            query = query.where(SessionRow.trainee == trainee)
        with self._read() as transaction:
            rows = transaction.execute(query.limit(max(limit, 0)))
            return tuple(summary_of(row, count) for row, count in rows)

    def summary(self, session_id: str) -> SessionSummary:
        """The session as a list shows it: cheaper than the whole."""
        with self._read() as transaction:
            found = transaction.execute(_with_turns().where(SessionRow.id == session_id)).first()
            if found is None:
                raise _no_such(session_id)
            return summary_of(*found)

    def finished(
        self, *, since: datetime | None = None, until: datetime | None = None, trainee: str | None = None
    ) -> Iterator[str]:
        """Ids of the sessions that have ended, oldest first, listed as they are asked for. `since` (included)
        and `until` (not included) are when they were started; only those of `trainee` when given."""
        after: regrades.Place | None = None
        while True:
            with self._read() as transaction:
                page = regrades.finished_page(transaction, since, until, trainee, after, _PAGE)
            yield from (place.session_id for place in page)
            if len(page) < _PAGE:
                return
            after = page[-1]

    def add_regrades(self, made: Iterable[Regrade], *, again: bool = False) -> None:
        """Store regrades, all or none. A session already regraded under the same rubric, encoder and
        calibration gets another only when `again`; what is stored stays either way. StoreError when there is
        no such session."""
        with self._write() as transaction:
            regrades.add(transaction, made, again=again)

    def regrades_of(self, session_id: str) -> tuple[Regrade, ...]:
        """Every regrade of a session, oldest first."""
        with self._read() as transaction:
            return regrades.of_session(transaction, session_id)

    def regraded(self, session_id: str, grading: Grading) -> Ending | None:
        """What the session came to when it was last regraded under `grading`; None when it has not been."""
        with self._read() as transaction:
            return regrades.ending(transaction, session_id, grading)

    def branch(self, session_id: str, turn_index: int) -> Session:
        """A new, running session that shares everything before reply `turn_index` (0-based) with
        `session_id`, which stays as it is. StoreError when those turns do not exist, are not all answered,
        or already ended the talk."""
        with self._write() as transaction:
            original = _find(transaction, session_id)
            whole = session_of(original)
            before = whole.turns[: max(turn_index, 0)]
            if len(before) != turn_index or any(t.step is None for t in before):
                raise StoreError(f"对练 {session_id} 不能从第 {turn_index + 1} 句重来:它之前的对话不完整。")
            if replace(whole, turns=before).state.outcome is not None:
                raise StoreError(f"对练 {session_id} 在第 {turn_index} 句已经结束,请从更早的一句重来。")
            setup = replace(whole.setup, parent=session_id, parent_turn=turn_index)
            row = session_row(uuid4().hex, setup, _now(), whole.initial, whole.opening)
            row.turns = [copy_of(turn) for turn in original.turns[:turn_index]]
            transaction.add(row)
            transaction.flush()
            return session_of(row)

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        """Leaving the block commits, so what a method returns is on the disk when its caller gets it."""
        with self._turn_to_write, self._transaction(self._writing) as transaction:
            yield transaction

    def _read(self) -> AbstractContextManager[Transaction]:
        return self._transaction(self._engine)

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Transaction]:
        if self._closed:
            raise StoreError(f"数据库 {self.path}:已经关闭,请重新打开。")
        with translated(self.path), Transaction(engine) as transaction, transaction.begin():
            yield transaction


def _now() -> datetime:
    return datetime.now(UTC)


def _find(transaction: Transaction, session_id: str) -> SessionRow:
    row = transaction.get(SessionRow, session_id)
    if row is None:
        raise _no_such(session_id)
    return row


def _no_such(session_id: str) -> StoreError:
    return StoreError(f"没有这次对练:{session_id}。可能链接不对,或它存在另一个数据文件夹里。")


def _with_turns() -> Select[SessionRow, int]:
    """Sessions, each with how many turns it has."""
    turns = select(func.count()).where(TurnRow.session_id == SessionRow.id).scalar_subquery()
    return select(SessionRow, turns)


def _running(transaction: Transaction, session_id: str) -> SessionRow:
    row = _find(transaction, session_id)
    if row.ended is not None:
        raise StoreError(f"对练 {session_id} 已经结束,不能再改;可以从其中任意一句重来。")
    return row


def _last_turn(transaction: Transaction, session_id: str) -> TurnRow | None:
    query = select(TurnRow).where(TurnRow.session_id == session_id).order_by(TurnRow.turn_index.desc())
    return transaction.scalars(query.limit(1)).first()


def _check_finite(name: str, value: float | None) -> None:
    """SQLite would quietly keep NaN as NULL."""
    if value is not None and not math.isfinite(value):
        raise StoreError(f"{name} 不是有限的数:{value}")
