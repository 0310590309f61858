"""`duilian rubric`: versions of rubrics drafted, compared and released. Knows nothing of grading."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import click

from simulator.cli import difference as shown
from simulator.cli import options
from simulator.content import drafting, places
from simulator.content.catalog import load
from simulator.content.contents import Content
from simulator.content.difference import difference
from simulator.content.source import ContentSource
from simulator.content.textfile import read_text, write_text
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError

# Labelled replies that come in three parts, and what they are called where one has to bring one's own.
_SPLITS = {"train": "你的回复-学.jsonl", "calibration": "你的回复-改.jsonl", "test": "你的回复-留.jsonl"}


@click.group(name="rubric")
def command() -> None:
    """评分标准的版本：起草、比较、发布。"""


@command.command(name="new")
@click.argument("ref")
@click.option("--as", "name", metavar="NAME", help="另起一个名字，从第 1 版开始")
@options.content
def new(ref: str, name: str | None, content: Path | None) -> None:
    """起草新的一版：把 REF（名字，或 名字@版本）照抄一份，版本号往后排。"""
    source = ContentSource(overlay=content)
    found = load(source)
    rubric = _rubric(found, ref)
    made = drafting.next_ref(found, rubric.name) if name is None else drafting.first_ref(found, name)
    path = _folder(content) / f"{made}.yaml"
    if os.path.lexists(path):  # written since everything was read
        raise UsageError(f"已经有 {path} 了，没有动它。")
    original = source.files("rubric")[rubric.ref]
    write_text(path, drafting.renamed(read_text(original), rubric.ref, made))
    click.echo(f"起草了 {made}，照抄 {rubric.ref}，存在 {path}")
    if name is not None:
        click.echo(f"（标题 title 还是“{rubric.title}”，记得改。）")
    for draft in _drafts(found, rubric) if name is None else []:
        click.echo(f"（{draft} 也还没有发布。要接着改的是它，就把 {made}.yaml 删掉。）")
    click.echo("\n".join(_next_steps(rubric, made, path, content)))


@command.command(name="diff")
@click.argument("old")
@click.argument("new")
@options.content
@click.option("--json", "as_json", is_flag=True, help="打印 JSON")
def diff(old: str, new: str, content: Path | None, as_json: bool) -> None:
    """比较 OLD 和 NEW 两份评分标准，只说意思上的差别：先后、注释、写法不算。"""
    found = load(ContentSource(overlay=content))
    result = difference(_rubric(found, old), _rubric(found, new))
    if as_json:
        click.echo(json.dumps(shown.record(result), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(shown.text(result)))


@command.command(name="release")
@click.argument("ref")
@options.content
def release(ref: str, content: Path | None) -> None:
    """发布 REF（名字@版本）：把它的指纹写进 LOCK，从此不能再改。"""
    found = load(ContentSource(overlay=content))
    name, at, version = ref.partition("@")
    if not (name and at and version.isdigit()):
        raise UsageError(f"要写明发布哪一版：名字@版本，写的是“{ref}”")
    rubric = found.rubric(ref)
    if ref in found.released:
        click.echo(f"{ref} 早就发布了（{rubric.hash}），没有变化。")
        return
    folder = (
        content / "rubrics"
        if content and (content / "rubrics" / f"{ref}.yaml").exists()
        else places.shipped("rubrics")
    )
    _append(folder / "LOCK", f"{ref} {rubric.hash}\n")
    click.echo(f"{ref} 发布了（{rubric.hash}），记在 {folder / 'LOCK'}。再要改，另存为新的一版。")
    _warn_without_calibration(rubric, content)


def _rubric(content: Content, ref: str) -> Rubric:
    """Raises UsageError."""
    if ref.endswith("@"):
        raise UsageError(f"“{ref}”后面少了版本号，写成 {ref}1 这样")
    return content.rubric(ref)


def _folder(content: Path | None) -> Path:
    """Where a draft goes: the trainer's folder, else beside the shipped rubrics of a checkout. Raises
    UsageError where the shipped ones are part of an installed program, which an update replaces."""
    folder = content / "rubrics" if content else places.shipped("rubrics")
    if not content and folder.is_relative_to(places.PACKAGE):
        raise UsageError("自带的评分标准装在程序里面，不在那儿起草：请用 --content 指定自己的目录。")
    return folder


def _drafts(content: Content, rubric: Rubric) -> list[str]:
    """The later versions of the same name that wait for their release."""
    family = [r for r in content.rubrics.values() if r.name == rubric.name and r.version > rubric.version]
    return [r.ref for r in family if r.ref not in content.released]


def _next_steps(old: Rubric, new: str, path: Path, content: Path | None) -> list[str]:
    """The way from a draft to a release, as commands to copy. Versions are compared, round by round, in a
    folder for trial, by calibrations that have not learned from the replies compared on; the replies that
    prove a version wait for the last step."""
    own = f" --content {shlex.quote(str(content))}" if content else ""
    trial = content.absolute().parent / f"{content.absolute().name}-trial" if content else Path("trial")
    out, tried = _brief(trial / "models" / "calibration"), f" --content {_brief(trial)}"
    train, development, test = _splits(old.name)
    copied = [f"                 cp -r {_brief(content)}/. {_brief(trial)}"] if content else []
    learn = f"--train {train} --cases {development} --out"
    final = f" --out {_brief(content / 'models' / 'calibration')}" if content else ""
    return [
        "接下来：",
        f"  1. 用编辑器改 {path}，存盘",
        f"  2. 查一遍：    duilian check {_brief(path)}",
        f"  3. 看改了什么：duilian rubric diff {old.ref} {new}{own}",
        "  4. 比一比，边改边看（不满意就回到 1；每一轮换新的 runs 目录）：",
        *copied,
        *(
            f"                 duilian eval calibrate --apart{tried if content else ''} --rubric {ref} {learn} {out}"
            for ref in (old.ref, new)
        ),
        *(
            f"                 duilian eval run{tried} --rubric {ref} --cases {development} --out runs/{ref}"
            for ref in (old.ref, new)
        ),
        f"                 duilian eval compare{tried} runs/{old.ref} runs/{new}",
        f"  5. 改定了：    duilian eval calibrate{own} --rubric {new} --train {train} --cases {development}{final}",
        f"     再用留着的 {test} 两版各评一遍，比最后一次（只这一次，见 docs/evaluation.md）",
        f"  6. 发布：      duilian rubric release {new}{own}",
    ]


def _splits(name: str) -> tuple[str, str, str]:
    """The labelled replies that came with rubrics called `name`, to learn from, to develop on and to prove
    with. Names to fill in for a rubric that came with none, and for an installed program, which has none."""
    cases = places.shipped("rubrics").parent / "eval" / "cases"
    files = [(cases if name == "service" else cases / name) / f"{n}.jsonl" for n in _SPLITS]
    if all(file.is_file() for file in files):
        return _brief(files[0]), _brief(files[1]), _brief(files[2])
    return _SPLITS["train"], _SPLITS["calibration"], _SPLITS["test"]


def _brief(path: Path) -> str:
    """As typed from here: without the folder that one is in."""
    full = path.absolute()
    return shlex.quote(str(full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else full))


def _warn_without_calibration(rubric: Rubric, content: Path | None) -> None:
    """A version is graded by the shared calibration until it has one of its own, of whatever encoder."""
    from simulator.cli import wiring
    from simulator.grading import calibration

    anything = calibration.file_name("*", rubric.hash)
    if not any(any(folder.glob(anything)) for folder in wiring.calibration_folders(content)):
        own = f" --content {shlex.quote(str(content))}" if content else ""
        click.echo(
            f"注意：{rubric.ref} 还没有自己的校准，打分先用共用的，没那么准。"
            f"先 duilian eval calibrate{own} --rubric {rubric.ref} …（校准不改评分标准，发布以后也能做）。",
            err=True,
        )


def _append(lock: Path, row: str) -> None:
    """Adds a row, whole or not at all. Raises UsageError where the disk says no."""
    before = read_text(lock) if lock.exists() else ""
    write_text(lock, before + ("\n" if before and not before.endswith("\n") else "") + row)
