"""Which runs a comparison needs and where each is kept, so that it is used again or gone on with.

Knows nothing of processes or of the page.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from eval.running import record
from eval.running.run import Run
from simulator.app.pages import Place
from simulator.cli import wiring
from simulator.content.contents import Content
from simulator.content.places import writable_folder
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError
from simulator.grading import calibration

_RUNS = "runs"  # folder below the user's data
_AGAIN = "-again"  # the second run of a version that is compared with itself


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A run to be there: `rubric` is its `name@version`."""

    rubric: str
    folder: Path

    def there(self) -> bool:
        """Whether it has been made, whole."""
        try:
            Run.open(self.folder)
        except UsageError:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Two runs over the same file; `a` is the baseline."""

    a: Planned
    b: Planned
    cases: Path

    @property
    def name(self) -> str:
        """For files, which not everywhere may have an @ in their names."""
        return f"{self.a.rubric}-{self.b.rubric}".replace("@", "-v")


def plan(content: Content, place: Place, a: object, b: object, cases: Path) -> Plan:
    """The runs of versions `a` and `b` (refs) over `cases`. The same version twice makes two runs: whether grading
    repeats itself. Raises UsageError, and EncoderError without a calibration."""
    one, other = (_version(content, ref, side) for ref, side in ((a, "旧版"), (b, "新版")))
    runs = writable_folder(place.data / _RUNS)
    with cases.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    first, second = (runs / _name(rubric, place, digest) for rubric in (one, other))
    if first == second:
        second = second.with_name(second.name + _AGAIN)
    return Plan(
        a=Planned(rubric=one.ref, folder=first), b=Planned(rubric=other.ref, folder=second), cases=cases
    )


def _version(content: Content, ref: object, side: str) -> Rubric:
    if not isinstance(ref, str) or ref not in content.rubrics:
        raise UsageError(f"先选{side}。")
    return content.rubrics[ref]


def _name(rubric: Rubric, place: Place, cases: str) -> str:
    """What a run may not be gone on with under another of: rubric, encoder, cases; and calibration and versions of
    programs, as one more hash."""
    found = calibration.find(
        wiring.calibration_folders(place.content), place.encoder_hash, rubric.hash, place.encoder
    )
    rest = hashlib.sha256(json.dumps([found.hash, record.program(), record.versions()]).encode()).hexdigest()
    return "-".join((rubric.ref, rubric.hash[:8], place.encoder_hash[:8], cases[:8], rest[:8]))
