"""Every verdict, banned finding and quality that differs between two runs, with its label and its evidence.

Knows nothing of how they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eval.comparing.pairing import BANNED, Item, Matched
from eval.comparing.reading import VERDICTS, Floats, Rows
from eval.metrics import MIDDLE

QUALITY = "quality"
STEP = 0.5  # qualities this far apart or less are not listed
_MARKS = 4.0  # from the least quality to the most, so that its changes stand beside those of scores


class Effect(StrEnum):
    """What a change did: B is right (nearer) where A was not, the other way, or neither can be said."""

    LOSS = "loss"
    GAIN = "gain"
    NEITHER = "neither"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What one version said. `verdict`: met, not_met or unsure, None for a quality; `score`: the verdict's, or
    the quality; `span`: half-open, in code points of the reply; `phrases`: ids of the banned things found."""

    verdict: str | None
    score: float | None
    span: tuple[int, int] | None = None
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that B says otherwise of one reply. `item`: an item's key, `banned` or `quality`; `label`:
    whether it is there, None where no label says or the item is of form; `label_quality`: of a quality;
    `size`: how far the scores moved, in [0, 1]."""

    case: str
    source: str
    situation: str
    style: str | None
    customer: str | None
    reply: str
    item: str
    name: str
    a: Judgement
    b: Judgement
    label: bool | None
    label_quality: float | None
    effect: Effect
    size: float


def changes(matched: Matched) -> tuple[Change, ...]:
    """Losses, then gains, then the rest, each with the farthest move of a score first."""
    found = [
        *(c for key in (*matched.keys[:-1], *matched.form) for c in _of_item(matched, key)),
        *_of_banned(matched),
        *_of_quality(matched),
    ]
    order = list(Effect)
    return tuple(sorted(found, key=lambda c: (order.index(c.effect), -c.size, c.case, c.item)))


def same(matched: Matched) -> bool:
    """Whether the two are one: the same items, verdicts, scores to four decimals, banned things and
    qualities."""
    if matched.added or matched.removed:
        return False
    a, b, rows_a, rows_b = matched.a, matched.b, matched.rows_a, matched.rows_b
    if not np.array_equal(_rounded(a.quality[rows_a]), _rounded(b.quality[rows_b])):
        return False
    if any(_ids(a, one) != _ids(b, other) for one, other in zip(rows_a, rows_b, strict=True)):
        return False
    return all(
        np.array_equal(a.verdicts(key, rows_a), b.verdicts(key, rows_b))
        and np.array_equal(_rounded(a.scores(key, rows_a)), _rounded(b.scores(key, rows_b)))
        for key in (*matched.keys[:-1], *matched.form)
    )


def _rounded(scores: Floats) -> Floats:
    return np.where(np.isnan(scores), -1.0, np.round(scores, 4))


def _ids(rows: Rows, row: int) -> tuple[str, ...]:
    found = rows.phrases.get(int(row))
    return found.ids if found else ()


def _of_item(matched: Matched, key: str) -> Iterator[Change]:
    item = matched.item(key)
    for place in np.flatnonzero(item.changed):
        a = _judged(matched.a, key, int(matched.rows_a[place]))
        b = _judged(matched.b, key, int(matched.rows_b[place]))
        size = abs((b.score or 0.0) - (a.score or 0.0))
        yield _change(matched, int(place), key, a, b, item, size)


def _judged(rows: Rows, key: str, row: int) -> Judgement:
    at = np.array([row])
    score = float(rows.scores(key, at)[0])
    return Judgement(
        verdict=VERDICTS[int(rows.verdicts(key, at)[0])],
        score=None if np.isnan(score) else score,
        span=rows.span(key, row),
    )


def _of_banned(matched: Matched) -> Iterator[Change]:
    """Replies in which other banned things were found; right or wrong is only whether any was."""
    item = matched.item(BANNED)
    for place, (one, other) in enumerate(zip(matched.rows_a, matched.rows_b, strict=True)):
        if _ids(matched.a, one) != _ids(matched.b, other):
            a, b = _heard(matched.a, int(one)), _heard(matched.b, int(other))
            yield _change(matched, place, BANNED, a, b, item, abs((b.score or 0.0) - (a.score or 0.0)))


def _heard(rows: Rows, row: int) -> Judgement:
    found = rows.phrases.get(row)
    if found is None:
        return Judgement(verdict="not_met", score=None)
    return Judgement(verdict="met", score=found.score, span=(found.start, found.end), phrases=found.ids)


def _change(
    matched: Matched, place: int, key: str, a: Judgement, b: Judgement, item: Item, size: float
) -> Change:
    label, effect = None, Effect.NEITHER
    if item.labelled[place]:
        label = bool(item.label[place])
        if item.a[place] != item.b[place]:
            effect = Effect.GAIN if item.b[place] == label else Effect.LOSS
    return _made(matched, place, key, a, b, label=label, effect=effect, size=size)


def _of_quality(matched: Matched) -> Iterator[Change]:
    """A missing quality counts as the middle one, as in the figures."""
    a, b = matched.a.quality[matched.rows_a], matched.b.quality[matched.rows_b]
    one, other = (np.where(np.isnan(q), MIDDLE, q) for q in (a, b))
    for place in np.flatnonzero(np.abs(other - one) > STEP + 1e-9):
        wanted = float(matched.label_quality[place])
        off_a, off_b = (round(abs(float(q[place]) - wanted), 6) for q in (one, other))
        effect = Effect.NEITHER
        if off_a != off_b and not np.isnan(wanted):
            effect = Effect.GAIN if off_b < off_a else Effect.LOSS
        yield _made(
            matched,
            int(place),
            QUALITY,
            *(Judgement(verdict=None, score=None if np.isnan(q[place]) else float(q[place])) for q in (a, b)),
            label_quality=None if np.isnan(wanted) else wanted,
            effect=effect,
            size=abs(float(other[place] - one[place])) / _MARKS,
        )


def _made(
    matched: Matched,
    place: int,
    key: str,
    a: Judgement,
    b: Judgement,
    *,
    label: bool | None = None,
    label_quality: float | None = None,
    effect: Effect,
    size: float,
) -> Change:
    texts = {name: column[matched.rows_a[place]] for name, column in matched.a.texts.items()}
    return Change(
        case=texts["id"],
        source=texts["source"],
        situation=texts["situation"],
        style=texts["style"],
        customer=texts["customer"],
        reply=texts["reply"],
        item=key,
        name="质量分" if key == QUALITY else matched.names.get(key, key),
        a=a,
        b=b,
        label=label,
        label_quality=label_quality,
        effect=effect,
        size=round(size, 6),
    )
