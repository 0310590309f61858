"""Directions and casts for the actor's tests."""

from __future__ import annotations

from typing import Any

from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Mood, Move, Persona, Situation, Style
from simulator.domain.session import Direction, LedgerEntry
from tests.factories import make_state

REPLY = "厂长，专线两千六包含备用线路，断网四小时内到场，周三可以先给您装。"


def make_direction(**changes: Any) -> Direction:
    """What the director orders after `REPLY`; the hidden concern is still hidden."""
    concern = changes.pop("concern", ConcernStatus.HIDDEN)
    state = make_state(concern=LedgerEntry(id="concern", text="（心事）", status=concern))
    given: dict[str, Any] = {
        "move": Move.PRESS,
        "mood": Mood.NEUTRAL,
        "state": state,
        "reply": REPLY,
        "turn": 1,
        "seed": 7,
    }
    return Direction(**(given | changes))


def cast(content: Content, persona: str = "feng_dakui") -> tuple[Persona, Situation, Style]:
    """A person with their first situation and own style."""
    who = content.persona(persona)
    return who, content.situation(who.situations[0]), content.style(who.style)
