"""Queries about finished sessions and their regrades: which there are, what was made of them, one more.

Each works in the caller's transaction. Nothing here changes or removes a row. Knows nothing of files,
grading or directors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, Text, and_, insert, or_, select, type_coerce
from sqlalchemy.orm import Session as Transaction

from simulator.domain.session import Ending, Grading, Regrade
from simulator.store.codec import decode, encode, encode_record
from simulator.store.schema import RegradeRow, SessionRow

_GRADING = tuple(f.name for f in fields(Grading))
_ENDING = tuple(f.name for f in fields(Ending))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page of sessions ended. `started` is as SQLite keeps it: unread, so that a damaged time
    stops nobody."""

    started: str
    session_id: str


def finished_page(
    transaction: Transaction,
    since: datetime | None,
    until: datetime | None,
    trainee: str | None,
    after: Place | None,
    size: int,
) -> list[Place]:
    """At most `size` sessions that have ended, oldest first, those after `after`. `since` (included) and
    `until` (not included) are when they were started."""
    started = type_coerce(SessionRow.started, Text())
    query = select(started, SessionRow.id).where(SessionRow.ended.is_not(None))
    if since is not None:
        query = query.where(SessionRow.started >= since)
    if until is not None:
        query = query.where(SessionRow.started < until)
    if trainee is not None:
        query = query.where(SessionRow.trainee == trainee)
    if after is not None:
        same = and_(started == after.started, SessionRow.id > after.session_id)
        query = query.where(or_(started > after.started, same))
    rows = transaction.execute(query.order_by(started, SessionRow.id).limit(size))
    return [Place(started=when, session_id=session_id) for when, session_id in rows]


def add(transaction: Transaction, regrades: Iterable[Regrade], *, again: bool) -> None:
    """Adds a row for each; unless `again`, only for those that have none yet under the same grading."""
    for regrade in regrades:
        row = insert(RegradeRow).values(
            id=uuid4().hex,
            session_id=regrade.session_id,
            made=regrade.made,
            turns=encode(regrade.turns),
            **encode_record(regrade.grading),
            **encode_record(regrade.ending),
        )
        same = select(RegradeRow.id).where(_under(regrade.session_id, regrade.grading))
        if again or transaction.execute(same.limit(1)).first() is None:
            transaction.execute(row)


def of_session(transaction: Transaction, session_id: str) -> tuple[Regrade, ...]:
    """All regrades of a session, oldest first."""
    query = select(RegradeRow).where(RegradeRow.session_id == session_id)
    rows = transaction.scalars(query.order_by(RegradeRow.made, RegradeRow.id))
    return tuple(_regrade_of(row) for row in rows)


def ending(transaction: Transaction, session_id: str, grading: Grading) -> Ending | None:
    """What the session's latest regrade under `grading` came to; None when there is none."""
    query = select(*(getattr(RegradeRow, name) for name in _ENDING)).where(_under(session_id, grading))
    row = transaction.execute(query.order_by(RegradeRow.made.desc(), RegradeRow.id.desc()).limit(1)).first()
    return None if row is None else decode(Ending, dict(row._mapping))


def _under(session_id: str, grading: Grading) -> ColumnElement[bool]:
    """Of that session, and graded with the same."""
    return and_(
        RegradeRow.session_id == session_id,
        RegradeRow.rubric_hash == grading.rubric_hash,
        RegradeRow.encoder == grading.encoder,
        RegradeRow.calibration == grading.calibration,
    )


def _regrade_of(row: RegradeRow) -> Regrade:
    record = {
        "session_id": row.session_id,
        "grading": {name: getattr(row, name) for name in _GRADING},
        "made": row.made.isoformat(),
        "ending": {name: getattr(row, name) for name in _ENDING},
        "turns": row.turns,
    }
    return decode(Regrade, record)
