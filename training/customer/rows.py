"""Writes rows as JSON, one a line, in one move. Knows nothing of what they tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write(path: Path, told: Iterable[Mapping[str, Any]]) -> None:
    """Replaces `path`, or makes it."""
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in told), encoding="utf-8")
    part.replace(path)
