"""`duilian eval calibrate`: a calibration for a rubric and an encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli import options
from simulator.errors import EncoderError, UsageError

if TYPE_CHECKING:
    from simulator.grading.encoder import Encoder


@click.command(name="calibrate")
@options.encoder
@click.option("--rubric", default="service", show_default=True, help="评分标准：名字或 名字@版本")
@options.content
@click.option(
    "--cases",
    "paths",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="用来校准的带标签回复",
)
@click.option(
    "--train",
    "train_paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="先拿来学的带标签回复；不给就从 --cases 里轮流留出",
)
@click.option(
    "--borrow",
    "borrow_paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="也拿来学：按另一份标准标的回复，只学两份标准都有的项（include 来的）",
)
@click.option(
    "--clauses",
    "clause_paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="单句：每句标了犯不犯毛病，和回复里标的 spans 一样，教它听出是哪一句",
)
@click.option(
    "--apart",
    is_flag=True,
    help="只从 --train 学，--cases 只拿来定刻度：改评分标准时，拿 --cases 比新旧才不虚高",
)
@click.option("--shared", is_flag=True, help="也做一份各评分标准共用的；这个编码器还没有时总会做")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="存到哪里，默认用户数据目录")
def command(
    encoder: str,
    rubric: str,
    content: Path | None,
    paths: tuple[Path, ...],
    train_paths: tuple[Path, ...],
    borrow_paths: tuple[Path, ...],
    clause_paths: tuple[Path, ...],
    apart: bool,
    shared: bool,
    out: Path | None,
) -> None:
    """为一个评分标准和编码器做校准。"""
    from eval import calibrate as fitting
    from eval.cases import borrowed, check_labels, read_cases
    from eval.clauses import read_clauses
    from simulator.cli import wiring
    from simulator.content.places import default_data_dir
    from simulator.grading import calibration
    from simulator.grading.grader import Grader

    if apart and not train_paths:
        raise UsageError("--apart 要有 --train：不从 --cases 学，就得有别的可学")
    cases, train = read_cases(paths), read_cases(train_paths)
    known = wiring.open_catalog(content).content
    wanted = known.rubric(rubric)
    check_labels([*cases, *train], known.versions(wanted))
    train += borrowed(read_cases(borrow_paths), wanted, [*cases, *train])
    clauses = read_clauses(clause_paths, known.versions(wanted))
    loaded = wiring.open_encoder(encoder)
    grader = Grader(wanted, loaded, calibration.blank(loaded.hash, wanted.hash))
    note = f"calibrated on {len(cases)} replies of {_names(paths)}"
    if train:
        note += f", learned from {len(train)} of {_names((*train_paths, *borrow_paths))}"
    if clauses:
        note += f", and from {len(clauses)} clauses of {_names(clause_paths)}"
    folder = out or default_data_dir() / "calibration"
    try:
        made = fitting.fit(grader, fitting.prepare(grader, cases, train, clauses), note=note, apart=apart)
    except ValueError as error:  # scikit-learn's word for too few replies, or labels all alike
        raise UsageError(f"这 {len(cases)} 条回复不够做校准：{error}") from error
    shared = shared or not _has_shared(loaded, [folder, *wiring.calibration_folders(content)])
    for one in made if shared else made[:1]:
        try:
            click.echo(f"写好了 {calibration.save(one, folder)}")
        except OSError as error:
            raise UsageError(f"写不了 {folder}：{error.strerror}") from error


def _has_shared(encoder: Encoder, folders: list[Path]) -> bool:
    """Whether there is a calibration for rubrics without one of their own; that of a small rubric should not take
    its place unasked."""
    from simulator.grading import calibration

    try:
        calibration.find(folders, encoder.hash, "", encoder.name)
    except EncoderError:
        return False
    return True


def _names(paths: tuple[Path, ...]) -> str:
    return "、".join(p.name for p in paths)
