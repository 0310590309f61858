"""`duilian eval compare`: what runs over the same replies differ in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from simulator.cli import options
from simulator.errors import UsageError


@click.command(name="compare")
@click.argument("folders", nargs=-1, required=True, metavar="A B [C]...", type=click.Path(path_type=Path))
@click.option("--json", "json_path", metavar="文件", help="全部结果写成 JSON；- 是标准输出")
@click.option("--html", "html_path", metavar="文件", help="写成一个网页文件，不联网也能看")
@click.option("--all", "everything", is_flag=True, help="终端上列出全部评分项、各组和改动")
@click.option(
    "--draws", type=click.IntRange(100, 100_000), default=2000, show_default=True, help="算区间时重抽几次"
)
@options.seed
@options.content
def command(
    folders: tuple[Path, ...],
    json_path: str | None,
    html_path: str | None,
    everything: bool,
    draws: int,
    seed: int,
    content: Path | None,
) -> None:
    """比几次评估（duilian eval run 存下的目录）：后面的都和 A 比，说好坏、改了什么、有多少把握。"""
    if len(folders) < 2:
        raise UsageError(f"要比至少得有两次，只写了 {folders[0]}。比如：duilian eval compare runs/旧 runs/新")
    if json_path is not None and json_path == html_path:
        raise UsageError(f"--json 和 --html 写到同一个地方了：{json_path}")
    from rich.console import Console

    from eval.comparing import page, terminal
    from eval.comparing.comparison import compare
    from eval.running.run import Run
    from simulator.cli import jsonl

    runs = [Run.open(folder) for folder in folders]
    found = compare(*runs, draws=draws, seed=seed)
    names = dict(_names(content))
    if json_path is not None:
        with jsonl.output(json_path) as stream:
            json.dump(found.to_json(), stream, ensure_ascii=False, indent=1)
            stream.write("\n")
    if html_path is not None:
        with jsonl.output(html_path) as stream:
            stream.write(page.render(found, names))
    if "-" not in (json_path, html_path):
        terminal.show(found, names, Console(highlight=False), everything)
        if html_path is not None:
            click.echo(f"网页写好了：{html_path}")


def _names(content: Path | None) -> Iterator[tuple[str, str]]:
    """Id and name of every situation and style. One that cannot be read keeps its id: no reason not to compare."""
    from simulator.content import readers
    from simulator.content.source import ContentSource

    source = ContentSource(overlay=content)
    for kind in ("situation", "style"):
        for ident, path in source.files(kind).items():
            found = readers.read(kind, path).value
            if found is not None:
                yield ident, found.name
