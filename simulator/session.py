"""A practice session from start to end: grade, direct, speak, store, in that order, for every reply.

Knows nothing of pages or terminals. A reply is stored before anything else happens to it and a turn is
stored whole before it is shown, so that a killed process loses nothing that was seen.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator import director
from simulator.actor.actor import Actor
from simulator.content.catalog import Catalog
from simulator.content.contents import Content
from simulator.director.direct import direction_for
from simulator.domain.grade import Grade, GradeRequest
from simulator.domain.persona import Difficulty, Persona
from simulator.domain.rubric import Rubric, RubricItem
from simulator.domain.session import (
    CustomerLine,
    CustomerState,
    Outcome,
    Session,
    SessionSetup,
    Step,
    Turn,
)
from simulator.errors import UsageError
from simulator.grading.interface import ReplyGrader
from simulator.language.text import is_repeat
from simulator.store.store import Store

MAX_REPLY = 5000


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What to do next: a prescribed step that is still missing, with an example wording."""

    item: RubricItem
    example: str


@dataclass(frozen=True, kw_only=True)
class Played:
    """A finished turn without an index: what grading, directing and speaking made of one reply."""

    reply: str
    grade: Grade
    step: Step
    line: CustomerLine


def facts_of(persona: Persona) -> tuple[tuple[str, str], ...]:
    """The persona's facts as a grade request carries them."""
    named = [("plan", persona.plan), ("bill", str(persona.bill)), ("cause", persona.cause)]
    if persona.price:
        named.append(("price", str(persona.price)))
    return tuple(named) + tuple((f"fact{n}", text) for n, text in enumerate(persona.facts, 1))


def casting_of(content: Content, session: Session, rubric: Rubric) -> director.Casting:
    """Who plays in `session`, judged by `rubric`. Raises UsageError when its files are gone."""
    setup = session.setup
    return director.cast(
        content.persona(setup.persona),
        content.style(setup.style),
        content.situation(setup.situation),
        rubric,
        setup.difficulty,
        setup.seed,
        worry=session.initial.concern.text,
    )


def request_for(casting: director.Casting, history: tuple[tuple[str, str], ...], reply: str) -> GradeRequest:
    """What the grader is asked about `reply`. `history` ends with the customer's last line."""
    return GradeRequest(
        situation=casting.situation.id,
        style=casting.style.id,
        customer=history[-1][1] if history else "",
        reply=reply,
        history=history[:-1],
        facts=facts_of(casting.persona),
    )


def says_again(history: tuple[tuple[str, str], ...], reply: str) -> bool:
    """Whether `reply` repeats one that the trainee has already given in `history`."""
    return any(is_repeat(reply, text) for role, text in history if role == "trainee")


def play_turn(
    casting: director.Casting,
    state: CustomerState,
    history: tuple[tuple[str, str], ...],
    reply: str,
    *,
    grader: ReplyGrader,
    actor: Actor,
    seed: int,
    used: tuple[str, ...],
) -> Played:
    """One reply through grader, director and actor. `history` ends with the customer's last line."""
    grade = grader.grade(request_for(casting, history, reply))
    step = director.direct(casting, state, grade, seed, repeated=says_again(history, reply))
    spoken = tuple(text for role, text in history if role == "customer")
    direction = direction_for(casting, step, grade, reply, seed, used, spoken)
    line = actor.speak(casting.persona, casting.situation, casting.style, history, direction)
    return Played(reply=reply, grade=grade, step=step, line=line)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A session played from a script, without a store."""

    opening: CustomerLine
    turns: tuple[Played, ...]
    outcome: Outcome
    score: float


# What a trainee says next, given the opening and the turns so far; None ends the talk.
Trainee = Callable[[CustomerLine, tuple[Played, ...]], str | None]


def scripted(replies: Sequence[str]) -> Trainee:
    """A trainee who says `replies` in order, whatever the customer does."""
    return lambda _, turns: replies[len(turns)] if len(turns) < len(replies) else None


def rehearse(
    casting: director.Casting, trainee: Trainee, *, grader: ReplyGrader, actor: Actor, seed: int
) -> Rehearsal:
    """Plays until the trainee or the customer ends the talk."""
    state = director.opening_state(casting)
    opening = actor.opening(casting.persona, casting.situation, casting.style, seed)
    history: tuple[tuple[str, str], ...] = (("customer", opening.text),)
    lines: list[CustomerLine] = [opening]
    turns: list[Played] = []
    while state.outcome is None and (reply := trainee(opening, tuple(turns))) is not None:
        used = tuple(line.line_id for line in lines if line.line_id)
        played = play_turn(casting, state, history, reply, grader=grader, actor=actor, seed=seed, used=used)
        turns.append(played)
        lines.append(played.line)
        state = played.step.state
        history = (*history, ("trainee", reply), ("customer", played.line.text))
    score = director.score_of(casting, [t.grade for t in turns])
    return Rehearsal(opening=opening, turns=tuple(turns), outcome=director.close(state), score=score)


def used_lines(session: Session) -> tuple[str, ...]:
    """Ids of the bank lines spoken so far."""
    ids = [session.opening.line_id, *(t.line.line_id for t in session.turns if t.line)]
    return tuple(i for i in ids if i)


class PracticeRoom:
    """Where sessions are started, continued, ended and branched. Thread safe: one reply at a time in a
    session, many sessions at once."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        grader_for: Callable[[Rubric], ReplyGrader],
        actor: Actor,
        model: str,
        encoder: str,
        store: Store,
        rubric: str,
    ) -> None:
        self.catalog = catalog
        self.store = store
        self.model = model
        self.encoder = encoder
        self.rubric_name = rubric
        self._grader_for = grader_for
        self._actor = actor
        self._locks: OrderedDict[str, threading.Lock] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def content(self) -> Content:
        """The newest sound content."""
        return self.catalog.content

    def start(
        self,
        persona_id: str,
        *,
        situation_id: str | None = None,
        style_id: str | None = None,
        difficulty: Difficulty | None = None,
        seed: int | None = None,
        trainee: str = "",
    ) -> Session:
        """A new session, stored, with the customer's first line. Raises UsageError, StoreError."""
        content = self.content
        persona = content.persona(persona_id)
        rubric = content.rubric(self.rubric_name)
        situation = content.scene(persona, rubric, situation_id)
        style = content.style(style_id or persona.style)
        chosen = secrets.randbelow(2**31) if seed is None else seed
        casting = director.cast(persona, style, situation, rubric, difficulty, chosen)
        setup = SessionSetup(
            persona=persona.id,
            situation=situation.id,
            style=style.id,
            difficulty=casting.difficulty,
            rubric=rubric.ref,
            rubric_hash=rubric.hash,
            encoder=self.encoder,
            model=self.model,
            seed=chosen,
            trainee=trainee,
        )
        opening = self._actor.opening(casting.persona, situation, style, chosen)
        return self.store.start(setup, director.opening_state(casting), opening)

    def casting(self, session: Session) -> director.Casting:
        """Who plays in `session`, from today's content. Raises UsageError when its files are gone."""
        content = self.content
        return casting_of(content, session, content.rubric(session.setup.rubric))

    def submit(self, session_id: str, reply: str, seconds: float | None = None) -> Turn:
        """Stores a reply; `answer` then makes the customer answer it. Raises UsageError for an empty
        reply, one over 5,000 characters or a session that has ended."""
        text = reply.strip()
        if not text:
            raise UsageError("先写点什么再发。")
        if len(text) > MAX_REPLY:
            raise UsageError(f"一次最多发 {MAX_REPLY} 个字，这条有 {len(text)} 个。")
        with self._lock(session_id):
            session = self.store.load(session_id)
            if session.outcome is not None or session.state.outcome is not None:
                raise UsageError("这次对练已经结束，可以从其中任意一句重来。")
            return self.store.add_reply(session_id, text, seconds)

    def answer(self, session_id: str) -> Session:
        """Grades the pending reply and lets the customer answer; ends the session when the customer
        does. Without a pending reply, returns the session as it is."""
        with self._lock(session_id):
            return self._answer(session_id)

    def _answer(self, session_id: str) -> Session:
        """`answer` for a caller that holds the session's lock."""
        session = self.store.load(session_id)
        casting = self.casting(session)
        pending = session.pending
        if pending is None:
            # killed between the last answer and the end: the end is made up for
            due = session.outcome is None and session.state.outcome is not None
            return self._finish(session, casting) if due else session
        history = session.history[:-1]  # without the pending reply itself
        played = play_turn(
            casting,
            session.state,
            history,
            pending.reply,
            grader=self._grader_for(casting.rubric),
            actor=self._actor,
            seed=session.setup.seed,
            used=used_lines(session),
        )
        self.store.answer(session_id, pending.index, played.grade, played.step, played.line)
        session = self.store.load(session_id)
        return self._finish(session, casting) if session.state.outcome is not None else session

    def end(self, session_id: str) -> Session:
        """Ends a session at the trainee's wish. A pending reply is answered first. A session that has
        ended is returned as it is."""
        with self._lock(session_id):
            session = self._answer(session_id)
            return session if session.outcome is not None else self._finish(session, self.casting(session))

    def _finish(self, session: Session, casting: director.Casting) -> Session:
        grades = [t.grade for t in session.turns if t.grade is not None]
        score = director.score_of(casting, grades)
        return self.store.finish(session.id, director.close(session.state), score)

    def redo(self, session_id: str, turn_index: int) -> Session:
        """A new session that has everything before turn `turn_index`; the old one stays as it is."""
        return self.store.branch(session_id, turn_index)

    def hint(self, session: Session) -> Hint | None:
        """The next prescribed step that is missing, or None when all are done."""
        casting = self.casting(session)
        done = director.steps_done(session.state.met)
        for item in director.path(casting.rubric, casting.situation.id, done):
            if item.id not in done and item.examples:
                wording = casting.rubric.wording(item, casting.situation.id, session.setup.seed)
                return Hint(item=item, example=wording)
        return None

    def _lock(self, session_id: str) -> threading.Lock:
        with self._guard:
            lock = self._locks.setdefault(session_id, threading.Lock())
            self._locks.move_to_end(session_id)
            while len(self._locks) > 256 and not next(iter(self._locks.values())).locked():
                self._locks.popitem(last=False)
            return lock
