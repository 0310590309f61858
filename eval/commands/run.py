"""`duilian eval run`: cases graded under a rubric, kept as a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options

if TYPE_CHECKING:
    from eval.running.run import Run


@click.command(name="run")
@options.rubric
@options.encoder
@options.content
@click.option(
    "--cases", "paths", multiple=True, required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False), help="要评的回复（JSON 行），可以写几次",
)  # fmt: skip
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="结果存在哪个目录"
)
@click.option("--sample", type=click.IntRange(1), metavar="N", help="只随机抽 N 条来评")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="抽取用的随机种子")
@click.option(
    "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
    help="谁来干活：本机的核，或者 Ray 集群",
)  # fmt: skip
@click.option("--address", help="Ray 集群的地址；不写就在本机起一个")
@click.option(
    "--progress",
    type=click.Choice(["bar", "lines", "none"]),
    help="进度怎么显示：进度条，一行行的“做了/一共”（写到标准错误，给程序看），或者不显示；默认终端上是进度条",
)
@click.option("--workers", type=click.IntRange(1), help="几个进程（或 Ray actor），默认有几个核用几个")
def command(
    rubric: str,
    encoder: str,
    content: Path | None,
    paths: tuple[Path, ...],
    out: Path,
    sample: int | None,
    seed: int,
    engine: str,
    address: str | None,
    workers: int | None,
    progress: str | None,
) -> None:
    """用一份评分标准给一批回复打分，存成一个目录；中断了用同一条命令接着跑。"""
    import eval as evaluation

    run = evaluation.run(
        rubric=rubric,
        encoder=encoder,
        content=content,
        cases=paths,
        out=out,
        sample=sample,
        seed=seed,
        engine=engine,
        address=address,
        workers=workers,
        progress=progress or ("bar" if sys.stderr.isatty() else "none"),
    )
    click.echo(told(run))
    if run.record.failed:
        raise SystemExit(1)


def told(run: Run) -> str:
    """What was made, in a few lines."""
    r = run.record
    lines = [f"{r.rubric} 评完 {r.count} 条，用了 {r.seconds:g} 秒，存在 {run.folder}"]
    if r.resumed:
        lines.append(f"（接着跑了 {r.resumed} 次）")
    if r.left_out:
        lines.append(f"另有 {r.left_out} 条是这份标准不打分的情境，没有评。")
    if not r.calibrated:
        lines.append("这份标准还没有自己的校准，用的是共用的：先 duilian eval calibrate，结果会准得多。")
    if r.failed:
        lines.append(f"{r.failed} 条没能打分，原因写在结果的 error 一栏里。")
    return "\n".join(lines)
