"""Speaks one line of the customer: asks the model within a deadline, guards what it says, else uses the bank.

Never raises for what a model does: it may fail, hang, or talk nonsense. The guard listens while the model
speaks, so that what cannot become a line is not waited for. Knows nothing of grading, of the store or of why
the director chose the move.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from langchain_core.messages import BaseMessage, HumanMessage

from simulator.actor import guard, lines
from simulator.actor.asking import Asker, Heard
from simulator.actor.breaker import LeftAlone
from simulator.actor.meaning import Meaning, meaning_of
from simulator.actor.models.registry import CustomerModel
from simulator.actor.prompt import messages
from simulator.actor.streaming import Listener, closes_unmarked_thought, opens_with_mark
from simulator.actor.vitals import Answer, Vitals
from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Line, Move, Persona, Situation, Style
from simulator.domain.session import CustomerLine, CustomerState, Direction, LedgerEntry
from simulator.errors import ModelError

_ATTEMPTS = 2
_LEARNING = threading.Lock()
_LEAST = 0.05  # share of the deadline that must be left for another attempt


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scene:
    """What a line is to fit."""

    persona: Persona
    situation: Situation
    style: Style
    history: tuple[tuple[str, str], ...]
    direction: Direction

    @property
    def heard(self) -> list[str]:
        return [text for role, text in self.history if role == "trainee"]

    @property
    def labels(self) -> tuple[str, str]:
        return (self.persona.name, self.persona.honorific)


@dataclass(kw_only=True, slots=True)
class _Asked:
    """What came of asking the model for one line: `rejected` as it is stored, `refused` the bare reasons."""

    rejected: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    failure: str | None = None
    left_alone: bool = False

    @property
    def first(self) -> float | None:
        """Seconds to the first words of the last answer, those spent on earlier ones included."""
        *refused, last = self.answers
        return None if last.first is None else sum(a.seconds for a in refused) + last.first

    @property
    def tokens(self) -> int | None:
        """Of all answers; None where the model does not tell."""
        counted = [a.tokens for a in self.answers if a.tokens is not None]
        return sum(counted) if len(counted) == len(self.answers) else None

    def refuse(self, reason: str, text: str) -> None:
        self.refused.append(reason)
        self.rejected.append(f"{reason}：{text[:80]}" if text else reason)

    def fail(self, error: ModelError) -> None:
        self.left_alone = isinstance(error, LeftAlone)
        if not self.left_alone:
            self.failure = str(error)
        self.rejected.append(str(error))


class Actor:
    """The customer's voice for any session. Thread safe."""

    def __init__(
        self, content: Callable[[], Content], model: CustomerModel, *, deadline: float = 20.0
    ) -> None:
        """`deadline`: seconds one line may take, attempts included. Takes seconds itself where a language model
        is to speak: what its lines are judged by is learned now, not while a customer is waited for."""
        self.model = model
        self._content = content
        self._deadline = deadline
        self._asker = Asker(model.chat, breaker=model.breaker, remote=model.remote)
        # What answers have shown, each for good: whether thoughts open with a mark, whether one closed without.
        self._opened = self._closed_unopened = False
        self.vitals = Vitals()
        if not model.is_bank:
            _meaning(content().lines)

    def opening(self, persona: Persona, situation: Situation, style: Style, seed: int) -> CustomerLine:
        """The customer's first words: the persona's own in its own style, else the bank's."""
        at_home = style.id == persona.style and situation.id in persona.situations
        if persona.opening and at_home:
            text = random.Random(f"{seed}:opening:{persona.id}").choice(persona.opening)
            return CustomerLine(text=text, source="bank", line_id="opening")
        direction = _first_direction(persona, situation, seed)
        try:
            spoken = lines.pick(self._content(), persona, situation, style, direction)
        except ModelError:
            spoken = None
        if spoken is not None and not spoken.line_id.startswith("form:"):
            return CustomerLine(text=spoken.text, source="bank", line_id=spoken.line_id)
        text = persona.opening[0] if persona.opening else situation.customer_says
        return CustomerLine(text=text, source="bank", line_id="opening")

    def speak(
        self,
        persona: Persona,
        situation: Situation,
        style: Style,
        history: tuple[tuple[str, str], ...],
        direction: Direction,
    ) -> CustomerLine:
        """The line for `direction`. `rejected` tells what was asked of the model in vain."""
        start = time.monotonic()
        scene = _Scene(
            persona=persona, situation=situation, style=style, history=history, direction=direction
        )
        asked = _Asked()
        text = None if self.model.is_bank else self._from_model(scene, asked)
        line = (
            CustomerLine(text=text, source="model", first=asked.first, tokens=asked.tokens)
            if text is not None
            else self._from_bank(scene, asked.rejected)
        )
        line = replace(line, seconds=time.monotonic() - start, rejected=tuple(asked.rejected))
        self.vitals.note(
            line.source,
            line.seconds,
            answers=asked.answers,
            refused=asked.refused,
            failure=asked.failure,
            left_alone=asked.left_alone,
        )
        return line

    def sample(self, persona: Persona, situation: Situation, style: Style, reply: str) -> CustomerLine:
        """An answer to `reply` outside any session, to see how the voice does."""
        opening = self.opening(persona, situation, style, 0).text
        direction = replace(
            _first_direction(persona, situation, 0), move=Move.PRESS, reply=reply, spoken=(opening,)
        )
        return self.speak(persona, situation, style, (("customer", opening),), direction)

    def _from_bank(self, scene: _Scene, rejected: list[str]) -> CustomerLine:
        try:
            spoken = lines.pick(self._content(), scene.persona, scene.situation, scene.style, scene.direction)
        except ModelError as error:
            rejected.append(str(error))
            spoken = lines.Spoken(text="……", line_id="form:silence")
        return CustomerLine(text=spoken.text, source="bank", line_id=spoken.line_id)

    def _from_model(self, scene: _Scene, asked: _Asked) -> str | None:
        """A line of the model that passes the guard, or None; `asked` gets what went wrong."""
        end = time.monotonic() + self._deadline
        for attempt in range(_ATTEMPTS):
            left = end - time.monotonic()
            if left < self._deadline * _LEAST:
                break
            listener = self._listener(scene)
            try:
                heard = self._asker.hear(
                    self._prompt(scene, asked.refused), left, listener.enough, fair=attempt == 0
                )
            except ModelError as error:
                asked.fail(error)
                break
            asked.answers.append(
                Answer(
                    first=heard.first,
                    seconds=heard.seconds,
                    characters=len(heard.text),
                    tokens=heard.tokens,
                )
            )
            text = listener.line(heard.text)
            reason = listener.refused or self._refusal(scene, text)
            self._learn(heard, accepted=reason is None)
            if reason is None:
                return text
            asked.refuse(reason, text)
        return None

    def _prompt(self, scene: _Scene, refused: list[str]) -> list[BaseMessage]:
        prompt = messages(
            self._content(),
            scene.persona,
            scene.situation,
            scene.style,
            scene.history,
            scene.direction,
            refused=tuple(refused),
        )
        return _plain(prompt)

    def _listener(self, scene: _Scene) -> Listener:
        """Ears for one answer that is to be a line in `scene`."""

        def unmendable(beginning: str) -> str | None:
            return guard.unmendable(
                beginning,
                scene.direction,
                scene.persona,
                scene.direction.spoken,
                style=scene.style.id,
                heard=scene.heard,
            )

        return Listener(unmendable, scene.labels, marked=self._marked)

    def _refusal(self, scene: _Scene, text: str) -> str | None:
        return guard.refusal(
            text,
            scene.direction,
            scene.persona,
            scene.direction.spoken,
            style=scene.style.id,
            heard=scene.heard,
            acts=_meaning(self._content().lines).acts(text),
        )

    @property
    def _marked(self) -> bool:
        """Whether the model is known to open its thoughts with a mark."""
        return self._opened and not self._closed_unopened

    def _learn(self, heard: Heard, *, accepted: bool) -> None:
        """Whether this model marks where its thoughts begin, as far as this answer tells. One without any mark
        may be a thought that was cut off, unless it is one line that was fit to be said."""
        one_line = "\n" not in heard.text.strip()
        if closes_unmarked_thought(heard.text):
            self._closed_unopened = True
        elif opens_with_mark(heard.text) or (heard.whole and accepted and one_line):
            self._opened = True


def _meaning(known: Sequence[Line]) -> Meaning:
    """Learned once, though many sessions want it at the same moment: learning takes seconds."""
    with _LEARNING:
        return meaning_of(known)


def _plain(prompt: list[BaseMessage]) -> list[BaseMessage]:
    """`prompt` without what only the bank needs."""
    return [*prompt[:-1], HumanMessage(str(prompt[-1].text))]


def _first_direction(persona: Persona, situation: Situation, seed: int) -> Direction:
    """What the bank needs to know to open a talk."""
    start = situation.start
    state = CustomerState(
        anger=start.get("anger", 0.0),
        trust=start.get("trust", 0.5),
        interest=start.get("interest", 0.5),
        patience=start.get("patience", 1.0),
        objection=LedgerEntry(id="objection", text=situation.customer_says, status=ConcernStatus.RAISED),
        concern=LedgerEntry(id="concern", text=persona.concern.short, status=ConcernStatus.HIDDEN),
    )
    own = "，".join(persona.opening)  # so that a line about the same trouble is found in another style
    return Direction(move=Move.OPEN, mood=state.mood, state=state, reply=own, turn=0, seed=seed)
