"""Reads one YAML file and remembers where everything stands in it.

Knows nothing of what the file means: validation is `schemas`, words for errors are `wording`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from simulator.errors import ContentError, Problem

Location = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class YamlFile:
    """A parsed file. `data`: plain mappings, lists and scalars that know their line."""

    path: Path
    data: Any

    def line_of(self, location: Location) -> int | None:
        """The 1-based line of the deepest part of `location` that exists in the file."""
        node, line = self.data, None
        for part in location:
            if not isinstance(node, CommentedBase):
                break
            here = _position(node, part)
            if here is None:
                break
            line = here + 1
            try:
                node = node[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                break
        return line


def _position(node: CommentedBase, part: str | int) -> int | None:
    try:
        place = node.lc.data[part]
    except (KeyError, TypeError, AttributeError):
        return None
    return int(place[0])


def read_yaml(path: Path) -> YamlFile:
    """Reads `path`. Raises ContentError for a file that is missing, not UTF-8 or not YAML."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _broken(path, None, f"不是 UTF-8 编码（第 {error.start} 字节处）。请另存为 UTF-8。") from error
    except OSError as error:
        raise _broken(path, None, f"读不了：{error.strerror}") from error
    try:
        data = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise _broken(path, _mark_line(error), f"同一个键写了两次：{_first_quoted(error)}") from error
    except MarkedYAMLError as error:
        detail = error.problem or "格式不对"
        raise _broken(path, _mark_line(error), f"不是合法的 YAML：{detail}。请检查缩进、冒号和引号。") from error
    except YAMLError as error:
        raise _broken(path, None, f"不是合法的 YAML：{error}") from error
    return YamlFile(path=path, data=data)


def _mark_line(error: MarkedYAMLError) -> int | None:
    return error.problem_mark.line + 1 if error.problem_mark else None


def _first_quoted(error: MarkedYAMLError) -> str:
    parts = (error.problem or "").split('"')
    return parts[1] if len(parts) > 1 else "?"


def _broken(path: Path, line: int | None, message: str) -> ContentError:
    return ContentError([Problem(file=str(path), place="", line=line, message=message)])
