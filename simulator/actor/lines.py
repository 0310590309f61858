"""Chooses a line of the bank for a move and fills its slots.

Deterministic given the direction's seed and turn. Never repeats itself within a session. Knows nothing of
language models or of why the move was chosen.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.actor.forms import AGAIN, FORMS
from simulator.actor.wording import grams, near
from simulator.content.contents import Content
from simulator.content.readers import slots_in
from simulator.domain.persona import JUST_SAID, Cue, Family, Line, Mood, Move, Persona, Situation, Style
from simulator.domain.session import Direction
from simulator.errors import ModelError
from simulator.language.numbers import values

_SPOKEN_NAME = 6  # characters of a company's name that people still say in full
_TOP = 4  # how many of the best fitting lines the seed chooses among
_MOODS = (Mood.UPSET, Mood.NEUTRAL, Mood.WARM)
_JUST_SAID = ("figure", "day", "now", "wrong")
_OWN_TOPIC = 0.15  # bonus for a line written for this very situation
_OWN_WORDS = 0.2  # bonus for a line written for this very person
_PICKED_UP = 0.2  # bonus for a line that takes up a figure or day just said
_ANSWERS_THIS = 0.2  # bonus for a line that makes sense only after a reply such as this one
_ANSWERS_QUESTION = 1.0  # the same, where the reply asked something: whoever is asked says something to it
_SLOT = re.compile(r"\{[a-z]+\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A filled line and the id of the bank's line it came from (`form:…`, `answer` when of none)."""

    text: str
    line_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    text: str
    line_id: str
    own_topic: bool
    own_words: bool
    picked_up: bool
    answers: float

    def fit(self, reply: str) -> float:
        """How well the line suits what the trainee just said."""
        shared = len(grams(reply, 2) & grams(self.text, 2)) / max(len(grams(self.text, 2)), 1)
        own = _OWN_TOPIC * self.own_topic + _OWN_WORDS * self.own_words
        return shared + own + _PICKED_UP * self.picked_up + self.answers


def pick(
    content: Content, persona: Persona, situation: Situation, style: Style, direction: Direction
) -> Spoken:
    """The line to say. Raises ModelError naming the cell when nothing is left that was not said before."""
    if direction.move is Move.ANSWER and direction.answer:
        return _answer(direction.answer, style, direction.spoken)
    rng = random.Random(f"{direction.seed}:{direction.turn}:{direction.move}:{persona.id}")
    slots = slots_for(persona, situation, direction)
    for cell in _cells(content, situation, style, direction):
        fresh = list(_eligible(cell, persona, situation, slots, direction))
        if fresh:
            return _choose(fresh, direction.reply, rng)
    forms = [f for f in FORMS.get(direction.move, ()) if not _said(f, direction.spoken)]
    forms = [f for f in forms if all(name in slots for name in slots_in(f))]
    if not forms:
        cell_name = f"{style.id} / {situation.id} / {direction.move} / {direction.mood}"
        raise ModelError(f"台词库里这一格没有可用的话了：{cell_name}。请在 personas/lines/ 里补几句。")
    text = rng.choice(forms)
    return Spoken(text=text.format_map(slots), line_id=f"form:{direction.move}")


def slots_for(persona: Persona, situation: Situation, direction: Direction) -> dict[str, str]:
    """What each slot of a line stands for just now; a slot without a value is absent."""
    known = {
        "honorific": persona.honorific,
        "company": persona.company if persona.company and len(persona.company) <= _SPOKEN_NAME else None,
        "plan": persona.plan,
        "bill": f"{persona.bill.amount:g}元",
        "price": str(persona.price) if persona.price and _named(persona.price.amount, direction) else None,
        "product": persona.product if _presented(situation, direction) else None,
        "figure": direction.figure,
        "day": direction.day,
        "concern": direction.reveals,
        "objection": direction.objection.text if direction.objection else None,
        "earlier": direction.earlier,
        "now": direction.now,
        "wrong": direction.wrong,
        "surname": direction.surname,
    }
    return {name: text for name, text in known.items() if text}


def _named(amount: float, direction: Direction) -> bool:
    """Whether that price was named in the talk: a quote that nobody has made yet is not spoken of."""
    return amount in values((*(c.text for c in direction.state.claims), *direction.spoken))


def _presented(situation: Situation, direction: Direction) -> bool:
    """Whether the customer knows what product it is about: its own, or one that was spoken of."""
    known = situation.presented or situation.family is not Family.SALES or direction.move is Move.OPEN
    return known or Cue.PRESENTED in direction.cues


def _said(form: str, spoken: tuple[str, ...]) -> bool:
    plain = _SLOT.sub("", form)
    return any(s == form or (plain != form and plain.strip("，。 ") in s) for s in spoken)


def _answer(answer: str, style: Style, spoken: tuple[str, ...]) -> Spoken:
    """The fact, once; who asks for it again is told that it was said, at last by silence."""
    if near(answer, spoken) is None:
        return Spoken(text=answer, line_id="answer")
    again = (text for text in AGAIN.get(style.id, AGAIN[""]) if near(text, spoken) is None)
    return Spoken(text=next(again, "……"), line_id="answer")


def _cells(
    content: Content, situation: Situation, style: Style, direction: Direction
) -> Iterator[Iterable[Line]]:
    """Groups of lines to try in turn: the situation's and its family's in this mood, then in the next
    moods; then lines written for other situations of the family (never for `open`)."""
    about = direction.objection.id if direction.objection else None
    lines = [
        ln
        for ln in content.lines
        if ln.style == style.id and ln.move is direction.move and ln.objection == about
    ]
    own = {situation.id, situation.family.value}
    at = _MOODS.index(direction.mood)
    nearest_first = sorted(_MOODS, key=lambda m: abs(_MOODS.index(m) - at))
    for mood in nearest_first:
        yield [ln for ln in lines if ln.mood is mood and own & set(ln.scopes)]
    if direction.move is Move.OPEN:
        return
    family = {s.id for s in content.situations.values() if s.family is situation.family}
    for mood in nearest_first:
        yield [ln for ln in lines if ln.mood is mood and family & set(ln.scopes)]


def _eligible(
    lines: Iterable[Line],
    persona: Persona,
    situation: Situation,
    slots: dict[str, str],
    direction: Direction,
) -> Iterator[_Candidate]:
    for line in lines:
        if line.id in direction.used or not line.fits(persona, direction.cues):
            continue
        wanted = slots_in(line.text)
        if not all(name in slots for name in wanted):
            continue
        text = line.text.format_map(slots)
        if near(text, direction.spoken) is None:
            yield _Candidate(
                text=text,
                line_id=line.id,
                own_topic=line.scopes == (situation.id,),
                own_words=persona.id in line.speakers,
                picked_up=any(name in wanted for name in _JUST_SAID),
                answers=_answers(line),
            )


def _answers(line: Line) -> float:
    if Cue.ASKED in line.needs:
        return _ANSWERS_QUESTION
    return 0.0 if JUST_SAID.isdisjoint(line.needs) else _ANSWERS_THIS


def _choose(candidates: list[_Candidate], reply: str, rng: random.Random) -> Spoken:
    rng.shuffle(candidates)  # so that lines that fit equally well take turns from session to session
    candidates.sort(key=lambda c: c.fit(reply), reverse=True)
    chosen = rng.choice(candidates[:_TOP])
    return Spoken(text=chosen.text, line_id=chosen.line_id)
