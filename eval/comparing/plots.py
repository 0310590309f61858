"""Plots of a comparison as SVG to stand inside an HTML page: colours come from the page's CSS variables, letters
are set by the browser in the reader's own fonts.

Knows nothing of the page. Sizes are in the picture's own units, 380 wide: a phone shows them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.comparing.wording import figure
from eval.drawing import COLOURS, WIDTH, picture
from eval.metrics import Bin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eval.comparing.statistics import Paired

_ROW, _FOOT, _SIDE = 38, 26, 14
_LEAST = 0.05  # the axis reaches at least so far to both sides


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a forest plot."""

    name: str
    a: float | None
    b: float | None
    f1: Paired


def forest(rows: Sequence[Row], label: str, ident: str) -> str:
    """Differences of F1 with their intervals, each below its name. `label`: what is read to those who cannot see
    it; `ident`: unlike that of any other picture on the page. Rows without a difference are left out."""
    shown = [r for r in rows if r.f1.difference is not None]
    height = _ROW * len(shown) + _FOOT

    def draw(axes: Axes) -> None:
        reach = max([_LEAST, *(abs(x) for r in shown if (d := r.f1.difference) for x in (d.low, d.high))])
        axes.set_xlim(-reach * 1.04, reach * 1.04)
        axes.set_ylim(len(shown) - 0.5 + 0.1, -0.5)
        axes.axvline(0, color=COLOURS["ink-2"], linewidth=1)
        for place, row in enumerate(shown):
            _forest_row(axes, place, row)
        axes.tick_params(axis="y", left=False, labelleft=False)
        axes.locator_params(axis="x", nbins=5)
        axes.xaxis.set_major_formatter(lambda x, _: "0" if abs(x) < 1e-9 else f"{x:+.2g}".replace("-", "−"))
        axes.grid(axis="x", color=COLOURS["line"], linewidth=0.8)

    return picture(
        draw, height, (_SIDE / WIDTH, _FOOT / height, 1 - 2 * _SIDE / WIDTH, 1 - _FOOT / height), label, ident
    )


def _forest_row(axes: Axes, place: int, row: Row) -> None:
    interval = row.f1.difference
    assert interval is not None
    colour = COLOURS["ink-2"]
    if row.f1.told_apart:
        colour = COLOURS["green" if interval.value > 0 else "red"]
    y = place + 0.24
    axes.plot([interval.low, interval.high], [y, y], color=colour, linewidth=2.2, solid_capstyle="round")
    axes.plot([interval.value], [y], marker="o", markersize=7, color=colour, linestyle="none")
    beside = axes.get_yaxis_transform()
    written: dict[str, Any] = {"transform": beside, "va": "center", "parse_math": False}
    told = f"{figure(row.a)} → {figure(row.b)}"
    axes.text(0, place - 0.16, row.name, ha="left", color=COLOURS["ink"], **written)
    axes.text(1, place - 0.16, told, ha="right", color=COLOURS["ink-2"], size=12, **written)


def reliability(a: Sequence[Bin], b: Sequence[Bin], name: str, label: str, ident: str) -> str:
    """How often verdicts of about a score are true, A and B in one: the nearer to the diagonal, the better. The
    area of a mark is the share of the verdicts."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=COLOURS["ink-2"], linewidth=1, linestyle=(0, (4, 4)))
        for bars, colour, marker in ((a, "side-a", "o"), (b, "side-b", "s")):
            total = sum(bar.count for bar in bars) or 1
            x, y = [bar.predicted for bar in bars], [bar.actual for bar in bars]
            sizes = [18 + 320 * bar.count / total for bar in bars]
            axes.plot(x, y, color=COLOURS[colour], linewidth=1.6)
            axes.scatter(
                x, y, s=sizes, marker=marker, facecolor="none", edgecolor=COLOURS[colour], linewidth=1.6
            )
        axes.set_xlim(-0.04, 1.04)
        axes.set_ylim(-0.04, 1.04)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.set_xlabel("打的分", color=COLOURS["ink-2"])
        axes.text(0.02, 0.98, "标签是“有”的比例", color=COLOURS["ink-2"], va="top")
        axes.text(0.98, 0.16, "○ A", color=COLOURS["side-a"], ha="right")
        axes.text(0.98, 0.07, f"□ {name}", color=COLOURS["side-b"], ha="right")
        axes.grid(color=COLOURS["line"], linewidth=0.8)

    return picture(draw, 340, (0.11, 0.14, 0.86, 0.84), label, ident)
