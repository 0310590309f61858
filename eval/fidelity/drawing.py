"""Plots of a report as SVG that lies in the page: in its colours, for light and dark, text in the reader's fonts.

Knows nothing of the page. Sizes are in the picture's own units, 380 wide: a phone shows them as they are.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 380, 240
_PLACE = (0.11, 0.15, 0.86, 0.78)
# matplotlib wants colours, the page has variables: these stand in for them
_COLOURS = {
    "ink-2": "#020202", "line": "#030303", "side-a": "#060606", "side-b": "#070707", "green": "#040404",
    "red": "#050505",
}  # fmt: skip
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
            colour = _COLOURS[_SERIES[place % len(_SERIES)]]
            axes.plot(
                [p[0] for p in points], [p[1] for p in points], label=name, color=colour, linewidth=1.8,
                marker=_MARKERS[place % len(_MARKERS)], markersize=4.5, linestyle=_DASHES[place % len(_DASHES)],
            )  # fmt: skip
        if level is not None:
            axes.axhline(level, color=_COLOURS["ink-2"], linewidth=1, linestyle=(0, (2, 3)))
        tops = [p[1] for points in series.values() for p in points]
        axes.set_ylim(0, (highest or max(tops, default=1.0)) * 1.05)
        axes.set_xlabel(x, color=_COLOURS["ink-2"])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=_COLOURS["line"], linewidth=0.8)
        if len(series) > 1:
            axes.legend(frameon=False, fontsize=11, labelcolor=_COLOURS["ink-2"], loc="lower left")

    return _picture(draw, label, ident)


def _picture(draw: Callable[[Axes], None], label: str, ident: str) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    fixed = {"svg.fonttype": "none", "svg.hashsalt": ident, "font.family": "DejaVu Sans", "font.size": 12.0}
    with mpl.rc_context(fixed), warnings.catch_warnings():
        # the browser has the letters that matplotlib's own font has not
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas = Figure(figsize=(_WIDTH / 72, _HEIGHT / 72))
        FigureCanvasSVG(canvas)
        axes = canvas.add_axes(_PLACE)
        axes.patch.set_visible(False)
        canvas.patch.set_visible(False)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(_COLOURS["line"])
        axes.tick_params(colors=_COLOURS["ink-2"], labelsize=11, length=0)
        draw(axes)
        stream = io.StringIO()
        canvas.savefig(stream, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _inline(stream.getvalue(), label, ident)


def _inline(svg: str, label: str, ident: str) -> str:
    """For a page: without prologue and style sheet, with names of its own, in the page's colours and font."""
    from simulator.app.markup import esc

    box = re.search(r'viewBox="([\d. ]+)"', svg)
    body = re.sub(r".*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL).rpartition("</svg>")[0]
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'\bid="|(?<=url\(#)|(?<=xlink:href="#)', lambda m: f"{m.group()}{ident}-", body)
    body = body.replace("xlink:href", "href").replace("font-family: 'DejaVu Sans'; ", "")
    for name, colour in _COLOURS.items():
        body = body.replace(f": {colour}", f": var(--{name})")
    size = box.group(1) if box else ""
    return f'<svg class="plot" viewBox="{size}" role="img" aria-label="{esc(label)}">{body}</svg>'
