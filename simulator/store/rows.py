"""Rows of the two tables to domain objects and back.

Knows nothing of connections, transactions or files.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from simulator.domain.grade import Grade
from simulator.domain.session import (
    CustomerLine,
    CustomerState,
    Outcome,
    Session,
    SessionSetup,
    SessionSummary,
    Step,
    Turn,
)
from simulator.store.codec import decode, encode, encode_record
from simulator.store.schema import SessionRow, TurnRow

SETUP_COLUMNS = tuple(f.name for f in fields(SessionSetup))
TURN_COLUMNS = tuple(c.name for c in TurnRow.__table__.columns if c.name != "session_id")


def session_row(
    session_id: str, setup: SessionSetup, started: datetime, initial: CustomerState, opening: CustomerLine
) -> SessionRow:
    """The row of a session without turns."""
    return SessionRow(
        id=session_id,
        started=started,
        initial=encode(initial),
        opening=encode(opening),
        turns=[],
        **encode_record(setup),
    )


def session_of(row: SessionRow) -> Session:
    """The whole session, turns in order."""
    return Session(
        id=row.id,
        setup=_setup_of(row),
        started=row.started,
        initial=decode(CustomerState, row.initial),
        opening=decode(CustomerLine, row.opening),
        turns=tuple(turn_of(t) for t in row.turns),
        outcome=_outcome_of(row),
        score=row.score,
        ended=row.ended,
    )


def summary_of(row: SessionRow, turns: int) -> SessionSummary:
    """The session as a list shows it; `turns` is how many it has."""
    return SessionSummary(
        id=row.id,
        setup=_setup_of(row),
        started=row.started,
        turns=turns,
        outcome=_outcome_of(row),
        score=row.score,
    )


def write_answer(row: TurnRow, grade: Grade, step: Step, line: CustomerLine, answered: datetime) -> None:
    """Fill a pending turn's columns with all that followed from the reply."""
    row.grade = encode(grade)
    row.state = encode(step.state)
    row.move = step.move.value
    row.reasons = encode(step.reasons)
    row.customer = line.text
    row.source = line.source
    row.line_id = line.line_id
    row.rejected = encode(line.rejected)
    row.seconds = line.seconds
    row.answered = answered


def turn_of(row: TurnRow) -> Turn:
    """The turn; `grade`, `step` and `line` are None while it is pending."""
    if row.answered is None:
        return Turn(index=row.turn_index, reply=row.reply, seconds_to_reply=row.seconds_to_reply)
    line = {"text": row.customer, "source": row.source, "seconds": row.seconds}
    return Turn(
        index=row.turn_index,
        reply=row.reply,
        seconds_to_reply=row.seconds_to_reply,
        grade=decode(Grade, row.grade),
        step=decode(Step, {"state": row.state, "move": row.move, "reasons": row.reasons}),
        line=decode(CustomerLine, {**line, "line_id": row.line_id, "rejected": row.rejected}),
    )


def copy_of(row: TurnRow) -> TurnRow:
    """The same turn, times included, not yet in any session."""
    return TurnRow(**{name: getattr(row, name) for name in TURN_COLUMNS})


def _setup_of(row: SessionRow) -> SessionSetup:
    return decode(SessionSetup, {name: getattr(row, name) for name in SETUP_COLUMNS})


def _outcome_of(row: SessionRow) -> Outcome | None:
    return None if row.outcome is None else decode(Outcome, row.outcome)
