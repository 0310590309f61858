"""Rows of a run in Parquet: one a case, with its grade and its labels.

Knows the columns (docs/evaluation.md lists them), not who grades.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from eval.cases import Case
from simulator.domain.grade import Grade, ItemResult

FOLDER = "rows"
PART = 512  # rows a file
_TEXTS = pa.list_(pa.string())
_BANNED = pa.struct(
    {
        "id": pa.string(), "category": pa.string(), "score": pa.float64(),
        "start": pa.int64(), "end": pa.int64(), "text": pa.string(),
    }
)  # fmt: skip
_ITEM = pa.struct(
    {
        "key": pa.string(), "verdict": pa.string(), "score": pa.float64(), "start": pa.int64(),
        "end": pa.int64(), "nearest": pa.string(), "similarity": pa.float64(),
    }
)  # fmt: skip
SCHEMA = pa.schema(
    {
        "index": pa.int64(), "id": pa.string(), "source": pa.string(), "situation": pa.string(),
        "style": pa.string(), "customer": pa.string(), "reply": pa.string(), "context": pa.string(),
        "error": pa.string(),
        "steps": _TEXTS, "skills": _TEXTS, "negatives": _TEXTS, "banned": pa.list_(_BANNED),
        "quality": pa.float64(), "unsure": _TEXTS, "items": pa.list_(_ITEM),
        "label_steps": _TEXTS, "label_skills": _TEXTS, "label_negatives": _TEXTS, "label_banned": _TEXTS,
        "label_quality": pa.float64(), "by": pa.string(), "kind": pa.string(),
    }
)  # fmt: skip
_LABELS = {"label_steps": "step", "label_skills": "skill", "label_negatives": "negative"}
Row = dict[str, Any]


def row_of(index: int, case: Case, result: Grade | str) -> Row:
    """The row of `case`. `result`: its grade, or why there is none."""
    labels: Row = {}
    if case.labelled:
        labels = {column: sorted(case.labels[kind]) for column, kind in _LABELS.items()}
        labels |= {"label_banned": list(case.banned), "label_quality": case.quality}
    return {
        "index": index,
        "id": case.id,
        "source": case.where,
        "situation": case.request.situation,
        "style": case.request.style,
        "customer": case.request.customer or None,
        "reply": case.request.reply,
        "context": _context(case),
        "by": case.by,
        "kind": case.kind,
        **labels,
        **({"error": result} if isinstance(result, str) else _graded(result)),
    }


def _context(case: Case) -> str | None:
    """A hash of what else was told of the reply (the talk before it, facts), by which two runs are known to have
    graded the same; None where nothing was."""
    told = (case.request.history, case.request.facts)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12] if any(told) else None


def _graded(grade: Grade) -> Row:
    return {
        "steps": list(grade.steps),
        "skills": list(grade.skills),
        "negatives": list(grade.negatives),
        "banned": [
            {
                "id": h.id, "category": h.category, "score": h.score,
                "start": h.span.start, "end": h.span.end, "text": h.text,
            }
            for h in grade.banned
        ],
        "quality": grade.quality,
        "unsure": list(grade.unsure),
        "items": [_item(i) for i in grade.items],
    }  # fmt: skip


def _item(item: ItemResult) -> Row:
    return {
        "key": item.key,
        "verdict": item.verdict.value,
        "score": item.score,
        "start": item.span.start if item.span else None,
        "end": item.span.end if item.span else None,
        "nearest": item.nearest.text if item.nearest else None,
        "similarity": item.nearest.similarity if item.nearest else None,
    }


def batch_of(rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows as Arrow; a key that a row has not is null."""
    return pa.RecordBatch.from_pylist(list(rows), schema=SCHEMA)


def part_path(folder: Path, number: int) -> Path:
    """Where part `number` (0-based) of the run in `folder` lies."""
    return folder / FOLDER / f"part-{number:05d}.parquet"


def write_part(folder: Path, number: int, batches: Sequence[pa.RecordBatch]) -> None:
    """Writes a part, whole or not at all; it has reached the disk when this returns. Raises OSError."""
    path = part_path(folder, number)
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.part{os.getpid()}")
    try:
        with part.open("wb") as stream:
            parquet.write_table(pa.Table.from_batches(batches, SCHEMA), stream, compression="zstd")
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def parts(folder: Path, count: int) -> list[Path]:
    """The whole parts of a run of `count` rows, from the first up to the first that is missing or broken;
    what comes after that is of no use."""
    found = []
    for number, start in enumerate(range(0, count, PART)):
        path = part_path(folder, number)
        if not _is_whole(path, min(PART, count - start)):
            break
        found.append(path)
    return found


def _is_whole(path: Path, rows: int) -> bool:
    """Whether every row can be read: a footer may be sound where the pages before it are not."""
    try:
        table = parquet.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException):
        return False
    return table.num_rows == rows and bool(table.schema.equals(SCHEMA))


def read_column(path: Path, name: str) -> pa.ChunkedArray:
    """One column of a part."""
    return parquet.read_table(path, columns=[name], partitioning=None).column(name)
