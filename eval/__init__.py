"""Offline evaluation: runs of a rubric over labelled replies, and what two runs differ in.

`eval.run`, `eval.open_run` and `eval.compare` are for notebooks and programs (docs/evaluation.ipynb); the
commands of `duilian eval` call the same. Importing this loads nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eval.comparing.comparison import Comparison
    from eval.running.run import Run

__all__ = ["compare", "open_run", "run"]


def run(
    *,
    cases: Path | str | Sequence[Path | str],
    out: Path | str,
    rubric: str = "service",
    encoder: str = "builtin",
    content: Path | None = None,
    sample: int | None = None,
    seed: int = 0,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    progress: str = "none",
) -> Run:
    """Grades every case of the files `cases` (JSON lines) under `rubric`, keeps the run in the folder `out`
    and returns it; goes on where it was stopped.

    `content`: a trainer's own files; `sample`: how many cases to draw, by `seed`; `engine`: `local` or `ray`
    (`address`: of its cluster); `workers`: processes or actors, as many as there are cores when None;
    `progress`: `bar`, `lines` (done/all, a line each, on standard error) or `none`. Raises InputError naming file and line of a bad case, UsageError for
    what cannot be done; a case that cannot be graded is a row with an `error`.
    """
    from eval.running import engines, runner
    from simulator.cli import wiring

    paths = [Path(cases)] if isinstance(cases, Path | str) else [Path(c) for c in cases]
    catalog = wiring.open_catalog(content)
    wanted = wiring.one_version(catalog, rubric)
    grader = wiring.make_grader(wanted, wiring.open_encoder(encoder), content)
    with engines.engine(engine, address, workers) as chosen:
        return runner.run(
            grader, catalog.content, paths, Path(out), chosen, sample=sample, seed=seed, progress=progress
        )


def open_run(folder: Path | str) -> Run:
    """A finished run. Raises UsageError when there is none in `folder`."""
    from eval.running.run import Run

    return Run.open(Path(folder))


def compare(
    a: Run | Path | str, b: Run | Path | str, *others: Run | Path | str, draws: int = 2000, seed: int = 0
) -> Comparison:
    """How every other run differs from `a`, on the cases that both have. `draws`, `seed`: of the bootstrap.
    Raises UsageError."""
    from eval.comparing import comparison

    first, second, *rest = [open_run(r) if isinstance(r, Path | str) else r for r in (a, b, *others)]
    return comparison.compare(first, second, *rest, draws=draws, seed=seed)
