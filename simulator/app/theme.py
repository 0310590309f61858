"""The Gradio theme, for the little that Gradio itself draws.

Knows nothing of sessions. Colours are defined once, in `assets/base.css`; the theme only points at them.
"""

from __future__ import annotations

import gradio as gr

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
