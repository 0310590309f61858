"""Cases and runs that tests of evaluation share."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parents[2] / "eval" / "cases"


def lines(count: int, name: str = "test.jsonl") -> list[dict[str, Any]]:
    """`count` shipped cases, repeated under new ids where there are not so many."""
    rows = [json.loads(row) for row in (SHIPPED / name).read_text(encoding="utf-8").splitlines()]
    return [
        row | {"id": f"{row['id']}-{n}"} for n, row in zip(range(count), itertools.cycle(rows), strict=False)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A file of cases."""
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return path
