"""Moments of made-up sessions at which the customer speaks, and the bank's lines that fit them.

Labelled replies (or a script) are played through director and bank; what the actor was asked for each line is kept.
One line in ten, by a hash of its id, is held out: no session for learning says it. Knows nothing of tokens.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from eval.cases import Case
from simulator import director
from simulator.actor import lines
from simulator.actor.actor import Actor
from simulator.actor.models.registry import make_model
from simulator.actor.prompt import messages, system_text
from simulator.content.contents import Content
from simulator.domain.persona import Family, Persona, Situation, Style
from simulator.domain.rubric import Rubric
from simulator.domain.session import CustomerLine, Direction
from simulator.errors import ModelError
from simulator.grading.interface import ReplyGrader
from simulator.session import rehearse, scripted
from training.customer.corpus import Talk

_FOLDS = 10  # of which one is held out
_TURNS = 9  # replies offered to a session at most
# How good a trainee is: the qualities (1-5) that the replies of one session are drawn from, and how often.
_TRAINEES = (((1.0, 2.5), 2), ((2.0, 4.0), 3), ((3.5, 5.0), 4), ((1.0, 5.0), 2))
_PHRASE = 6  # characters of a phrase at least
_SHARED = 5  # moments that have it
_BLANK = re.compile(r"\$\{?[a-z_]+\}?")
_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A moment at which the customer is to speak: all that the actor was told. `history`: (`customer` |
    `trainee`, text), oldest first, without the reply that is answered."""

    persona: Persona
    situation: Situation
    style: Style
    history: tuple[tuple[str, str], ...]
    direction: Direction

    def prompt(self, content: Content) -> Talk:
        """What a model is asked, as chat messages."""
        asked = messages(content, self.persona, self.situation, self.style, self.history, self.direction)
        return [{"role": _ROLES[m.type], "content": str(m.text)} for m in asked]


@dataclass(frozen=True, kw_only=True)
class Example:
    """A prompt and what may be said to it."""

    prompt: Talk
    line: str


class Listening(Actor):
    """The bank's customer; keeps what it was asked."""

    def __init__(self, content: Content) -> None:
        super().__init__(lambda: content, make_model("bank", lambda: content))
        self.spots: list[Spot] = []

    def speak(
        self,
        persona: Persona,
        situation: Situation,
        style: Style,
        history: tuple[tuple[str, str], ...],
        direction: Direction,
    ) -> CustomerLine:
        """The bank's line."""
        self.spots.append(
            Spot(persona=persona, situation=situation, style=style, history=history, direction=direction)
        )
        return super().speak(persona, situation, style, history, direction)


def is_held_out(line_id: str) -> bool:
    """Whether no session for learning may say the line: one in ten."""
    return int(hashlib.sha256(line_id.encode()).hexdigest()[:8], 16) % _FOLDS == 0


def with_lines(content: Content, keep: Callable[[str], bool]) -> Content:
    """`content` with those lines of the bank whose id is kept."""
    return replace(content, lines=tuple(ln for ln in content.lines if keep(ln.id)))


def play(
    content: Content,
    grader: ReplyGrader,
    persona: Persona,
    situation: Situation,
    style: Style,
    replies: Sequence[str],
    seed: int,
) -> list[Spot]:
    """The moments of one session."""
    actor = Listening(content)
    casting = director.cast(persona, style, situation, grader.rubric, None, seed)
    rehearse(casting, scripted(replies), grader=grader, actor=actor, seed=seed)
    return actor.spots


def practised(content: Content, rubric: Rubric) -> list[Situation]:
    """The situations of customers with an objection or a complaint that `rubric` scores; no drills."""
    return [
        s for s in content.situations.values() if s.family is not Family.DRILL and s.id in rubric.situations
    ]


def casts(content: Content, situation: Situation) -> list[Persona]:
    """Who plays `situation`."""
    return [p for p in content.personas.values() if situation.id in p.situations]


def made_up(
    content: Content, grader: ReplyGrader, cases: Iterable[Case], sessions: int, seed: int
) -> list[Spot]:
    """The moments of `sessions` sessions with trainees from rude to skilled, whose replies are drawn from
    `cases`; spread evenly over situations, half of them in the persona's own style."""
    by_situation: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_situation[case.request.situation].append(case)
    scenes = [s for s in practised(content, grader.rubric) if by_situation[s.id] and casts(content, s)]
    grader.grade_many([c.request for s in scenes for c in by_situation[s.id]])
    chance = random.Random(f"{seed}:sessions")
    spots: list[Spot] = []
    for number in range(sessions if scenes else 0):
        situation = scenes[number % len(scenes)]
        persona = chance.choice(casts(content, situation))
        style = content.styles[persona.style]
        if chance.random() < 0.5:
            style = content.styles[chance.choice(sorted(content.styles))]
        replies = _replies(by_situation[situation.id], chance)
        spots += play(content, grader, persona, situation, style, replies, chance.randrange(2**31))
    return spots


def _replies(cases: Sequence[Case], chance: random.Random) -> list[str]:
    (low, high), *_ = chance.choices([t for t, _ in _TRAINEES], [often for _, often in _TRAINEES])
    fitting = [c for c in cases if c.quality is not None and low <= c.quality <= high] or list(cases)
    drawn = chance.sample(fitting, min(_TURNS, len(fitting)))
    return [c.request.reply for c in drawn]


def phrases(content: Content, spots: Iterable[Spot]) -> list[str]:
    """What many prompts share, word for word: rows of the system text but for those that lines of the bank quote (a
    name, a price), the moves, and what stands between the blanks of the note. Sorted."""
    rows: Counter[str] = Counter()
    for spot in spots:
        quoted = (spot.persona.honorific, spot.persona.plan, f"{spot.persona.bill.amount:g}")
        said = system_text(content, spot.persona, spot.situation, spot.style).splitlines()
        rows.update(row for row in said if not any(q in row for q in quoted))
    shared = {row for row, times in rows.items() if times >= _SHARED}
    shared |= set(content.moves.values()) | set(_BLANK.split(content.prompts["note"]))
    return sorted(p.strip() for p in shared if len(p.strip()) >= _PHRASE)


def lines_for(content: Content, spot: Spot, count: int) -> list[lines.Spoken]:
    """Up to `count` different lines that the bank could say at `spot`; the first is what it would say."""
    found: list[lines.Spoken] = []
    direction = spot.direction
    for number in range(count):
        asked = replace(
            direction, seed=direction.seed + number, used=(*direction.used, *(s.line_id for s in found))
        )
        try:
            spoken = lines.pick(content, spot.persona, spot.situation, spot.style, asked)
        except ModelError:
            break
        if spoken.text in {s.text for s in found}:
            break
        found.append(spoken)
    return found


def examples(
    content: Content, spots: Iterable[Spot], count: int, *, bank_only: bool = False
) -> list[Example]:
    """Every spot with up to `count` lines. `bank_only`: lines of the bank, no fixed forms or told facts."""
    known = {ln.id for ln in content.lines}
    made = []
    for spot in spots:
        spoken = [s for s in lines_for(content, spot, count) if not bank_only or s.line_id in known]
        if spoken:
            prompt = spot.prompt(content)
            made += [Example(prompt=prompt, line=s.text) for s in spoken]
    return made
