"""Pages that others add to the server by entry point (`duilian.pages`), so that nothing here imports them.

Knows nothing of what they show. Such an entry point is called with the `Place` and returns a `Page`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

_GROUP = "duilian.pages"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the server was opened with. `content`: a trainer's own files; `data`: the folder of the user's data;
    `encoder`: its name as it was given, `encoder_hash`: of what is loaded by that name."""

    content: Path | None
    data: Path
    encoder: str
    encoder_hash: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page beside the practice page. `path`: its address below the server's, ASCII without slashes; `title`,
    `title_en`: of the link that leads to it; `head`: its styles and scripts as HTML; `draw`: makes its Gradio
    components, called once within the page's route."""

    path: str
    title: str
    title_en: str
    head: str
    draw: Callable[[gr.Blocks], None]


def added(place: Place) -> tuple[Page, ...]:
    """The pages of every installed package, by name."""
    found = sorted(entry_points(group=_GROUP), key=lambda e: e.name)
    return tuple(e.load()(place) for e in found)
