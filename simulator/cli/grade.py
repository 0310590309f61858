"""`duilian grade`: replies in, grades out, one JSON object a line.

Knows nothing of sessions. A line that cannot be graded gives `{"id", "error"}` and the run goes on.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click
from rich.progress import Progress

from simulator.cli import jsonl, options, records
from simulator.cli.explain import explain
from simulator.cli.spread import cores, over_cores
from simulator.domain.grade import Grade, GradeRequest
from simulator.errors import InputError
from simulator.grading.interface import ReplyGrader

_BATCH = 64
_MOST = 8  # processes: a file of replies is short, and each holds a copy of what it changes


@click.command(name="grade")
@click.option("--rubric", required=True, help="评分标准：名字@版本")
@options.encoder
@options.content
@click.option("--second-opinion", metavar="MODEL", help="判不准的点请这个模型裁定（默认不请）")
@click.option("--explain", "readable", is_flag=True, help="打印给人看的解释，不打印 JSON")
@click.option("--input", "source", required=True, help="JSON 行文件，- 是标准输入")
@click.option("--output", "target", required=True, help="结果文件，- 是标准输出")
def command(
    rubric: str,
    encoder: str,
    content: Path | None,
    second_opinion: str | None,
    readable: bool,
    source: str,
    target: str,
) -> None:
    """给一批回复打分。"""
    from simulator.cli import wiring

    catalog = wiring.open_catalog(content)
    wanted = wiring.one_version(catalog, rubric)
    rows = jsonl.rows(source)
    first = next(rows, None)  # a missing input file is told before seconds go into loading
    opinion = None
    if second_opinion is not None:
        opinion = wiring.second_opinion(catalog, wiring.open_model(catalog, second_opinion))
    grader = wiring.graders(wiring.open_encoder(encoder), content, opinion)(wanted)
    with jsonl.output(target) as out:
        failed = _run(
            grader,
            set(catalog.content.styles),
            source,
            itertools.chain([first] if first else [], rows),
            out,
            readable,
            processes=1
            if opinion
            else min(_MOST, cores()),  # a model that is asked is not asked from two sides
        )
    if failed:
        click.echo(f"{failed} 行没能打分，原因写在结果的 error 里。", err=True)
        raise SystemExit(1)


def _run(
    grader: ReplyGrader,
    styles: set[str],
    source: str,
    rows: Iterator[tuple[int, str]],
    out: TextIO,
    readable: bool,
    processes: int,
) -> int:
    failed = 0
    work = partial(_grade_batch, grader, styles, source)
    with Progress(disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task("打分", total=None)
        for batch, graded in over_cores(work, _batched(rows), processes):
            for record, request, grade in graded:
                failed += "error" in record
                if readable:
                    why = grader.reasons(request, grade) if request and grade else []
                    out.write(explain(grader.rubric, record, request, why))
                else:
                    out.write(jsonl.dump(record))
            progress.advance(task, len(batch))
    return failed


def _batched(rows: Iterator[tuple[int, str]]) -> Iterator[tuple[tuple[int, str], ...]]:
    while batch := tuple(itertools.islice(rows, _BATCH)):
        yield batch


def _grade_batch(
    grader: ReplyGrader, styles: set[str], source: str, batch: Sequence[tuple[int, str]]
) -> list[tuple[dict[str, Any], GradeRequest | None, Grade | None]]:
    """Output records in input order. One bad line does not spoil its batch."""
    lines: list[tuple[Any, GradeRequest | None, str]] = []
    for number, text in batch:
        given: str | int | None = None
        try:
            record = jsonl.parse(source, number, text)
            given = records.given_id(record)
            line = records.read(records.GradeLine, record, f"{source}:{number}: ")
            request = line.request()
            if not grader.rubric.steps_of(request.situation):
                raise InputError(
                    f"{source}:{number}: 评分标准 {grader.rubric.ref} 里没有情境“{request.situation}”"
                )
            if request.style is not None and request.style not in styles:
                valid = "、".join(sorted(styles))
                raise InputError(f"{source}:{number}: 没有“{request.style}”这种风格，可以是：{valid}")
            lines.append((line.id, request, ""))
        except InputError as error:
            lines.append((given, None, str(error)))
    grades = iter(grader.grade_many([request for _, request, _ in lines if request is not None]))
    graded = [(i, request, why, next(grades) if request else None) for i, request, why in lines]
    return [
        (records.grade_record(i, grade) if grade else {"id": i, "error": why}, request, grade)
        for i, request, why, grade in graded
    ]
