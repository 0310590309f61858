"""The choosing screen: the cast as cards with filters, drills, and the trainee's recent sessions.

Knows nothing of Gradio, grading or storage; filtering itself happens in `assets/app.js` by the cards' data.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from simulator.app import names
from simulator.app.avatars import crew, portrait
from simulator.app.markup import attrs, button, esc
from simulator.app.words import Lang, say
from simulator.content.contents import Content
from simulator.domain.persona import Difficulty, Family, Persona, Situation
from simulator.domain.rubric import Rubric
from simulator.domain.session import SessionSummary

_DOTS = {Difficulty.EASY: 1, Difficulty.NORMAL: 2, Difficulty.HARD: 3}


def choose_screen(content: Content, rubric: Rubric, recent: Iterable[SessionSummary], lang: Lang) -> str:
    """The whole screen: whom one can practise with under `rubric`."""
    offered = content.under(rubric)
    people = sorted(offered.personas.values(), key=lambda p: _place(content, p))
    sections = "".join(_section(content, family, people, lang) for family in Family)
    return (
        f'<div class="choose"><header class="hero"><h1>{esc(say(lang, "tagline"))}</h1>'
        f"<p>{esc(say(lang, 'lead'))}</p></header>{_recent(content, recent, lang)}{_filters(offered, lang)}"
        f'{sections}<p class="none" data-none hidden>{esc(say(lang, "none_found"))}</p></div>'
    )


def _place(content: Content, persona: Persona) -> tuple[int, int, str]:
    """Cards stand by situation, then by difficulty."""
    return names.place_of(persona.situations[0]), _DOTS[persona.difficulty], persona.id


def _family(content: Content, persona: Persona) -> Family:
    return content.situations[persona.situations[0]].family


def _filters(content: Content, lang: Lang) -> str:
    """Two rows of choices among the cast of `content`, and one of the level to be played at."""
    held = {p.style for p in content.personas.values()}
    styles = [(s.id, names.style_name(lang, s), crew(s.id)) for s in content.styles.values() if s.id in held]
    played = {s for p in content.personas.values() for s in p.situations}
    main = sorted(
        (s for s in content.situations.values() if s.family is not Family.DRILL and s.id in played),
        key=lambda s: names.place_of(s.id),
    )
    situations = [(s.id, names.situation_name(lang, s), "") for s in main]
    if any(_family(content, p) is Family.DRILL for p in content.personas.values()):
        situations.append((Family.DRILL.value, say(lang, "drills"), ""))
    levels = [(d.value, say(lang, d.value), "") for d in Difficulty]
    rows = (
        ("style", "filter_style", "all", styles),
        ("situation", "filter_situation", "all", situations),
        ("level", "choose_level", "own_level", levels),
    )
    drawn = (_filter_row(row, say(lang, label), say(lang, rest), o) for row, label, rest, o in rows)
    return f'<nav class="filters">{"".join(drawn)}</nav>'


def _filter_row(row: str, label: str, rest: str, options: list[tuple[str, str, str]]) -> str:
    """`rest`: what it is when none of `options` is chosen."""
    chips = [button(esc(rest), "filter", "pick", data_row=row, data_value="", aria_pressed="true")]
    chips += [
        button(f"{picture}<span>{esc(name)}</span>", "filter", "pick", data_row=row, data_value=value,
               aria_pressed="false")
        for value, name, picture in options
    ]  # fmt: skip
    return (
        f'<div class="picks" role="group" aria-label="{esc(label)}">'
        f'<span class="picks-label">{esc(label)}</span><div class="picks-row">{"".join(chips)}</div></div>'
    )


def _section(content: Content, family: Family, people: list[Persona], lang: Lang) -> str:
    cards = [
        (_drill_card if family is Family.DRILL else _card)(content, p, lang)
        for p in people
        if _family(content, p) is family
    ]
    if not cards:
        return ""
    title, grid = esc(say(lang, f"family_{family.value}")), "".join(cards)
    return f'<section class="cast cast-{family.value}" data-section><h2>{title}</h2><div class="grid">{grid}</div></section>'


def _card(content: Content, persona: Persona, lang: Lang) -> str:
    """One customer; the whole card starts the session."""
    situation = content.situations[persona.situations[0]]
    line = persona.opening[0] if persona.opening else situation.customer_says
    body = (
        f"{_who(content, persona, lang)}"
        f'<p class="line" lang="zh">{esc(line)}</p>{_tags(content, persona, situation, lang)}'
    )
    return button(
        body, "start", "card", data_card=True, data_persona=persona.id, data_style=persona.style,
        data_situation=" ".join(persona.situations),
    )  # fmt: skip


def _drill_card(content: Content, persona: Persona, lang: Lang) -> str:
    """A caller for drills: his scenes are buttons of their own."""
    scenes = sorted((content.situations[s] for s in persona.situations), key=lambda s: names.place_of(s.id))
    drills = "".join(
        button(esc(names.situation_name(lang, s)), "start", "scene", data_persona=persona.id,
               data_scene=s.id, title=names.situation_summary(lang, s) or None)
        for s in scenes
    )  # fmt: skip
    where = attrs(data_style=persona.style, data_situation=f"drill {' '.join(persona.situations)}")
    return (
        f'<div class="card drill" data-card{where}>{_who(content, persona, lang)}'
        f'<p class="drill-lead">{esc(say(lang, "drill_lead"))}</p><div class="scenes">{drills}</div>'
        f"{_tags(content, persona, None, lang)}</div>"
    )


def _who(content: Content, persona: Persona, lang: Lang) -> str:
    """Picture, name, title and company."""
    company = persona.company or say(lang, "private_person")
    return (
        f'<span class="who">{portrait(persona, persona.style)}<span class="who-text">'
        f'<b lang="zh">{esc(persona.honorific)}<i>{esc(persona.name)}</i></b>'
        f'<small lang="zh">{esc(company)}</small></span></span>'
    )


def _tags(content: Content, persona: Persona, situation: Situation | None, lang: Lang) -> str:
    """Style, situation and difficulty."""
    style = content.styles[persona.style]
    tags = tag(names.style_name(lang, style), names.style_summary(lang, style))
    if situation:
        name, summary = names.situation_name(lang, situation), names.situation_summary(lang, situation)
        tags += tag(name, summary, "tag plain")
    return f'<span class="tags">{tags}{dots(persona.difficulty, lang)}</span>'


def tag(name: str, summary: str, css: str = "tag") -> str:
    """A label that says more when pointed at."""
    return f"<span{attrs(class_=css, title=summary or None)}>{esc(name)}</span>"


def dots(difficulty: Difficulty, lang: Lang) -> str:
    """One to three filled dots and the word for it."""
    level = _DOTS[difficulty]
    name = say(lang, difficulty.value)
    filled = "".join(f"<i{attrs(class_='on' if n < level else None)}></i>" for n in range(3))
    return (
        f'<span class="dots level-{level}" title="{esc(say(lang, "difficulty", level=name))}">'
        f"{filled}<em>{esc(name)}</em></span>"
    )


def _recent(content: Content, recent: Iterable[SessionSummary], lang: Lang) -> str:
    """Sessions of this browser, newest first; those of people who are no longer there are left out."""
    people, situations = content.personas, content.situations
    known = [s for s in recent if s.setup.persona in people and s.setup.situation in situations]
    if not known:
        return ""
    items = "".join(_recent_card(content, s, lang) for s in known)
    return (
        f'<section class="recent"><h2>{esc(say(lang, "recent"))}</h2>'
        f'<div class="recent-row">{items}</div></section>'
    )


def _recent_card(content: Content, session: SessionSummary, lang: Lang) -> str:
    persona = content.personas[session.setup.persona]
    situation = content.situations[session.setup.situation]
    if session.outcome is None:
        state, action = say(lang, "turns_done", n=session.turns), say(lang, "resume")
    else:
        score = "" if session.score is None else f" · {session.score:.0f}"
        state, action = outcome_name(lang, session.outcome.value) + score, say(lang, "see_report")
    body = (
        f'{portrait(persona, session.setup.style)}<span class="recent-text"><b lang="zh">{esc(persona.honorific)}'
        f"<small>{esc(names.situation_name(lang, situation))}</small></b>"
        f'<span class="recent-state">{esc(state)}</span></span>'
        f'<span class="recent-go">{esc(action)}<small>{esc(clock(session.started))}</small></span>'
    )
    css = "recent-card" if session.outcome else "recent-card open"
    return button(body, "open", css, data_session=session.id)


def outcome_name(lang: Lang, outcome: str | None) -> str:
    """How the session ended, in words."""
    keys = {None: "open_outcome", "lost": "lost_outcome"}
    return say(lang, keys.get(outcome, outcome or "open_outcome"))


def clock(when: datetime) -> str:
    """Month, day and time as the server's clock has them, the same in both languages."""
    local = when.astimezone()
    return f"{local.month}/{local.day} {local:%H:%M}"
