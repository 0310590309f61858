"""Does a piece of work on many batches with all cores, in order. Knows nothing of what the work is.

Worker processes are forked, so that they share what the work needs (a grader and its models) without loading
or sending it. Elsewhere than on Linux, and for a single batch, the work is done right here.
"""

from __future__ import annotations

import ctypes
import itertools
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

Batch = TypeVar("Batch")
Done = TypeVar("Done")
_PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
_AHEAD = 3  # batches in hand for each process, so that a long input is never held whole
_work: Callable[[Any], Any] | None = None  # what forked processes do; set before they are


def cores() -> int:
    """How many processes are worth forking: one for each core this process may use; one where none is forked."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def over_cores(
    work: Callable[[Batch], Done], batches: Iterator[Batch], processes: int
) -> Iterator[tuple[Batch, Done]]:
    """Each batch and what `work` makes of it, in order. A batch whose process dies is done again here, and
    so are those after it. `work` and what it returns must bear being sent (pickled back)."""
    ahead = list(itertools.islice(batches, processes))
    if len(ahead) < 2 or sys.platform != "linux":  # elsewhere a fork may hang in system libraries
        for batch in itertools.chain(ahead, batches):
            yield batch, work(batch)
        return
    yield from _forked(work, itertools.chain(ahead, batches), len(ahead))


def _forked(
    work: Callable[[Batch], Done], batches: Iterator[Batch], processes: int
) -> Iterator[tuple[Batch, Done]]:
    global _work  # what is set here is what the processes inherit
    _work = work
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # or tokenizers warns at every fork
    waiting: deque[tuple[Batch, Future[Done] | None]] = deque()
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, mp_context=forked, initializer=_prepared) as pool:
        try:
            for batch in batches:
                waiting.append((batch, _sent(pool, batch)))
                if len(waiting) >= processes * _AHEAD:
                    yield _finished(work, *waiting.popleft())
            while waiting:
                yield _finished(work, *waiting.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _sent(pool: ProcessPoolExecutor, batch: Batch) -> Future[Any] | None:
    try:
        return pool.submit(_do, batch)
    except BrokenProcessPool:
        return None


def _finished(work: Callable[[Batch], Done], batch: Batch, future: Future[Done] | None) -> tuple[Batch, Done]:
    if future is not None:
        try:
            return batch, future.result()
        except BrokenProcessPool:
            pass
    return batch, work(batch)


def _prepared() -> None:
    """Each process is a core's worth: arithmetic over threads would only make them wait for each other. And it
    ends with the one that forked it, however that ends: it holds what that one had open, locks too."""
    threadpool_limits(1)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _do(batch: Any) -> Any:
    assert _work is not None
    return _work(batch)
