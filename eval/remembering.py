"""A grader that grades what is alike once. Knows nothing of who asks, or why."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from simulator.domain.grade import Grade, GradeRequest
from simulator.domain.rubric import Rubric
from simulator.grading.encoder import Encoder
from simulator.grading.interface import ReplyGrader
from simulator.grading.quality import Reason

Key = Callable[[GradeRequest], Hashable]


def by_reply(request: GradeRequest) -> Hashable:
    """The same for a reply in the same situation, in whatever talk it stands: enough where grades are not what is
    measured."""
    return request.situation, request.reply


def by_place(request: GradeRequest) -> Hashable:
    """The same where grades are the same: of what came before, only the customer's last line and whether the
    trainee has spoken yet count (`simulator.grading.evidence`)."""
    spoken = any(role == "trainee" for role, _ in request.history)
    return replace(request, history=(("trainee", ""),) if spoken else ())


class Remembering:
    """Grades through a grader; of requests with the same key the first is graded, and speaks for all."""

    def __init__(self, grader: ReplyGrader, key: Key) -> None:
        """`grader`: asked for what is new; `key`: the same for what is alike."""
        self._grader = grader
        self._key = key
        self._known: dict[Hashable, Grade] = {}

    @property
    def rubric(self) -> Rubric:
        """What is graded by."""
        return self._grader.rubric

    @property
    def encoder(self) -> Encoder:
        """What the scores come from."""
        return self._grader.encoder

    @property
    def calibrated(self) -> bool:
        """Whether the calibration was made for this very rubric."""
        return self._grader.calibrated

    def grade(self, request: GradeRequest) -> Grade:
        """The grade of one reply."""
        return self.grade_many([request])[0]

    def grade_many(self, requests: Sequence[GradeRequest]) -> list[Grade]:
        """The grades of `requests`, in order; what is new is graded together."""
        keys = [self._key(request) for request in requests]
        new: dict[Hashable, GradeRequest] = {}
        for key, request in zip(keys, requests, strict=True):
            if key not in self._known:
                new.setdefault(key, request)
        if new:
            self._known.update(zip(new, self._grader.grade_many(list(new.values())), strict=True))
        return [self._known[key] for key in keys]

    def reasons(self, request: GradeRequest, grade: Grade) -> list[Reason]:
        """What each item did to the quality of `grade`."""
        return self._grader.reasons(request, grade)
