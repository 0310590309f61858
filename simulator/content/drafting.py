"""Drafts of rubrics: the text of a file under another name and version, with nothing else moved.

Knows nothing of where drafts are put, nor what the items in them mean.
"""

from __future__ import annotations

import re

from ruamel.yaml import YAML
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, ScalarEvent

from simulator.content import wording
from simulator.content.contents import Content
from simulator.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# The comment that a file opens with.
_HEADER = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*")


def next_ref(content: Content, name: str) -> str:
    """The version after the last of the rubrics called `name`, written or only released."""
    return f"{name}@{max(_versions(content, name)) + 1}"


def first_ref(content: Content, name: str) -> str:
    """The first version of new rubrics called `name`. Raises UsageError for a name that is none, or that
    is taken."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"名字写法不对：{wording.show(name)}。只用小写字母、数字和下划线，以小写字母开头，如 my_service"
        )
    if taken := _versions(content, name):
        raise UsageError(
            f"已经有 {name}@{max(taken)} 了。要起草它的下一版：duilian rubric new {name}；"
            "要另起一套，换个名字。"
        )
    return f"{name}@1"


def _versions(content: Content, name: str) -> list[int]:
    refs = (ref.partition("@") for ref in [*content.rubrics, *content.released])
    return [int(version) for family, _, version in refs if family == name and version.isdecimal()]


def renamed(text: str, old: str, new: str) -> str:
    """The rubric file `text` of `old` (`name@version`) as one of `new`: its `rubric`, its `version` and
    what the comment at its head says of them, everything else as it stands. Raises UsageError where
    they are written so that they cannot be replaced by themselves."""
    (_, _, before), (name, _, version) = old.partition("@"), new.partition("@")
    places = _places(text)
    if len(places) < 2:
        raise UsageError(f"{old} 的 rubric 和 version 不能用 & 或 * 写：直接写上值，再起草。")
    values = {"rubric": _as_text(name), "version": version}
    for key in sorted(places, key=lambda k: places[k], reverse=True):  # from behind: those before it hold
        start, end = places[key]
        text = text[:start] + values[key] + text[end:]
    head = _HEADER.match(text)
    cut = head.end() if head else 0
    header = re.sub(rf"(?<![\w@]){re.escape(old)}(?!\d)", new, text[:cut])
    header = re.sub(rf"(第\s*){before}(\s*版)", rf"\g<1>{version}\g<2>", header)
    return header + text[cut:]


def _as_text(name: str) -> str:
    """`name` as YAML that is text, which `null` and `true` alone are not."""
    return name if YAML(typ="safe", pure=True).load(name) == name else f'"{name}"'


def _places(text: str) -> dict[str, tuple[int, int]]:
    """Where the values of `rubric` and `version` stand: begin and end by characters. Without those that
    an anchor or an alias makes part of something else."""
    places: dict[str, tuple[int, int]] = {}
    depth, key = 0, None
    for event in YAML().parse(text):
        if isinstance(event, CollectionStartEvent):
            depth, key = depth + 1, None
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        elif depth == 1 and key is None and isinstance(event, ScalarEvent):
            key = event.value
        elif depth == 1:
            if key in ("rubric", "version") and isinstance(event, ScalarEvent) and event.anchor is None:
                places[key] = (event.start_mark.index, event.end_mark.index)
            key = None
        if len(places) == 2:
            break
    return places
