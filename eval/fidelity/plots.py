"""Curves of a fidelity report. Knows nothing of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from eval.drawing import COLOURS, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 240
_PLACE = (0.11, 0.15, 0.86, 0.78)
_SERIES = ("side-a", "side-b", "green", "red")
_DASHES = ("-", (0, (5, 3)), (0, (2, 2)), (0, (6, 2, 1, 2)))
_MARKERS = ("o", "s", "^", "D")
Series = Mapping[str, Sequence[tuple[float, float]]]


def lines(
    series: Series,
    *,
    label: str,
    ident: str,
    x: str,
    highest: float | None = 1.0,
    level: float | None = None,
) -> str:
    """Curves of (x, y). `label`: what is read to those who cannot see it; `ident`: unlike that of any other picture
    on the page; `x`: the axis' name; `highest`: of the y axis, by what is drawn when None; `level`: a line to compare
    with."""

    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        for place, (name, points) in enumerate(series.items()):
            colour = COLOURS[_SERIES[place % len(_SERIES)]]
            axes.plot(
                [p[0] for p in points], [p[1] for p in points], label=name, color=colour, linewidth=1.8,
                marker=_MARKERS[place % len(_MARKERS)], markersize=4.5, linestyle=_DASHES[place % len(_DASHES)],
            )  # fmt: skip
        if level is not None:
            axes.axhline(level, color=COLOURS["ink-2"], linewidth=1, linestyle=(0, (2, 3)))
        tops = [p[1] for points in series.values() for p in points]
        axes.set_ylim(0, (highest or max(tops, default=1.0)) * 1.05)
        axes.set_xlabel(x, color=COLOURS["ink-2"])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=COLOURS["line"], linewidth=0.8)
        if len(series) > 1:
            axes.legend(frameon=False, fontsize=11, labelcolor=COLOURS["ink-2"], loc="lower left")

    return picture(draw, _HEIGHT, _PLACE, label, ident)
