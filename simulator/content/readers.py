"""Reads single files into domain types, collecting every problem of a file instead of the first.

Knows nothing of how files refer to each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from simulator.content import schemas, wording
from simulator.content.yamlfile import YamlFile, read_yaml
from simulator.domain.persona import Line, Move, Persona, Situation, Style
from simulator.domain.rubric import Rubric
from simulator.errors import ContentError, Problem

M = TypeVar("M", bound=BaseModel)

# The names each prompt may and must use.
PROMPT_NAMES: dict[str, frozenset[str]] = {
    "customer": frozenset(
        ["name", "gender", "age", "title", "company", "role", "style", "style_voice", "situation", "product", "plan", "bill", "price", "facts", "cause", "background", "answers"]
    ),
    "note": frozenset(["move", "mood", "anger", "trust", "patience", "extra", "said", "length"]),
}
# The slots a line of the bank may hold.
SLOTS = frozenset(["honorific", "company", "plan", "bill", "price", "product", "figure", "day", "concern"])


def problem(path: Path, message: str, *, place: str = "", line: int | None = None) -> Problem:
    """A Problem of `path`."""
    return Problem(file=str(path), place=place, line=line, message=message)


def _parse(path: Path, model: type[M]) -> tuple[M, YamlFile]:
    file = read_yaml(path)
    if not isinstance(file.data, dict):
        raise ContentError([problem(path, "整个文件应当是“键: 值”的形式，现在是空的或只有一个值")])
    try:
        return model.model_validate(file.data), file
    except ValidationError as error:
        raise ContentError(wording.problems_of(error, file, model)) from error


def _id_is_stem(path: Path, found: str, file: YamlFile) -> None:
    if found != path.stem:
        line = file.line_of(("id",))
        text = f"id 应当和文件名一样：文件叫 {path.stem}，id 写的是 {wording.show(found)}"
        raise ContentError([problem(path, text, place="id", line=line)])


def read_style(path: Path) -> Style:
    """`personas/styles/<id>.yaml`. Raises ContentError."""
    parsed, file = _parse(path, schemas.StyleFile)
    _id_is_stem(path, parsed.id, file)
    return parsed.to_domain()


def read_situation(path: Path) -> Situation:
    """`personas/situations/<id>.yaml`. Raises ContentError."""
    parsed, file = _parse(path, schemas.SituationFile)
    _id_is_stem(path, parsed.id, file)
    return parsed.to_domain()


def read_persona(path: Path) -> Persona:
    """`personas/cast/<id>.yaml`. Raises ContentError."""
    parsed, file = _parse(path, schemas.PersonaFile)
    _id_is_stem(path, parsed.id, file)
    return parsed.to_domain()


def read_rubric(path: Path) -> Rubric:
    """`rubrics/<name>@<version>.yaml`. Raises ContentError."""
    parsed, file = _parse(path, schemas.RubricFile)
    stem = f"{parsed.rubric}@{parsed.version}"
    problems = []
    if stem != path.stem:
        problems.append(problem(path, f"文件名应当是 {stem}.yaml（由 rubric 和 version 得来）", place="rubric"))
    seen: dict[str, int] = {}
    for index, item in enumerate(parsed.items):
        for key in [f"{item.kind.value}:{s}.{item.id}" for s in item.situations] or [f"{item.kind}:{item.id}"]:
            if key in seen:
                line = file.line_of(("items", index, "id"))
                text = f"{key} 和 items[{seen[key]}] 重复了"
                problems.append(problem(path, text, place=f"items[{index}].id", line=line))
            seen[key] = index
    ids = [b.id for b in parsed.banned]
    for index, phrase_id in enumerate(ids):
        if phrase_id in ids[:index]:
            line = file.line_of(("banned", index, "id"))
            problems.append(problem(path, f"{phrase_id} 写了两次", place=f"banned[{index}].id", line=line))
    if problems:
        raise ContentError(problems)
    return parsed.to_domain()


def read_lines(path: Path) -> tuple[Line, ...]:
    """`personas/lines/*.jsonl`, one line a record. Raises ContentError with every bad line."""
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([problem(path, f"读不了，或不是 UTF-8：{error}")]) from error
    lines, problems = [], []
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            lines.append(_line(json.loads(row)))
        except json.JSONDecodeError as error:
            problems.append(problem(path, f"不是合法的 JSON：第 {error.colno} 列附近", line=number))
        except ValidationError as error:
            found = wording.problems_of(error, YamlFile(path=path, data={}), schemas.LineFile)
            problems += [problem(path, p.message, place=p.place, line=number) for p in found]
        except ValueError as error:
            problems.append(problem(path, str(error), line=number))
    if problems:
        raise ContentError(problems)
    return tuple(lines)


def _line(record: Any) -> Line:
    parsed = schemas.LineFile.model_validate(record)
    slots = set(slots_in(parsed.text))
    unknown = slots - SLOTS
    if unknown:
        raise ValueError(f"不认识的空位 {{{min(unknown)}}}，可用的：{wording.choices(SLOTS)}")
    if (parsed.move is Move.REVEAL) != ("concern" in slots):
        raise ValueError("reveal 的台词必须有 {concern}，别的台词不能有")
    digest = hashlib.sha256(f"{parsed.style}|{parsed.move}|{parsed.text}".encode()).hexdigest()[:10]
    return Line(id=digest, **dict(parsed))


def slots_in(text: str) -> list[str]:
    """The names between braces in `text`. Raises ValueError for a brace that does not close."""
    names, rest = [], text
    while "{" in rest:
        _, _, rest = rest.partition("{")
        name, closing, rest = rest.partition("}")
        if not closing:
            raise ValueError("花括号没有配对")
        names.append(name)
    return names


def read_prompt(path: Path) -> str:
    """`prompts/<name>.txt`: a `$name` template whose names must be exactly the known ones."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([problem(path, f"读不了，或不是 UTF-8：{error}")]) from error
    known = PROMPT_NAMES.get(path.stem)
    if known is None:
        raise ContentError([problem(path, f"没有叫 {path.stem} 的提示词，可以是：{wording.choices(PROMPT_NAMES)}")])
    template = Template(text)
    if not template.is_valid():
        raise ContentError([problem(path, "有不成对的 $：写一个美元符号要写成 $$")])
    used = set(template.get_identifiers())
    problems = [
        problem(path, f"不认识的空位 ${name}{wording.suggest(name, known)}", line=_line_of(text, name))
        for name in sorted(used - known)
    ]
    problems += [problem(path, f"缺少空位 ${name}") for name in sorted(known - used)]
    if problems:
        raise ContentError(problems)
    return text


def _line_of(text: str, name: str) -> int:
    return next(n for n, row in enumerate(text.splitlines(), 1) if f"${name}" in row or f"${{{name}}}" in row)


def read_moves(path: Path) -> dict[Move, str]:
    """`prompts/moves.yaml`: what each move means, told to the language model. Raises ContentError."""
    file = read_yaml(path)
    data = file.data if isinstance(file.data, dict) else {}
    known = {m.value for m in Move}
    problems = [
        problem(path, f"没有这个动作{wording.suggest(str(k), known)}", place=str(k), line=file.line_of((k,)))
        for k in data
        if k not in known
    ]
    problems += [problem(path, f"缺少动作 {m}") for m in sorted(known - set(data))]
    problems += [
        problem(path, "应当是文字", place=str(k), line=file.line_of((k,)))
        for k, v in data.items()
        if not isinstance(v, str)
    ]
    if problems:
        raise ContentError(problems)
    return {Move(k): str(v) for k, v in data.items()}


READERS: dict[str, Callable[[Path], Any]] = {
    "style": read_style,
    "situation": read_situation,
    "persona": read_persona,
    "lines": read_lines,
    "rubric": read_rubric,
    "prompt": read_prompt,
    "moves": read_moves,
}
