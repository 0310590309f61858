"""A child process of `test_kill.py`: plays sessions of five turns for ever and prints what the store said
it had kept.

Usage: writer.py DATABASE [once]        once: stay at the first reply, unanswered
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from simulator.store import Store
from tests.factories import make_grade, make_line, make_opening, make_setup, make_state, make_step


def say(*words: object) -> None:
    print(*words, flush=True)


def main(path: str, once: str = "") -> None:
    store = Store.open(Path(path))
    while True:
        session = store.start(make_setup(), make_state(turn=0), make_opening())
        say("session", session.id)
        for index in range(5):
            store.add_reply(session.id, f"回复{index}")
            say("reply", session.id, index)
            if once:
                time.sleep(60)
            store.answer(session.id, index, make_grade(), make_step(), make_line(text=f"答{index}"))
            say("answer", session.id, index)


if __name__ == "__main__":
    main(*sys.argv[1:])
