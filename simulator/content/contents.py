"""All content at one moment: what styles, people, rubrics and lines there are, and how they are picked.

Knows nothing of files, nor of when they change (that is `catalog`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from simulator.content import wording
from simulator.domain.persona import Line, Move, Persona, Situation, Style
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything trainers wrote, checked and ready. `released`: hashes of released rubrics by ref."""

    styles: dict[str, Style] = field(default_factory=dict)
    situations: dict[str, Situation] = field(default_factory=dict)
    personas: dict[str, Persona] = field(default_factory=dict)
    rubrics: dict[str, Rubric] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    prompts: dict[str, str] = field(default_factory=dict)
    moves: dict[Move, str] = field(default_factory=dict)
    released: dict[str, str] = field(default_factory=dict)

    def persona(self, persona_id: str) -> Persona:
        """The person of that id. Raises UsageError."""
        return _pick(self.personas, persona_id, "人物")

    def situation(self, situation_id: str) -> Situation:
        """The situation of that id. Raises UsageError."""
        return _pick(self.situations, situation_id, "情境")

    def style(self, style_id: str) -> Style:
        """The style of that id. Raises UsageError."""
        return _pick(self.styles, style_id, "风格")

    def rubric(self, wanted: str) -> Rubric:
        """`name@version`, or `name` for its newest released version (newest of all when none is
        released). Raises UsageError."""
        name, _, version = wanted.partition("@")
        if version:
            return _pick(self.rubrics, wanted, "评分标准")
        family = [r for r in self.rubrics.values() if r.name == name]
        if not family:
            return _pick(self.rubrics, wanted, "评分标准")
        released = [r for r in family if r.ref in self.released]
        return max(released or family, key=lambda r: r.version)

    def versions(self, rubric: Rubric) -> tuple[Rubric, ...]:
        """`rubric`, then the other versions of its name."""
        others = (r for r in self.rubrics.values() if r.name == rubric.name and r.version != rubric.version)
        return (rubric, *others)

    def first_persona(self, situation_id: str) -> Persona:
        """The situation's first person in the cast, by id. Raises UsageError when it has none."""
        for person in self.personas.values():
            if person.situations[0] == situation_id:
                return person
        for person in self.personas.values():
            if situation_id in person.situations:
                return person
        raise UsageError(f"情境 {situation_id} 还没有人物：在 personas/cast/ 里加一个。")

    def under(self, rubric: Rubric) -> Content:
        """What can be practised under `rubric`: of each person the situations that it scores, and nobody
        without one."""
        cast = {}
        for person in self.personas.values():
            kept = tuple(s for s in person.situations if s in rubric.situations)
            if kept:
                cast[person.id] = replace(person, situations=kept)
        return replace(self, personas=cast)

    def scene(self, persona: Persona, rubric: Rubric, wanted: str | None = None) -> Situation:
        """The situation that `persona` plays under `rubric`: `wanted`, or the person's first that is
        scored. Raises UsageError when the person does not play it or the rubric does not score it."""
        scored = tuple(s for s in persona.situations if s in rubric.situations)
        known = scored or persona.situations
        situation = self.situation(wanted or known[0])
        if situation.id not in persona.situations:
            raise UsageError(f"{persona.name} 不练情境 {situation.id}，可以练：{'、'.join(known)}。")
        self.check_scored(rubric, situation)
        return situation

    def check_scored(self, rubric: Rubric, situation: Situation) -> None:
        """Raises UsageError, with what can be practised and with whom, when `rubric` does not score
        `situation`."""
        if situation.id in rubric.situations:
            return
        who: dict[str, str] = {}
        for person in self.under(rubric).personas.values():
            for other in person.situations:
                who.setdefault(other, person.id)
        played = "、".join(f"{other}（如 {who[other]}）" for other in sorted(who))
        told = f"可以练：{played}" if played else "能练的一个也没有"
        raise UsageError(f"评分标准 {rubric.ref} 不给情境 {situation.id} 打分，{told}。")


def _pick(table: dict[str, T], wanted: str, what: str) -> T:
    try:
        return table[wanted]
    except KeyError:
        hint = wording.suggest(wanted, table) or f"，可以是：{wording.choices(table)}"
        raise UsageError(f"没有 {wording.show(wanted)} 这个{what}{hint}") from None
