"""The coach's notes under a reply: what was met, what must not be said and what to say instead, and how a
redone reply compares with the original.

Knows nothing of how grades are made; works on findings that `simulator.report` has put into words.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.app.markup import Mark, esc, marked
from simulator.app.mood import is_good, signed
from simulator.app.words import Lang, say
from simulator.domain.grade import Grade
from simulator.domain.rubric import Rubric
from simulator.domain.session import Dimension, Turn
from simulator.report import Finding, findings


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a redone reply changed. `gained`, `lost`: names of points met now and not then, and the other
    way round; `fixed`, `slipped`: faults gone and new; `moods`: difference of the states after the turn."""

    before: Turn
    quality_then: float | None
    quality_now: float | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    fixed: tuple[str, ...]
    slipped: tuple[str, ...]
    moods: dict[Dimension, float]


def compare(rubric: Rubric, then: Turn, now: Turn) -> Comparison | None:
    """The two turns side by side; None while one of them is not answered."""
    if then.grade is None or now.grade is None or then.step is None or now.step is None:
        return None
    good_then, bad_then = _named(rubric, then.grade, then.reply)
    good_now, bad_now = _named(rubric, now.grade, now.reply)
    after, before = now.step.state, then.step.state
    return Comparison(
        before=then,
        quality_then=then.grade.quality,
        quality_now=now.grade.quality,
        gained=_only(good_now, good_then),
        lost=_only(good_then, good_now),
        fixed=_only(bad_then, bad_now),
        slipped=_only(bad_now, bad_then),
        moods={d: getattr(after, d.value) - getattr(before, d.value) for d in Dimension},
    )


def _named(rubric: Rubric, grade: Grade, reply: str) -> tuple[dict[str, str], dict[str, str]]:
    """Names by key of the good and of the bad findings."""
    found = findings(rubric, grade, reply)
    return {f.key: f.name for f in found if f.good}, {f.key: f.name for f in found if not f.good}


def _only(here: dict[str, str], there: dict[str, str]) -> tuple[str, ...]:
    return tuple(name for key, name in here.items() if key not in there)


def kind_of(finding: Finding) -> str:
    """`step`, `skill`, `negative` or `banned`."""
    return finding.key.partition(":")[0]


def reply_html(reply: str, found: tuple[Finding, ...], lang: Lang) -> str:
    """The reply with every evidence marked at its place, faults last so that they win."""
    ordered = sorted(found, key=lambda f: not f.good)
    marks = [
        Mark(start=f.span.start, end=f.span.end, css=f"is-{kind_of(f)}", title=f.name)
        for f in ordered
        if f.span is not None
    ]
    return marked(reply, marks).replace("\n", "<br>")


def note(found: tuple[Finding, ...], quality: float | None, lang: Lang, comparison: Comparison | None) -> str:
    """The note under one reply."""
    good = [f for f in found if f.good]
    bad = [f for f in found if not f.good]
    chips = "".join(_chip(f, lang) for f in good)
    if not found and quality is not None:
        chips = f'<span class="faint">{esc(say(lang, "met_none"))}</span>'
    compared = comparison_html(comparison, lang) if comparison else ""
    return (
        f'<div class="note"><div class="note-head">{pips(quality, lang)}<span class="chips">{chips}</span></div>'
        f"{''.join(fault(f, lang) for f in bad)}{compared}</div>"
    )


def _chip(finding: Finding, lang: Lang) -> str:
    kind = kind_of(finding)
    title = f"{say(lang, kind)}：{finding.evidence}" if finding.evidence else say(lang, kind)
    return f'<span class="chip chip-{kind}" lang="zh" title="{esc(title)}">{esc(finding.name)}{_settled(finding, lang)}</span>'


def _settled(finding: Finding, lang: Lang) -> str:
    """Who settled it, where that was not the encoder: the model's name without address and version."""
    if not finding.settled_by:
        return ""
    name = finding.settled_by.partition("#")[0].partition("@http")[0]
    name = f"hf:{name.rstrip('/').rpartition('/')[2]}" if name.startswith("hf:") and "/" in name else name
    return f'<small class="settled" lang="{lang}">{esc(say(lang, "settled", name=name))}</small>'


def fault(finding: Finding, lang: Lang) -> str:
    """A fault or banned thing, with the wording to use instead."""
    kind = kind_of(finding)
    label = esc(say(lang, "better" if kind == "banned" else "advice"))
    better = f'<p><b>{label}</b><span lang="zh">{esc(finding.better)}</span></p>' if finding.better else ""
    name = finding.name.removeprefix("禁语：")
    return (
        f'<div class="fault fault-{kind}"><p class="fault-name"><span class="chip chip-{kind}">'
        f'{esc(say(lang, kind))}</span><span lang="zh">{esc(name)}{_settled(finding, lang)}</span></p>{better}</div>'
    )


def pips(quality: float | None, lang: Lang) -> str:
    """Quality from 1 to 5 as five pips and the figure."""
    if quality is None:
        return f'<span class="pips faint">{esc(say(lang, "quality_none"))}</span>'
    filled = "".join(f'<i style="--part:{_part(quality, n)}%"></i>' for n in range(5))
    title = esc(say(lang, "quality_of", n=f"{quality:g}"))
    level = "low" if quality < 2 else "middling" if quality < 3 else "high"
    return f'<span class="pips pips-{level}" title="{title}">{filled}<b>{quality:.1f}</b></span>'


def _part(quality: float, pip: int) -> int:
    return round(min(1.0, max(0.0, quality - pip)) * 100)


def comparison_html(comparison: Comparison, lang: Lang) -> str:
    """What changed against the original reply."""
    rows = "".join(_row(*r, lang) for r in _changes(comparison))
    moods = "".join(_mood_chip(d, v, lang) for d, v in comparison.moods.items() if abs(v) >= 0.005)
    quality = _quality_change(comparison)
    if not rows and not moods and not quality:
        rows = f"<p>{esc(say(lang, 'compare_same'))}</p>"
    return (
        f'<div class="compare" data-compare><h4>{esc(say(lang, "compare"))}{quality}{moods}</h4>{rows}'
        f'<p class="then"><b>{esc(say(lang, "then"))}</b><span lang="zh">{esc(comparison.before.reply)}</span></p></div>'
    )


def _changes(c: Comparison) -> list[tuple[str, tuple[str, ...], str]]:
    all_of = [("gained", c.gained, "good"), ("fixed", c.fixed, "good"), ("lost", c.lost, "bad"),
              ("new_fault", c.slipped, "bad")]  # fmt: skip
    return [row for row in all_of if row[1]]


def _row(label: str, named: tuple[str, ...], css: str, lang: Lang) -> str:
    chips = "".join(f'<span class="chip chip-{css}" lang="zh">{esc(n)}</span>' for n in named)
    return f'<p class="compare-row"><b>{esc(say(lang, label))}</b>{chips}</p>'


def _quality_change(c: Comparison) -> str:
    if c.quality_then is None or c.quality_now is None or c.quality_then == c.quality_now:
        return ""
    css = "good" if c.quality_now > c.quality_then else "bad"
    return f'<em class="{css}">{c.quality_then:.1f} → {c.quality_now:.1f}</em>'


def _mood_chip(dimension: Dimension, amount: float, lang: Lang) -> str:
    css = "good" if is_good(dimension, amount) else "bad"
    return f'<em class="{css}">{esc(say(lang, dimension.value))} {signed(amount)}</em>'
