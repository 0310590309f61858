"""Runs the command in this process, as its users would call it, with everything kept in a fresh folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.cli.main import main


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a call left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def duilian(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Result]:
    monkeypatch.setenv("DUILIAN_DATA", str(tmp_path / "data"))

    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["duilian", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main()
        said = capsys.readouterr()
        return Result(code=int(leaving.value.code or 0), out=said.out, err=said.err)

    return call
