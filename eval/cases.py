"""Labelled replies: reading and checking them. Knows nothing of graders.

One JSON object a line: `id, situation, style, customer, reply, steps, skills, negatives, banned, quality`
(docs/architecture.md, section 3.2, plus labels).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.domain.grade import GradeRequest
from simulator.errors import InputError


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
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


def _read(path: Path) -> Iterator[Case]:
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: 读不了，或不是 UTF-8（{error}）") from error
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            record = _Record.model_validate(json.loads(row))
        except (json.JSONDecodeError, ValidationError) as error:
            raise InputError(
                f"{path}:{number}: 不是合格的带标签回复（{str(error).splitlines()[0]}）"
            ) from error
        yield Case(
            id=record.id,
            request=GradeRequest(
                situation=record.situation,
                style=record.style,
                customer=record.customer or "",
                reply=record.reply,
            ),
            labels={
                "step": frozenset(record.steps),
                "skill": frozenset(record.skills),
                "negative": frozenset(record.negatives),
            },
            banned=record.banned,
            quality=record.quality,
        )
