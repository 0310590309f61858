"""Reads and writes text files as UTF-8 and tells in a trainer's words when that fails.

Knows nothing of what the text means.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from simulator.errors import ContentError, Problem, UsageError

_REASONS = {
    errno.ENOENT: "没有这个文件",
    errno.EACCES: "没有读它的权限",
    errno.EPERM: "没有读它的权限",
    errno.EISDIR: "这是一个文件夹，不是文件",
}
_NOT_WRITTEN = {
    errno.ENOSPC: "磁盘满了",
    errno.EDQUOT: "磁盘配额用完了",
    errno.EROFS: "这个磁盘是只读的",
    errno.EACCES: "没有写的权限",
    errno.EPERM: "没有写的权限",
    errno.EEXIST: "要放它的文件夹是一个文件",
    errno.ENOTDIR: "要放它的文件夹是一个文件",
    errno.EISDIR: "已经有一个同名的文件夹",
}


def read_text(path: Path) -> str:
    """The text of `path`, without a byte order mark. Raises ContentError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, "磁盘或系统出错")
        raise ContentError([Problem(file=str(path), place="", message=f"读不了：{reason}。")]) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        text = "这一行有不是 UTF-8 编码的字（多半存成了 GBK）。请用编辑器另存为 UTF-8。"
        raise ContentError([Problem(file=str(path), place="", line=line, message=text)]) from error


def write_text(path: Path, text: str) -> None:
    """Writes `path`, whole or not at all, and its folder where there is none. Raises UsageError where the
    disk says no."""
    part = path.with_name(f".{path.name}.part{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(text.encode("utf-8"))
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        reason = _NOT_WRITTEN.get(error.errno or 0, error.strerror or "磁盘或系统出错")
        raise UsageError(f"写不了 {path}：{reason}。") from error
