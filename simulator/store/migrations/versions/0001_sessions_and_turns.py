"""Sessions and their turns. Knows nothing of `schema.py`, which goes on changing after this revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ANSWER = ("grade", "state", "move", "reasons", "customer", "source", "rejected", "seconds", "answered")
_WHOLE_OR_PENDING = " OR ".join(
    "(" + " AND ".join(f"{column} IS {null}" for column in _ANSWER) + ")" for null in ("NULL", "NOT NULL")
)


def upgrade() -> None:
    """Create both tables."""
    _create_sessions()
    _create_turns()


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("turns")
    op.drop_table("sessions")


def _create_sessions() -> None:
    texts = ("persona", "situation", "style", "difficulty", "rubric", "rubric_hash", "encoder", "model")
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("trainee", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("parent_turn", sa.BigInteger(), nullable=True),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("initial", sa.JSON(), nullable=False),
        sa.Column("opening", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["parent"], ["sessions.id"], name="fk_sessions_parent_sessions"),
        sa.CheckConstraint(
            "(outcome IS NULL) = (ended IS NULL)", name=op.f("ck_sessions_ended_with_outcome")
        ),
    )
    op.create_index("ix_sessions_started", "sessions", ["started"])
    op.create_index("ix_sessions_trainee_started", "sessions", ["trainee", "started"])


def _create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("turn_index", sa.BigInteger(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("seconds_to_reply", sa.Double(), nullable=True),
        sa.Column("replied", sa.DateTime(), nullable=False),
        sa.Column("grade", sa.JSON(), nullable=True),
        sa.Column("state", sa.JSON(), nullable=True),
        sa.Column("move", sa.Text(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("line_id", sa.Text(), nullable=True),
        sa.Column("rejected", sa.JSON(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("answered", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", "turn_index", name="pk_turns"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_turns_session_id_sessions"),
        sa.CheckConstraint(_WHOLE_OR_PENDING, name=op.f("ck_turns_whole_or_pending")),
    )
