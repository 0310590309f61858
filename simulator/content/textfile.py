"""Reads text files as UTF-8 and tells in a trainer's words when that fails.

Knows nothing of what the text means.
"""

from __future__ import annotations

import errno
from pathlib import Path

from simulator.errors import ContentError, Problem

_REASONS = {
    errno.ENOENT: "没有这个文件",
    errno.EACCES: "没有读它的权限",
    errno.EPERM: "没有读它的权限",
    errno.EISDIR: "这是一个文件夹，不是文件",
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
