"""Compares runs over the same cases: what changed, in which direction, and how sure that is.

The one entry of this package; prints nothing. The rule of the plain verdict stands in `ruling`, the statistics in
`statistics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.comparing import export, reading
from eval.comparing.caveats import Caveat, caveats
from eval.comparing.changes import Change, changes, same
from eval.comparing.contrasts import Contrasts, contrasts
from eval.comparing.pairing import Matched, match
from eval.comparing.ruling import Ruling, rule
from eval.running.record import labels_by
from simulator.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from eval.running.record import RunRecord
    from eval.running.run import Run


@dataclass(frozen=True, kw_only=True)
class Side:
    """One run in a comparison: `name` is its letter (A is the baseline), `folder` where it lies."""

    name: str
    folder: str
    record: RunRecord

    @property
    def title(self) -> str:
        """Letter, rubric and folder, for headings."""
        return f"{self.name}（{self.record.rubric}，{self.folder}）"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """B beside the baseline A. `cases`: compared; `labelled`: of these; `labels_by`: who labelled them, as in
    RunRecord; `added`, `removed`: keys of items that only B (A) has; `names`: of all items, by key."""

    b: Side
    ruling: Ruling
    caveats: tuple[Caveat, ...]
    cases: int
    labelled: int
    labels_by: str
    contrasts: Contrasts
    changes: tuple[Change, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    names: dict[str, str]

    @property
    def changed_cases(self) -> int:
        """In how many cases anything listed in `changes` differs."""
        return len({c.case for c in self.changes})


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Every run beside the first. `draws`, `seed`: of the bootstrap; the same give the same figures."""

    a: Side
    pairs: tuple[Pair, ...]
    draws: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data (`eval.comparing.export` documents the keys)."""
        return export.to_json(self)

    def to_pandas(self) -> pd.DataFrame:
        """One row for each pair and group, item or slice, with all its figures."""
        return export.contrasts_frame(self)

    def changes_to_pandas(self) -> pd.DataFrame:
        """One row for each pair and change: losses, gains, the rest."""
        return export.changes_frame(self)


def compare(a: Run, b: Run, *others: Run, draws: int = 2000, seed: int = 0) -> Comparison:
    """How `b` and every other run differ from `a`, the baseline, on the cases that both have.

    Cases are matched by id. `draws`: of the bootstrap, at least 2. Raises UsageError when two have no case in
    common, when a case's texts differ, when one run is given twice, or when an id occurs twice in a run.
    """
    if draws < 2:
        raise UsageError(f"抽 {draws} 次算不出区间，至少要 2 次，平常用 2000")
    runs = (a, b, *others)
    _all_different(runs)
    base, first = reading.read(a), Side(name="A", folder=str(a.folder), record=a.record)
    pairs = []
    for place, run in enumerate(runs[1:], 1):
        side = Side(name=letter(place), folder=str(run.folder), record=run.record)
        matched = match(a, run, base, reading.read(run))
        pairs.append(_pair(first, side, matched, draws, seed))
    return Comparison(a=first, pairs=tuple(pairs), draws=draws, seed=seed)


def letter(place: int) -> str:
    """A, B, …, Z, then A1, B1, …"""
    return chr(ord("A") + place % 26) + (str(place // 26) if place >= 26 else "")


def _all_different(runs: tuple[Run, ...]) -> None:
    seen = set()
    for run in runs:
        folder = run.folder.resolve()
        if folder in seen:
            raise UsageError(f"同一个目录写了两次：{run.folder}。要比的是不同的几次。")
        seen.add(folder)


def _pair(a: Side, b: Side, matched: Matched, draws: int, seed: int) -> Pair:
    labelled = int(matched.known.sum())
    said = sorted({by or "" for by, known in zip(matched.by, matched.known, strict=True) if known})
    by = labels_by(said)
    found = contrasts(matched, draws, seed)
    return Pair(
        b=b,
        ruling=rule(found, labelled, same(matched)),
        caveats=caveats(a.record, b.record, matched, by, b.name),
        cases=matched.size,
        labelled=labelled,
        labels_by=by,
        contrasts=found,
        changes=changes(matched),
        added=matched.added,
        removed=matched.removed,
        names=dict(matched.names),
    )
