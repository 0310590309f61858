"""Breaks lines of Chinese for a terminal: between any two characters, but not inside a Latin word or a number and
not before a closing mark. (Rich breaks at spaces, of which Chinese has none.) Knows nothing of comparisons.
"""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_PIECE = re.compile(r"[“（]*(?:[!-~−–]+|[^!-~−–\s])[，。；：、！？）”,.;:)\]]*\s*|\s+")


class Sentence:
    """A text that breaks as Chinese does."""

    def __init__(self, text: str, style: str = "", indent: int = 0) -> None:
        """`indent`: of every line, in cells."""
        self._text, self._style, self._indent = text, style, indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines."""
        room = max(2, options.max_width - self._indent)
        for line in wrapped(self._text, room):
            yield Text(" " * self._indent + line, style=self._style, no_wrap=True, overflow="fold")


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, if no piece is wider by itself."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece.lstrip() if not lines[-1] else piece
    return [line.rstrip() for line in lines]
