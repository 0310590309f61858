"""Where shipped folders and the user's data lie.

In the repository the trainers' folders stand at the top level; in the wheel they travel inside the
package as `simulator/_shipped/`. This is the one place that knows both.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from simulator.errors import UsageError

PACKAGE = Path(__file__).resolve().parent.parent
SHIPPED_NAMES = ("personas", "rubrics", "prompts", "models")


def shipped(name: str) -> Path:
    """The folder `name` (one of `SHIPPED_NAMES`) that came with the product."""
    inside = PACKAGE / "_shipped" / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def default_data_dir() -> Path:
    """Where sessions are stored unless `--data` says otherwise; `DUILIAN_DATA` overrides it."""
    chosen = os.environ.get("DUILIAN_DATA")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("duilian", appauthor=False))


def writable_folder(path: Path) -> Path:
    """`path`, made if need be. Raises UsageError when it cannot be written to."""
    probe = path / ".write-test"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"数据目录不可写：{path}（{error.strerror}）。请用 --data 指定一个有写权限的目录。"
        ) from error
    return path
