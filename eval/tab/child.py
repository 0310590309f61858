"""A command of `duilian` in a process of its own: started, heard, ended.

A server has threads, so it must not fork for the work itself. Knows nothing of which command it is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

_PROGRAM = (sys.executable, "-m", "simulator.cli.main")
_PROGRESS = re.compile(r"(\d+)/(\d+)")
_ERROR = "错误："
_KEPT = 200  # lines that are remembered
_NICE = 10
_GRACE = 5.0  # seconds to end in


class Child:
    """The command `words` under way.

    Its standard error is a pipe to this process: should this one be killed, the command ends at its next word.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Starts it."""
        self.progress: tuple[int, int] | None = None  # done, in all, as far as it has told
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._process = subprocess.Popen(
            [*_PROGRAM, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        if hasattr(os, "setpriority"):  # those who practise on the server come first
            with suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            told = _PROGRESS.fullmatch(line.strip())
            if told:
                self.progress = int(told[1]), int(told[2])
            else:
                self._lines.append(line.rstrip())

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None when it has not ended within `seconds`."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(_GRACE)
        return code

    @property
    def complaint(self) -> str:
        """What it said was wrong: its message, else (it broke down) its last words; empty when it said nothing."""
        lines = [*self._lines]
        for place, line in enumerate(lines):
            if line.startswith(_ERROR):
                return "\n".join(lines[place:]).removeprefix(_ERROR)
        return next((line for line in reversed(lines) if line.strip()), "")

    def end(self) -> None:
        """Ends it, if it has not ended."""
        if self._process.poll() is None:
            self._process.terminate()
            if self.wait(_GRACE) is None:
                self._process.kill()
        self.wait(_GRACE)
        self._reader.join(_GRACE)
        if self._process.stderr is not None and not self._reader.is_alive():
            self._process.stderr.close()
