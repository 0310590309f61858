"""Clauses written for what they do: reading and checking them. Knows nothing of graders.

One JSON object a line: `id, text, negatives, banned`; both lists are empty where a decent clause was written as the
neighbour of a fault (`near`, for people only). `unsure`: labels on which the writer and a second reader differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from simulator.cli import jsonl, records
from simulator.domain.rubric import Kind, Rubric
from simulator.errors import InputError


class _Line(records.Lenient):
    id: records.Id
    text: Annotated[str, Field(min_length=1)]
    negatives: tuple[str, ...]
    banned: tuple[str, ...]
    unsure: tuple[str, ...] | None = None

    def labels(self) -> frozenset[str]:
        return frozenset({*self.negatives, *(["banned"] if self.banned else [])})


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One piece of a reply. `labels`: ids of faults, and `banned` where it says a banned thing; `judged`: of which it is
    settled whether it has them. It teaches nothing of others."""

    text: str
    labels: frozenset[str]
    judged: frozenset[str]


def read_clauses(paths: Iterable[Path], versions: Iterable[Rubric]) -> list[Clause]:
    """Every clause of every file; a label that no clause of a file has was not looked for in that file. Raises
    InputError naming file and line of the first bad one, be it that none of `versions` knows a label."""
    rubrics = list(versions)
    known = {i.id for rubric in rubrics for i in rubric.items if i.kind is Kind.NEGATIVE}
    known |= {b.id for rubric in rubrics for b in rubric.banned}
    read: list[Clause] = []
    seen: set[str] = set()
    for path in paths:
        lines = []
        for number, row in jsonl.rows(str(path)):
            where = f"{path}:{number}"
            line = records.read(_Line, jsonl.parse(str(path), number, row), f"{where}: ")
            strange = sorted({*line.negatives, *line.banned, *(line.unsure or ())} - known - {"banned"})
            if strange or "banned" in (*line.negatives, *line.banned):
                raise InputError(f"{where}: {line.id}: 没有这样的标签：{'、'.join(strange) or 'banned'}")
            if str(line.id) in seen:
                raise InputError(f"{where}: 编号 {line.id} 前面已经有了，一个编号只能用一次")
            seen.add(str(line.id))
            lines.append(line)
        looked_for = frozenset().union(*(line.labels() for line in lines))
        read += [
            Clause(text=x.text, labels=x.labels(), judged=looked_for - frozenset(x.unsure or ()))
            for x in lines
        ]
    return read
