"""What is done to the rubrics of a trainer's folder in tests, and what is looked up there."""

from __future__ import annotations

import shutil
from pathlib import Path

VISIT = Path(__file__).parents[1] / "content" / "visit@1.yaml"


def locked(folder: Path) -> list[str]:
    lock = folder / "rubrics" / "LOCK"
    return lock.read_text(encoding="utf-8").splitlines() if lock.exists() else []


def edit(folder: Path, old: str, new: str, version: int = 1) -> None:
    path = folder / "rubrics" / f"visit@{version}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def second(folder: Path) -> None:
    shutil.copy(VISIT, folder / "rubrics" / "visit@2.yaml")
    edit(folder, "version: 1", "version: 2", version=2)
