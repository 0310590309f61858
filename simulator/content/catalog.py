"""All content at one moment, and the catalogue that keeps it fresh.

Knows nothing of graders, models or sessions. A change on disk is picked up at the next look; while the
changed files are broken, the last good content stays in use and the problems are told.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.content import crosscheck, wording
from simulator.content.readers import READERS
from simulator.content.source import KINDS, ContentSource
from simulator.domain.persona import Line, Move, Persona, Situation, Style
from simulator.domain.rubric import Rubric
from simulator.errors import ContentError, Problem, UsageError


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything trainers wrote, checked and ready. `released`: hashes of released rubrics by ref."""

    styles: dict[str, Style] = field(default_factory=dict)
    situations: dict[str, Situation] = field(default_factory=dict)
    personas: dict[str, Persona] = field(default_factory=dict)
    rubrics: dict[str, Rubric] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    prompts: dict[str, str] = field(default_factory=dict)
    moves: dict[Move, str] = field(default_factory=dict)
    released: dict[str, str] = field(default_factory=dict)

    def persona(self, persona_id: str) -> Persona:
        """The person of that id. Raises UsageError."""
        return _pick(self.personas, persona_id, "人物")

    def situation(self, situation_id: str) -> Situation:
        """The situation of that id. Raises UsageError."""
        return _pick(self.situations, situation_id, "情境")

    def style(self, style_id: str) -> Style:
        """The style of that id. Raises UsageError."""
        return _pick(self.styles, style_id, "风格")

    def rubric(self, wanted: str) -> Rubric:
        """`name@version`, or `name` for its newest released version (newest of all when none is
        released). Raises UsageError."""
        name, _, version = wanted.partition("@")
        if version:
            return _pick(self.rubrics, wanted, "评分标准")
        family = [r for r in self.rubrics.values() if r.name == name]
        if not family:
            return _pick(self.rubrics, wanted, "评分标准")
        released = [r for r in family if r.ref in self.released]
        return max(released or family, key=lambda r: r.version)

    def first_persona(self, situation_id: str) -> Persona:
        """The situation's first person in the cast, by id. Raises UsageError when it has none."""
        for person in self.personas.values():
            if person.situations[0] == situation_id:
                return person
        for person in self.personas.values():
            if situation_id in person.situations:
                return person
        raise UsageError(f"情境 {situation_id} 还没有人物：在 personas/cast/ 里加一个。")


def _pick(table: dict[str, Any], wanted: str, what: str) -> Any:
    try:
        return table[wanted]
    except KeyError:
        hint = wording.suggest(wanted, table) or f"，可以是：{wording.choices(table)}"
        raise UsageError(f"没有 {wording.show(wanted)} 这个{what}{hint}") from None


def load(source: ContentSource) -> Content:
    """Reads and checks everything. Raises ContentError with every problem of every file."""
    content, problems = read_all(source)
    if problems:
        raise ContentError(problems)
    return content


def read_all(source: ContentSource) -> tuple[Content, list[Problem]]:
    """What can be read, and every problem found. Files are checked against each other only when each
    of them is sound by itself: otherwise one mistake would be told many times."""
    files = {kind: source.files(kind) for kind in KINDS}
    read: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    problems: list[Problem] = []
    for kind, paths in files.items():
        for stem, path in paths.items():
            try:
                read[kind][stem] = READERS[kind](path)
            except ContentError as error:
                problems += error.problems
    content = Content(
        styles=read["style"],
        situations=read["situation"],
        personas=read["persona"],
        rubrics=read["rubric"],
        lines=tuple(line for lines in read["lines"].values() for line in lines),
        prompts=read["prompt"],
        moves=read["moves"].get("moves", {}),
        released=_released(files["rubric"]),
    )
    if not problems:
        problems = crosscheck.check(content, files)
    return content, problems


def _released(rubrics: dict[str, Path]) -> dict[str, str]:
    """`LOCK` beside the rubrics: one `name@version hash` a line."""
    released: dict[str, str] = {}
    for folder in {path.parent for path in rubrics.values()}:
        lock = folder / "LOCK"
        if lock.is_file():
            rows = (row.split() for row in lock.read_text(encoding="utf-8").splitlines())
            released |= {row[0]: row[1] for row in rows if len(row) == 2}
    return released


class Catalog:
    """The content of a running program. Thread safe."""

    def __init__(self, source: ContentSource) -> None:
        self.source = source
        self._lock = threading.Lock()
        self._stamp = source.stamp()
        self._content = load(source)
        self.problems: tuple[Problem, ...] = ()

    @property
    def content(self) -> Content:
        """The newest sound content. Looks at file dates; reads again only when one changed."""
        with self._lock:
            stamp = self.source.stamp()
            if stamp != self._stamp:
                self._stamp = stamp
                content, problems = read_all(self.source)
                self.problems = tuple(problems)
                if not problems:
                    self._content = content
            return self._content
