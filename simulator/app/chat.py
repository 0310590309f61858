"""The chat screen: head, talk, the line that is being typed, the reply box and the side panel.

Knows nothing of Gradio or of how replies are answered; makes HTML of a session at one moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.app import coach, mood, names
from simulator.app.avatars import portrait, trainee
from simulator.app.cards import clock, dots, outcome_name, tag
from simulator.app.markup import attrs, button, esc
from simulator.app.words import Lang, duration, say
from simulator.director import Casting
from simulator.domain.session import Session, Turn
from simulator.report import findings
from simulator.session import MAX_REPLY, Hint


@dataclass(frozen=True, kw_only=True)
class ChatView:
    """A session as the chat shows it. `parent`: the session it was branched from, if that is still there;
    `again`: whether a new one like it can be started."""

    session: Session
    casting: Casting
    lang: Lang
    parent: Session | None = None
    again: bool = True

    def comparison(self, turn: Turn) -> coach.Comparison | None:
        """How a redone turn differs from the original; None for every other turn."""
        setup = self.session.setup
        if self.parent is None or turn.index != setup.parent_turn or turn.index >= len(self.parent.turns):
            return None
        return coach.compare(self.casting.rubric, self.parent.turns[turn.index], turn)

    @property
    def face(self) -> str:
        """The customer as he or she feels now."""
        return portrait(self.casting.persona, self.casting.style.id, self.session.state.mood)


def head(view: ChatView, *, typing: bool = False) -> str:
    """Who is talked to, and the buttons of the session."""
    lang, persona = view.lang, view.casting.persona
    under = say(lang, "typing") if typing else persona.company or say(lang, "private_person")
    finish = ""
    if view.session.outcome is None:
        sure = say(lang, "finish_sure")
        finish = button(esc(say(lang, "finish")), "finish", "btn small quiet", data_sure=sure)
    switch = button(esc(say(lang, "switch")), "lang", "btn small quiet", title=say(lang, "switch_title"))
    coach_button = button(
        esc(say(lang, "coach")), "coach", "btn small toggle", title=say(lang, "coach_title")
    )
    return (
        f'<div class="head">{button(_BACK, "home", "icon", aria_label=say(lang, "back"))}'
        f'<div class="head-name"><b lang="zh">{esc(persona.honorific)}</b>'
        f"<small{attrs(class_='typing' if typing else None)}>{esc(under)}</small></div>"
        f'<div class="head-tools">{switch}{coach_button}{finish}</div></div>'
    )


_BACK = (
    '<svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M15 5l-7 7 7 7"/></svg>'
)
_BULB = (
    '<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.7" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M9 18h6M10 21h4M12 3a6 6 0 0 1 '
    '3.6 10.8c-.7.6-1.1 1.3-1.1 2.2h-5c0-.9-.4-1.6-1.1-2.2A6 6 0 0 1 12 3z"/></svg>'
)


def log(view: ChatView) -> str:
    """The talk so far, with the coach's notes under each answered reply."""
    session, lang = view.session, view.lang
    parts = [f'<p class="stamp">{esc(clock(session.started))}</p>', _branch_note(view)]
    parts.append(them(view, session.opening.text))
    for turn in session.turns:
        parts.append(_mine(view, turn))
        if turn.line is not None:
            parts.append(them(view, turn.line.text))
    if session.outcome is None and session.state.agreed:
        parts.append(f'<p class="stamp">{esc(say(lang, "agreed"))}</p>')
    if session.outcome is not None:
        text = say(lang, "ended", outcome=outcome_name(lang, session.outcome.value))
        parts.append(f'<p class="stamp ended">{esc(text)}</p>')
    return f'<div class="log" data-session="{session.id}">{"".join(parts)}</div>'


def _branch_note(view: ChatView) -> str:
    setup = view.session.setup
    if setup.parent is None or setup.parent_turn is None:
        return ""
    link = button(esc(say(view.lang, "see_original")), "report", "link", data_session=setup.parent)
    return f'<p class="stamp">{esc(say(view.lang, "branch", n=setup.parent_turn + 1))} {link}</p>'


def them(view: ChatView, text: str, *, more: bool = False) -> str:
    """A line of the customer; `more` while it is still being typed."""
    style, persona = view.casting.style.id, view.casting.persona
    body = esc(text).replace("\n", "<br>")
    caret = '<i class="caret"></i>' if more else ""
    bubble = f'<div class="bubble" lang="zh">{body}{caret}</div>'
    return f'<div class="row them">{portrait(persona, style)}{bubble}</div>'


def _mine(view: ChatView, turn: Turn) -> str:
    """A reply of the trainee with the coach's note under it."""
    lang, note, body = view.lang, "", esc(turn.reply).replace("\n", "<br>")
    if turn.grade is not None:
        found = findings(view.casting.rubric, turn.grade, turn.reply)
        body = coach.reply_html(turn.reply, found, lang)
        note = coach.note(found, turn.grade.quality, lang, view.comparison(turn))
    spent = ""
    if turn.seconds_to_reply and turn.seconds_to_reply >= 1:
        time = say(lang, "spent", time=duration(lang, turn.seconds_to_reply))
        spent = f'<small class="spent">{esc(time)}</small>'
    return (
        f'<div class="row me"><div class="bubble" lang="zh">{body}</div>{trainee()}</div>'
        f'<div class="under">{spent}{note}</div>'
    )


def typing(view: ChatView) -> str:
    """The three dots while the customer thinks."""
    face = portrait(view.casting.persona, view.casting.style.id)
    label = esc(say(view.lang, "typing"))
    return (
        f'<div class="row them">{face}<div class="bubble dots-typing" role="status" aria-label="{label}">'
        "<i></i><i></i><i></i></div></div>"
    )


def unanswered(view: ChatView) -> str:
    """What stands where the answer should be when it failed."""
    retry = button(esc(say(view.lang, "retry")), "retry", "link", data_session=view.session.id)
    return f'<p class="stamp failed">{esc(say(view.lang, "no_answer"))} {retry}</p>'


def composer(view: ChatView, *, busy: bool = False, tray: str = "") -> str:
    """The reply box. `data-ack` tells `assets/app.js` how many replies are stored: when it grows, the text
    that was sent is safe and the box is emptied."""
    lang, session = view.lang, view.session
    if session.outcome is not None:
        return _ended(view)
    ack = attrs(data_ack=f"{session.id}:{len(session.turns)}", data_busy=busy, data_session=session.id)
    length = attrs(data_format=say(lang, "length", n="{n}"))
    timer = attrs(title=say(lang, "timer_title"), data_format=say(lang, "waiting", time="{time}"))
    placeholder = say(lang, "placeholder")
    box = attrs(
        rows=1, maxlength=MAX_REPLY, placeholder=placeholder, aria_label=placeholder,
        title=say(lang, "send_keys"), autocomplete="off",
    )  # fmt: skip
    tools = button(f"{_BULB}<span>{esc(say(lang, 'hint'))}</span>", "hint", "tool", disabled=busy)
    return (
        f'<div class="composer"{ack}><div class="tray">{tray}</div><div class="tools">{tools}'
        f'<span class="counts"><span data-length{length}></span><span data-timer{timer}></span></span></div>'
        f'<div class="box"><textarea{box}></textarea>'
        f"{button(esc(say(lang, 'send')), 'say', 'btn send', disabled=busy)}</div></div>"
    )


def _ended(view: ChatView) -> str:
    """What stands in place of the reply box after the end."""
    session, lang = view.session, view.lang
    score = "" if session.score is None else f" · {session.score:.0f}"
    outcome = esc(outcome_name(lang, session.outcome.value if session.outcome else None) + score)
    again = button(esc(say(lang, "see_report")), "report", "btn primary", data_session=session.id)
    return f'<div class="composer ended" data-ack="{session.id}:ended"><span>{outcome}</span>{again}</div>'


def hint_tray(hint: Hint | None, lang: Lang) -> str:
    """The hint above the reply box."""
    close = button("×", "tray", "icon close", aria_label=say(lang, "close"))
    if hint is None:
        return f'<div class="hint">{close}<p>{esc(say(lang, "hint_none"))}</p></div>'
    item = hint.item
    return (
        f'<div class="hint">{close}<p><b lang="zh">{esc(say(lang, "hint_next", name=item.name))}</b></p>'
        f'<p lang="zh">{esc(item.advice)}</p>'
        f'<p class="faint">{esc(say(lang, "hint_example"))}<span lang="zh">{esc(hint.example)}</span></p></div>'
    )


def side(view: ChatView) -> str:
    """The customer, the mood with its reasons, and what the trainee knows beforehand."""
    session, lang, casting = view.session, view.lang, view.casting
    return (
        f'<div class="side"><div class="side-who">{view.face}{_about(view)}</div>'
        f"{mood.gauge(session, lang)}{mood.reasons(session, lang)}"
        f'<div class="know"><h3>{esc(say(lang, "situation"))}</h3>'
        f"<p>{esc(names.situation_name(lang, casting.situation))}"
        f'<span class="faint">{esc(names.situation_summary(lang, casting.situation))}</span></p>'
        f"<h3>{esc(say(lang, 'you_know'))}</h3><dl>{_known(view)}</dl></div></div>"
    )


def _about(view: ChatView) -> str:
    lang, casting = view.lang, view.casting
    persona = casting.persona
    where = persona.company or say(lang, "private_person")
    style = tag(names.style_name(lang, casting.style), names.style_summary(lang, casting.style))
    return (
        f'<div><b lang="zh">{esc(persona.name)}</b><small lang="zh">{esc(where)}</small>'
        f'<span class="tags">{style}{dots(casting.difficulty, lang)}</span></div>'
    )


def _known(view: ChatView) -> str:
    """Only what staff would see in their own system before the talk; the person's facts must be asked for."""
    persona = view.casting.persona
    rows = [(key, getattr(persona, key)) for key in ("product", "price", "plan", "bill")]
    return "".join(
        f'<dt>{esc(say(view.lang, key))}</dt><dd lang="zh">{esc(value)}</dd>' for key, value in rows if value
    )
