"""Reading and writing JSON lines: `-` for standard streams, output whole or not at all.

Knows nothing of what the records mean.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from simulator.errors import InputError, UsageError

MAX_LINE = 1_000_000
_MAX_BYTES = 4 * MAX_LINE + 16  # no more of a line is read: a character has at most four bytes


def rows(source: str) -> Iterator[tuple[int, str]]:
    """(line number, text) of every line that is not blank; of a line too long for `parse`, enough for it to
    say so. Raises UsageError for a file that cannot be read, InputError for bytes that are not UTF-8."""
    if source == "-" and sys.stdin is None:
        raise UsageError("没有标准输入可读")
    try:
        stream = sys.stdin.buffer if source == "-" else Path(source).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise UsageError(f"读不了 {source}：{error.strerror}") from error
    with stream:
        for number, (raw, whole) in enumerate(_lines(stream), 1):
            try:
                errors = "strict" if whole else "ignore"  # the cut may go through a character
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8", errors)
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{source}:{number}: 不是 UTF-8 编码（这一行第 {error.start + 1} 个字节）"
                ) from error
            if text.strip():
                yield number, text


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Lines, and whether they are whole: of one that is too long, its beginning."""
    while raw := stream.readline(_MAX_BYTES):
        whole = len(raw) < _MAX_BYTES or raw.endswith(b"\n")
        rest = b"" if whole else raw
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_MAX_BYTES)
        yield raw, whole


def parse(source: str, number: int, text: str) -> dict[str, Any]:
    """One record. Raises InputError."""
    if len(text) > MAX_LINE:
        raise InputError(f"{source}:{number}: 这一行太长，一行最多 {MAX_LINE} 个字符")
    try:
        record = json.loads(text, parse_constant=_no_constant)
        json.dumps(record, ensure_ascii=False).encode()  # half a surrogate pair could not be written again
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source}:{number}: 不是合法的 JSON（{_what(error)}）") from error
    if not isinstance(record, dict):
        raise InputError(f"{source}:{number}: 应当是一个 JSON 对象")
    return record


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} 不是 JSON 的数")


def _what(error: ValueError | RecursionError) -> str:
    match error:
        case json.JSONDecodeError():
            return f"第 {error.colno} 列"
        case RecursionError():
            return "嵌套太深"
        case UnicodeEncodeError():
            return "有半个代理对，不成字"
    return str(error)[:60]


@contextmanager
def output(target: str) -> Iterator[TextIO]:
    """A stream to `target`. A file appears under its name only when all is written; one that was there
    stays when something fails. A link stays a link, a device or pipe is written to as it is. Raises
    UsageError when it cannot be written, BrokenPipeError when its reader has gone."""
    if not target:
        raise UsageError("--output 不能为空")
    path = Path(os.path.realpath(target))
    try:
        if target == "-":
            yield sys.stdout
            sys.stdout.flush()
        elif path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                yield stream
        else:
            with _whole(path) as stream:
                yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"写不了 {target}：{error.strerror}") from error


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    part = path.with_name(f".{path.name}.part{os.getpid()}")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def dump(record: dict[str, Any]) -> str:
    """One line of JSON with its newline."""
    return json.dumps(record, ensure_ascii=False) + "\n"
