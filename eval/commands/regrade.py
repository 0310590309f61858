"""`duilian eval regrade`: stored practice sessions graded again, and what that changes, told as tables or JSON.

Knows nothing of how a session is graded again.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import options
from simulator.errors import UsageError

if TYPE_CHECKING:
    from eval.regrade_report import Report
    from eval.regrading import Comparison
    from simulator.content.contents import Content
    from simulator.domain.session import Grading

_WIDTH = 100  # columns where there is no terminal to ask


class _Day(click.ParamType[date]):
    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"写的是“{value}”，要写成 2026-11-01 这样", param, ctx)


class _Mark(click.FloatRange):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        mark = float(super().convert(value, param, ctx))
        if math.isnan(mark):  # in every range there is, and below no score
            self.fail(f"写的是“{value}”，要写 0 到 100 的数", param, ctx)
        return mark


@click.command(name="regrade")
@click.option("--rubric", required=True, help="换哪一版评分标准：名字@版本")
@click.option("--since", type=_Day(), help="只看这一天起开始的，比如 2026-11-01")
@click.option("--until", type=_Day(), help="只看到这一天为止（含这一天）开始的")
@click.option("--trainee", metavar="NAME", help="只看这个学员的")
@options.data
@options.content
@options.encoder
@click.option("--again", is_flag=True, help="打过的也再打一遍，比如改过人物或情境；以前打的还在")
@click.option("--pass-mark", "mark", type=_Mark(0, 100), default=60.0, show_default=True, help="及格线")
@click.option("--output", "target", metavar="F.jsonl", help="每场写一行 JSON，- 是标准输出")
@click.option("--json", "as_json", is_flag=True, help="总结也打印成 JSON")
def command(
    rubric: str,
    since: date | None,
    until: date | None,
    trainee: str | None,
    data: Path | None,
    content: Path | None,
    encoder: str,
    again: bool,
    mark: float,
    target: str | None,
    as_json: bool,
) -> None:
    """拿另一版评分标准，把存着的、已结束的对练重新打一遍分；原来的分数还在。"""
    if as_json and target == "-":
        raise UsageError("--json 和 --output - 都要写到标准输出，只能选一个")
    if since and until and since > until:
        raise UsageError(f"--since {since} 比 --until {until} 还晚")
    from eval.regrading import grading_of, regrade
    from simulator.cli import wiring
    from simulator.cli.spread import cores
    from simulator.store import Store

    catalog = wiring.open_catalog(content)
    wanted = wiring.one_version(catalog, rubric)
    database = _database(data, target)

    def ids() -> Iterator[str]:
        return store.finished(since=_begin(since), until=_end(until), trainee=trainee)

    with Store.open(database) as store:
        count = sum(1 for _ in ids())
        if not count:  # told before seconds go into loading
            raise UsageError(f"{database} 里没有符合条件的、已经结束的对练")
        grader = wiring.make_grader(wanted, wiring.open_encoder(encoder), content)
        found = regrade(store, ids(), catalog.content, grader, processes=cores(), again=again)
        report = _run(found, count, catalog.content, grading_of(grader), target, mark)
    _tell(report, as_json=as_json, to_stderr=target == "-")
    if any(c.error for c in report.comparisons):
        raise SystemExit(1)


def _run(
    found: Iterator[Comparison],
    count: int,
    content: Content,
    grading: Grading,
    target: str | None,
    mark: float,
) -> Report:
    """Takes the `count` comparisons as they are made, and writes each to `target` where there is one."""
    from rich.console import Console
    from rich.progress import Progress

    from eval.regrade_report import Report, session_record
    from simulator.cli import jsonl

    comparisons = []
    with ExitStack() as open_here:
        out = open_here.enter_context(jsonl.output(target)) if target is not None else None
        bar = Progress(disable=not sys.stderr.isatty(), transient=True, console=Console(stderr=True))
        progress = open_here.enter_context(bar)
        for comparison in progress.track(found, total=count, description="重新打分"):
            comparisons.append(comparison)
            if out is not None:
                out.write(jsonl.dump(session_record(comparison, mark)))
    return Report(grading=grading, comparisons=comparisons, content=content, mark=mark)


def _tell(report: Report, *, as_json: bool, to_stderr: bool) -> None:
    from rich.console import Console

    from eval.regrade_report import report_record, show
    from simulator.cli import jsonl

    if as_json:
        click.echo(jsonl.dump(report_record(report)), nl=False)
        return
    console = Console(stderr=to_stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    show(report, console)


def _database(data: Path | None, target: str | None) -> Path:
    """Where the sessions are. Raises UsageError when there are none, and where they would be written over."""
    from simulator.cli import wiring
    from simulator.content.places import default_data_dir

    path = (data or default_data_dir()) / wiring.DATABASE
    if not path.is_file():
        raise UsageError(f"没有练习记录：{path}。请用 --data 指定练习记录所在的目录。")
    if target is not None and any(
        _beside(Path(target).resolve(), p) for p in (path.resolve(), path.absolute())
    ):
        raise UsageError(f"--output 不能写到练习记录上：{target}")
    return path


def _beside(target: Path, database: Path) -> bool:
    """Whether `target` is the database or one of the journals that SQLite keeps beside it (`-wal`, `-shm`)."""
    return target.parent == database.parent.resolve() and target.name.startswith(database.name)


_UNTOLD = (OverflowError, ValueError, OSError)  # what days raise that no clock here tells


def _begin(day: date | None) -> datetime | None:
    """When `day` begins here; None, for no bound, where it is too early for a clock to tell."""
    try:
        return None if day is None else datetime.combine(day, time()).astimezone(UTC)
    except _UNTOLD:
        return None


def _end(day: date | None) -> datetime | None:
    """When `day` ends here; None, for no bound, of the last day there is. Raises UsageError where it is too
    early for a clock to tell."""
    if day is None or day == date.max:
        return None
    try:
        return datetime.combine(day + timedelta(1), time()).astimezone(UTC)
    except _UNTOLD as error:
        raise UsageError(f"日期 {day} 太早了") from error
