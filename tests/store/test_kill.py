"""What the store has said it kept survives `kill -9`, and no turn is ever half written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from simulator.domain.session import Turn
from simulator.store import Store
from tests.factories import make_grade, make_line, make_step

ROOT = Path(__file__).parents[2]


@contextmanager
def writer(path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), str(path), *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as child:
        assert child.stdout is not None
        try:
            yield child, child.stdout
        finally:
            child.kill()


def test_a_pending_reply_survives(path: Path) -> None:
    with writer(path, "once") as (child, out):
        session_id = out.readline().split()[1]
        assert out.readline().split() == ["reply", session_id, "0"]
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    with Store.open(path) as store:
        assert store.load(session_id).pending == Turn(index=0, reply="回复0")
        store.answer(session_id, 0, make_grade(), make_step(), make_line())


def test_all_that_was_said_to_be_kept_is_found_after_a_kill_at_any_moment(path: Path) -> None:
    moments = random.Random(7)
    said: list[list[str]] = []
    for _ in range(4):
        with writer(path) as (child, out):
            said.append(out.readline().split())
            time.sleep(moments.uniform(0.02, 0.2))
            child.send_signal(signal.SIGKILL)
            said += [line.split() for line in out]
    _check(path, said)
    assert len(said) > 40


def _check(path: Path, said: list[list[str]]) -> None:
    with Store.open(path) as store:
        sessions = {words[1]: store.load(words[1]) for words in said}
    for what, session_id, *rest in said:
        if what == "session":
            continue
        turn = sessions[session_id].turns[int(rest[0])]
        assert turn.reply == f"回复{rest[0]}"
        if what == "answer":
            assert turn.grade == make_grade()
            assert turn.step == make_step()
            assert turn.line == make_line(text=f"答{rest[0]}")
    for session in sessions.values():
        assert all(t.line is not None for t in session.turns[:-1])
