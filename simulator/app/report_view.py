"""The report screen, on the page and as a file of its own.

Knows nothing of Gradio or storage; shows what `simulator.report` found.
"""

from __future__ import annotations

from simulator.app import coach, mood, names
from simulator.app.avatars import portrait
from simulator.app.cards import clock, dots, outcome_name
from simulator.app.chat import ChatView
from simulator.app.curve import mood_curve
from simulator.app.markup import attrs, button, esc
from simulator.app.words import Lang, duration, say
from simulator.domain.session import Outcome
from simulator.report import MissedStep, Report, TurnReport

_TONE = {
    Outcome.WON: "good",
    Outcome.ADVANCED: "good",
    Outcome.STALLED: "plain",
    Outcome.LOST: "bad",
    Outcome.ESCALATED: "bad",
}


def report_screen(view: ChatView, found: Report, *, tools: bool = True) -> str:
    """The whole report; without `tools` there are no buttons, for a saved file."""
    lang = view.lang
    turns = "".join(_turn(view, t, tools=tools) for t in found.turns)
    steps = "".join(f'<li lang="zh">{esc(s)}</li>' for s in found.next_steps)
    sections = [
        _section(say(lang, "next"), f'<ol class="next">{steps}</ol>', "next-box"),
        _section(say(lang, "curve"), mood_curve(found.curve, lang), "curve-box"),
        _section(say(lang, "missed"), "".join(_missed(m, lang) for m in found.missed)),
        _section(say(lang, "turn_by_turn"), turns),
    ]
    return f'<article class="report">{_top(view, found, tools=tools)}{"".join(sections)}</article>'


def _section(title: str, body: str, css: str = "") -> str:
    """A titled panel; nothing when there is nothing to show."""
    return f'<section class="panel {css}"><h2>{esc(title)}</h2>{body}</section>' if body else ""


def _top(view: ChatView, found: Report, *, tools: bool) -> str:
    """Outcome, score, steps, and what to do with the report."""
    lang, session, casting = view.lang, view.session, view.casting
    tone = _TONE.get(found.outcome, "plain") if found.outcome else "plain"
    title = outcome_name(lang, found.outcome.value if found.outcome else None)
    facts = " · ".join(
        (
            say(lang, "steps_done", done=found.steps_done, all=found.steps_all),
            say(lang, "replies", n=len(found.turns)),
            clock(session.started),
        )
    )
    who = f"{casting.persona.honorific} · {casting.persona.company or say(lang, 'private_person')}"
    face = portrait(casting.persona, casting.style.id, session.state.mood)
    return (
        f'<header class="verdict tone-{tone}"><div class="verdict-face">{face}</div>'
        f'<div class="verdict-text">'
        f'<p class="faint" lang="zh">{esc(who)}</p><h1>{esc(title)}</h1><p>{esc(facts)}</p>'
        f'<span class="tags"><span class="tag">{esc(names.style_name(lang, casting.style))}</span>'
        f'<span class="tag plain">{esc(names.situation_name(lang, casting.situation))}</span>'
        f"{dots(casting.difficulty, lang)}</span></div>{_ring(found.score, lang)}"
        f"{_tools(view) if tools else ''}</header>"
    )


def _ring(score: float, lang: Lang) -> str:
    """The score in a ring filled as far as it goes."""
    length = 2 * 3.14159 * 34
    filled = length * min(100.0, max(0.0, score)) / 100
    return (
        f'<div class="ring"><svg viewBox="0 0 80 80" aria-hidden="true"><circle cx="40" cy="40" r="34"/>'
        f'<circle class="on" cx="40" cy="40" r="34" stroke-dasharray="{filled:.1f} {length:.1f}" '
        f'transform="rotate(-90 40 40)"/></svg><b>{score:.0f}</b>'
        f"<small>{esc(say(lang, 'score'))}</small></div>"
    )


def _tools(view: ChatView) -> str:
    lang, setup = view.lang, view.session.setup
    who = {"data_persona": setup.persona, "data_scene": setup.situation, "data_level": setup.difficulty.value}
    parts = [button(esc(say(lang, "again")), "start", "btn primary", **who)] if view.again else []
    parts.append(button(esc(say(lang, "home")), "home", "btn"))
    if setup.parent:
        parts.append(button(esc(say(lang, "see_original")), "report", "btn", data_session=setup.parent))
    parts.append(button(esc(say(lang, "download")), "download", "btn quiet", data_session=view.session.id))
    return f'<div class="verdict-tools">{"".join(parts)}</div>'


def _turn(view: ChatView, turn: TurnReport, *, tools: bool) -> str:
    """One reply: what came before, the reply with its evidence, the coach's note, reasons, redo."""
    lang = view.lang
    stored = next((t for t in view.session.turns if t.index == turn.index), None)
    comparison = view.comparison(stored) if stored else None
    seconds = turn.seconds or 0.0
    spent = f"<small>{esc(duration(lang, seconds))}</small>" if seconds >= 1 else ""
    redo = ""
    if tools:
        where = {"data_session": view.session.id, "data_turn": turn.index}
        redo = button(esc(say(lang, "redo")), "redo", "btn small", **where)
    reasons = ""
    if turn.reasons:
        reasons = (
            f"<details{attrs(class_='turn-why')}><summary>{esc(say(lang, 'why'))}</summary>"
            f"{mood.reason_list(turn.reasons, lang)}</details>"
        )
    return (
        f'<div class="turn" data-turn-card="{turn.index}"><div class="turn-head">'
        f"<b>{esc(say(lang, 'turn_n', n=turn.index + 1))}</b>{spent}{redo}</div>"
        f'<p class="said them-said" lang="zh">{esc(turn.customer_before)}</p>'
        f'<p class="said my-said" lang="zh">{coach.reply_html(turn.reply, turn.findings, lang)}</p>'
        f"{coach.note(turn.findings, turn.quality, lang, comparison)}"
        f'<p class="said them-said after" lang="zh">{esc(turn.customer_after)}</p>{reasons}</div>'
    )


def _missed(step: MissedStep, lang: Lang) -> str:
    label = esc(say(lang, "missed_example"))
    return (
        f'<div class="missed"><b lang="zh">{esc(step.name)}</b><p lang="zh">{esc(step.advice)}</p>'
        f'<p class="example"><b>{label}</b><span lang="zh">{esc(step.example)}</span></p></div>'
    )


def report_file(view: ChatView, found: Report, css: str) -> str:
    """The report as one HTML file that needs nothing else."""
    lang = view.lang
    title = f"{say(lang, 'brand')} · {say(lang, 'report')} · {view.casting.persona.honorific}"
    return (
        f'<!doctype html><html lang="{"en" if lang == "en" else "zh-CN"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{esc(title)}</title>'
        f'<style>{css}</style></head><body class="saved">{report_screen(view, found, tools=False)}</body></html>'
    )
