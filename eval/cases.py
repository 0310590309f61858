"""Labelled replies: reading and checking them. Knows nothing of graders.

One JSON object a line: `id, situation, style, customer, reply, steps, skills, negatives, banned, quality`
(docs/architecture.md, section 3.2, plus labels).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from simulator.cli import jsonl, records
from simulator.domain.grade import GradeRequest
from simulator.domain.rubric import Rubric
from simulator.errors import InputError


class _Record(records.Lenient):
    id: str
    situation: str
    style: str | None = None
    customer: str | None = None
    reply: str
    steps: tuple[str, ...]
    skills: tuple[str, ...]
    negatives: tuple[str, ...]
    banned: tuple[str, ...] = ()
    quality: float | None = Field(default=None, ge=1, le=5)
    history: tuple[tuple[Literal["customer", "trainee"], str], ...] | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One labelled reply. `labels`: bare ids by kind."""

    id: str
    request: GradeRequest
    labels: dict[str, frozenset[str]]
    banned: tuple[str, ...]
    quality: float | None

    @property
    def says_banned(self) -> bool:
        """Whether the labellers found any banned thing."""
        return bool(self.banned) or "banned_phrase" in self.labels["negative"]


def read_cases(paths: Iterable[Path]) -> list[Case]:
    """Every case of every file. Raises InputError naming file and line of the first bad one."""
    cases = [case for path in paths for case in _read(path)]
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise InputError(f"编号 {case.id} 出现了两次")
        seen.add(case.id)
    return cases


def check_labels(cases: Iterable[Case], rubric: Rubric) -> None:
    """Raises InputError naming the first situation or label that `rubric` has not: it would not count."""
    for case in cases:
        situation = case.request.situation
        if not rubric.steps_of(situation):
            raise InputError(f"{case.id}: 评分标准 {rubric.ref} 里没有情境“{situation}”")
        known = {(i.kind.value, i.id) for i in rubric.items_for(situation)} | {("negative", "banned_phrase")}
        given = {(kind, label) for kind, labels in case.labels.items() for label in labels}
        strange = sorted(label for _, label in given - known)
        strange += [b for b in case.banned if rubric.banned_phrase(b) is None]
        if strange:
            raise InputError(f"{case.id}: 情境 {situation} 里没有这样的标签：{'、'.join(strange)}")


def _read(path: Path) -> Iterator[Case]:
    for number, row in jsonl.rows(str(path)):
        record = records.read(_Record, jsonl.parse(str(path), number, row), f"{path}:{number}: ")
        yield Case(
            id=record.id,
            request=GradeRequest(
                situation=record.situation,
                style=record.style,
                customer=record.customer or "",
                reply=record.reply,
                history=record.history or (),
                facts=tuple((k, str(v)) for k, v in (record.facts or {}).items()),
            ),
            labels={
                "step": frozenset(record.steps),
                "skill": frozenset(record.skills),
                "negative": frozenset(record.negatives),
            },
            banned=record.banned,
            quality=record.quality,
        )
