"""Folders with rubrics to be drafted, compared and released."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.content.places import shipped
from tests.cli.rubrics import VISIT


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A trainer's folder with a rubric of its own, not released."""
    folder = tmp_path / "own"
    (folder / "rubrics").mkdir(parents=True)
    shutil.copy(VISIT, folder / "rubrics")
    return folder


@pytest.fixture
def untouched() -> Iterator[None]:
    """Whatever a test does, the shipped list stays as it is."""
    lock = shipped("rubrics") / "LOCK"
    before = lock.read_bytes() if lock.exists() else None
    yield
    assert (lock.read_bytes() if lock.exists() else None) == before


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, with a rubric `visit@1` that is not released."""
    folder = tmp_path / "top"
    for name in ("personas", "prompts", "rubrics"):
        shutil.copytree(shipped(name), folder / name)
    shutil.copy(VISIT, folder / "rubrics")
    for module in ("source", "places"):
        monkeypatch.setattr(f"simulator.content.{module}.shipped", lambda name: folder / name)
    return folder
