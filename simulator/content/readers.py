"""Reads single files into domain types, collecting every problem of a file instead of the first.

Knows nothing of how files refer to each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from pydantic import BaseModel, ValidationError

from simulator.content import schemas, wording
from simulator.content.consistency import CHECKS
from simulator.content.textfile import read_text
from simulator.content.yamlfile import YamlFile, read_yaml
from simulator.domain.persona import Line, Move
from simulator.domain.rubric import RubricItem
from simulator.errors import ContentError, Problem

# The names each prompt may and must use.
PROMPT_NAMES: dict[str, frozenset[str]] = {
    "customer": frozenset(
        [
            "name",
            "gender",
            "age",
            "title",
            "company",
            "role",
            "style",
            "style_voice",
            "situation",
            "product",
            "plan",
            "bill",
            "price",
            "facts",
            "cause",
            "background",
            "answers",
        ]
    ),
    "note": frozenset(["move", "mood", "anger", "trust", "patience", "extra", "said", "length"]),
    "second_opinion": frozenset(["customer", "reply", "items"]),
}
# The slots a line of the bank may hold.
SLOTS = frozenset(["honorific", "company", "plan", "bill", "price", "product", "figure", "day"])
# Slots that only these moves can fill.
_OWN_SLOTS = {
    "concern": Move.REVEAL,
    "earlier": Move.CATCH_OUT,
    "now": Move.CATCH_OUT,
    "wrong": Move.CORRECT,
    "surname": Move.CORRECT,
}
# The shape of each kind of YAML file that becomes a domain type.
_SHAPES: dict[str, type[BaseModel]] = {
    "style": schemas.StyleFile,
    "situation": schemas.SituationFile,
    "persona": schemas.PersonaFile,
    "rubric": schemas.RubricFile,
}
_NOT_A_MAPPING = "整个文件应当是“键: 值”的形式，现在是空的或只有一个值"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One file as read. `value`: what it means, None when it has problems (for lines: line number →
    Line, the sound ones); `file`: the plain data, None when it is not YAML; `taken`: of a rubric, the items
    it takes from others, None when nobody can tell (see `including`)."""

    path: Path
    value: Any = None
    file: YamlFile | None = None
    problems: tuple[Problem, ...] = ()
    taken: tuple[RubricItem, ...] | None = ()


def read(kind: str, path: Path) -> Reading:
    """Reads a file of `kind` (a key of `source.KINDS`). Never raises for what is in the file."""
    try:
        return _READERS[kind](kind, path)
    except ContentError as error:
        return Reading(path=path, problems=error.problems)


def _read_yaml(kind: str, path: Path) -> Reading:
    file = _mapping_file(path)
    model = _SHAPES[kind]
    value, problems = None, [p for check in CHECKS[kind] for p in check(file)]
    try:
        value = model.model_validate(file.data)
    except ValidationError as error:
        problems += wording.problems_of(error, file, model)
    if value is None or problems:
        problems.sort(key=lambda p: p.line or 0)
        return Reading(path=path, file=file, problems=tuple(problems))
    return Reading(path=path, file=file, value=value.to_domain())  # type: ignore[attr-defined]


def _mapping_file(path: Path) -> YamlFile:
    file = read_yaml(path)
    if not isinstance(file.data, dict):
        raise ContentError([_problem(path, _NOT_A_MAPPING)])
    return file


def _problem(path: Path, message: str, *, place: str = "", line: int | None = None) -> Problem:
    return Problem(file=str(path), place=place, line=line, message=message)


def _read_lines(kind: str, path: Path) -> Reading:
    lines: dict[int, Line] = {}
    problems: list[Problem] = []
    for number, row in enumerate(read_text(path).split("\n"), 1):
        if row.strip():
            try:
                lines[number] = _line(path, row)
            except ContentError as error:
                problems += [_problem(path, p.message, place=p.place, line=number) for p in error.problems]
    return Reading(path=path, value=lines, problems=tuple(problems))


def _line(path: Path, row: str) -> Line:
    """The line that `row` holds. Raises ContentError with every problem of it."""
    try:
        record = json.loads(row)
    except json.JSONDecodeError as error:
        message = f"不是合法的 JSON：第 {error.colno} 个字附近。请检查引号、逗号和括号。"
        raise ContentError([_problem(path, message)]) from error
    except RecursionError as error:
        raise ContentError([_problem(path, "不是合法的 JSON：套得太深了")]) from error
    file = YamlFile(path=path, data=record)
    problems = [*_slot_problems(file), *_move_problems(file)]
    try:
        parsed = schemas.LineFile.model_validate(record)
    except ValidationError as error:
        raise ContentError([*wording.problems_of(error, file, schemas.LineFile), *problems]) from error
    if problems:
        raise ContentError(problems)
    digest = hashlib.sha256(f"{parsed.style}|{parsed.move}|{parsed.text}".encode()).hexdigest()[:10]
    return Line(id=digest, **dict(parsed))


def _slot_problems(file: YamlFile) -> Iterator[Problem]:
    record = file.data if isinstance(file.data, dict) else {}
    text, move = record.get("text"), record.get("move")
    if not isinstance(text, str):
        return
    try:
        slots = set(slots_in(text))
    except ValueError as error:
        yield wording.problem_at(file, ("text",), f"{error}：{wording.show(text)}")
        return
    known = SLOTS | set(_OWN_SLOTS)
    for name in sorted(slots - known):
        yield wording.problem_at(file, ("text",), f"不认识的空位 {{{name}}}{wording.meant(name, known)}")
    if move == Move.REVEAL and "concern" not in slots:
        yield wording.problem_at(
            file, ("text",), f"reveal 的台词必须有 {{concern}}，写的是 {wording.show(text)}"
        )
    for name in sorted(slots & set(_OWN_SLOTS)):
        if isinstance(move, str) and move != _OWN_SLOTS[name]:
            text = f"只有 {_OWN_SLOTS[name]} 的台词能用 {{{name}}}，这一句是 {move}"
            yield wording.problem_at(file, ("text",), text)


def _move_problems(file: YamlFile) -> Iterator[Problem]:
    """What the line's move asks of it or rules out, slots aside."""
    record = file.data if isinstance(file.data, dict) else {}
    move = record.get("move")
    if move == Move.OPEN and record.get("needs"):
        text = "open 的台词是第一句，前面没有话可接，needs 用不上"
        yield wording.problem_at(file, ("needs",), text)
    if (move == Move.OBJECT) != (record.get("objection") is not None):
        text = "object 的台词要写 objection（情境里哪一条异议的 id），别的台词不写"
        yield wording.problem_at(file, ("objection",), text)


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


def _read_prompt(kind: str, path: Path) -> Reading:
    """A `$name` template whose names must be exactly the known ones."""
    text = read_text(path)
    known = PROMPT_NAMES.get(path.stem)
    if known is None:
        message = f"没有叫 {path.stem} 的提示词{wording.meant(path.stem, PROMPT_NAMES)}"
        return Reading(path=path, problems=(_problem(path, message),))
    problems, used = [], set()
    for found in Template.pattern.finditer(text):
        name, line = found["named"] or found["braced"], text.count("\n", 0, found.start()) + 1
        if found["invalid"] is not None:
            problems.append(_problem(path, "$ 后面要跟英文的空位名；要写美元符号本身就写 $$", line=line))
        elif name and name not in known:
            problems.append(_problem(path, f"不认识的空位 ${name}{wording.meant(name, known)}", line=line))
        used.add(name)
    problems += [_problem(path, f"缺少空位 ${name}") for name in sorted(known - used)]
    return Reading(path=path, value=None if problems else text, problems=tuple(problems))


def _read_moves(kind: str, path: Path) -> Reading:
    """What each move means, told to the language model: all moves, no others."""
    file = _mapping_file(path)
    known = {m.value for m in Move}
    problems = []
    for key, text in file.data.items():
        if key not in known:
            problems.append(wording.problem_at(file, (key,), f"没有这个动作{wording.meant(str(key), known)}"))
        elif not isinstance(text, str) or not text.strip():
            problems.append(wording.problem_at(file, (key,), f"应当是一句说明，写的是 {wording.show(text)}"))
    problems += [_problem(path, f"缺少动作 {m}") for m in sorted(known - set(file.data))]
    value = None if problems else {Move(k): str(v) for k, v in file.data.items()}
    return Reading(path=path, file=file, value=value, problems=tuple(problems))


_READERS: dict[str, Callable[[str, Path], Reading]] = {
    "style": _read_yaml,
    "situation": _read_yaml,
    "persona": _read_yaml,
    "lines": _read_lines,
    "rubric": _read_yaml,
    "prompt": _read_prompt,
    "moves": _read_moves,
}
