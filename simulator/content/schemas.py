"""The shape of every trainers' file, as pydantic models that become domain types.

Knows nothing of folders, of rules that join several keys of a file (`consistency`) or of how files refer
to each other (`crosscheck`). Unknown keys are refused everywhere: a typo must not pass.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from simulator.domain import persona as p
from simulator.domain import rubric as r

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Unit = Annotated[float, Field(ge=0, le=1)]
Signed = Annotated[float, Field(ge=-1, le=1)]
Requirement = Literal["day", "figure", "question", "open_question", "company", "own_name", "opening"]
Detector = Literal[
    "polite_address", "plain_words", "echo", "cancelled_understanding", "match_style", "spin",
]  # fmt: skip


class Strict(BaseModel):
    """Base: unknown keys refused, numbers finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DeltaFile(Strict):
    """Changes of the four values."""

    anger: Signed = 0.0
    trust: Signed = 0.0
    interest: Signed = 0.0
    patience: Signed = 0.0

    def to_domain(self) -> p.Delta:
        """The domain type."""
        return p.Delta(**self.model_dump())


class ConditionFile(Strict):
    """When an outcome may be given."""

    coverage: Unit = 0.0
    steps: tuple[Id, ...] = ()
    trust: Unit = 0.0
    interest: Unit = 0.0
    anger: Unit = 1.0
    concern: p.ConcernStatus | None = None

    def to_domain(self) -> p.Condition:
        """The domain type."""
        return p.Condition(**dict(self))


class StyleFile(Strict):
    """`personas/styles/<id>.yaml`."""

    id: Id
    name: Text
    summary: Text
    wins: Text
    loses: Text
    voice: Text
    long_reply: Annotated[int, Field(ge=10, le=2000)]
    start: DeltaFile = DeltaFile()
    drift: DeltaFile
    effects: dict[str, DeltaFile]
    moves: dict[p.Move, Annotated[float, Field(ge=0, le=10)]]

    def to_domain(self) -> p.Style:
        """The domain type."""
        plain = self.model_dump(exclude={"start", "drift", "effects", "moves"})
        return p.Style(
            **plain,
            start=self.start.to_domain(),
            drift=self.drift.to_domain(),
            effects={k: v.to_domain() for k, v in self.effects.items()},
            moves=dict(self.moves),
        )


class StartFile(Strict):
    """Where the four values begin."""

    anger: Unit
    trust: Unit
    interest: Unit
    patience: Unit


class ObjectionFile(Strict):
    """Something else customers in a situation bring up."""

    id: Id
    text: Annotated[str, StringConstraints(min_length=2, max_length=24, strip_whitespace=True)]


class SituationFile(Strict):
    """`personas/situations/<id>.yaml`."""

    id: Id
    family: p.Family
    name: Text
    summary: Text
    customer_says: Text
    source: str = ""
    steps: Annotated[tuple[Id, ...], Field(min_length=1)]
    ordered: bool = True
    start: StartFile
    moves: Annotated[tuple[p.Move, ...], Field(min_length=3)]
    acknowledges: tuple[str, ...]
    probes: tuple[str, ...]
    answers: tuple[str, ...]
    proposals: tuple[str, ...]
    won: ConditionFile
    advanced: ConditionFile
    max_turns: Annotated[int, Field(ge=1, le=40)]
    objections: tuple[ObjectionFile, ...] = ()
    presented: bool = False

    def to_domain(self) -> p.Situation:
        """The domain type."""
        values = dict(self)
        values |= {
            "objections": tuple(p.Objection(**o.model_dump()) for o in self.objections),
            "start": self.start.model_dump(),
            "won": self.won.to_domain(),
            "advanced": self.advanced.to_domain(),
        }
        return p.Situation(**values)


class MoneyFile(Strict):
    """An amount with its unit."""

    amount: Annotated[float, Field(ge=0)]
    unit: Text


class ConcernFile(Strict):
    """The hidden real worry."""

    short: Annotated[str, StringConstraints(min_length=2, max_length=24, strip_whitespace=True)]
    detail: Text
    cues: Annotated[tuple[Text, ...], Field(min_length=2)]


class AnswerFile(Strict):
    """A fact given when asked."""

    about: Annotated[tuple[Text, ...], Field(min_length=1)]
    text: Text


class PersonaFile(Strict):
    """`personas/cast/<id>.yaml`."""

    id: Id
    name: Annotated[str, StringConstraints(min_length=1, max_length=12)]
    gender: Literal["male", "female"]
    age: Annotated[int, Field(ge=14, le=110)]
    title: Text
    company: str | None
    buying_role: Literal["initiator", "user", "influencer", "decision_maker", "executor"] | None
    style: Id
    situations: Annotated[tuple[Id, ...], Field(min_length=1)]
    difficulty: p.Difficulty = p.Difficulty.NORMAL
    product: str | None
    plan: Text
    bill: MoneyFile
    price: MoneyFile | None = None
    facts: Annotated[tuple[Text, ...], Field(min_length=1)]
    arithmetic: str = ""
    cause: Text
    concern: ConcernFile
    other_concerns: tuple[ConcernFile, ...] = ()
    opening: tuple[Text, ...] = ()
    answers: tuple[AnswerFile, ...] = ()
    background: Text
    goal: Text
    effects: dict[str, DeltaFile] = {}
    won: ConditionFile | None = None
    advanced: ConditionFile | None = None
    standing: p.Standing | None = None

    def to_domain(self) -> p.Persona:
        """The domain type."""
        values = {k: v for k, v in dict(self).items() if k != "arithmetic"}
        values |= {
            "bill": p.Money(**self.bill.model_dump()),
            "price": p.Money(**self.price.model_dump()) if self.price else None,
            "concern": p.Concern(**self.concern.model_dump()),
            "other_concerns": tuple(p.Concern(**c.model_dump()) for c in self.other_concerns),
            "answers": tuple(p.Answer(**a.model_dump()) for a in self.answers),
            "effects": {k: v.to_domain() for k, v in self.effects.items()},
            "won": self.won.to_domain() if self.won else None,
            "advanced": self.advanced.to_domain() if self.advanced else None,
        }
        return p.Persona(**values)


class LineFile(Strict):
    """One line of `personas/lines/*.jsonl`."""

    style: Id
    move: p.Move
    mood: p.Mood
    scopes: Annotated[tuple[Id, ...], Field(min_length=1)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
    objection: Id | None = None
    needs: tuple[p.Cue, ...] = ()
    speakers: tuple[Id, ...] = ()


class PlacementFile(Strict):
    """How a step counts in one situation."""

    order: Annotated[int, Field(ge=1, le=20)] = 1
    weight: Annotated[float, Field(gt=0, le=10)] = 1.0
    any_of: Id | None = None


class ItemFile(Strict):
    """An item of a rubric."""

    id: Id
    kind: r.Kind
    name: Text
    meaning: Text
    advice: Text
    weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    situations: dict[Id, PlacementFile] = {}
    requires: tuple[Requirement, ...] = ()
    detector: Detector | None = None
    quality_cap: Annotated[float, Field(ge=1, le=5)] = 5.0
    form_only: bool = False
    examples: tuple[Text, ...] = ()
    contrast: tuple[Text, ...] = ()

    def to_domain(self) -> r.RubricItem:
        """The domain type."""
        values = {k: v for k, v in dict(self).items() if k != "situations"}
        values["placements"] = {k: r.Placement(**v.model_dump()) for k, v in self.situations.items()}
        return r.RubricItem(**values)


class BannedFile(Strict):
    """A banned phrase of a rubric."""

    id: Annotated[str, StringConstraints(pattern=r"^b\d{3}$")]
    category: Id
    phrase: Text
    source: str
    note: str = ""
    better: Text
    paraphrases: Annotated[tuple[Text, ...], Field(min_length=3)]
    neighbours: Annotated[tuple[Text, ...], Field(min_length=2)]


class PrescribedFile(Strict):
    """A wording that the sources prescribe."""

    id: Annotated[str, StringConstraints(pattern=r"^p\d{3}$")]
    source: str
    situation: Id
    customer: str = ""
    text: Text
    steps: Annotated[tuple[Id, ...], Field(min_length=1)]


class ScoringFile(Strict):
    """How a session's score is made."""

    steps: Annotated[float, Field(ge=0, le=100)] = 70.0
    skills: Annotated[float, Field(ge=0, le=100)] = 30.0
    skills_wanted: Annotated[int, Field(ge=1, le=20)] = 5
    out_of_order: Unit = 0.25
    negative: Annotated[float, Field(ge=0, le=100)] = 8.0
    banned: Annotated[float, Field(ge=0, le=100)] = 20.0


class IncludeFile(Strict):
    """What a rubric takes from another one, `base` (`from` in the file); see `including`."""

    base: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*@[1-9][0-9]*$"), Field(alias="from")]
    items: tuple[Text, ...] = ()
    banned: bool = False
    prescribed: bool = False


class RubricFile(Strict):
    """`rubrics/<name>@<version>.yaml`. One that takes nothing from others has items of its own."""

    rubric: Id
    version: Annotated[int, Field(ge=1)]
    title: Text
    scoring: ScoringFile = ScoringFile()
    include: tuple[IncludeFile, ...] = ()
    items: tuple[ItemFile, ...] = ()
    banned: tuple[BannedFile, ...] = ()
    prescribed: tuple[PrescribedFile, ...] = ()

    def to_domain(self) -> r.Rubric:
        """The domain type as far as this file goes, with the hash of what stands in it. What it takes from
        others is added by `including`."""
        unused = None if self.include else {"include"}  # hashes of rubrics without it stay as they were
        plain = self.model_dump(mode="json", by_alias=True, exclude=unused)
        canonical = json.dumps(plain, ensure_ascii=False, sort_keys=True)
        return r.Rubric(
            name=self.rubric,
            version=self.version,
            title=self.title,
            items=tuple(i.to_domain() for i in self.items),
            banned=tuple(r.BannedPhrase(**b.model_dump()) for b in self.banned),
            prescribed=tuple(r.PrescribedLine(**line.model_dump()) for line in self.prescribed),
            scoring=r.Scoring(**self.scoring.model_dump()),
            hash=hashlib.sha256(canonical.encode()).hexdigest()[:16],
        )
