"""`duilian eval`: the commands of offline evaluation, joined to the command line by entry point."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli import options
from simulator.errors import UsageError


@click.group(name="eval")
def command() -> None:
    """离线评估。"""


@command.command(name="calibrate")
@options.encoder
@click.option("--rubric", default="service", show_default=True, help="评分标准：名字或 名字@版本")
@options.content
@click.option(
    "--cases",
    "paths",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="带标签的回复",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="存到哪里，默认用户数据目录")
def calibrate(
    encoder: str, rubric: str, content: Path | None, paths: tuple[Path, ...], out: Path | None
) -> None:
    """为一个评分标准和编码器做校准，并做一份该编码器共用的。"""
    from eval import calibrate as fitting
    from eval.cases import check_labels, read_cases
    from simulator.cli import wiring
    from simulator.content.places import default_data_dir
    from simulator.grading import calibration
    from simulator.grading.grader import Grader

    cases = read_cases(paths)
    wanted = wiring.open_catalog(content).content.rubric(rubric)
    check_labels(cases, wanted)
    loaded = wiring.open_encoder(encoder)
    grader = Grader(wanted, loaded, calibration.blank(loaded.hash, wanted.hash))
    note = f"{len(cases)} replies of {', '.join(p.name for p in paths)}"
    folder = out or default_data_dir() / "calibration"
    for items in (True, False):
        try:
            made = fitting.fit(grader, cases, note=note, items=items)
        except ValueError as error:  # scikit-learn's word for too few replies, or labels all alike
            raise UsageError(f"这 {len(cases)} 条回复不够做校准：{error}") from error
        try:
            click.echo(f"写好了 {calibration.save(made, folder)}")
        except OSError as error:
            raise UsageError(f"写不了 {folder}：{error.strerror}") from error
