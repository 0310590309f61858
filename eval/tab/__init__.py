"""The evaluation page of the server: two versions of a rubric over one set of replies, compared.

Joined to the server by entry point (`duilian.pages`). What takes long is done by commands of `duilian eval` in
processes of their own, never in the server's. Importing this loads nothing heavy.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.app.pages import Page, Place

if TYPE_CHECKING:
    import gradio as gr

_ASSETS = Path(__file__).parent / "assets"


def page(place: Place) -> Page:
    """The page, over the data and content of `place`."""
    style = (_ASSETS / "tab.css").read_text(encoding="utf-8")
    script = (_ASSETS / "tab.js").read_text(encoding="utf-8")
    return Page(
        path="evaluation",
        title="评估",
        title_en="Evaluation",
        head=f"<style>{style}</style><script>{script}</script>",
        draw=partial(_draw, place),
    )


def _draw(place: Place, blocks: gr.Blocks) -> None:
    from eval.tab.components import draw

    draw(blocks, place)
