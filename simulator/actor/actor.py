"""Speaks one line of the customer: asks the model within a deadline, guards what it says, else uses the bank.

Never raises for what a model does: it may fail, hang, or talk nonsense. Knows nothing of grading, of the
store or of why the director chose the move.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from langchain_core.messages import BaseMessage, HumanMessage

from simulator.actor import guard, lines
from simulator.actor.asking import Asker
from simulator.actor.meaning import meaning_of
from simulator.actor.models.registry import CustomerModel
from simulator.actor.prompt import messages
from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Move, Persona, Situation, Style
from simulator.domain.session import CustomerLine, CustomerState, Direction, LedgerEntry
from simulator.errors import ModelError

_ATTEMPTS = 2
_LEAST = 0.05  # share of the deadline that must be left for another attempt


class Actor:
    """The customer's voice for any session. Thread safe."""

    def __init__(
        self, content: Callable[[], Content], model: CustomerModel, *, deadline: float = 20.0
    ) -> None:
        """`deadline`: seconds one line may take, attempts included."""
        self.model = model
        self._content = content
        self._deadline = deadline
        self._asker = Asker(model.chat)

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
        rejected: list[str] = []
        if not self.model.is_bank:
            text = self._from_model(persona, situation, style, history, direction, rejected)
            if text is not None:
                seconds = time.monotonic() - start
                return CustomerLine(text=text, source="model", seconds=seconds, rejected=tuple(rejected))
        try:
            spoken = lines.pick(self._content(), persona, situation, style, direction)
        except ModelError as error:
            rejected.append(str(error))
            spoken = lines.Spoken(text="……", line_id="form:silence")
        return CustomerLine(
            text=spoken.text,
            source="bank",
            seconds=time.monotonic() - start,
            line_id=spoken.line_id,
            rejected=tuple(rejected),
        )

    def _from_model(
        self,
        persona: Persona,
        situation: Situation,
        style: Style,
        history: tuple[tuple[str, str], ...],
        direction: Direction,
        rejected: list[str],
    ) -> str | None:
        """A line of the model that passes the guard, or None; `rejected` gets what went wrong."""
        end = time.monotonic() + self._deadline
        heard = [text for role, text in history if role == "trainee"]
        labels = (persona.name, persona.honorific)
        reasons: tuple[str, ...] = ()
        for _ in range(_ATTEMPTS):
            left = end - time.monotonic()
            if left < self._deadline * _LEAST:
                break
            prompt = messages(self._content(), persona, situation, style, history, direction, refused=reasons)
            try:
                said = self._asker.ask(_plain(prompt), left)
            except ModelError as error:
                rejected.append(str(error))
                break
            text = guard.clean(said, labels)
            acts = meaning_of(self._content().lines).acts(text)
            reason = guard.refusal(
                text, direction, persona, direction.spoken, style=style.id, heard=heard, acts=acts
            )
            if reason is None:
                return text
            rejected.append(f"{reason}：{text[:80]}" if text else reason)
            reasons = (*reasons, reason)
        return None


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
    return Direction(move=Move.OPEN, mood=state.mood, state=state, reply="", turn=0, seed=seed)
