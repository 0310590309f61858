"""A finished run, read from its folder. Knows nothing of grading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from eval.running import record, rows
from eval.running.record import RunRecord
from simulator.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Run:
    """Rows and record of one run."""

    folder: Path
    record: RunRecord

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run in `folder`. Raises UsageError when there is none, or when it is not finished."""
        if not folder.is_dir():
            raise UsageError(f"没有这个目录：{folder}")
        found = record.read(folder)
        done = len(rows.parts(folder, found.count))
        if found.status != "done":
            made = min(found.count, done * rows.PART)
            raise UsageError(
                f"{folder} 还没跑完（{made} / {found.count} 条）：用当初那条 duilian eval run 命令接着跑。"
            )
        if done < -(-found.count // rows.PART):
            raise UsageError(f"{folder} 少了几块结果，或者有一块坏了：{rows.part_path(folder, done)}")
        return cls(folder=folder, record=found)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows in the order of the cases; `columns`: of `rows.SCHEMA`, all by default. Raises UsageError."""
        tables = list(self._parts(columns))
        wanted = pa.schema([rows.SCHEMA.field(c) for c in columns]) if columns else rows.SCHEMA
        return pa.concat_tables(tables) if tables else wanted.empty_table()

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a DataFrame; lists and structs stay Python objects."""
        return self.table().to_pandas()

    def _parts(self, columns: Sequence[str] | None) -> Iterator[pa.Table]:
        for path in rows.parts(self.folder, self.record.count):
            try:
                yield parquet.read_table(path, columns=list(columns) if columns else None, partitioning=None)
            except (OSError, pa.ArrowInvalid) as error:
                raise UsageError(f"{path} 读不出来：{error}") from error
