"""`duilian play`: scripted trainees in, whole sessions out, one JSON object a line.

Plays through the very path of a practice session, without a store.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from simulator.cli import jsonl, options, records
from simulator.errors import GradingError, InputError, ModelError, UsageError


@click.command(name="play")
@click.option("--script", "source", required=True, help="脚本（JSON 行），- 是标准输入")
@click.option("--output", "target", required=True, help="结果文件，- 是标准输出")
@options.model
@options.second_opinion
@options.encoder
@options.rubric
@options.content
@options.seed
@options.deadline
def command(
    source: str,
    target: str,
    model: str,
    second_opinion: bool,
    encoder: str,
    rubric: str,
    content: Path | None,
    seed: int,
    deadline: float,
) -> None:
    """按脚本演完整场对话。"""
    scripts = list(jsonl.rows(source))
    play = player(
        model=model,
        encoder=encoder,
        rubric=rubric,
        content=content,
        seed=seed,
        deadline=deadline,
        settle=second_opinion,
    )
    failed = 0
    with jsonl.output(target) as out, Progress(disable=not sys.stderr.isatty(), transient=True) as progress:
        for number, text in progress.track(scripts, description="演"):
            given: str | int | None = None
            try:
                record = jsonl.parse(source, number, text)
                given = records.given_id(record)
                result = play(records.read(records.ScriptLine, record, f"{source}:{number}: "))
            except (InputError, UsageError, GradingError, ModelError) as error:
                result = {"id": given, "error": str(error)}
                failed += 1
            out.write(jsonl.dump(result))
    if failed:
        click.echo(f"{failed} 行没能演，原因写在结果的 error 里。", err=True)
        raise SystemExit(1)


def player(
    *,
    model: str,
    encoder: str,
    rubric: str,
    content: Path | None,
    seed: int,
    deadline: float,
    settle: bool = False,
) -> Callable[[records.ScriptLine], dict[str, Any]]:
    """A function that plays one script line. Loads everything once. `settle`: unsure verdicts get the
    second opinion of `model`."""
    from simulator import director
    from simulator.actor.actor import Actor
    from simulator.cli import wiring
    from simulator.session import rehearse, scripted

    catalog = wiring.open_catalog(content)
    wanted = wiring.one_version(catalog, rubric)
    customer = wiring.open_model(catalog, model, seed=seed, deadline=deadline)
    opinion = wiring.second_opinion(catalog, customer, deadline=deadline) if settle else None
    grader = wiring.graders(wiring.open_encoder(encoder), content, opinion)(wanted)
    actor = Actor(lambda: catalog.content, customer, deadline=deadline)

    def play(line: records.ScriptLine) -> dict[str, Any]:
        known = catalog.content
        situation = known.situation(line.situation)
        known.check_scored(wanted, situation)
        persona = known.persona(line.persona) if line.persona else known.first_persona(situation.id)
        style = known.style(line.style or persona.style)
        casting = director.cast(persona, style, situation, wanted, seed=seed)
        show = rehearse(casting, scripted(line.turns), grader=grader, actor=actor, seed=seed)
        turns = [
            records.turn_record(r, p.grade, p.step, p.line)
            for r, p in zip(line.turns, show.turns, strict=False)
        ]
        name = f"{customer.name}#{customer.version}"
        return records.play_record(
            line.id, persona, name, seed, show.opening.text, turns, show.outcome, show.score
        )

    return play
