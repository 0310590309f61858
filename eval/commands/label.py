"""`duilian eval label`: people label replies, and how far they agree."""

from __future__ import annotations

import os
from pathlib import Path

import click

from simulator.cli import options
from simulator.errors import UsageError


@click.command(name="label")
@click.argument("files", nargs=-1, metavar="[标签文件]...", type=click.Path(path_type=Path))
@click.option(
    "--cases", "paths", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="要标的回复（JSON 行）；里面就算有标签，也不会给标的人看",
)  # fmt: skip
@click.option("--labeller", help="标的人的名字，也是文件名")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="标好的存在哪个目录")
@options.rubric
@options.content
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址")
@click.option("--port", type=click.IntRange(1, 65535), default=7861, show_default=True, help="端口")
@click.option("--agreement", is_flag=True, help="不开网页，算几个标签文件之间有多一致")
@click.option(
    "--settled", type=click.Path(path_type=Path, dir_okay=False),
    help="和 --agreement 一起用：把定下来的标签写到这里，不一致的以第三个文件为准",
)  # fmt: skip
@click.option(
    "--tolerance", type=click.FloatRange(0, 4), default=0.0, show_default=True,
    help="和 --agreement 一起用：质量分相差不超过这么多也算一致",
)  # fmt: skip
def command(
    files: tuple[Path, ...],
    paths: tuple[Path, ...],
    labeller: str | None,
    out: Path | None,
    rubric: str,
    content: Path | None,
    host: str,
    port: int,
    agreement: bool,
    settled: Path | None,
    tolerance: float,
) -> None:
    """请人来标回复（不给看已有的标签），或者算标注之间有多一致。"""
    if agreement:
        if labeller is not None or out is not None:
            raise UsageError("--agreement 只比对已有的标签文件，不和 --labeller、--out 一起用")
        _compare_labels(files, paths, rubric, content, settled, tolerance)
    else:
        if files or settled is not None:
            raise UsageError(
                "标签文件和 --settled 要和 --agreement 一起用，比如 --agreement 甲.jsonl 乙.jsonl"
            )
        _open_label_page(paths, labeller, out, rubric, content, host, port)


def _open_label_page(
    paths: tuple[Path, ...],
    labeller: str | None,
    out: Path | None,
    rubric: str,
    content: Path | None,
    host: str,
    port: int,
) -> None:
    given = {"--cases": bool(paths), "--labeller": labeller is not None, "--out": out is not None}
    missing = [name for name, there in given.items() if not there]
    if labeller is None or out is None or missing:
        raise UsageError(f"缺少 {'、'.join(missing)}（只算一致程度就用 --agreement）")
    from simulator.cli import ports, wiring

    ports.check_free(host, port)
    from eval import labelling

    catalog = wiring.open_catalog(content)
    wanted = wiring.one_version(catalog, rubric)
    questions = labelling.read_questions(paths, wanted)
    notebook = labelling.Notebook(out, labeller, paths)
    if notebook.told:
        click.echo(notebook.told)
    sitting = labelling.Sitting(questions.values(), notebook, wanted)
    click.echo(
        f"{notebook.labeller}：已标 {len(sitting.done())} 条，共 {len(questions)} 条，存在 {notebook.path}"
    )
    # before Gradio is loaded: nothing in it or its libraries calls home
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_DISABLE_TELEMETRY="1")
    from eval import label_page

    label_page.launch(sitting, catalog.content, host, port)


def _compare_labels(
    files: tuple[Path, ...],
    paths: tuple[Path, ...],
    rubric: str,
    content: Path | None,
    settled: Path | None,
    tolerance: float,
) -> None:
    from eval import label_agreement, labelling
    from simulator.cli import jsonl, wiring

    if settled is not None and settled.resolve() in {p.resolve() for p in (*files, *paths)}:
        raise UsageError(f"--settled 不能写到读的文件上：{settled}")
    wanted = wiring.one_version(wiring.open_catalog(content), rubric)
    questions = labelling.read_questions(paths, wanted) if paths else None
    comparison = label_agreement.Comparison([labelling.read_labels(f) for f in files], wanted, questions)
    click.echo("\n".join(label_agreement.report(comparison, tolerance)))
    if settled is not None:
        records, left = comparison.settled(tolerance)
        with jsonl.output(str(settled)) as stream:
            stream.writelines(jsonl.dump(r) for r in records)
        third = sum(r["settled"] == "third" for r in records)
        click.echo(
            f"\n定下来 {len(records)} 条（一致 {len(records) - third} 条，以第三个文件为准 {third} 条），"
            f"写在 {settled}；没定下来、没写的 {left} 条"
        )
