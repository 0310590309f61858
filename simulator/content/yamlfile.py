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

from simulator.content.textfile import read_text
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


# What ruamel says (its opening words) and what a trainer can do about it.
_ADVICE = {
    "mapping values are not allowed": "这里多了一个冒号：值里有冒号就给整句加引号，或者是上一行少了缩进",
    "found character '\\t'": "这里有制表符（Tab）：缩进只能用空格",
    "found character": "值不能用这个字符开头：给整句加引号",
    "could not find expected ':'": "这一行或上一行像是少了冒号：键的后面要写“: ”",
    "expected <block end>": "缩进和上面几行对不齐，或者引号、短横用错了",
    "found unexpected end of stream": "有一个引号或括号没有收尾",
    "expected ',' or": "方括号或花括号里少了逗号，或者没有收尾",
    "found unexpected document": "引号没有收尾，或者多了一行 ---",
    "but found another document": "一个文件里只能有一份内容：删掉多出来的 ---",
    "found unknown escape": "双引号里的反斜杠不对：改用单引号",
    "found undefined alias": "值不能用 * 开头：给整句加引号",
    "expected alphabetic or numeric": "值不能用 *、& 开头：给整句加引号",
    "sequence entries are not allowed": "列表的 - 要另起一行写",
    "block sequence entries": "列表的 - 要另起一行写",
    "special characters are not allowed": "有看不见的控制字符：删掉重新打一遍",
}

# Of these the beginning of what was left open is the place to look at, not where reading stopped.
_OPENED_EARLIER = ("found unexpected", "expected ',' or", "could not find expected ':'")


def read_yaml(path: Path) -> YamlFile:
    """Reads `path`. Raises ContentError for a file that is missing, not UTF-8 or not YAML."""
    text = read_text(path)
    try:
        data = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise _broken(
            path, _mark_line(error), f"同一个键写了两次：{_first_quoted(error)}。留下一个。"
        ) from error
    except (YAMLError, ValueError) as error:  # ValueError: a date like 2024-13-40
        raise _broken(path, _mark_line(error), f"不是合法的 YAML：{_advice(error)}。") from error
    except RecursionError as error:
        raise _broken(path, None, "不是合法的 YAML：一层套一层，套得太深了。") from error
    return YamlFile(path=path, data=data)


def _advice(error: Exception) -> str:
    said = str(getattr(error, "problem", None) or error)
    found = (text for opening, text in _ADVICE.items() if opening in said)
    return next(found, "请检查缩进、冒号和引号")


def _mark_line(error: Exception) -> int | None:
    marks = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
    if str(getattr(error, "problem", "")).startswith(_OPENED_EARLIER):
        marks.reverse()
    mark = marks[0] or marks[1]
    return mark.line + 1 if mark else None


def _first_quoted(error: MarkedYAMLError) -> str:
    parts = (error.problem or "").split('"')
    return parts[1] if len(parts) > 1 else "?"


def _broken(path: Path, line: int | None, message: str) -> ContentError:
    return ContentError([Problem(file=str(path), place="", line=line, message=message)])
