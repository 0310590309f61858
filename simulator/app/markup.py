"""Makes HTML of text that nobody vouches for: escapes it, and marks spans in it.

Knows nothing of sessions, grades or Gradio. Everything the page shows goes through `esc` or `marked`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A half-open range of code points to be shown in class `css`, with `title` when pointed at."""

    start: int
    end: int
    css: str
    title: str = ""


def esc(text: object) -> str:
    """`text` as HTML that shows exactly it, safe in an element and in a quoted attribute."""
    return html.escape(str(text), quote=True)


def attrs(**values: object) -> str:
    """HTML attributes: `data_act="go"` becomes ` data-act="go"`; None and False are left out, True has no
    value."""
    parts = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        parts.append(f" {key}" if value is True else f' {key}="{esc(value)}"')
    return "".join(parts)


def button(label: str, act: str, css: str = "btn", **values: object) -> str:
    """A button that does `act` in `assets/app.js`; `label` is HTML."""
    return f'<button type="button" class="{css}" data-act="{act}"{attrs(**values)}>{label}</button>'


def marked(text: str, marks: Iterable[Mark]) -> str:
    """`text` escaped, with every mark shown at its place. Marks may overlap, touch or reach past the
    end: the text is cut at each border and a piece carries the classes of all marks that cover it."""
    known = [m for m in marks if max(m.start, 0) < min(m.end, len(text))]
    borders = sorted({0, len(text), *(min(max(b, 0), len(text)) for m in known for b in (m.start, m.end))})
    pieces = []
    for start, end in pairwise(borders):
        over = [m for m in known if m.start <= start and end <= m.end]
        piece = esc(text[start:end])
        if over:
            css = " ".join(dict.fromkeys(m.css for m in over))
            title = "；".join(dict.fromkeys(m.title for m in over if m.title))
            piece = f"<mark{attrs(class_=css, title=title or None)}>{piece}</mark>"
        pieces.append(piece)
    return "".join(pieces)
