"""Who does the work of a run: the cores of this machine, or actors of a Ray cluster.

Both take batches in order and give their rows in the same order, each batch graded by the same
`GradeBatch`: so their results are equal row by row. Knows nothing of cases' files or of Parquet parts.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import pyarrow as pa

from eval.running.grading import Batch, GradeBatch
from simulator import __version__
from simulator.cli.spread import cores, over_cores
from simulator.errors import UsageError

_AHEAD = 3  # batches in hand for each actor, so that a long input is never held whole
_PATIENCE = 5.0  # seconds to wait for a cluster to be there
_LIVES = 5  # actors lost over one batch before it is taken for its fault


class Engine(Protocol):
    """Does batches."""

    name: str

    def grade(self, work: GradeBatch, batches: Iterator[Batch]) -> Iterator[pa.RecordBatch]:
        """The rows of each batch, in order."""
        ...


@contextmanager
def engine(name: str, address: str | None = None, workers: int | None = None) -> Iterator[Engine]:
    """The engine of that name (`local` or `ray`), left at the end. Raises UsageError."""
    if name == "ray":
        crew = RayEngine(address, workers)
        try:
            yield crew
        finally:
            crew.close()
    elif name != "local":
        raise UsageError(f"没有 {name} 这种引擎，可以是：local、ray")
    elif address:
        raise UsageError("--address 是 Ray 集群的地址，要和 --engine ray 一起用")
    else:
        yield LocalEngine(workers)


class LocalEngine:
    """All cores of this machine, by processes."""

    def __init__(self, processes: int | None = None) -> None:
        """`processes`: as many as there are cores when None."""
        self._processes = processes or cores()
        self.name = f"local, {self._processes} processes"

    def grade(self, work: GradeBatch, batches: Iterator[Batch]) -> Iterator[pa.RecordBatch]:
        """The rows of each batch, in order. A batch whose process dies is done again."""
        for _, done in over_cores(work, batches, self._processes):
            yield done


class RayEngine:
    """Actors of a Ray cluster, each of which holds the grader.

    The grader is sent to them as it is, so that no worker needs the rubric's files; the same version of this
    package must be installed there.
    """

    def __init__(self, address: str | None = None, actors: int | None = None) -> None:
        """`address`: of the cluster; None starts one on this machine. `actors`: as many as the cluster has
        CPUs when None. Raises UsageError when Ray is not installed or not reached."""
        try:
            import ray
        except ImportError as error:
            raise UsageError(
                "没有装 Ray：pip install 'duilian[ray]'（或者不写 --engine，用本机的核）"
            ) from error
        self._ray = ray
        _knock(address)
        try:
            ray.init(
                address=address,
                ignore_reinit_error=True,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.WARNING,
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(f"连不上 Ray {address or ''}：{error}") from error
        self._actors = actors or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self.name = f"ray {ray.__version__}, {self._actors} actors"

    def grade(self, work: GradeBatch, batches: Iterator[Batch]) -> Iterator[pa.RecordBatch]:
        """The rows of each batch, in order. A batch whose actor is lost is done again by a new one. Raises
        UsageError when actors cannot be started or are lost again and again."""
        grader = self._ray.put(work)
        crew = [self._actor(grader) for _ in range(self._actors)]
        waiting: deque[_Sent] = deque()
        try:
            for number, batch in enumerate(batches):
                place = number % len(crew)
                waiting.append(_Sent(batch, place, crew[place], crew[place].grade.remote(batch)))
                if len(waiting) >= len(crew) * _AHEAD:
                    yield self._finished(waiting.popleft(), crew, grader)
            while waiting:
                yield self._finished(waiting.popleft(), crew, grader)
        finally:
            for actor in crew:
                with suppress(ValueError):  # it was lost already
                    self._ray.kill(actor)

    def close(self) -> None:
        """Leaves the cluster; one that was started here stops."""
        self._ray.shutdown()

    def _actor(self, grader: Any) -> Any:
        made = self._ray.remote(num_cpus=1, max_restarts=0)(GradingActor)
        return made.remote(grader, __version__)

    def _finished(self, sent: _Sent, crew: list[Any], grader: Any) -> pa.RecordBatch:
        for _ in range(_LIVES):
            try:
                return self._ray.get(sent.result)
            except self._ray.exceptions.RayActorError:
                if crew[sent.place] is sent.actor:  # nobody has replaced it yet
                    crew[sent.place] = self._actor(grader)
                sent = _Sent(
                    sent.batch, sent.place, crew[sent.place], crew[sent.place].grade.remote(sent.batch)
                )
            except self._ray.exceptions.RayTaskError as error:
                raise UsageError(f"Ray 上的一个进程出了错：{error.cause or error}") from error
        raise UsageError(
            f"Ray 上的进程一再中断（第 {sent.batch.start + 1} 条附近，试了 {_LIVES} 次），看看那边的日志。"
            "评好的都在，修好以后用同一条命令接着跑。"
        )


def _knock(address: str | None) -> None:
    """Raises UsageError when nobody listens there: Ray itself would try for minutes, then end the process."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return  # `auto`, or Ray's own
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"连不上 Ray {address}：{error}。写的是集群的地址吗？") from error


class _Sent:
    """A batch under way: where, and the promise of its rows."""

    def __init__(self, batch: Batch, place: int, actor: Any, result: Any) -> None:
        self.batch = batch
        self.place = place
        self.actor = actor
        self.result = result


class GradingActor:
    """Holds the grader on a worker of the cluster."""

    def __init__(self, work: GradeBatch, version: str) -> None:
        """Raises RuntimeError on a machine with another version of this package."""
        if version != __version__:
            raise RuntimeError(f"duilian {__version__} here, {version} at the one who asked")
        self._work = work

    def grade(self, batch: Batch) -> pa.RecordBatch:
        """The rows of `batch`."""
        return self._work(batch)
