"""Makes regrades for tests; each factory takes overrides by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from simulator.domain.session import Ending, Grading, Outcome, Regrade, RegradedTurn
from tests.factories import make_grade


def make_grading(**changes: Any) -> Grading:
    """A rubric with its own calibration."""
    grading = Grading(
        rubric="standard@2",
        rubric_hash="2b" * 8,
        encoder="builtin#48dfa9ec2de24454",
        calibration="b265629ebd96d16f",
        calibrated=True,
    )
    return replace(grading, **changes)


def make_regrade(session_id: str, **changes: Any) -> Regrade:
    """Two replies graded again, of which the first ended the talk."""
    regrade = Regrade(
        session_id=session_id,
        grading=make_grading(),
        made=datetime(2026, 11, 22, 3, 4, 5, 678901, tzinfo=UTC),
        ending=Ending(outcome=Outcome.ESCALATED, score=7.5, replies=1),
        turns=(
            RegradedTurn(index=0, grade=make_grade(rubric="standard@2")),
            RegradedTurn(index=1, grade=make_grade(rubric="standard@2", banned=(), quality=None)),
        ),
    )
    return replace(regrade, **changes)
