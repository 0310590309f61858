"""Figures of how talks go: whether better trainees come further, how surely the expert wins, how talks end, and
whether each style takes the talk its own way.

Knows nothing of words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

from eval.fidelity import trainees
from eval.fidelity.breaches import Breach, Kind
from eval.fidelity.talks import Talk, of_trainees
from simulator.domain.persona import Move
from simulator.domain.session import Outcome

_BEST_FIRST = (trainees.EXPERT, trainees.AVERAGE, trainees.RUDE)


@dataclass(frozen=True, kw_only=True)
class Order:
    """Of `triples` (situation, style, seed) with an expert, an average and a rude talk, the share in which each comes
    further than the next: by outcome and, where that is equal, by score (`share`); by outcome or by score
    (`either`); by outcome alone (`by_outcome`). None without triples. `missed`: ids of the experts' talks of the
    triples that `share` does not count."""

    triples: int
    share: float | None
    either: float | None
    by_outcome: float | None
    missed: tuple[str, ...]


def order(talks: Iterable[Talk]) -> Order:
    """How surely a better trainee comes further."""
    rows: dict[tuple[str, str, int], dict[str, Talk]] = defaultdict(dict)
    for talk in of_trainees(talks, *_BEST_FIRST):
        rows[talk.situation, talk.style, talk.seed][talk.trainee] = talk
    triples = [[row[k] for k in _BEST_FIRST] for row in rows.values() if len(row) == len(_BEST_FIRST)]
    strict = [all(a.rank > b.rank for a, b in pairwise(t)) for t in triples]
    either = [all(a.rank[0] > b.rank[0] or a.rank[1] > b.rank[1] for a, b in pairwise(t)) for t in triples]
    outcome = [all(a.rank[0] > b.rank[0] for a, b in pairwise(t)) for t in triples]
    return Order(
        triples=len(triples),
        share=_share(strict),
        either=_share(either),
        by_outcome=_share(outcome),
        missed=tuple(t[0].id for t, kept in zip(triples, strict, strict=True) if not kept),
    )


def _share(held: Sequence[bool]) -> float | None:
    return sum(held) / len(held) if held else None


def passed_all(passes: Sequence[Sequence[bool]], k: int) -> float | None:
    """pass^k: the chance that k tries of a cell, drawn without return, are all passed, over cells: the mean of
    C(c, k) / C(n, k), where c of a cell's n tries were passed (Yao et al. 2024, tau-bench, section 3). None when no
    cell has k tries."""
    held = [comb(sum(cell), k) / comb(len(cell), k) for cell in passes if len(cell) >= k]
    return sum(held) / len(held) if held else None


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """How surely the expert passes: pass^k for k = 1, 2, … as far as there are seeds. `won`: passed means won;
    `advanced`: won or advanced. `cells`: of (situation, style); `failed`: those in which not all seeds were won, with
    how many were."""

    cells: int
    won: tuple[float, ...]
    advanced: tuple[float, ...]
    failed: dict[str, str]


def reliability(talks: Iterable[Talk]) -> Reliability:
    """How surely the expert passes."""
    cells: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for talk in of_trainees(talks, trainees.EXPERT):
        assert talk.outcome is not None
        cells[talk.situation, talk.style].append(talk.outcome)
    most = max(map(len, cells.values()), default=0)
    won = [[o is Outcome.WON for o in cell] for cell in cells.values()]
    far = [[o in (Outcome.WON, Outcome.ADVANCED) for o in cell] for cell in cells.values()]
    return Reliability(
        cells=len(cells),
        won=tuple(passed_all(won, k) or 0.0 for k in range(1, most + 1)),
        advanced=tuple(passed_all(far, k) or 0.0 for k in range(1, most + 1)),
        failed={
            "/".join(cell): f"{sum(held)}/{len(held)}"
            for cell, held in zip(cells, won, strict=True)
            if not all(held)
        },
    )


def outcomes(talks: Iterable[Talk]) -> dict[str, dict[str, int]]:
    """How often each kind of trainee came to each outcome."""
    counts: dict[str, dict[str, int]] = {}
    for talk in talks:
        row = counts.setdefault(talk.trainee, {o.value: 0 for o in Outcome} | {"broken": 0})
        row[talk.outcome.value if talk.outcome else "broken"] += 1
    return counts


@dataclass(frozen=True, kw_only=True)
class Endings:
    """How talks end. `accepted`: talks in which the customer accepted and the trainee spoke again; `ended`: that
    ended by the customer; `right`: the share of these (either) without a fault of ending, None when there are none."""

    accepted: int
    ended: int
    right: float | None


def endings(talks: Iterable[Talk], breaches: Iterable[Breach]) -> Endings:
    """How talks end; `breaches` of all talks."""
    faulty = {b.talk for b in breaches if b.kind is Kind.ENDING}
    whole = [t for t in talks if t.outcome is not None and t.exchanges]
    accepted = [t for t in whole if any(e.move is Move.ACCEPT for e in t.exchanges[:-1])]
    ended = [t for t in whole if t.exchanges[-1].move in (Move.FAREWELL, Move.LEAVE, Move.ESCALATE)]
    counted = {t.id: t for t in (*accepted, *ended)} | {t.id: t for t in whole if t.id in faulty}
    return Endings(accepted=len(accepted), ended=len(ended), right=_share([i not in faulty for i in counted]))


@dataclass(frozen=True, kw_only=True)
class Courses:
    """Whether the same script takes another course with each style. Of `groups` (situation, seed) with the average
    trainee's talk in every style: the share whose courses differ pairwise, by moves and moods (`share`), by moves
    alone (`by_moves`). None without groups of two styles or more."""

    groups: int
    share: float | None
    by_moves: float | None


def courses(talks: Iterable[Talk]) -> Courses:
    """How the courses of the same script differ from style to style."""
    groups: dict[tuple[str, int], list[Talk]] = defaultdict(list)
    for talk in of_trainees(talks, trainees.AVERAGE):
        groups[talk.situation, talk.seed].append(talk)
    whole = [g for g in groups.values() if len(g) > 1]
    both = [_pairwise_unlike([tuple(e.course for e in t.exchanges) for t in g]) for g in whole]
    moves = [_pairwise_unlike([tuple(e.move for e in t.exchanges) for t in g]) for g in whole]
    return Courses(groups=len(whole), share=_share(both), by_moves=_share(moves))


def _pairwise_unlike(courses: Sequence[object]) -> bool:
    return all(a != b for a, b in combinations(courses, 2))
