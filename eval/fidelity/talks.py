"""A rehearsed session as the figures look at it: what was said, the customer's state after it, what was earned.

Knows nothing of how sessions are played or what makes them good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from simulator.director import Casting, progress, steps_done
from simulator.domain.persona import ConcernStatus, Mood, Move
from simulator.domain.session import Outcome
from simulator.session import Played, Rehearsal

ENDING = frozenset({Move.FAREWELL, Move.LEAVE, Move.ESCALATE})
GIVING = frozenset({Move.CONCEDE, Move.ACCEPT})
REACHED = frozenset({Outcome.WON, Outcome.ADVANCED})


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A reply and the customer's answer to it. `mood` and the four values: of the state after the reply;
    `concern`: how far the hidden worry has come by then; `won`, `advanced`: whether all that this outcome asks for
    was there when the customer answered; `source`, `line_id`, `seconds`, `rejected`, `first`, `tokens`: of the line."""

    reply: str
    move: Move
    text: str
    mood: Mood
    anger: float
    trust: float
    interest: float
    patience: float
    concern: ConcernStatus
    won: bool
    advanced: bool
    source: str
    line_id: str | None
    seconds: float
    rejected: tuple[str, ...] = ()
    first: float | None = None
    tokens: int | None = None

    @property
    def course(self) -> tuple[str, str]:
        """Where the talk stands: the move and the mood."""
        return self.move.value, self.mood.value


@dataclass(frozen=True, kw_only=True)
class Talk:
    """One session. `trainee`: which kind was played; `concern`: the short form of the worry it hides; `level`: of
    difficulty; `outcome` is None, and `error` says why, for one that broke off."""

    situation: str
    style: str
    persona: str
    concern: str
    trainee: str
    seed: int
    level: str
    opening: str = ""
    opening_id: str | None = None
    exchanges: tuple[Exchange, ...] = ()
    outcome: Outcome | None = None
    score: float = 0.0
    error: str = ""

    @property
    def id(self) -> str:
        """Unlike that of any other talk of a run."""
        return f"{self.situation}/{self.style}/{self.trainee}/{self.seed}"

    @property
    def lines(self) -> tuple[str, ...]:
        """All that the customer said, the opening first."""
        return (self.opening, *(e.text for e in self.exchanges)) if self.opening else ()

    @property
    def line_ids(self) -> tuple[str, ...]:
        """Ids of the bank's lines among them."""
        return tuple(i for i in (self.opening_id, *(e.line_id for e in self.exchanges)) if i)

    @property
    def rank(self) -> tuple[int, float]:
        """How far the trainee came: the outcome first, then the score. Raises ValueError for one that broke off."""
        if self.outcome is None:
            raise ValueError(f"{self.id} broke off: {self.error}")
        return self.outcome.rank, self.score


def talk_of(casting: Casting, rehearsal: Rehearsal, *, trainee: str, seed: int) -> Talk:
    """What `rehearsal` of `casting` came to."""
    return Talk(
        situation=casting.situation.id,
        style=casting.style.id,
        persona=casting.persona.id,
        concern=casting.persona.concern.short,
        trainee=trainee,
        seed=seed,
        level=casting.difficulty.value,
        opening=rehearsal.opening.text,
        opening_id=rehearsal.opening.line_id,
        exchanges=tuple(_exchange(casting, played) for played in rehearsal.turns),
        outcome=rehearsal.outcome,
        score=rehearsal.score,
    )


def _exchange(casting: Casting, played: Played) -> Exchange:
    state, line = played.step.state, played.line
    before = replace(state, conceded=not {Move.ACCEPT, Move.CONCEDE}.isdisjoint(state.moves[:-1]))
    covered = progress.coverage(casting.rubric, casting.situation.id, steps_done(state.met))
    return Exchange(
        reply=played.reply,
        move=played.step.move,
        text=line.text,
        mood=state.mood,
        anger=state.anger,
        trust=state.trust,
        interest=state.interest,
        patience=state.patience,
        concern=state.concern.status,
        won=progress.holds(casting.won, before, covered) and not state.open_objections,
        advanced=progress.holds(casting.advanced, before, covered),
        source=line.source,
        line_id=line.line_id,
        seconds=round(line.seconds, 4),
        rejected=line.rejected,
        first=line.first,
        tokens=line.tokens,
    )


def transcript(talk: Talk) -> dict[str, Any]:
    """One line of `sessions.jsonl`."""
    return {"id": talk.id, **asdict(talk)}


def row(talk: Talk) -> dict[str, Any]:
    """What the report keeps of a talk beside its transcript."""
    return {
        "id": talk.id,
        "persona": talk.persona,
        "concern": talk.concern,
        "outcome": talk.outcome.value if talk.outcome else None,
        "score": talk.score,
        "turns": len(talk.exchanges),
        "moves": [e.move.value for e in talk.exchanges],
        "error": talk.error,
    }


def of_trainees(talks: Iterable[Talk], *kinds: str) -> list[Talk]:
    """The whole talks of these kinds of trainee."""
    return [t for t in talks if t.trainee in kinds and t.outcome is not None]
