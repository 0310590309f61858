"""How often a change that must not matter changes which items are met (`eval.perturb`)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.cases import Case
from eval.perturb import KINDS
from simulator.domain.grade import Grade, Verdict
from simulator.grading.grader import Grader


@dataclass(frozen=True, kw_only=True)
class Change:
    """A kind of change: how many replies had something to change, and of how many the met items changed."""

    kind: str
    tried: int
    changed: int


def robustness(grader: Grader, cases: Sequence[Case], seed: int = 0) -> list[Change]:
    """Each kind of change made once to every reply that it can be made to."""
    plain = [_met(g) for g in grader.grade_many([c.request for c in cases])]
    out = []
    for kind, change in KINDS.items():
        chance = random.Random(f"{kind}-{seed}")
        replies = [change(c.request.reply, chance) for c in cases]
        touched = [n for n, reply in enumerate(replies) if reply is not None]
        requests = [replace(cases[n].request, reply=replies[n] or "") for n in touched]
        grades = grader.grade_many(requests)
        moved = sum(_met(g) != plain[n] for g, n in zip(grades, touched, strict=True))
        out.append(Change(kind=kind, tried=len(touched), changed=moved))
    return out


def _met(grade: Grade) -> frozenset[str]:
    return frozenset(i.key for i in grade.items if i.verdict is Verdict.MET)
