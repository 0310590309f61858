"""What a practice session is: the customer's state, its reasons, turns and outcome.

Knows nothing of how states are computed or stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus, Cue, Difficulty, Mood, Move


class Outcome(StrEnum):
    """How a session ended, best first."""

    WON = "won"
    ADVANCED = "advanced"
    STALLED = "stalled"
    LOST = "lost"
    ESCALATED = "escalated"

    @property
    def rank(self) -> int:
        """4 (won) to 0 (escalated)."""
        return len(Outcome) - 1 - list(Outcome).index(self)


class Dimension(StrEnum):
    """The four values of a customer's state."""

    ANGER = "anger"
    TRUST = "trust"
    INTEREST = "interest"
    PATIENCE = "patience"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why one value moved: `text` is for the trainee ("诚恳道歉让她消了气")."""

    dimension: Dimension
    amount: float
    key: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One objection or worry and how far it has come."""

    id: str
    text: str
    status: ConcernStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What the trainee said that can be held against them: a figure, a price, a day, a promise."""

    turn: int
    kind: str  # figure | price | day | promise
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerState:
    """The customer's mind after `turn` replies. Values lie in [0, 1].

    `objection`, `further`, `concern`: the ledger, with the objections still to come as hidden; `met`: keys met so far with the turn they were first met in;
    `faults`: how often a fault or banned thing was committed; `moves`: every move so far, oldest first;
    `waiting`: replies running that left the customer's question unanswered; `conceded`, `agreed`: whether
    the customer has accepted a next step, or everything; `outcome`: set when the talk has ended.
    """

    anger: float
    trust: float
    interest: float
    patience: float
    objection: LedgerEntry
    concern: LedgerEntry
    turn: int = 0
    met: tuple[tuple[str, int], ...] = ()
    claims: tuple[Claim, ...] = ()
    faults: int = 0
    insults: int = 0
    moves: tuple[Move, ...] = ()
    conceded: bool = False
    agreed: bool = False
    outcome: Outcome | None = None
    further: tuple[LedgerEntry, ...] = ()
    waiting: int = 0

    @property
    def open_objections(self) -> tuple[LedgerEntry, ...]:
        """The further objections that were brought up and have no answer yet."""
        return tuple(e for e in self.further if e.status in (ConcernStatus.RAISED, ConcernStatus.HEARD))

    @property
    def next_objection(self) -> LedgerEntry | None:
        """The next one to bring up, if any is left."""
        return next((e for e in self.further if e.status is ConcernStatus.HIDDEN), None)

    @property
    def mood(self) -> Mood:
        """The mood level that the line bank knows."""
        if self.anger >= 0.55 or self.patience <= 0.15:
            return Mood.UPSET
        if self.anger <= 0.3 and self.trust >= 0.5:
            return Mood.WARM
        return Mood.NEUTRAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What the director decided after one reply."""

    state: CustomerState
    move: Move
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerLine:
    """What the customer said and where it came from. `source`: `model` or `bank`; `line_id`: of the bank;
    `rejected`: what the guard refused, with the reason; `seconds`: time to make it; of a model's line also `first`, to
    its first words (a thought's, where it thinks), and `tokens` drawn, refused answers included, where the model
    tells. These two are not kept with the session."""

    text: str
    source: str
    seconds: float = 0.0
    line_id: str | None = None
    rejected: tuple[str, ...] = ()
    first: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One reply with all that followed. `grade`, `step`, `line` are None while the answer is pending."""

    index: int
    reply: str
    seconds_to_reply: float | None = None
    grade: Grade | None = None
    step: Step | None = None
    line: CustomerLine | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSetup:
    """What a session was started with, enough to continue or repeat it. `parent`, `parent_turn`: the
    session and the turn it branched from."""

    persona: str
    situation: str
    style: str
    difficulty: Difficulty
    rubric: str
    rubric_hash: str
    encoder: str
    model: str
    seed: int
    trainee: str = ""
    parent: str | None = None
    parent_turn: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A stored session: its set-up, opening, turns so far and end."""

    id: str
    setup: SessionSetup
    started: datetime
    initial: CustomerState
    opening: CustomerLine
    turns: tuple[Turn, ...] = ()
    outcome: Outcome | None = None
    score: float | None = None
    ended: datetime | None = None

    @property
    def state(self) -> CustomerState:
        """The state after the last answered turn."""
        for turn in reversed(self.turns):
            if turn.step is not None:
                return turn.step.state
        return self.initial

    @property
    def pending(self) -> Turn | None:
        """The reply that was stored but not yet answered, if any."""
        return self.turns[-1] if self.turns and self.turns[-1].line is None else None

    @property
    def history(self) -> tuple[tuple[str, str], ...]:
        """The talk so far as (role, text), oldest first."""
        talk: list[tuple[str, str]] = [("customer", self.opening.text)]
        for turn in self.turns:
            talk.append(("trainee", turn.reply))
            if turn.line is not None:
                talk.append(("customer", turn.line.text))
        return tuple(talk)


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSummary:
    """A stored session as a list shows it. `turns`: how many replies it holds, a pending one included."""

    id: str
    setup: SessionSetup
    started: datetime
    turns: int
    outcome: Outcome | None = None
    score: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What came out of a session. `score`: 0-100, None when nothing could be graded; `replies`: how many
    count, the one that ended the talk included."""

    outcome: Outcome
    score: float | None
    replies: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Grading:
    """What replies were graded with. The same rubric, encoder and calibration give the same grades.
    `calibration`: hash of its content; `calibrated`: whether it was made for this very rubric."""

    rubric: str
    rubric_hash: str
    encoder: str
    calibration: str
    calibrated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RegradedTurn:
    """The grade that the reply of turn `index` (0-based) gets in a regrade."""

    index: int
    grade: Grade


@dataclass(frozen=True, kw_only=True, slots=True)
class Regrade:
    """A finished session graded again, beside its own grades. `ending`: what the same replies would have
    led to; `turns`: every reply of the session, those after an earlier end too; `made`: when."""

    session_id: str
    grading: Grading
    made: datetime
    ending: Ending
    turns: tuple[RegradedTurn, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Direction:
    """What the actor is told for one line: the move and what may be woven into it.

    `reveals`: the hidden concern's clause, only when the move reveals it; `answer`: the fact to give when
    the move is `answer`; `figure`, `day`: what the trainee just said; `objection`: what `object` brings up;
    `earlier`, `now`: what was said before and what is said instead, for `catch_out` (`now` is None for a broken
    promise); `wrong`, `surname`: what the trainee called the customer and, where that is what is wrong, the true
    family name, for `correct`; `cues`: what a line may take for granted; `used`: ids of bank lines already
    spoken; `spoken`: what the customer has said so far; `turn`: index of the answered reply.
    """

    move: Move
    mood: Mood
    state: CustomerState
    reply: str
    turn: int
    seed: int
    reveals: str | None = None
    answer: str | None = None
    figure: str | None = None
    day: str | None = None
    objection: LedgerEntry | None = None
    earlier: str | None = None
    now: str | None = None
    wrong: str | None = None
    surname: str | None = None
    cues: frozenset[Cue] = frozenset()
    used: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
