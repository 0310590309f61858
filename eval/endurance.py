"""`python -m eval.endurance`: whether runs bear what happens to long ones, at full size.

`kills`: runs killed at random moments and continued equal an unbroken one. `engines`: Ray, with a worker killed
in the middle, gives what this machine's cores give; how fast each is. `memory`: what a run holds does not grow
with its cases. Cases are those of `eval/cases`, repeated under new ids. Exits 1 when something does not hold.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pyarrow as pa

import eval as evaluation
from eval.running import rows

HERE = Path(__file__).parent
CASES = HERE / "cases"
# Of a record, what need not be equal: a commit made in between does not change the program's files (`program`).
_OF_THIS_START = ("started", "seconds", "resumed", "engine", "commit", "dirty")


def write_cases(path: Path, count: int) -> Path:
    """A file of `count` cases."""
    lines = [
        json.loads(line)
        for name in ("test.jsonl", "calibration.jsonl", "train.jsonl")
        for line in (CASES / name).read_text(encoding="utf-8").splitlines()
    ]
    with path.open("w", encoding="utf-8") as stream:
        for number, line in zip(range(count), itertools.cycle(lines), strict=False):
            stream.write(json.dumps(line | {"id": f"c{number}"}, ensure_ascii=False) + "\n")
    return path


def command(cases: Path, out: Path, *more: str) -> list[str]:
    """The command line of a run."""
    words = ["eval", "run", "--cases", str(cases), "--out", str(out), *more]
    return [sys.executable, "-m", "simulator.cli.main", *words]


def equal(one: Path, other: Path) -> bool:
    """Whether two runs have the same rows, digit by digit, and are of the same."""
    a, b = evaluation.open_run(one), evaluation.open_run(other)
    records = [{k: v for k, v in asdict(r.record).items() if k not in _OF_THIS_START} for r in (a, b)]
    return records[0] == records[1] and bool(a.table().equals(b.table()))


def kills(folder: Path, times: int, count: int, seed: int) -> bool:
    """`times` runs killed one to three times at moments drawn by chance, then continued."""
    cases, unbroken = write_cases(folder / "cases.jsonl", count), folder / "unbroken"
    begun = time.monotonic()
    subprocess.run(command(cases, unbroken), check=True, stdout=subprocess.DEVNULL)
    whole = time.monotonic() - begun
    chance, held = random.Random(seed), 0
    for number in range(times):
        out = folder / f"broken{number}"
        for _ in range(chance.randint(1, 3)):
            _killed(command(cases, out), chance.uniform(0.1, 1.0) * whole)
        kept = len(rows.parts(out, count))
        subprocess.run(command(cases, out), check=True, stdout=subprocess.DEVNULL)
        same = equal(unbroken, out)
        held += same
        print(
            f"{number + 1:3d}  killed with {kept} parts written, continued: {'equal' if same else 'DIFFERS'}"
        )
    print(f"{held} of {times} equal the unbroken run of {count} cases")
    return held == times


def _killed(words: Sequence[str], seconds: float) -> None:
    """Starts the command and kills it (SIGKILL) after `seconds`, unless it has ended by then."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def engines(folder: Path, count: int) -> bool:
    """The same cases by both engines, one Ray worker killed half way."""
    cases = write_cases(folder / "cases.jsonl", count)
    rates = {}
    for name in ("local", "ray"):
        out = folder / name
        child = subprocess.Popen(command(cases, out, "--engine", name), stdout=subprocess.DEVNULL)
        if name == "ray":
            _kill_worker(out, count)
        if child.wait():
            raise SystemExit(f"{name} failed")
        rates[name] = count / evaluation.open_run(out).record.seconds
        print(f"{name:6s} {rates[name]:7.1f} replies a second ({evaluation.open_run(out).record.engine})")
    one, other = (evaluation.open_run(folder / name).table() for name in rates)
    same = bool(one.equals(other))
    print(f"{count} rows: {'equal, digit by digit' if same else f'{_differing(one, other)} DIFFER'}")
    return same


def _differing(one: pa.Table, other: pa.Table) -> int:
    return sum(a != b for a, b in zip(one.to_pylist(), other.to_pylist(), strict=True))


def _kill_worker(out: Path, count: int) -> None:
    while len(rows.parts(out, count)) < count // rows.PART // 2:
        time.sleep(0.5)
    actors = [p for p in psutil.process_iter(["cmdline"]) if _is_actor(p)]
    actors[0].kill()
    print(f"       killed worker {actors[0].pid} of {len(actors)}")


def _is_actor(process: psutil.Process) -> bool:
    return any("GradingActor" in word for word in process.info["cmdline"] or [])


def memory(folder: Path, counts: Sequence[int], most: float) -> bool:
    """The peak of all processes of a run together (proportional set size), for each number of cases."""
    peaks = []
    for count in counts:
        cases = write_cases(folder / "cases.jsonl", count)
        child = subprocess.Popen(command(cases, folder / str(count)), stdout=subprocess.DEVNULL)
        peaks.append(max(_sizes(child)) / 2**20)
        print(f"{count:7d} cases: at most {peaks[-1]:.0f} MiB")
    print(f"{peaks[-1] / peaks[0]:.2f} times (at most {most})")
    return peaks[-1] <= most * peaks[0]


def _sizes(child: subprocess.Popen[bytes]) -> Iterator[int]:
    while child.poll() is None:
        total = 0
        try:
            family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
            total = sum(p.memory_full_info().pss for p in family)
        except psutil.NoSuchProcess:
            continue
        yield total
        time.sleep(0.2)
    if child.returncode:
        raise SystemExit("the run failed")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m eval.endurance", description=__doc__)
    parser.add_argument("what", choices=["kills", "engines", "memory"])
    parser.add_argument("--cases", type=int, help="how many (kills: 3000, engines: 20000, memory: 100000)")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        match options.what:
            case "kills":
                held = kills(folder, options.times, options.cases or 3000, options.seed)
            case "engines":
                held = engines(folder, options.cases or 20000)
            case _:
                most = options.cases or 100_000
                held = memory(folder, (most // 10, most), 1.2)
    raise SystemExit(not held)


if __name__ == "__main__":
    main()
