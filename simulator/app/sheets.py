"""Our style sheets and script, as text.

Knows nothing of Gradio or of what they style.
"""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
SHEETS = ("base.css", "choose.css", "chat.css", "coach.css", "report.css")
REPORT_SHEETS = ("base.css", "coach.css", "report.css")


def style_sheet(names: tuple[str, ...] = SHEETS) -> str:
    """Our CSS as one text."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


def head() -> str:
    """What our page adds to the document's head. Not Gradio's `css=`, which confines every rule to its own
    container: ours say what the body shows."""
    script = (ASSETS / "app.js").read_text(encoding="utf-8")
    return f"<style>{style_sheet()}</style><script>{script}</script>"
