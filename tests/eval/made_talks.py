"""Made-up talks for tests of the fidelity figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eval.fidelity.talks import Exchange, Talk
from simulator.domain.persona import ConcernStatus, Mood, Move
from simulator.domain.session import Outcome


def exchange(text: str, move: Move = Move.PRESS, **more: Any) -> Exchange:
    settings: dict[str, Any] = {
        "reply": "您说的我记下了。", "mood": Mood.NEUTRAL, "anger": 0.4, "trust": 0.4, "interest": 0.4, "patience": 0.5,
        "concern": ConcernStatus.HIDDEN, "won": False, "advanced": False, "source": "bank", "line_id": None,
        "seconds": 0.0,
    }  # fmt: skip
    return Exchange(text=text, move=move, **(settings | more))


def talk(exchanges: Sequence[Exchange] = (), **more: Any) -> Talk:
    settings: dict[str, Any] = {
        "situation": "too_expensive", "style": "driver", "persona": "feng_dakui", "concern": "先低后高往后偷着涨价",
        "trainee": "average", "seed": 0, "level": "normal", "opening": "太贵了", "opening_id": "opening",
        "outcome": Outcome.STALLED, "score": 50.0,
    }  # fmt: skip
    return Talk(exchanges=tuple(exchanges), **(settings | more))
