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
from simulator.cli.spread import cores, over_cores
from simulator.content.contents import Content
from simulator.domain.grade import Grade, GradeRequest
from simulator.domain.persona import Delta, Difficulty, Family
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError
from simulator.grading.encoder import Encoder
from simulator.grading.interface import ReplyGrader
from simulator.grading.quality import Reason
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


class RememberingGrader:
    """Grades through `grader`, each reply in the same place once: of what came before, only the customer's last
    line and whether the trainee has spoken yet count (`simulator.grading.evidence`)."""

    def __init__(self, grader: ReplyGrader) -> None:
        self._grader = grader
        self._known: dict[GradeRequest, Grade] = {}

    @property
    def rubric(self) -> Rubric:
        """What is graded by."""
        return self._grader.rubric

    @property
    def encoder(self) -> Encoder:
        """What the scores come from."""
        return self._grader.encoder

    @property
    def calibrated(self) -> bool:
        """Whether the calibration was made for this very rubric."""
        return self._grader.calibrated

    def grade(self, request: GradeRequest) -> Grade:
        """The grade of one reply."""
        spoken = any(role == "trainee" for role, _ in request.history)
        place = replace(request, history=(("trainee", ""),) if spoken else ())
        if place not in self._known:
            self._known[place] = self._grader.grade(request)
        return self._known[place]

    def grade_many(self, requests: Sequence[GradeRequest]) -> list[Grade]:
        """The grades of `requests`, in order."""
        return [self.grade(request) for request in requests]

    def reasons(self, request: GradeRequest, grade: Grade) -> list[Reason]:
        """What each item did to the quality of `grade`."""
        return self._grader.reasons(request, grade)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """All that playing needs."""

    content: Content
    rubric: Rubric
    grader: ReplyGrader
    actor: Actor
    scripts: dict[str, Script]

    def play(self, plan: Plan, told: Callable[[int], None] | None = None) -> list[Talk]:
        """Every talk of `plan`. `told` hears how many are done. A talk that breaks off says so."""
        # a model of its own is one for all processes: it is asked from here only
        processes = cores() if self.actor.model.is_bank else 1
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
        try:
            shown = rehearse(casting, who, grader=self.grader, actor=self.actor, seed=seed)
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
