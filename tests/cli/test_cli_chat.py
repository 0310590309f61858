"""Practising in the terminal as a real process: killed in the middle, nothing shown is lost."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
REPLIES = [
    "您好，我理解，这个价乍一看是不低",
    "贵是因为装维和备件都包在里头",
    "周三上午我把对比表带过来，您看行吗？",
]


def start(data: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "simulator.cli.main", "chat", "--data", str(data), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "500"},
    )


def read_until(process: subprocess.Popen[str], mark: str, seconds: float = 90) -> str:
    assert process.stdout is not None
    text, limit = "", time.monotonic() + seconds
    while mark not in text:
        char = process.stdout.read(1)
        assert char, f"the process ended: {text}"
        assert time.monotonic() < limit, f"no {mark!r} in: {text}"
        text += char
    return text


def say(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


def test_killed_in_the_middle_and_resumed(tmp_path: Path) -> None:
    first = start(tmp_path, "--persona", "feng_dakui")
    shown = read_until(first, "你说> ")
    session = re.search(r"练习编号 ([0-9a-f]{32})", shown)
    assert session is not None
    say(first, REPLIES[0])
    answered = read_until(first, "你说> ")
    line = next(row for row in answered.splitlines() if row.startswith("冯大奎："))
    say(first, REPLIES[1])  # killed with this reply on its way: stored, answered, or neither; never half
    time.sleep(0.02)
    kill(first)

    again = start(tmp_path, "--resume", session.group(1))
    restored = read_until(again, "你说> ")
    assert line in restored
    assert REPLIES[0] in restored
    say(again, REPLIES[2])
    read_until(again, "冯大奎：")
    kill(again)

    with sqlite3.connect(tmp_path / "sessions.sqlite3") as database:
        rows = database.execute("select reply, customer from turns order by turn_index").fetchall()
    assert rows[0][0] == REPLIES[0]
    assert all(customer for _, customer in rows[:-1])


def test_a_whole_talk_ends_in_a_report(tmp_path: Path) -> None:
    talk = start(tmp_path, "--persona", "feng_dakui")
    read_until(talk, "你说> ")
    say(talk, "[red]嫌贵就别买[/red]，你这人真麻烦")
    read_until(talk, "你说> ")
    say(talk, "/提示")
    read_until(talk, "比如：")
    say(talk, "/结束")
    report = read_until(talk, "下次：")
    talk.communicate()
    assert talk.returncode == 0
    assert "规定步骤" in report
