"""A plot as SVG to stand inside an HTML page: colours come from the page's CSS variables, letters are set by the
browser in the reader's own fonts.

Knows nothing of what is drawn or of the page. Sizes are in the picture's own units, 380 wide: a phone shows them as
they are.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 380
# matplotlib wants colours, the page has variables: these stand in for them
COLOURS = {
    "ink": "#010101", "ink-2": "#020202", "line": "#030303", "green": "#040404", "red": "#050505",
    "side-a": "#060606", "side-b": "#070707",
}  # fmt: skip
_SIZES = {"font.size": 13.0, "axes.linewidth": 0.8}


def picture(
    draw: Callable[[Axes], None],
    height: float,
    place: tuple[float, float, float, float],
    label: str,
    ident: str,
) -> str:
    """What `draw` draws, `height` high, at `place` (left, bottom, width, height as shares). `label`: what is read to
    those who cannot see it; `ident`: unlike that of any other picture on the page."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    fixed = {"svg.fonttype": "none", "svg.hashsalt": ident, "font.family": "DejaVu Sans", **_SIZES}
    with mpl.rc_context(fixed), warnings.catch_warnings():
        # the browser has the letters that matplotlib's own font has not; nothing here is placed by their width
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas = Figure(figsize=(WIDTH / 72, height / 72))
        FigureCanvasSVG(canvas)
        axes = canvas.add_axes(place)
        axes.set_axisbelow(True)
        axes.patch.set_visible(False)
        canvas.patch.set_visible(False)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(COLOURS["line"])
        axes.tick_params(colors=COLOURS["ink-2"], labelsize=12, length=0)
        draw(axes)
        stream = io.StringIO()
        canvas.savefig(stream, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _inline(stream.getvalue(), label, ident)


def _inline(svg: str, label: str, ident: str) -> str:
    """For a page: without prologue, sized by CSS, with names of its own, in the page's colours and font."""
    from simulator.app.markup import esc

    box = re.search(r'viewBox="([\d. ]+)"', svg)
    body = svg[svg.index("</style>") : svg.rindex("</svg>")].replace("</style>\n </defs>", "", 1)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'\bid="', f'id="{ident}-', body)
    body = body.replace("url(#", f"url(#{ident}-").replace('xlink:href="#', f'href="#{ident}-')
    body = body.replace("font-family: 'DejaVu Sans'; ", "")
    for name, colour in COLOURS.items():
        body = body.replace(f": {colour}", f": var(--{name})")
    size = box.group(1) if box else ""
    return f'<svg class="plot" viewBox="{size}" role="img" aria-label="{esc(label)}">{body}</svg>'
