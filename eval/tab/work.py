"""Carries a plan out step by step: grades by the old version, by the new one, then compares; and one at a time.

Knows nothing of the page: it yields how far each step is.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from eval.tab.child import Child
from eval.tab.plan import Plan, Planned
from simulator.app.pages import Place
from simulator.errors import DuilianError, UsageError

_LOOK = 0.5  # seconds between two looks at a process
_AGAIN = "再按“开始比较”，就从存好的地方接着跑。"


class State(StrEnum):
    """How a step stands; `kept`: an earlier run is used again."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    KEPT = "kept"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. `done`, `count`: replies, 0 until it is known; `left`: seconds, about, None until it is known."""

    title: str
    state: State = State.WAITING
    done: int = 0
    count: int = 0
    left: float | None = None


class Stopped(DuilianError):
    """The one who began it has stopped it."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished comparison: the plain verdict in a few words, and the page and the JSON as files."""

    verdict: str
    html: Path
    json: Path


class Turn:
    """Whose turn it is: one comparison at a time. Thread safe."""

    def __init__(self) -> None:
        """Nobody's."""
        self._guard = threading.Lock()
        self._whose: str | None = None
        self._stop = threading.Event()

    @contextmanager
    def of(self, who: str) -> Iterator[threading.Event]:
        """Takes the turn and gives it back; what it yields is set when `who` stops. Raises UsageError when it is
        somebody else's."""
        with self._guard:
            if self._whose is not None:
                raise UsageError("有另一次比较正在跑，一次只能跑一个。等它跑完再开始。")
            self._whose, self._stop = who, threading.Event()
        try:
            yield self._stop
        finally:
            with self._guard:
                self._whose = None

    def stop(self, who: str) -> None:
        """`who` wants no more of it; others' turns go on."""
        with self._guard:
            if self._whose == who:
                self._stop.set()


def carry_out(plan: Plan, place: Place, folder: Path, stop: threading.Event) -> Iterator[tuple[Step, ...]]:
    """The steps as they stand, at least every second; the result is then in `folder` (`result`). Raises UsageError
    when a step fails, Stopped. Leaving it early ends what is under way."""
    steps = [
        Step(title=f"旧版 {plan.a.rubric}"),
        Step(title=f"新版 {plan.b.rubric}"),
        Step(title="比较、画图"),
    ]
    yield tuple(steps)
    for number, run in enumerate((plan.a, plan.b)):
        if run.there():
            steps[number] = replace(steps[number], state=State.KEPT)
        else:
            yield from _one(steps, number, _grading(plan, run, place), run.there, stop)
        yield tuple(steps)
    yield from _one(steps, 2, _comparing(plan, place, folder), _html(plan, folder).is_file, stop)


def result(plan: Plan, folder: Path) -> Result:
    """What `carry_out` has left in `folder`."""
    found = json.loads(_json(plan, folder).read_text(encoding="utf-8"))
    headline = found["pairs"][0]["verdict"]["text"].partition("。")[0]  # the rest stands in the page
    return Result(verdict=headline, html=_html(plan, folder), json=_json(plan, folder))


def _html(plan: Plan, folder: Path) -> Path:
    return folder / f"{plan.name}.html"


def _json(plan: Plan, folder: Path) -> Path:
    return folder / f"{plan.name}.json"


def _grading(plan: Plan, run: Planned, place: Place) -> list[str]:
    return [
        "eval", "run", "--rubric", run.rubric, "--encoder", place.encoder, *_content(place), "--cases",
        str(plan.cases), "--out", str(run.folder), "--progress", "lines",
    ]  # fmt: skip


def _comparing(plan: Plan, place: Place, folder: Path) -> list[str]:
    return [
        "eval", "compare", str(plan.a.folder), str(plan.b.folder), *_content(place),
        "--html", str(_html(plan, folder)), "--json", str(_json(plan, folder)),
    ]  # fmt: skip


def _content(place: Place) -> list[str]:
    return ["--content", str(place.content)] if place.content else []


def _one(
    steps: list[Step], number: int, words: list[str], there: Callable[[], bool], stop: threading.Event
) -> Iterator[tuple[Step, ...]]:
    """Does one step in a process of its own. `there`: whether what it is to make is there; a process may end with 1
    and have made it: then some replies could not be graded."""
    title = steps[number].title
    child, pace = Child(words), Pace()
    try:
        steps[number] = replace(steps[number], state=State.RUNNING)
        yield tuple(steps)
        while (code := child.wait(_LOOK)) is None:
            if stop.is_set():
                raise Stopped(f"停下了。{_AGAIN}")
            if child.progress is not None:
                steps[number] = pace.told(steps[number], *child.progress)
            yield tuple(steps)
    finally:
        child.end()
    if code not in (0, 1) or not there():
        raise UsageError(_why(code, child.complaint, title))
    done, count = child.progress or (0, 0)
    steps[number] = Step(title=title, state=State.DONE, done=done, count=count)
    yield tuple(steps)


def _why(code: int, complaint: str, title: str) -> str:
    if code == 2 and complaint:
        return complaint
    told = f"（{complaint}）" if complaint else ""
    return f"“{title}”这一步的进程中断了，退出码 {code}{told}。{_AGAIN}"


class Pace:
    """How long is left, from how fast it has gone since it was first heard."""

    def __init__(self) -> None:
        """Has heard nothing."""
        self._first: tuple[float, int] | None = None

    def told(self, step: Step, done: int, count: int) -> Step:
        """`step` with what is known now."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        since, before = self._first
        left = (now - since) / (done - before) * (count - done) if done > before else None
        return replace(step, done=done, count=count, left=left)
