"""`duilian rubric`: what is done with versions of rubrics. Knows nothing of grading."""

from __future__ import annotations

import os
from pathlib import Path

import click

from simulator.cli import options
from simulator.errors import UsageError


@click.group(name="rubric")
def command() -> None:
    """评分标准的版本。"""


@command.command(name="release")
@click.argument("ref")
@options.content
def release(ref: str, content: Path | None) -> None:
    """发布 REF（名字@版本）：把它的指纹写进 LOCK，从此不能再改。"""
    from simulator.cli import wiring
    from simulator.content.places import shipped

    found = wiring.open_catalog(content).content
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
        else shipped("rubrics")
    )
    _append(folder / "LOCK", f"{ref} {rubric.hash}\n")
    click.echo(f"{ref} 发布了（{rubric.hash}），记在 {folder / 'LOCK'}。再要改，另存为新的一版。")


def _append(lock: Path, row: str) -> None:
    """Adds a row, whole or not at all. Raises UsageError where the disk says no."""
    part = lock.with_name(f".{lock.name}.part{os.getpid()}")
    try:
        before = lock.read_text(encoding="utf-8") if lock.exists() else ""
        part.write_text(
            before + ("\n" if before and not before.endswith("\n") else "") + row, encoding="utf-8"
        )
        part.replace(lock)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"写不了 {lock}：{error.strerror}") from error
