"""Shows how far a run is. Knows nothing of runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Told = Callable[[int, int], None]  # rows done, rows in all


@contextmanager
def shown(how: str) -> Iterator[Told]:
    """What hears how far it is, and shows it on standard error: as a `bar`, as `lines` of “done/all” that a
    program can read, or not at all (`none`)."""
    if how == "bar":
        with _bar() as told:
            yield told
    else:
        yield _line if how == "lines" else _nothing


@contextmanager
def _bar() -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("打分", total=None)

        def told(done: int, count: int) -> None:
            progress.update(task, completed=done, total=count)

        yield told


def _line(done: int, count: int) -> None:
    print(f"{done}/{count}", file=sys.stderr, flush=True)


def _nothing(done: int, count: int) -> None:
    pass
