"""Clauses written for what they do: reading and checking them. Knows nothing of graders.

One JSON object a line: `id, text, negatives, banned`; both lists are empty where a decent clause was written as the
neighbour of a fault (`near`, for people only). `unsure`: labels on which the writer and a second reader differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from simulator.cli import jsonl, records
from simulator.domain.rubric import Kind, Rubric
from simulator.errors import InputError


class _Line(records.Lenient):
    id: records.Id
    text: str
    negatives: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One piece of a reply. `labels`: ids of faults, and `banned` where it says a banned thing; `unsure`: of which it
    is not settled, so that it teaches nothing of them."""

    text: str
    labels: frozenset[str]
    unsure: frozenset[str] = frozenset()


def read_clauses(paths: Iterable[Path], versions: Iterable[Rubric]) -> list[Clause]:
    """Every clause of every file. Raises InputError naming file and line of the first with a label that none of
    `versions` knows."""
    rubrics = list(versions)
    faults = {i.id for rubric in rubrics for i in rubric.items if i.kind is Kind.NEGATIVE}
    phrases = {b.id for rubric in rubrics for b in rubric.banned}
    read = []
    for path in paths:
        for number, row in jsonl.rows(str(path)):
            where = f"{path}:{number}"
            line = records.read(_Line, jsonl.parse(str(path), number, row), f"{where}: ")
            strange = sorted({*line.negatives, *line.unsure} - faults - {"banned"}) + sorted(
                {*line.banned} - phrases
            )
            if strange:
                raise InputError(f"{where}: {line.id}: 没有这样的标签：{'、'.join(strange)}")
            labels = {*line.negatives, *(["banned"] if line.banned else [])}
            read.append(Clause(text=line.text, labels=frozenset(labels), unsure=frozenset(line.unsure)))
    return read
