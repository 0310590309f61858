"""The catalogue that reads all content, checks it and keeps it fresh.

Knows nothing of graders, models or sessions. A change on disk is picked up at the next look; while the
changed files are broken, the last good content stays in use and the problems are told.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from simulator.content import crosscheck, including, wording
from simulator.content.contents import Content
from simulator.content.readers import Reading, read
from simulator.content.source import KINDS, ContentSource
from simulator.content.textfile import read_text
from simulator.errors import ContentError, Problem

T = TypeVar("T")


def load(source: ContentSource) -> Content:
    """Reads and checks everything. Raises ContentError with every problem of every file."""
    content, problems = read_all(source)
    if problems:
        raise ContentError(problems)
    return content


def read_all(source: ContentSource) -> tuple[Content, list[Problem]]:
    """What can be read, and every problem found, those of each file by its lines."""
    readings = {kind: {s: _reading(kind, p) for s, p in source.files(kind).items()} for kind in KINDS}
    released, broken = _released(source)
    readings["rubric"] = including.resolve(readings["rubric"], released)
    problems = [p for found in readings.values() for reading in found.values() for p in reading.problems]
    problems += broken + crosscheck.check(readings, released)
    sound = {
        kind: {s: r.value for s, r in found.items() if r.value is not None}
        for kind, found in readings.items()
    }
    content = Content(
        styles=sound["style"],
        situations=sound["situation"],
        personas=sound["persona"],
        rubrics=sound["rubric"],
        lines=tuple(line for lines in sound["lines"].values() for line in lines.values()),
        prompts=sound["prompt"],
        moves=sound["moves"].get("moves", {}),
        released=released,
    )
    return content, _in_order(problems)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """File by file as first met, each file's by line."""
    files = {p.file: n for n, p in reversed(list(enumerate(problems)))}
    return sorted(problems, key=lambda p: (files[p.file], p.line or 0))


def _reading(kind: str, path: Path) -> Reading:
    try:
        stat = path.stat()
    except OSError:  # reading it will say why
        return read(kind, path)
    return _read_once(kind, path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1024)
def _read_once(kind: str, path: Path, mtime_ns: int, size: int) -> Reading:
    """A file that has not changed is read once: a reload costs what was changed."""
    return read(kind, path)


def _released(source: ContentSource) -> tuple[dict[str, str], list[Problem]]:
    """The hashes in each `LOCK`, one `name@version hash` a line, and what is wrong with those files. What
    is shipped as released cannot be released differently."""
    released: dict[str, str] = {}
    problems: list[Problem] = []
    for path in source.locks():
        try:
            rows = read_text(path).splitlines()
        except ContentError as error:
            problems += error.problems
            continue
        for number, row in enumerate(rows, 1):
            match row.split():
                case [ref, digest]:
                    released.setdefault(ref, digest)
                case [_, *_]:
                    text = f"应当是“名字@版本 指纹”，写的是 {wording.show(row)}"
                    problems.append(Problem(file=str(path), place="", line=number, message=text))
    return released, problems


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
