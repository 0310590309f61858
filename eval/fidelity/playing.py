"""Plays every trainee in every situation with every style and seed, over the cores of this machine.

Knows nothing of figures. The same plan with the same program gives the same talks, however many cores there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from eval.fidelity import trainees
from eval.fidelity.scripts import Script
from eval.fidelity.talks import Talk, talk_of
from simulator import director
from simulator.actor.actor import Actor
from simulator.actor.breaker import Breaker
from simulator.actor.models.registry import CustomerModel
from simulator.cli.spread import cores, over_cores
from simulator.content.contents import Content
from simulator.domain.persona import Delta, Difficulty, Family
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError
from simulator.grading.interface import ReplyGrader
from simulator.session import rehearse


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is played: `kinds` of trainee in each of `situations` with each of `styles`, `seeds` times."""

    situations: tuple[str, ...]
    styles: tuple[str, ...]
    seeds: int
    level: Difficulty = Difficulty.NORMAL
    kinds: tuple[str, ...] = trainees.MAIN + trainees.LASTING

    @property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """Every (situation, style)."""
        return tuple((situation, style) for situation in self.situations for style in self.styles)

    @property
    def count(self) -> int:
        """How many talks there will be."""
        return len(self.cells) * len(self.kinds) * self.seeds


def chosen(
    content: Content, rubric: Rubric, situations: Sequence[str], styles: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Situations and styles to play: those named, or all but drills. Raises UsageError for one that there is not or
    that the rubric does not score."""
    for name in situations:
        content.check_scored(rubric, content.situation(name))
    scored = [
        s.id
        for s in content.situations.values()
        if s.family is not Family.DRILL and s.id in rubric.situations
    ]
    if not situations and not scored:
        raise UsageError(f"评分标准 {rubric.ref} 不给任何对话情境打分，没有可演的。")
    return tuple(situations or scored), tuple(content.style(s).id for s in styles or content.styles)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """All that playing needs. `voice`: the actor whose lines `model` speaks."""

    content: Content
    rubric: Rubric
    grader: ReplyGrader
    model: CustomerModel
    voice: Callable[[CustomerModel], Actor]
    scripts: dict[str, Script]

    def play(self, plan: Plan, told: Callable[[int], None] | None = None) -> list[Talk]:
        """Every talk of `plan`. `told` hears how many are done. A talk that breaks off says so."""
        # a model of its own is one for all processes: it is asked from here only
        processes = cores() if self.model.is_bank else 1
        talks: list[Talk] = []
        for _, done in over_cores(lambda cell: self._cell(plan, *cell), iter(plan.cells), processes):
            talks += done
            if told:
                told(len(talks))
        return talks

    def _cell(self, plan: Plan, situation: str, style: str) -> list[Talk]:
        return [
            self._talk(plan, situation, style, kind, seed)
            for kind in plan.kinds
            for seed in range(plan.seeds)
        ]

    def _talk(self, plan: Plan, situation: str, style: str, kind: str, seed: int) -> Talk:
        content = self.content
        casting = director.cast(
            content.first_persona(situation),
            content.style(style),
            content.situation(situation),
            self.rubric,
            plan.level,
            seed,
        )
        if kind in trainees.LASTING:
            casting = unwearying(casting)
        who = trainees.trainee(kind, self.scripts[situation], casting, seed, plan.cells)
        # each talk asks the model afresh: what failed in one says nothing about the next
        actor = self.voice(replace(self.model, breaker=Breaker()))
        try:
            shown = rehearse(casting, who, grader=self.grader, actor=actor, seed=seed)
        except Exception as error:  # border: whatever it is, it is a talk that broke off  # noqa: BLE001
            return Talk(
                situation=situation, style=style, persona=casting.persona.id,
                concern=casting.persona.concern.short, trainee=kind, seed=seed, level=plan.level.value,
                error=f"{type(error).__name__}: {error}",
            )  # fmt: skip
        return talk_of(casting, shown, trainee=kind, seed=seed)


def unwearying(casting: director.Casting) -> director.Casting:
    """`casting` with a customer whose patience never falls and who sits out `trainees.TURNS` turns: all else stays
    as it is, so that what changes with the length of a talk can be seen."""
    situation = replace(
        casting.situation,
        start=casting.situation.start | {"patience": 1.0},
        max_turns=max(casting.situation.max_turns, trainees.TURNS + 1),
    )
    style = replace(casting.style, drift=_patient(casting.style.drift))
    effects = {key: _patient(effect) for key, effect in casting.effects.items()}
    return replace(casting, situation=situation, style=style, effects=effects)


def _patient(delta: Delta) -> Delta:
    return replace(delta, patience=max(0.0, delta.patience))
