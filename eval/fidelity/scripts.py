"""Reads the scripted trainees: every turn in several wordings, and answers to what a customer may bring up.

One file for a situation, `<situation>.jsonl`. Knows nothing of how a trainee chooses what to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from simulator.cli import jsonl
from simulator.errors import InputError, UsageError

HERE = Path(__file__).parents[1] / "scripts" / "trainees"
LEVELS = ("expert", "average", "rude")
_Text = Annotated[str, Field(min_length=1)]
Wordings = Annotated[tuple[_Text, ...], Field(min_length=4)]


class _Line(BaseModel):
    """A line of a file: one of the four, for a level."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    level: Literal["expert", "average", "rude"]
    turns: Annotated[tuple[Wordings, ...], Field(min_length=2)] | None = None
    objections: dict[str, Wordings] | None = None
    concerns: dict[str, dict[str, Wordings]] | None = None
    reactions: dict[str, Wordings] | None = None

    @model_validator(mode="after")
    def _one(self) -> _Line:
        given = [k for k in ("turns", "objections", "concerns", "reactions") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError("要有 turns、objections、concerns、reactions 里的一样，也只能有一样")
        return self


@dataclass(frozen=True, kw_only=True)
class Script:
    """What trainees say in one situation. `turns`: by level, each in at least four wordings; `objections`: by level
    and objection id; `concerns`: the expert's, by persona and the worry's short form; `reactions`: the expert's,
    by move (and `close`: said when nothing is left to say and the customer has not agreed)."""

    situation: str
    turns: dict[str, tuple[Wordings, ...]]
    objections: dict[str, dict[str, Wordings]] = field(default_factory=dict)
    concerns: dict[str, dict[str, Wordings]] = field(default_factory=dict)
    reactions: dict[str, Wordings] = field(default_factory=dict)


def read(folder: Path, situations: Sequence[str]) -> dict[str, Script]:
    """The scripts of `situations`. Raises UsageError for a file that is missing, InputError for a bad line."""
    missing = [s for s in situations if not (folder / f"{s}.jsonl").is_file()]
    if missing:
        raise UsageError(f"{folder} 里没有这些情境的学员脚本：{'、'.join(missing)}（文件名是 情境.jsonl）")
    return {s: _script(s, folder / f"{s}.jsonl") for s in situations}


def _script(situation: str, path: Path) -> Script:
    turns: dict[str, tuple[Wordings, ...]] = {}
    objections: dict[str, dict[str, Wordings]] = {}
    concerns: dict[str, dict[str, Wordings]] = {}
    reactions: dict[str, Wordings] = {}
    for number, text in jsonl.rows(str(path)):
        line = _line(jsonl.parse(str(path), number, text), f"{path}:{number}")
        if line.turns is not None:
            turns[line.level] = line.turns
        elif line.objections is not None:
            objections.setdefault(line.level, {}).update(line.objections)
        elif line.concerns is not None:
            for persona, answers in line.concerns.items():
                concerns.setdefault(persona, {}).update(answers)
        else:
            reactions.update(line.reactions or {})
    lacking = [level for level in LEVELS if level not in turns]
    if lacking:
        raise InputError(f"{path}: 缺少 turns：{'、'.join(lacking)}")
    return Script(
        situation=situation, turns=turns, objections=objections, concerns=concerns, reactions=reactions
    )


def _line(record: dict[str, Any], place: str) -> _Line:
    try:
        return _Line.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        field_name = ".".join(map(str, first["loc"])) or "（整行）"
        raise InputError(
            f"{place}: {field_name} 不对：写的是 {str(first['input'])[:60]}（{first['msg']}；每一轮至少四种说法）"
        ) from error
