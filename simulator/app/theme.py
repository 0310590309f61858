"""How the page looks: a Gradio theme for what Gradio draws, and the style sheets of our own screens.

Knows nothing of sessions. Colours are defined once, in `assets/base.css`; the theme only points at them.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parent / "assets"
SHEETS = ("base.css", "choose.css", "chat.css", "coach.css", "report.css")
FONTS = (
    "PingFang SC", "HarmonyOS Sans SC", "MiSans", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC",
    "Source Han Sans SC", "system-ui", "sans-serif",
)  # fmt: skip


class Paper(gr.themes.Base):  # type: ignore[misc]  # gradio ships no types for its themes
    """Warm grey paper, one green, one red, fonts of the reader's own system: nothing is fetched."""

    def __init__(self) -> None:
        """The one look there is; light and dark follow the system."""
        fonts = [gr.themes.Font(name) for name in FONTS]
        super().__init__(font=fonts, font_mono=[gr.themes.Font("monospace")])
        self.name = "paper"
        super().set(
            body_background_fill="var(--paper)",
            body_background_fill_dark="var(--paper)",
            body_text_color="var(--ink)",
            body_text_color_dark="var(--ink)",
            background_fill_primary="var(--card)",
            background_fill_primary_dark="var(--card)",
            border_color_primary="var(--line)",
            border_color_primary_dark="var(--line)",
            block_border_width="0px",
            block_background_fill="transparent",
            block_background_fill_dark="transparent",
            block_padding="0px",
            block_shadow="none",
            layout_gap="0px",
        )


def style_sheet() -> str:
    """All of our CSS as one text."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SHEETS)


def head() -> str:
    """What our page adds to the document's head. Not Gradio's `css=`, which confines every rule to its own
    container: ours say what the body shows."""
    script = (ASSETS / "app.js").read_text(encoding="utf-8")
    return f"<style>{style_sheet()}</style><script>{script}</script>"
