"""The one tree of exceptions. Knows nothing of the rest of the package.

    DuilianError
    ├── UsageError            a wrong argument or an impossible request (exit 2)
    ├── ContentError          a trainer's file is broken; carries every problem found (exit 2, `check`: 1)
    ├── InputError            a line of an input file cannot be used
    ├── GradingError          a reply could not be graded
    │   └── EncoderError      an encoder cannot be loaded, or has no calibration
    ├── ModelError            the customer's model failed, timed out or cannot be loaded
    └── StoreError            the database cannot be read or written

Foreign exceptions are translated at one border each: YAML and pydantic in `content`, SQLAlchemy in
`store`, model libraries in `actor.models`, sentence-transformers in `grading.encoder`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class DuilianError(Exception):
    """Base of every error that a user may cause and can mend. Its text is shown as it is."""


class UsageError(DuilianError):
    """An argument or request that cannot be carried out."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong in one file: where, what stands there, what would be valid."""

    file: str
    place: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        place = f" [{self.place}]" if self.place else ""
        return f"{self.file}{line}{place} {self.message}"


class ContentError(DuilianError):
    """Trainers' files that cannot be used; `problems` holds every problem of every file read."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class InputError(DuilianError):
    """A line of an input file that cannot be used."""


class GradingError(DuilianError):
    """A reply that could not be graded."""


class EncoderError(GradingError):
    """An encoder that cannot be loaded or has no calibration."""


class ModelError(DuilianError):
    """The customer's model failed, timed out or cannot be loaded."""


class StoreError(DuilianError):
    """The database cannot be read or written."""
