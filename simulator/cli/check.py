"""`duilian check`: are the trainers' files sound? Tells every problem of every file.

Knows nothing of models or sessions.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from simulator.cli import options
from simulator.content import catalog, crosscheck
from simulator.content.contents import Content
from simulator.content.source import ContentSource, kind_of, root_of
from simulator.domain.persona import Move
from simulator.errors import Problem, UsageError

_PLACES = (
    "人物放在 personas/cast/，情境 personas/situations/，风格 personas/styles/（都是 .yaml），"
    "台词 personas/lines/*.jsonl，评分标准 rubrics/名字@版本.yaml，提示词 prompts/"
)
_STRAY = f"放的地方或文件名不对，程序不会读它。{_PLACES}"


@click.command(name="check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@options.content
def command(paths: tuple[Path, ...], content: Path | None) -> None:
    """检查人物、评分标准、提示词和台词。不带路径就检查全部；带目录就把它叠在自带内容上检查。"""
    folders = [p for p in paths if p.is_dir()]
    if len(folders) > 1 or (folders and content):
        raise UsageError("一次只能检查一个目录")
    problems = [p for path in paths if path not in folders for p in check_file(path, content)]
    if folders or not paths:
        source = ContentSource(overlay=folders[0] if folders else content)
        found, more = catalog.read_all(source)
        more += [Problem(file=str(p), place="", message=_STRAY) for p in source.strays()]
        problems += more
        if not more:
            click.echo(summary(found))
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        click.echo(f"共 {len(problems)} 处问题。", err=True)
        raise SystemExit(1)
    click.echo("没有发现问题。")


def check_file(path: Path, content: Path | None) -> list[Problem]:
    """The problems of one file, by itself and beside the shipped content and the content folder that it
    lies in, or `content`. Raises UsageError for a file that is none of ours."""
    if not path.exists():
        raise UsageError(f"没有这个文件：{path}")
    if kind_of(path) is None:
        raise UsageError(f"认不出 {path} 是什么。{_PLACES}")
    source = ContentSource(overlay=content or root_of(path), single=path)
    return [p for p in catalog.read_all(source)[1] if p.file == str(path)]


def summary(content: Content) -> str:
    """What there is, and how well the line bank covers what a session can reach."""
    cells = crosscheck.coverage(content)
    moods: Counter[tuple[str, str, Move]] = Counter()
    for (style, situation, move, _), held in cells.items():
        moods[style, situation, move] += held
    spoken = {k: v for k, v in moods.items() if k[2] is not Move.ANSWER}
    empty = [k for k, held in spoken.items() if not held]
    lines = [
        f"人物 {len(content.personas)}，情境 {len(content.situations)}，风格 {len(content.styles)}，"
        f"评分标准 {len(content.rubrics)}，台词 {len(content.lines)}。",
        f"台词覆盖：风格 × 情境 × 动作共 {len(spoken)} 格，空着 {len(empty)} 格，最少的一格 {min(spoken.values(), default=0)} 句。",
    ]
    lines += [f"  空着：{style} / {situation} / {move}" for style, situation, move in sorted(empty)[:10]]
    return "\n".join(lines)
