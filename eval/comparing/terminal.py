"""A comparison for the terminal: the plain verdict first, then what differs most, readable in 80 columns.

Knows nothing of how the figures were made.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from eval.comparing.caveats import WHO
from eval.comparing.changes import Change, Effect
from eval.comparing.comparison import Comparison, Pair, Side
from eval.comparing.contrasts import SLICES, Contrast
from eval.comparing.ruling import Outcome, surest
from eval.comparing.wording import (
    EFFECTS,
    Names,
    apart,
    basis,
    chance,
    figure,
    headline,
    labelled,
    said,
    sliced,
    titled,
)
from eval.comparing.wrapping import Sentence

_STYLES = {
    Outcome.BETTER: "green",
    Outcome.WORSE: "red",
    Outcome.MIXED: "yellow",
    Outcome.IDENTICAL: "cyan",
    Outcome.INDISTINCT: "cyan",
    Outcome.UNLABELLED: "yellow",
}
_ITEMS = 12  # items shown without --all
_CHANGES = 4  # changes of each effect shown without --all
_SLICES = 8  # slices shown without --all
_SHORT = 48  # characters of a reply shown without --all


def show(comparison: Comparison, names: Names, console: Console, everything: bool = False) -> None:
    """Prints it. `names`: of situations and styles; `everything`: every item, slice and change."""
    for pair in comparison.pairs:
        for part in _parts(comparison.a, pair, names, everything):
            console.print(part)


def _parts(a: Side, pair: Pair, names: Names, everything: bool) -> Iterator[RenderableType]:
    yield _verdict(a, pair, names)
    if pair.ruling.outcome is Outcome.IDENTICAL:
        return
    if pair.labelled:
        yield _groups(pair)
    yield from _items(pair, names, everything)
    if pair.labelled:
        yield from _slices(pair, names, everything)
    yield from _changes(pair, names, everything)


def _verdict(a: Side, pair: Pair, names: Names) -> RenderableType:
    colour = _STYLES[pair.ruling.outcome]
    lines = [
        *(Sentence(f"{s.name}  {s.record.rubric}  {s.folder}", "dim") for s in (a, pair.b)),
        Sentence(headline(pair), f"bold {colour}"),
        *(Sentence(told) for told in basis(pair, names)),
        *(Sentence(f"注意：{caveat.text}", "yellow") for caveat in pair.caveats),
    ]
    return Panel(Group(*lines), box=box.ROUNDED, border_style=colour)


def _table(title: str, *columns: str) -> Table:
    """The first column takes what the others leave."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, expand=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=bool(place), overflow="fold")
    return table


def _groups(pair: Pair) -> Table:
    table = _table("总的和四类（F1）", "", "A", pair.b.name, "差 [95% 区间]", "p", "正例")
    for contrast in pair.contrasts.groups:
        table.add_row(contrast.name, *_row(contrast), str(contrast.support))
    quality = pair.contrasts.quality
    if quality.cases:
        for name, paired in (("质量分 kappa", quality.kappa), ("质量分 Spearman", quality.spearman)):
            sides = (x.value if x else None for x in (paired.a, paired.b))
            table.add_row(name, *(figure(x) for x in sides), apart(paired), "", str(quality.cases))
    return table


def _row(contrast: Contrast) -> tuple[str, str, str, str]:
    p = contrast.p if contrast.p_holm is None else contrast.p_holm
    return figure(contrast.a.f1), figure(contrast.b.f1), apart(contrast.f1), chance(p)


def _items(pair: Pair, names: Names, everything: bool) -> Iterator[RenderableType]:
    found = pair.contrasts.items
    differing = surest(found)
    shown = differing if everything else differing[:_ITEMS]
    if pair.labelled:
        rest = [c for c in found if not c.changed] if everything else []
        table = _table(
            "各评分项（F1，有差别的在前）",
            "评分项",
            "A",
            pair.b.name,
            "差 [95% 区间]",
            "p*",
            "对/错",
        )
        for contrast in (*shown, *rest):
            a, b, difference, _ = _row(contrast)
            moved = f"+{contrast.b_alone} −{contrast.a_alone}"
            table.add_row(
                escape(titled(contrast.key, contrast.name, names)),
                a,
                b,
                difference,
                chance(contrast.p_holm),
                moved,
            )
    else:
        table = _table("各评分项（改得多的在前）", "评分项", "判断", "变了", "一致 kappa")
        for contrast in sorted(shown, key=lambda c: -c.changed):
            table.add_row(
                escape(titled(contrast.key, contrast.name, names)),
                str(contrast.compared), str(contrast.changed), figure(contrast.agreement),
            )  # fmt: skip
    if table.row_count:
        yield table
    yield from _left_out(pair, len(differing) - len(shown), len(found) - len(differing), everything, names)


def _left_out(pair: Pair, more: int, alike: int, everything: bool, names: Names) -> Iterator[RenderableType]:
    told = []
    if more:
        told.append(f"还有 {more} 项也有改动")
    if alike and not everything:
        told.append(f"{alike} 项的判断一个没变")
    for keys, word in ((pair.added, f"只有 {pair.b.name} 有"), (pair.removed, "只有 A 有")):
        if keys:
            listed = "、".join(titled(k, pair.names.get(k, k), names) for k in keys[:_ITEMS])
            told.append(f"{word}：{listed}{f' 等 {len(keys)} 项' if len(keys) > _ITEMS else ''}")
    if told:
        hint = "（--all 全列出来）" if (more or alike) and not everything else ""
        yield Sentence(f"{'；'.join(told)}。{hint}", "dim")
    if pair.labelled:
        yield Sentence("p*：McNemar 精确检验，各项之间 Holm 校正；“—”是分出高下的回复太少，不参加。", "dim")


def _slices(pair: Pair, names: Names, everything: bool) -> Iterator[RenderableType]:
    found = [c for c in pair.contrasts.slices if everything or c.f1.told_apart]
    shown = found if everything else sorted(found, key=_size, reverse=True)[:_SLICES]
    if not shown:
        return
    title = "分开看（全部评分项的 F1" + ("" if everything else "；只列区间不含 0 的，差得多的在前") + "）"
    table = _table(title, "", "A", pair.b.name, "差 [95% 区间]", "条数")
    for contrast in shown:
        name = f"{SLICES[contrast.kind]}：{sliced(contrast, names)}"
        a, b, difference, _ = _row(contrast)
        table.add_row(escape(name), a, b, difference, str(contrast.cases))
    yield table
    more = f"还有 {len(found) - len(shown)} 组区间也不含 0。" if len(shown) < len(found) else ""
    yield Sentence(f"{more}分开看的没有做多重校正，只用来找线索。", "dim")


def _size(contrast: Contrast) -> float:
    return abs(contrast.f1.difference.value) if contrast.f1.difference else 0.0


def _changes(pair: Pair, names: Names, everything: bool) -> Iterator[RenderableType]:
    for effect in Effect:
        found = [c for c in pair.changes if c.effect is effect]
        shown = found if everything else found[:_CHANGES]
        if not shown:
            continue
        more = f"，先列 {len(shown)} 处" if len(shown) < len(found) else ""
        word = EFFECTS[effect.value] if pair.labelled else "改了的"
        lines: list[RenderableType] = [Text(), Sentence(f"{word}（{len(found):,} 处{more}）", "bold")]
        for change in shown:
            lines += _change(pair, change, names, everything)
        yield Group(*lines)


def _change(pair: Pair, change: Change, names: Names, everything: bool) -> list[Sentence]:
    told = [f"A：{said(change, change.a)}", f"{pair.b.name}：{said(change, change.b)}"]
    if pair.labelled:
        told.append(f"{WHO[pair.labels_by]}：{labelled(change)}")
    head = "  ".join((change.case, titled(change.item, change.name, names), *told))
    reply = change.reply if everything else _cut(change.reply)
    return [Sentence(head), Sentence(reply, "dim", indent=4)]


def _cut(reply: str) -> str:
    flat = " ".join(reply.split())
    return flat if len(flat) <= _SHORT else f"{flat[: _SHORT - 1]}…"
