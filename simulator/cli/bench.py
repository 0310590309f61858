"""`duilian bench`: how fast replies are graded, the customer answers and a session runs.

Prints a table and JSON; it judges nothing.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from simulator.cli import options
from simulator.content.contents import Content
from simulator.domain.persona import Situation
from simulator.domain.rubric import Rubric

_REPLIES = (
    "您好，我是移动的小张，您先别急，我马上帮您查。",
    "价格乍一看是高了点，贵是因为装维和备件都包在里面，摊到每个人一个月才二十来块。",
    "真对不起，让您跑了两趟。周三上午十点前我给您回电话，您看行吗？",
    "这是规定，我也没办法。",
    "我完全理解您的感受，换了我也着急。除了价格，您最看重的是什么？",
)
_SCENE = "too_expensive"


@click.command(name="bench")
@options.model
@options.encoder
@options.rubric
@click.option("--rounds", type=click.IntRange(1, 1000), default=40, show_default=True, help="每项量几遍")
@click.option("--json", "as_json", is_flag=True, help="只打印 JSON")
def command(model: str, encoder: str, rubric: str, rounds: int, as_json: bool) -> None:
    """量一量打分和客户回话有多快。"""
    result = measure(model=model, encoder=encoder, rubric=rubric, rounds=rounds)
    if not as_json:
        table = Table(
            "项目", "中位数 ms", "95 分位 ms", "次数", title=f"{result['machine']}，{result['model']}"
        )
        for name, row in result["milliseconds"].items():
            table.add_row(name, f"{row['median']:.1f}", f"{row['p95']:.1f}", str(row["n"]))
        Console().print(table)
    click.echo(json.dumps(result, ensure_ascii=False))


def measure(*, model: str, encoder: str, rubric: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of each part, after a warm-up."""
    from simulator import director
    from simulator.actor.actor import Actor
    from simulator.cli import wiring
    from simulator.domain.grade import GradeRequest
    from simulator.session import rehearse, scripted

    began = time.perf_counter()
    catalog = wiring.open_catalog(None)
    content = catalog.content
    wanted = content.rubric(rubric)
    loaded = time.perf_counter()
    encoding = wiring.open_encoder(encoder)
    ready = time.perf_counter()
    grader = wiring.make_grader(wanted, encoding)
    warm = time.perf_counter()
    customer = wiring.open_model(catalog, model)
    actor = Actor(lambda: catalog.content, customer)
    situation = _scene(content, wanted)
    person = content.first_persona(situation.id)
    casting = director.cast(person, content.style(person.style), situation, wanted)
    requests = [
        GradeRequest(situation=situation.id, customer=situation.customer_says, reply=r) for r in _REPLIES
    ]
    shows = [rehearse(casting, scripted(_REPLIES[:2]), grader=grader, actor=actor, seed=n) for n in range(3)]
    lines = [t.line.seconds * 1000 for show in shows for t in show.turns]
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "model": customer.name,
        "encoder": f"{encoder}#{encoding.hash}",
        "seconds": {
            "content": round(loaded - began, 3),
            "encoder": round(ready - loaded, 3),
            "grader": round(warm - ready, 3),
        },
        "milliseconds": {
            "grade one reply": _timed(lambda n: grader.grade(requests[n % len(requests)]), rounds),
            "grade 64 replies": _timed(
                lambda n: grader.grade_many((requests * 13)[:64]), max(3, rounds // 10)
            ),
            "customer line": _spread(lines),
            "session of 5 turns": _timed(
                lambda n: rehearse(casting, scripted(_REPLIES), grader=grader, actor=actor, seed=n),
                max(3, rounds // 4),
            ),
        },
    }


def _scene(content: Content, rubric: Rubric) -> Situation:
    """The situation that is measured: the usual one, or the first that `rubric` scores."""
    scored = sorted(rubric.situations)
    situation = content.situation(scored[0] if scored and _SCENE not in scored else _SCENE)
    content.check_scored(rubric, situation)
    return situation


def _timed(act: Callable[[int], object], rounds: int) -> dict[str, float]:
    act(0)
    times = []
    for number in range(rounds):
        began = time.perf_counter()
        act(number)
        times.append((time.perf_counter() - began) * 1000)
    return _spread(times)


def _spread(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3),
        "n": len(ordered),
    }
