"""Work over all cores: the same results in the same order, whatever dies."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.cli.spread import cores, over_cores


def doubled(batch: tuple[int, ...]) -> tuple[int, list[int]]:
    return os.getpid(), [2 * n for n in batch]


def batches(count: int) -> Iterator[tuple[int, ...]]:
    return ((n, n + 1) for n in range(count))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_results_come_in_order(count: int, processes: int) -> None:
    found = list(over_cores(doubled, batches(count), processes))
    assert [batch for batch, _ in found] == list(batches(count))
    assert [done for _, (_, done) in found] == [[2 * a, 2 * b] for a, b in batches(count)]


def test_one_batch_and_one_process_stay_here() -> None:
    for count, processes in ((1, 4), (9, 1)):
        assert {pid for _, (pid, _) in over_cores(doubled, batches(count), processes)} == {os.getpid()}
    others = {pid for _, (pid, _) in over_cores(doubled, batches(40), 2)}
    assert os.getpid() not in others


def test_a_long_input_is_not_read_far_ahead() -> None:
    read = itertools.count()
    endless = ((next(read),) for _ in itertools.repeat(None))
    assert list(itertools.islice(over_cores(doubled, endless, 2), 3))
    assert next(read) < 20


def test_a_killed_process_costs_nothing(tmp_path: Path) -> None:
    once = tmp_path / "once"

    def deadly(batch: tuple[int, ...]) -> int:
        if batch[0] == 7 and not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return batch[0]

    assert [done for _, done in over_cores(deadly, batches(30), 2)] == list(range(30))
    assert once.exists()


def test_an_error_is_raised_as_it_is() -> None:
    def broken(batch: tuple[int, ...]) -> int:
        if batch[0] == 3:
            raise ValueError("three")
        return batch[0]

    with pytest.raises(ValueError, match="three"):
        list(over_cores(broken, batches(9), 2))


def test_there_is_a_core() -> None:
    assert cores() >= 1
