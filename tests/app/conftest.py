"""A desk over a real room, made anew for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.app.desk import Desk
from simulator.session import PracticeRoom
from tests.app.rooms import open_room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PracticeRoom]:
    room = open_room(tmp_path)
    with room.store:
        yield room


@pytest.fixture
def desk(room: PracticeRoom, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("simulator.app.desk.time.sleep", lambda seconds: None)
    return Desk(room)
