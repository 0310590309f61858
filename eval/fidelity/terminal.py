"""A short summary of a fidelity report for a terminal. Knows nothing of how the figures were made."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from eval.comparing.wrapping import Sentence
from eval.fidelity.bars import Bar, bars
from eval.fidelity.measuring import Fidelity
from eval.fidelity.page import headline

_EXAMPLES = 2  # of each kind of breach


def show(found: Fidelity, console: Console) -> None:
    """Prints it: the bars, then a few examples of what went wrong."""
    listed = bars(found)
    record = found.record
    console.print(Sentence(f"{record.model}#{record.model_version}：{headline(listed)}", "bold"))
    console.print(
        Sentence(f"{len(found.talks):,} 场，客户说了 {found.lines:,} 句，演了 {record.seconds:g} 秒", "dim")
    )
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold")
    table.add_column("量到", justify="right", no_wrap=True)
    table.add_column("要", justify="right", no_wrap=True)
    for bar in listed:
        table.add_row(_mark(bar), bar.name, bar.measured, bar.wanted)
    console.print(table)
    seen: dict[str, int] = {}
    for breach in found.breaches:
        seen[breach.kind] = seen.get(breach.kind, 0) + 1
        if seen[breach.kind] <= _EXAMPLES:
            console.print(
                Sentence(f"{breach.talk} 第 {breach.turn} 轮：{breach.text}（{breach.why}）", "dim")
            )


def _mark(bar: Bar) -> str:
    if bar.met is None:
        return "[dim]—[/]"
    return "[green]✓[/]" if bar.met else "[red]✗[/]"
