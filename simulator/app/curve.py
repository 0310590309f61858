"""Draws the mood curve as SVG: four lines over the turns, named at their ends.

Knows nothing of sessions beyond the points of `simulator.report`. Colours come from CSS classes, so that
light, dark and the saved report each show it in their own.
"""

from __future__ import annotations

from simulator.app.markup import esc
from simulator.app.words import Lang, say
from simulator.domain.session import Dimension
from simulator.report import MoodPoint

_WIDTH, _HEIGHT = 480, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 70, 10, 26
_GAP = 16  # least distance between the names at the lines' ends


def mood_curve(points: tuple[MoodPoint, ...], lang: Lang) -> str:
    """The picture with a text for those who cannot see it."""
    if len(points) < 2:
        return f'<p class="faint">{esc(say(lang, "curve_none"))}</p>'
    lines = "".join(_line(points, d) for d in Dimension)
    spoken = esc(_spoken(points, lang))
    return (
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{spoken}">'
        f"{_grid()}{_turns(points, lang)}{lines}{_ends(points, lang)}</svg>"
    )


def _spoken(points: tuple[MoodPoint, ...], lang: Lang) -> str:
    """The curve in words: first and last value of each line."""
    first, last = points[0], points[-1]
    parts = [f"{say(lang, d.value)} {_value(first, d):.2f} → {_value(last, d):.2f}" for d in Dimension]
    return f"{say(lang, 'curve')}: " + ", ".join(parts)


def _value(point: MoodPoint, dimension: Dimension) -> float:
    return float(getattr(point, dimension.value))


def _x(place: int, count: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * place / (count - 1)


def _y(value: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value)


def _grid() -> str:
    rows = []
    for value in (0.0, 0.5, 1.0):
        y = _y(value)
        rows.append(
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    return "".join(rows)


def _turns(points: tuple[MoodPoint, ...], lang: Lang) -> str:
    """Names of the turns below; every second, third … one when there are many."""
    every = 1 + (len(points) - 1) // 7
    labels = []
    for place, point in enumerate(points):
        if place % every == 0:
            name = say(lang, "curve_turn", n=point.turn) if point.turn else say(lang, "curve_start")
            x = _x(place, len(points))
            labels.append(
                f'<text class="axis" x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{esc(name)}</text>'
            )
    return "".join(labels)


def _line(points: tuple[MoodPoint, ...], dimension: Dimension) -> str:
    at = [(_x(n, len(points)), _y(_value(p, dimension))) for n, p in enumerate(points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"><title>{_value(p, dimension):.2f}</title></circle>'
        for (x, y), p in zip(at, points, strict=True)
    )
    return f'<g class="curve-{dimension.value}"><polyline points="{path}"/>{dots}</g>'


def _ends(points: tuple[MoodPoint, ...], lang: Lang) -> str:
    """Each line's name at its right end, pushed apart where they would cover one another."""
    last = sorted((_y(_value(points[-1], d)), d) for d in Dimension)
    placed: list[tuple[float, Dimension]] = []
    for y, dimension in last:
        placed.append((max(y, placed[-1][0] + _GAP) if placed else y, dimension))
    over = max(0.0, placed[-1][0] - (_HEIGHT - _BOTTOM))
    x = _WIDTH - _RIGHT + 9
    return "".join(
        f'<text class="end curve-{d.value}" x="{x}" y="{y - over + 4:.1f}">{esc(say(lang, d.value))}</text>'
        for y, d in placed
    )
