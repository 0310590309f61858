"""What an engine's worker does: a batch of cases in, their rows out.

Knows nothing of where the batches come from or of who works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from threadpoolctl import threadpool_limits

from eval.cases import Case
from eval.running import rows
from simulator.domain.grade import Grade
from simulator.errors import GradingError
from simulator.grading.grader import Grader

BATCH = 64  # cases graded together; part of what makes a run repeatable to the last digit


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Cases that are graded together. `start`: index of the first."""

    start: int
    cases: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True)
class GradeBatch:
    """Grades batches with one grader, the same everywhere: one thread, so that sums come out alike."""

    grader: Grader

    def __call__(self, batch: Batch) -> pa.RecordBatch:
        """The rows of `batch` (`rows.SCHEMA`). A case that cannot be graded is a row that says why."""
        with threadpool_limits(1):
            results = self._together(batch.cases)
        return rows.batch_of(
            [
                rows.row_of(batch.start + n, case, r)
                for n, (case, r) in enumerate(zip(batch.cases, results, strict=True))
            ]
        )

    def _together(self, cases: Sequence[Case]) -> list[Grade | str]:
        try:
            return [*self.grader.grade_many([c.request for c in cases])]
        except Exception:  # noqa: BLE001 - which case it was shows when each is graded alone
            return [self._alone(case) for case in cases]

    def _alone(self, case: Case) -> Grade | str:
        try:
            return self.grader.grade(case.request)
        except GradingError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - the border of a worker: one reply must not end a run
            return f"{type(error).__name__}: {error}"
