"""Finds the prescribed lines in a reply: whoever says what the sources prescribe has done its steps.

Wording only, no encoder: a line counts when most of its letter triples stand in the reply, so that names,
figures and particles may differ. Knows nothing of probabilities.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.domain.grade import Span
from simulator.domain.rubric import PrescribedLine, Rubric
from simulator.language.text import normalise, trigrams

# Share of a line's letter triples that must stand in the reply, all within one stretch of it.
_SHARE = 0.8
_SHORTEST = 4


@dataclass(frozen=True, kw_only=True)
class Said:
    """A prescribed line found in the reply, and where."""

    line: PrescribedLine
    span: Span


class Prescribed:
    """The prescribed lines of one rubric, ready to be looked for."""

    def __init__(self, rubric: Rubric) -> None:
        self._lines: dict[str, list[tuple[PrescribedLine, frozenset[str], int]]] = {}
        for line in rubric.prescribed:
            letters = sum(c.isalnum() for c in line.text)
            if letters >= _SHORTEST:
                entry = (line, trigrams(line.text), letters)
                self._lines.setdefault(line.situation, []).append(entry)

    def said(self, situation: str, text: str) -> tuple[Said, ...]:
        """The prescribed lines of `situation` that `text` (normal form) says."""
        where = _positions(normalise(text))
        found = []
        for line, triples, letters in self._lines.get(situation, ()):
            places = sorted(place for t in triples for place in where.get(t, ()))
            span = _densest(places, letters)
            if span is None:
                continue
            inside = trigrams(text[span.start : span.end])
            if len(triples & inside) / len(triples) >= _SHARE:
                found.append(Said(line=line, span=span))
        return tuple(found)


def _positions(text: str) -> dict[str, list[tuple[int, int]]]:
    """The half-open range of code points of each letter triple of `text`."""
    letters = [(i, c) for i, c in enumerate(text) if c.isalnum()]
    out: dict[str, list[tuple[int, int]]] = {}
    for n in range(max(0, len(letters) - 2)):
        triple = "".join(c for _, c in letters[n : n + 3])
        out.setdefault(triple, []).append((letters[n][0], letters[n + 2][0] + 1))
    return out


def _densest(places: list[tuple[int, int]], letters: int) -> Span | None:
    """The stretch of about the line's own length that holds most of `places` (in order)."""
    reach = int(letters * 1.4) + 2
    starts = [start for start, _ in places]
    most, best = 0, None
    for n, start in enumerate(starts):
        stop = bisect_left(starts, start + reach)
        if stop - n > most:
            most, best = stop - n, Span(start=start, end=places[stop - 1][1])
    return best


def covers(said: Iterable[Said], span: Span | None) -> bool:
    """Whether `span` lies mostly within a prescribed line."""
    if span is None:
        return False
    for one in said:
        shared = min(one.span.end, span.end) - max(one.span.start, span.start)
        if shared >= 0.6 * (span.end - span.start):
            return True
    return False
