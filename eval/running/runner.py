"""Runs a rubric over cases: reads, grades, writes part by part, and goes on where it was stopped.

Knows what a run is made of; the work itself is an engine's. Holds no more than some batches at a time.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from filelock import FileLock, Timeout

from eval.cases import Case, check_case, iterate
from eval.running import record, rows
from eval.running.engines import Engine
from eval.running.grading import BATCH, Batch, GradeBatch
from eval.running.progress import Told, shown
from eval.running.record import CaseFile, RunRecord
from eval.running.run import Run
from simulator.content.contents import Content
from simulator.domain.rubric import Rubric
from simulator.errors import InputError, UsageError
from simulator.grading.grader import Grader


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a look through all the case files found. `picked`: places (among the cases that are scored) of those
    that are graded, None for all."""

    files: tuple[CaseFile, ...]
    count: int
    left_out: int
    labelled: int
    said: tuple[str, ...]
    picked: tuple[int, ...] | None

    @property
    def hash(self) -> str:
        """Of all files' bytes, in order."""
        return hashlib.sha256("".join(f.sha256 for f in self.files).encode()).hexdigest()[:16]


def survey(
    paths: Sequence[Path], rubric: Rubric, content: Content, sample: int | None = None, seed: int = 0
) -> Survey:
    """Reads every case once, before anything is written. `sample`: how many to draw by chance. Raises InputError
    naming file and line of the first bad case, UsageError when nothing is left to grade."""
    for path in paths:
        if not path.is_file():
            raise UsageError(f"--cases 要写普通文件，{path} 不是：回复要读两遍。先存成文件。")
    files, count, left_out = [], 0, 0
    labelled: list[bool] = []
    said: set[str] = set()
    versions = content.versions(rubric)
    where: dict[Path, int] = dict.fromkeys(paths, 0)
    for path, case in _all(paths):
        where[path] += 1
        if not _scored(case, rubric, content):
            left_out += 1
            continue
        check_case(case, versions)
        count += 1
        labelled.append(case.labelled)
        if case.labelled:
            said.add(case.by or "")
    files = [CaseFile(path=str(p), sha256=_digest(p), count=n) for p, n in where.items()]
    if not count:
        raise UsageError(
            f"{'、'.join(map(str, paths))} 里没有评分标准 {rubric.ref} 能评的回复"
            + (f"（{left_out} 条是它不打分的情境）" if left_out else "（是空的）")
        )
    picked = None
    if sample is not None and sample < count:
        picked = tuple(sorted(random.Random(seed).sample(range(count), sample)))
    return Survey(
        files=tuple(files),
        count=len(picked) if picked else count,
        left_out=left_out,
        labelled=sum(labelled[i] for i in picked) if picked else sum(labelled),
        said=tuple(sorted(said)),
        picked=picked,
    )


def _all(paths: Sequence[Path]) -> Iterator[tuple[Path, Case]]:
    """Every case with its file; an id that a file before has is told."""
    for case in iterate(paths):
        yield Path(case.where.rpartition(":")[0]), case


def _scored(case: Case, rubric: Rubric, content: Content) -> bool:
    """Whether the rubric scores the case's situation. Raises InputError for one that nobody knows, and for such
    a style."""
    try:
        content.situation(case.request.situation)
        if case.request.style is not None:
            content.style(case.request.style)
    except UsageError as error:
        raise InputError(f"{case.where}: {case.id}: {error}") from error
    return bool(rubric.steps_of(case.request.situation))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def run(
    grader: Grader,
    content: Content,
    paths: Sequence[Path],
    out: Path,
    engine: Engine,
    *,
    sample: int | None = None,
    seed: int = 0,
    progress: str = "none",
) -> Run:
    """Grades the cases of `paths` and keeps the run in `out`, going on with what is there when it is of just the
    same. `progress`: as `progress.shown` has it. Raises InputError, UsageError; then nothing of this run is in `out`
    but whole parts."""
    begun = time.monotonic()
    found = survey(paths, grader.rubric, content, sample, seed)
    now = _record(grader, found, engine, seed)
    with _alone(out):
        before = _begin(now, out)
        if before.status == "done" and len(rows.parts(out, now.count)) == -(-now.count // rows.PART):
            return Run.open(out)
        with shown(progress) as told:
            _grade(grader, paths, content, found, out, engine, told)
        if len(rows.parts(out, now.count)) < -(-now.count // rows.PART):
            raise UsageError(f"{out} 里少了几块结果，用同一条命令再跑一遍。")
        changed = [f.path for f in found.files if _digest(Path(f.path)) != f.sha256]
        if changed:
            raise UsageError(f"评的时候文件被改了：{'、'.join(changed)}。换一个 --out 重新评。")
        failed = sum(column.length() - column.null_count for column in _errors(out, now.count))
        done = replace(
            before,
            status="done",
            failed=failed,
            seconds=round(before.seconds + time.monotonic() - begun, 1),
        )
        _write(done, out)
    return Run.open(out)


def _record(grader: Grader, found: Survey, engine: Engine, seed: int) -> RunRecord:
    commit, dirty = record.commit()
    return RunRecord(
        rubric=grader.rubric.ref,
        rubric_hash=grader.rubric.hash,
        rubric_title=grader.rubric.title,
        encoder=f"{grader.encoder.name}#{grader.encoder.hash}",
        calibration=grader.calibration.hash,
        calibrated=grader.calibrated,
        item_names=record.item_names(grader.rubric),
        cases=found.files,
        cases_hash=found.hash,
        count=found.count,
        left_out=found.left_out,
        labelled=found.labelled,
        labels_by=record.labels_by(found.said),
        seed=seed,
        program=record.program(),
        commit=commit,
        dirty=dirty,
        versions=record.versions(),
        engine=engine.name,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keeps others from writing to the same folder. Raises UsageError when one does, or the folder cannot be
    made."""
    lock = FileLock(out / ".lock", timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise UsageError(f"{out} 正有另一个评估在写，等它完，或者换一个 --out。") from error
    except OSError as error:
        raise UsageError(f"写不了 {out}：{error.strerror or error}") from error
    with lock:
        yield


def _begin(now: RunRecord, out: Path) -> RunRecord:
    """The record to go on with, written. Raises UsageError when `out` holds something else."""
    if (out / record.FILE).exists():
        before = record.read(out)
        record.check_same(before, now, out)
        now = before if before.status == "done" else record.continued(before, now)
    elif any(p.name != ".lock" for p in out.iterdir()):
        raise UsageError(f"{out} 里有别的东西，不是一次评估的结果。换一个 --out。")
    _write(now, out)
    return now


def _write(made: RunRecord, out: Path) -> None:
    try:
        record.write(made, out)
    except OSError as error:
        raise UsageError(f"写不了 {out / record.FILE}：{error.strerror}") from error


def _grade(
    grader: Grader,
    paths: Sequence[Path],
    content: Content,
    found: Survey,
    out: Path,
    engine: Engine,
    told: Told,
) -> None:
    whole = len(rows.parts(out, found.count))
    done = min(found.count, whole * rows.PART)
    told(done, found.count)
    cases = itertools.islice(_picked(paths, grader.rubric, content, found), done, None)
    batches: list[pa.RecordBatch] = []
    for batch in engine.grade(GradeBatch(grader=grader), _batched(cases, done)):
        batches.append(batch)
        done += batch.num_rows
        if done % rows.PART == 0 or done == found.count:
            _keep(out, whole, batches)
            whole, batches = whole + 1, []
        told(done, found.count)


def _keep(out: Path, number: int, batches: Sequence[pa.RecordBatch]) -> None:
    try:
        rows.write_part(out, number, batches)
    except OSError as error:
        raise UsageError(
            f"写不了 {rows.part_path(out, number)}：{error.strerror}。写好的都在，用同一条命令接着跑。"
        ) from error


def _picked(paths: Sequence[Path], rubric: Rubric, content: Content, found: Survey) -> Iterator[Case]:
    scored = (case for _, case in _all(paths) if _scored(case, rubric, content))
    if found.picked is None:
        return scored
    wanted = set(found.picked)
    return (case for place, case in enumerate(scored) if place in wanted)


def _batched(cases: Iterator[Case], start: int) -> Iterator[Batch]:
    while batch := tuple(itertools.islice(cases, BATCH)):
        yield Batch(start=start, cases=batch)
        start += len(batch)


def _errors(out: Path, count: int) -> Iterator[pa.ChunkedArray]:
    for path in rows.parts(out, count):
        yield rows.read_column(path, "error")
