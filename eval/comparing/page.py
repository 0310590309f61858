"""A comparison as one HTML file that opens without a network: styles, script and plots are all in it.

Knows nothing of how the figures were made. What comes from runs is escaped by the template; `Markup` is only what is
escaped already (replies by `marked`, plots by matplotlib) or our own files.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.comparing import plots, wording
from eval.comparing.caveats import WHO
from eval.comparing.changes import Change, Effect
from eval.comparing.comparison import Comparison, Pair
from eval.comparing.contrasts import SLICES, Contrast
from eval.comparing.ruling import surest
from eval.comparing.wording import Names, titled
from simulator.app.markup import Mark, marked

_HERE = Path(__file__).parent
MOST_CHANGES = 1000  # the page lists no more; the JSON has all
_OPEN = 30  # changes of each effect that show before "more" is pressed
_MOST_ROWS = 30  # of a forest plot
_OPEN_SLICES = ("kind", "style", "length")  # few enough to show at once


@dataclass(frozen=True, kw_only=True)
class Card:
    """A change as it is shown. `parts`: the reply with the evidence of both marked."""

    change: Change
    title: str
    reply: Markup
    a: str
    b: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Sheaf:
    """The changes of one effect: how many there are, those shown at once, and those behind "more"."""

    effect: str
    title: str
    count: int
    first: Sequence[Card]
    rest: Sequence[Card]

    @property
    def listed(self) -> int:
        """How many the page has."""
        return len(self.first) + len(self.rest)


def render(comparison: Comparison, names: Names) -> str:
    """The page. `names`: of situations and styles."""
    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "wording": wording, "names": names, "titled": lambda c: titled(c.key, c.name, names),
        "named": lambda key, pair: titled(key, pair.names.get(key, key), names), "who": WHO,
    }  # fmt: skip
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return made.get_template("page.html").render(
        comparison=comparison,
        parts=[_part(pair, names) for pair in comparison.pairs],
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        # the one script that may run: what a reply might smuggle in has another fingerprint
        allowed=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _part(pair: Pair, names: Names) -> dict[str, Any]:
    """What the template shows of a pair."""
    listed = sorted(pair.changes, key=lambda c: -c.size)[:MOST_CHANGES]
    chosen = {id(c) for c in listed}
    shown = [c for c in pair.changes if id(c) in chosen]
    differing = surest(pair.contrasts.items)
    return {
        "pair": pair,
        "forest": _forest(pair, differing, names),
        "forest_more": max(0, len(differing) - _MOST_ROWS),
        "differing": differing,
        "alike": [c for c in pair.contrasts.items if not c.changed],
        "reliability": _reliability(pair),
        "slices": [
            _slices(pair, by, names) for by in (*_OPEN_SLICES, *(s for s in SLICES if s not in _OPEN_SLICES))
        ],
        "sheaves": [_sheaf(pair, shown, effect, names) for effect in Effect],
        "unlisted": len(pair.changes) - len(shown),
        "items": sorted({(titled(c.item, c.name, names), c.item) for c in shown}),
    }


def _forest(pair: Pair, differing: Sequence[Contrast], names: Names) -> Markup | None:
    rows = [_row(c, titled(c.key, c.name, names)) for c in differing if c.f1.difference is not None]
    rows = sorted(rows[:_MOST_ROWS], key=lambda r: r.f1.difference.value if r.f1.difference else 0.0)
    if not rows:
        return None
    label = f"{len(rows)} 个评分项的 F1 之差和 95% 区间，变差的在上"
    return Markup(plots.forest(rows, label, f"forest-{pair.b.name}"))


def _row(contrast: Contrast, name: str) -> plots.Row:
    return plots.Row(name=name, a=contrast.a.f1, b=contrast.b.f1, f1=contrast.f1)


def _reliability(pair: Pair) -> Markup | None:
    bars = pair.contrasts.reliability
    if not bars.a or not bars.b:
        return None
    label = (
        f"可靠性图：分数和实际比例，A 的期望校准误差 {bars.error_a:.3f}，{pair.b.name} 的 {bars.error_b:.3f}"
    )
    drawn = plots.reliability(bars.a, bars.b, pair.b.name, label, f"reliability-{pair.b.name}")
    return Markup(drawn)


def _slices(pair: Pair, by: str, names: Names) -> dict[str, Any]:
    """A plot of the slices by one thing."""
    rows = [
        _row(c, f"{wording.sliced(c, names)}（{c.cases} 条）")
        for c in pair.contrasts.slices
        if c.kind == by and c.f1.difference is not None
    ]
    label = f"按{SLICES[by]}分开的 F1 之差和 95% 区间"
    drawn = Markup(plots.forest(rows, label, f"slices-{by}-{pair.b.name}")) if rows else None
    return {"title": SLICES[by], "plot": drawn, "open": by in _OPEN_SLICES, "count": len(rows)}


def _sheaf(pair: Pair, shown: Sequence[Change], effect: Effect, names: Names) -> Sheaf:
    cards = [_card(pair, c, names) for c in shown if c.effect is effect]
    title = wording.EFFECTS[effect.value] if pair.labelled else "改了的"
    count = sum(c.effect is effect for c in pair.changes)
    return Sheaf(effect=effect.value, title=title, count=count, first=cards[:_OPEN], rest=cards[_OPEN:])


def _card(pair: Pair, change: Change, names: Names) -> Card:
    marks = [
        Mark(start=side.span[0], end=side.span[1], css=css, title=f"{name}：{wording.judged(change, side)}")
        for name, css, side in (("A", "in-a", change.a), (pair.b.name, "in-b", change.b))
        if side.span is not None
    ]
    return Card(
        change=change,
        title=titled(change.item, change.name, names),
        reply=Markup(marked(change.reply, marks)),
        a=wording.said(change, change.a),
        b=wording.said(change, change.b),
        label=wording.labelled(change),
    )
