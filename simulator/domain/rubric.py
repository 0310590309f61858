"""What a rubric is: items with examples, banned phrases, and how a score is made of them.

Knows nothing of YAML or of encoders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an item is: a prescribed step of a situation, a general skill, a fault."""

    STEP = "step"
    SKILL = "skill"
    NEGATIVE = "negative"


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """How an item counts in one situation.

    `order`: place in the prescribed handling, 1-based; `weight`: share of the step score, > 0;
    `any_of`: name of the alternative the step belongs to (two scripts for one objection), or None.
    """

    order: int = 1
    weight: float = 1.0
    any_of: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RubricItem:
    """One thing a reply can do. A step's `placements` maps situation id to its place there;
    skills and negatives count everywhere and have none."""

    id: str
    kind: Kind
    name: str
    meaning: str
    advice: str
    examples: tuple[str, ...]
    contrast: tuple[str, ...]
    weight: float = 1.0
    placements: dict[str, Placement] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    detector: str | None = None
    quality_cap: float = 5.0
    form_only: bool = False

    def applies_to(self, situation: str) -> bool:
        """Whether this item is judged in `situation`."""
        return self.kind is not Kind.STEP or situation in self.placements

    def key_in(self, situation: str) -> str:
        """The item's key as grades carry it: `step:<situation>.<id>`, `skill:<id>`, `negative:<id>`."""
        if self.kind is Kind.STEP:
            return f"step:{situation}.{self.id}"
        return f"{self.kind.value}:{self.id}"

    @property
    def keys(self) -> tuple[str, ...]:
        """All its keys: a step has one in each of its situations."""
        return tuple(map(self.key_in, self.placements)) or (self.key_in(""),)


@dataclass(frozen=True, kw_only=True, slots=True)
class BannedPhrase:
    """A thing that must not be said, in any words; `better` is the wording to use instead."""

    id: str
    category: str
    phrase: str
    source: str
    better: str
    paraphrases: tuple[str, ...]
    neighbours: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrescribedLine:
    """A wording that the sources prescribe for `situation`; saying it meets `steps` (bare ids).

    `source`: the document it comes from; `customer`: what is said before it.
    """

    id: str
    source: str
    situation: str
    customer: str
    text: str
    steps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scoring:
    """How a session's score (0-100) is made: points for steps and for skills, minus faults.

    `skills_wanted`: how many different skills earn the full points; `out_of_order`: share of a step's
    points lost when it comes before a step that should precede it; `negative`, `banned`: points lost
    each time.
    """

    steps: float = 70.0
    skills: float = 30.0
    skills_wanted: int = 5
    out_of_order: float = 0.25
    negative: float = 8.0
    banned: float = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rubric:
    """A version of a rubric. `hash` is of its meaning, not of its bytes: comments do not change it."""

    name: str
    version: int
    title: str
    items: tuple[RubricItem, ...]
    banned: tuple[BannedPhrase, ...]
    scoring: Scoring
    hash: str
    prescribed: tuple[PrescribedLine, ...] = ()

    @property
    def ref(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def situations(self) -> frozenset[str]:
        """The situations that it scores: those it has steps for."""
        return frozenset(s for i in self.items if i.kind is Kind.STEP for s in i.placements)

    def items_for(self, situation: str) -> tuple[RubricItem, ...]:
        """The items judged in `situation`, in file order."""
        return tuple(i for i in self.items if i.applies_to(situation))

    def steps_of(self, situation: str) -> tuple[RubricItem, ...]:
        """The prescribed steps of `situation`, in prescribed order."""
        steps = [i for i in self.items if i.kind is Kind.STEP and situation in i.placements]
        return tuple(sorted(steps, key=lambda i: i.placements[situation].order))

    def item(self, key: str) -> RubricItem | None:
        """The item of a grade's key, or None."""
        kind, _, rest = key.partition(":")
        situation, dot, bare = rest.rpartition(".")
        for i in self.items:
            named = i.kind.value == kind and i.id == (bare if dot else rest)
            if named and (not dot or situation in i.placements):
                return i
        return None

    def wording(self, item: RubricItem, situation: str, pick: int) -> str:
        """A wording that does `item` in `situation`: one of its examples, chosen by `pick`. The examples
        of an item of several situations may be of another one: then a prescribed line that does little
        else, where there is one. Empty when there is neither."""
        if len(item.placements) > 1:
            lines = [x for x in self.prescribed if x.situation == situation and item.id in x.steps]
            short = [x for x in lines if len(x.steps) <= 2]
            if short:
                return min(short, key=lambda x: (len(x.steps), len(x.text))).text
        return item.examples[pick % len(item.examples)] if item.examples else ""

    def banned_phrase(self, phrase_id: str) -> BannedPhrase | None:
        """The banned phrase of an id, or None."""
        return next((b for b in self.banned if b.id == phrase_id), None)
