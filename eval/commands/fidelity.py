"""`duilian eval fidelity`: how believable a customer model is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from eval.fidelity.measuring import Fidelity
    from eval.fidelity.playing import Plan, Stage
    from simulator.domain.persona import Difficulty
    from simulator.grading.grader import Grader


@click.command(name="fidelity")
@options.model
@options.encoder
@options.rubric
@options.content
@options.deadline
@click.option(
    "--seeds", type=click.IntRange(1, 64), default=8, show_default=True, help="每一格演几遍（种子 0、1、2……）"
)
@click.option(
    "--situations", multiple=True, metavar="情境", help="只演这些情境，可以写几次；默认全部对话情境"
)
@click.option("--styles", multiple=True, metavar="风格", help="只演这些风格，可以写几次；默认四种都演")
@click.option(
    "--level", type=click.Choice(["easy", "normal", "hard"]), default="normal", show_default=True, help="难度"
)
@click.option(
    "--trainees", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="学员脚本在哪个目录（每个情境一个 情境.jsonl）；默认用自带的",
)  # fmt: skip
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="报告存在哪个目录"
)
@click.option("--bars", "strict", is_flag=True, help="有一条标准没达到就以 1 退出")
def command(
    model: str,
    encoder: str,
    rubric: str,
    content: Path | None,
    deadline: float,
    seeds: int,
    situations: tuple[str, ...],
    styles: tuple[str, ...],
    level: str,
    trainees: Path | None,
    out: Path,
    strict: bool,
) -> None:
    """让几种学员和这个模型扮的客户各谈几场，量它像不像真人。"""
    from rich.console import Console

    from eval.fidelity import bars, report, scripts, terminal
    from simulator.domain.persona import Difficulty

    folder = trainees or scripts.HERE
    _check_writable(out)
    stage, grader, plan = _prepared(
        model=model,
        encoder=encoder,
        rubric=rubric,
        content=content,
        deadline=deadline,
        seeds=seeds,
        situations=situations,
        styles=styles,
        level=Difficulty(level),
        folder=folder,
    )
    found = _made(stage, grader, plan, folder)
    kinds = (stage.content.situations, stage.content.styles)
    report.write(found, out, {ident: named.name for kind in kinds for ident, named in kind.items()})
    terminal.show(found, Console(highlight=False))
    click.echo(f"报告写好了：{out / report.PAGE}（全部数字在 {report.FIGURES}，对话在 {report.TRANSCRIPTS}）")
    if strict and not bars.reached(bars.bars(found)):
        raise SystemExit(1)


def _check_writable(out: Path) -> None:
    """Before the long work: makes the folder, and a file in it that is gone at once. Raises UsageError."""
    from tempfile import TemporaryFile

    from simulator.errors import UsageError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out 建不了目录 {out}：{error.strerror}") from error
    try:
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageError(f"--out 目录里写不了文件 {out}：{error.strerror}") from error


def _prepared(
    *,
    model: str,
    encoder: str,
    rubric: str,
    content: Path | None,
    deadline: float,
    seeds: int,
    situations: tuple[str, ...],
    styles: tuple[str, ...],
    level: Difficulty,
    folder: Path,
) -> tuple[Stage, Grader, Plan]:
    """All that playing needs, loaded once; what is wrong with names or scripts is told before models are loaded."""
    from eval.fidelity import playing, scripts
    from eval.remembering import Remembering, by_place
    from simulator.actor.actor import Actor
    from simulator.cli import wiring

    catalog = wiring.open_catalog(content)
    known = catalog.content
    wanted = wiring.one_version(catalog, rubric)
    scenes, voices = playing.chosen(known, wanted, situations, styles)
    plan = playing.Plan(situations=scenes, styles=voices, seeds=seeds, level=level)
    read = scripts.read(folder, scenes)
    customer = wiring.open_model(catalog, model, deadline=deadline)
    grader = wiring.make_grader(wanted, wiring.open_encoder(encoder), content)
    stage = playing.Stage(
        content=known,
        rubric=wanted,
        grader=Remembering(grader, by_place),
        model=customer,
        voice=lambda model: Actor(lambda: known, model, deadline=deadline),
        scripts=read,
    )
    return stage, grader, plan


def _made(stage: Stage, grader: Grader, plan: Plan, folder: Path) -> Fidelity:
    """Plays and measures, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from eval.fidelity import report

    shown = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    with shown as progress:
        task = progress.add_task("演", total=plan.count)
        return report.make(stage, grader, plan, folder, lambda done: progress.update(task, completed=done))
