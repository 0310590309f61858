"""What users of a grader rely on, whichever grader it is. Knows nothing of how grades are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simulator.domain.grade import Grade, GradeRequest
from simulator.domain.rubric import Rubric
from simulator.grading.encoder import Encoder
from simulator.grading.quality import Reason


class ReplyGrader(Protocol):
    """Grades replies under one rubric."""

    @property
    def rubric(self) -> Rubric:
        """What is graded by."""

    @property
    def encoder(self) -> Encoder:
        """What the scores come from."""

    @property
    def calibrated(self) -> bool:
        """Whether the calibration was made for this very rubric."""

    def grade(self, request: GradeRequest) -> Grade:
        """The grade of one reply."""

    def grade_many(self, requests: Sequence[GradeRequest]) -> list[Grade]:
        """The grades of `requests`, in order. Raises GradingError for a situation the rubric has not."""

    def reasons(self, request: GradeRequest, grade: Grade) -> list[Reason]:
        """What each item did to the quality of `grade`, the weightiest first."""
