"""Work over all cores: the same results in the same order, whatever dies."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import grade
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


def test_no_more_processes_than_batches_or_than_asked_for() -> None:
    for count, processes, most in ((2, 16, 2), (60, 3, 3)):
        pids = {pid for _, (pid, _) in over_cores(doubled, batches(count), processes)}
        assert 1 <= len(pids) <= most


def test_cores_are_those_this_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cores() == len(allowed)


def test_grades_are_the_same_from_one_process_and_from_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = Path(__file__).parents[2] / "eval" / "cases" / "calibration.jsonl"
    asked = tmp_path / "asked.jsonl"
    kept = ("id", "situation", "style", "customer", "reply")
    rows = [json.loads(row) for row in cases.read_text(encoding="utf-8").splitlines()[:150]]
    lines = [json.dumps({k: r[k] for k in kept}, ensure_ascii=False) for r in rows]
    asked.write_text("\n".join(lines), encoding="utf-8")
    found = []
    for processes in (1, 2):
        monkeypatch.setattr("simulator.cli.grade.cores", lambda n=processes: n)
        out = tmp_path / f"{processes}.jsonl"
        result = CliRunner().invoke(
            grade.command, ["--rubric", "service@1", "--input", str(asked), "--output", str(out)]
        )
        assert result.exit_code == 0, result.output
        found.append([json.loads(row) for row in out.read_text(encoding="utf-8").splitlines()])
    for one, two in zip(*found, strict=True):
        assert one["id"] == two["id"]
        assert [i["verdict"] for i in one["items"]] == [i["verdict"] for i in two["items"]]
        assert [i["score"] for i in one["items"]] == pytest.approx(
            [i["score"] for i in two["items"]], abs=2e-4
        )
