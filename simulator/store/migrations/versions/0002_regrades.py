"""Regrades of finished sessions. Knows nothing of `schema.py`, which goes on changing after this revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    texts = ("session_id", "rubric", "rubric_hash", "encoder", "calibration")
    op.create_table(
        "regrades",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("calibrated", sa.Boolean(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("replies", sa.BigInteger(), nullable=False),
        sa.Column("turns", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_regrades"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_regrades_session_id_sessions"),
    )
    op.create_index(
        "ix_regrades_session_id_rubric_hash_encoder_calibration",
        "regrades",
        ["session_id", "rubric_hash", "encoder", "calibration"],
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("regrades")
