"""The side panel's mood: four bars with the change of the last turn, and its reasons in words.

Knows nothing of how moods are computed.
"""

from __future__ import annotations

from simulator.app.markup import esc
from simulator.app.words import Lang, say
from simulator.domain.session import CustomerState, Dimension, Reason, Session

_SHOWN = 4
_LEAST = 0.005


def change_of(session: Session) -> dict[Dimension, float]:
    """How much the last answered turn moved each value."""
    before, after = session.initial, session.initial
    for turn in session.turns:
        if turn.step is not None:
            before, after = after, turn.step.state
    return {d: _value(after, d) - _value(before, d) for d in Dimension}


def _value(state: CustomerState, dimension: Dimension) -> float:
    return float(getattr(state, dimension.value))


def signed(amount: float) -> str:
    """Two decimals with a sign that is as wide as a digit: `+0.06`, `−0.15`."""
    return f"{amount:+.2f}".replace("-", "−")


def is_good(dimension: Dimension, amount: float) -> bool:
    """Whether the trainee should be glad of it."""
    return amount < 0 if dimension is Dimension.ANGER else amount > 0


def gauge(session: Session, lang: Lang) -> str:
    """Mood in a word, and four bars."""
    state, moved = session.state, change_of(session)
    bars = "".join(_meter(d, _value(state, d), moved[d], lang) for d in Dimension)
    return (
        f'<div class="mood mood-{state.mood.value}"><h3>{esc(say(lang, "mood"))}'
        f"<span>{esc(say(lang, f'mood_{state.mood.value}'))}</span></h3>"
        f'<div class="bars">{bars}</div></div>'
    )


def _meter(dimension: Dimension, value: float, moved: float, lang: Lang) -> str:
    name = say(lang, dimension.value)
    delta = ""
    if abs(moved) >= _LEAST:
        css = "good" if is_good(dimension, moved) else "bad"
        delta = f'<em class="{css}">{signed(moved)}</em>'
    percent = round(value * 100)
    return (
        f'<div class="meter meter-{dimension.value}" role="meter" aria-label="{esc(name)}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent}"><span>{esc(name)}</span>'
        f'<i><u style="width:{percent}%"></u></i><em class="delta">{delta}</em></div>'
    )


def reasons(session: Session, lang: Lang) -> str:
    """Why the last turn changed the mood, the weightiest first."""
    last = next((t.step.reasons for t in reversed(session.turns) if t.step is not None), ())
    body = reason_list(last, lang) if last else f'<p class="faint">{esc(say(lang, "why_none"))}</p>'
    return f'<div class="why"><h3>{esc(say(lang, "why"))}</h3>{body}</div>'


def reason_list(found: tuple[Reason, ...], lang: Lang) -> str:
    """One entry a cause, in the words of its weightiest effect, with all it moved; the weightiest causes
    first, all but a few folded away."""
    causes: dict[str, list[Reason]] = {}
    for reason in found:
        causes.setdefault(reason.key, []).append(reason)
    ordered = sorted(causes.values(), key=lambda c: -sum(abs(r.amount) for r in c))
    rows = [_cause(c, lang) for c in ordered]
    shown, rest = rows[:_SHOWN], rows[_SHOWN:]
    more = ""
    if rest:
        label = esc(say(lang, "more_reasons", n=len(rest)))
        more = f'<details><summary>{label}</summary><ul class="reasons">{"".join(rest)}</ul></details>'
    return f'<ul class="reasons">{"".join(shown)}</ul>{more}'


def _cause(cause: list[Reason], lang: Lang) -> str:
    weightiest = max(cause, key=lambda r: abs(r.amount))
    moved: dict[Dimension, float] = {}
    for reason in cause:
        moved[reason.dimension] = moved.get(reason.dimension, 0.0) + reason.amount
    amounts = "".join(
        f'<em class="{"good" if is_good(d, a) else "bad"}">{esc(say(lang, d.value))} {signed(a)}</em>'
        for d, a in moved.items()
    )
    return f'<li><span lang="zh">{esc(weightiest.text)}</span><span class="amounts">{amounts}</span></li>'
