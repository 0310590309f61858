"""The three tables: `sessions`, `turns` and `regrades`. What is searched or counted is a column of its own;
what is only read back whole is JSON.

Knows nothing of transactions or of how rows become domain objects. A change here needs a revision in
`migrations/versions` (a test compares the two).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_WHOLE = ("grade", "state", "move", "reasons", "customer", "source", "rejected", "seconds", "answered")
WHOLE_OR_PENDING = " OR ".join(
    "(" + " AND ".join(f"{column} IS {null}" for column in _WHOLE) + ")" for null in ("NULL", "NOT NULL")
)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC without its zone because SQLite knows none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware time in any zone to naive UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Naive UTC to aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Names every constraint, so that a later revision can change it."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar = {
        str: Text(),
        datetime: UtcTime(),
        int: BigInteger(),
        Any: JSON(none_as_null=True),
    }


class SessionRow(Base):
    """A session. The columns from `persona` to `parent_turn` are the fields of `SessionSetup`."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index(None, "started"),
        Index(None, "trainee", "started"),
        CheckConstraint("(outcome IS NULL) = (ended IS NULL)", name="ended_with_outcome"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    persona: Mapped[str]
    situation: Mapped[str]
    style: Mapped[str]
    difficulty: Mapped[str]
    rubric: Mapped[str]
    rubric_hash: Mapped[str]
    encoder: Mapped[str]
    model: Mapped[str]
    seed: Mapped[int]
    trainee: Mapped[str]
    parent: Mapped[str | None] = mapped_column(ForeignKey("sessions.id"))
    parent_turn: Mapped[int | None]
    started: Mapped[datetime]
    initial: Mapped[Any] = mapped_column(nullable=False)
    opening: Mapped[Any] = mapped_column(nullable=False)
    outcome: Mapped[str | None]
    score: Mapped[float | None]
    ended: Mapped[datetime | None]

    turns: Mapped[list[TurnRow]] = relationship(order_by="TurnRow.turn_index", cascade="all, delete-orphan")


class TurnRow(Base):
    """One reply and, once answered, all that followed from it; never a part of it."""

    __tablename__ = "turns"
    __table_args__ = (CheckConstraint(WHOLE_OR_PENDING, name="whole_or_pending"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    turn_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reply: Mapped[str]
    seconds_to_reply: Mapped[float | None]
    replied: Mapped[datetime]
    grade: Mapped[Any] = mapped_column(nullable=True)
    state: Mapped[Any] = mapped_column(nullable=True)
    move: Mapped[str | None]
    reasons: Mapped[Any] = mapped_column(nullable=True)
    customer: Mapped[str | None]
    source: Mapped[str | None]
    line_id: Mapped[str | None]
    rejected: Mapped[Any] = mapped_column(nullable=True)
    seconds: Mapped[float | None]
    answered: Mapped[datetime | None]


class RegradeRow(Base):
    """A session graded again. Rows are only added; there may be several of the same rubric, encoder and
    calibration. The columns from `rubric` to `calibrated` are the fields of `Grading`, those from `outcome` to
    `replies` of `Ending`."""

    __tablename__ = "regrades"
    __table_args__ = (Index(None, "session_id", "rubric_hash", "encoder", "calibration"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"))
    rubric: Mapped[str]
    rubric_hash: Mapped[str]
    encoder: Mapped[str]
    calibration: Mapped[str]
    calibrated: Mapped[bool]
    made: Mapped[datetime]
    outcome: Mapped[str]
    score: Mapped[float]
    replies: Mapped[int]
    turns: Mapped[Any] = mapped_column(nullable=False)
