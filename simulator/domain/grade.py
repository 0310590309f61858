"""What a grade is: verdicts with their evidence, banned hits, features and a quality.

Spans are half-open, in code points of the reply as the trainee typed it. "Could not judge" is a value
of its own (`Verdict.UNSURE`, `quality=None`), never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The item that says in the list of items what `Grade.banned` says in full.
BANNED_KEY = "negative:banned_phrase"


class Verdict(StrEnum):
    """Of an item: done, not done, or too close to call. For a negative, `MET` means committed."""

    MET = "met"
    NOT_MET = "not_met"
    UNSURE = "unsure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Nearest:
    """The rubric's example that lies nearest to the span; `similarity` in [-1, 1]."""

    text: str
    positive: bool
    similarity: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemResult:
    """One item's verdict. `score`: the encoder's calibrated probability in [0, 1], four decimals.
    `settled_by`: the model that settled a verdict the encoder was unsure of; None for the encoder's own."""

    key: str
    verdict: Verdict
    score: float
    span: Span | None = None
    nearest: Nearest | None = None
    settled_by: str | None = None

    @property
    def bare(self) -> str:
        """The id without kind and situation."""
        return self.key.partition(":")[2].rpartition(".")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class BannedHit:
    """A banned thing found. `text` is the reply's own wording at `span`."""

    id: str
    category: str
    score: float
    span: Span
    text: str


class Address(StrEnum):
    """How the customer is addressed."""

    POLITE = "polite"  # 您, or title, and no singular 你
    MIXED = "mixed"
    FAMILIAR = "familiar"  # 你 only
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """Unscored facts about a reply that the director uses.

    `length`: characters without spaces; `figures`: numbers with their unit as typed (钱, 折, 天 …);
    `days`: named days and dates; `promises`: clauses that promise an act; `third_parties`: named kinds of
    other customers; `question_answered`: None when the customer asked nothing; `questions`: the
    clauses that ask something; `called`: surname and title by which the reply addresses somebody (冯厂长);
    `offers`: prices a month that are the trainee's own offer, no rival's, no difference and no list price;
    `mentions`: what else it speaks of (`simulator.language.mentions`);
    `meaningful`: False for an
    empty reply, emoji or symbols only, or text that is not Chinese.
    """

    length: int = 0
    figures: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    address: Address = Address.NONE
    question_answered: bool | None = None
    questions: tuple[str, ...] = ()
    story: bool = False
    third_parties: tuple[str, ...] = ()
    small_talk: bool = False
    spec_list: bool = False
    meaningful: bool = True
    called: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeRequest:
    """What is graded: a reply and the context it was given in. `history` is oldest first, pairs of
    role (`customer` | `trainee`) and text; `facts` are the persona's own, as text by name."""

    situation: str
    reply: str
    customer: str = ""
    style: str | None = None
    history: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    """The judgement of one reply under one rubric, encoder and calibration."""

    rubric: str
    rubric_hash: str
    encoder: str
    calibrated: bool
    items: tuple[ItemResult, ...]
    banned: tuple[BannedHit, ...]
    quality: float | None
    features: Features

    def _met(self, kind: str) -> tuple[str, ...]:
        return tuple(i.bare for i in self.items if i.verdict is Verdict.MET and i.key.startswith(kind + ":"))

    @property
    def steps(self) -> tuple[str, ...]:
        """Bare ids of the steps that are met."""
        return self._met("step")

    @property
    def skills(self) -> tuple[str, ...]:
        """Bare ids of the skills that are met."""
        return self._met("skill")

    @property
    def negatives(self) -> tuple[str, ...]:
        """Bare ids of the faults committed."""
        return self._met("negative")

    @property
    def unsure(self) -> tuple[str, ...]:
        """Keys of the items too close to call."""
        return tuple(i.key for i in self.items if i.verdict is Verdict.UNSURE)
