"""Agreement of gradings with labels: F1, false alarms, Spearman, quadratic kappa, calibration error, intervals.

The same function judges the grader, the baselines and the labellers against each other. Form items and
`banned_phrase` (counted as `banned`) are left out, as in the labelling guide. Knows nothing of graders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from eval.cases import Case
from simulator.domain.grade import Grade

LEFT_OUT = frozenset({"banned_phrase", "polite_address", "plain_words", "match_style"})
KINDS = ("step", "skill", "negative")
MIDDLE = 3.0  # what a reply without a quality counts as
Figures = dict[str, float]
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What someone, or something, found in one reply: bare ids by kind; `banned`: ids, or `{"?"}`."""

    found: Mapping[str, frozenset[str]]
    banned: frozenset[str]
    quality: float | None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Hits, findings and labels of each reply for one kind."""

    hit: Array
    have: Array
    want: Array

    def f1(self, rows: NDArray[np.int64]) -> float:
        """Micro-F1 over `rows`; 0 where nothing is found or labelled."""
        both = self.have[rows].sum() + self.want[rows].sum()
        return float(2 * self.hit[rows].sum() / both) if both else 0.0


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its 95 % bootstrap interval (percentiles, replies drawn with replacement)."""

    value: float
    low: float
    high: float
    support: int = field(default=0)


def of_case(case: Case) -> Reading:
    """The labels as a reading."""
    found = {kind: case.labels[kind] - LEFT_OUT for kind in KINDS}
    banned = frozenset(case.banned) or frozenset({"?"} if case.says_banned else ())
    return Reading(found=found, banned=banned, quality=case.quality)


def of_grade(grade: Grade) -> Reading:
    """A grade as a reading."""
    found = {"step": grade.steps, "skill": grade.skills, "negative": grade.negatives}
    return Reading(
        found={k: frozenset(v) - LEFT_OUT for k, v in found.items()},
        banned=frozenset(h.id for h in grade.banned),
        quality=grade.quality,
    )


def quadratic_kappa(one: Sequence[float], other: Sequence[float]) -> float:
    """Cohen's kappa with quadratic weights on half points (a mean of two labellers may be 3.5)."""
    halves = [[min(10, max(2, int(2 * q + 0.5))) for q in marks] for marks in (one, other)]
    if len(set(halves[0])) == 1 and halves[0] == halves[1]:
        return 1.0
    return float(cohen_kappa_score(*halves, weights="quadratic", labels=list(range(2, 11))))


def agreement(
    labels: Sequence[Reading], readings: Sequence[Reading], draws: int = 1000, seed: int = 0
) -> dict[str, Interval]:
    """The figures of `readings` against `labels`, by name."""
    count = {
        kind: _counts([r.found[kind] for r in labels], [r.found[kind] for r in readings]) for kind in KINDS
    }
    said = [frozenset({"x"}) if r.banned else frozenset() for r in labels]
    heard = [frozenset({"x"}) if r.banned else frozenset() for r in readings]
    count["banned"] = _counts(said, heard)
    clean = np.array([not r.banned and not r.found["negative"] for r in labels])
    alarm = np.array([bool(r.banned) for r in readings])
    marked = [i for i, r in enumerate(labels) if r.quality is not None]
    true = np.array([labels[i].quality for i in marked], dtype=float)
    mine = np.array([readings[i].quality or MIDDLE for i in marked], dtype=float)
    figures: dict[str, Callable[[NDArray[np.int64]], float]] = {
        f"{kind} F1": count[kind].f1 for kind in (*KINDS, "banned")
    }
    figures["false alarms on clean"] = lambda rows: _share(alarm[rows], clean[rows])
    supports = {f"{kind} F1": int(count[kind].want.sum()) for kind in (*KINDS, "banned")}
    supports["false alarms on clean"] = int(clean.sum())
    out = {n: _interval(f, len(labels), draws, seed, supports[n]) for n, f in figures.items()}
    if not marked:
        return out
    out["quality Spearman"] = _interval(
        lambda rows: float(spearmanr(true[rows], mine[rows]).statistic),
        len(marked),
        draws // 4,
        seed,
        len(marked),
    )
    out["quality quadratic kappa"] = _interval(
        lambda rows: quadratic_kappa(true[rows].tolist(), mine[rows].tolist()),
        len(marked),
        draws // 4,
        seed,
        len(marked),
    )
    return out


def _counts(want: Sequence[frozenset[str]], have: Sequence[frozenset[str]]) -> Counts:
    return Counts(
        hit=np.array([len(w & h) for w, h in zip(want, have, strict=True)], dtype=float),
        have=np.array([len(h) for h in have], dtype=float),
        want=np.array([len(w) for w in want], dtype=float),
    )


def _share(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(hits[among].mean()) if among.any() else 0.0


def _interval(
    figure: Callable[[NDArray[np.int64]], float], size: int, draws: int, seed: int, support: int
) -> Interval:
    chance = np.random.default_rng(seed)
    values = [figure(chance.integers(0, size, size)) for _ in range(draws)]
    low, high = np.percentile([v for v in values if np.isfinite(v)] or [0.0], [2.5, 97.5])
    return Interval(value=figure(np.arange(size)), low=float(low), high=float(high), support=support)


def kappas(
    one: Sequence[Reading], other: Sequence[Reading], applies: Sequence[Mapping[str, frozenset[str]]]
) -> dict[str, tuple[float, int]]:
    """Cohen's kappa of two readings of the same replies by item group, over all (reply, applicable item)
    pairs, and how often either found something. `applies`: the ids that could be found, by kind."""
    out = {}
    for kind in KINDS:
        pairs = [
            (item in a.found[kind], item in b.found[kind])
            for a, b, known in zip(one, other, applies, strict=True)
            for item in sorted(known[kind] - LEFT_OUT)
        ]
        out[kind] = (_kappa(pairs), sum(x or y for x, y in pairs))
    pairs = [(bool(a.banned), bool(b.banned)) for a, b in zip(one, other, strict=True)]
    out["banned"] = (_kappa(pairs), sum(x or y for x, y in pairs))
    return out


def _kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    if len({x for pair in pairs for x in pair}) < 2:  # nothing to find, and both found it
        return 1.0
    return float(cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs]))


@dataclass(frozen=True, kw_only=True)
class Bin:
    """A bar of the reliability diagram: verdicts of about `predicted`, of which `actual` were right."""

    predicted: float
    actual: float
    count: int


def reliability(probabilities: Array, labels: NDArray[np.bool_], bins: int = 10) -> list[Bin]:
    """Equal-width bins of [0, 1]; empty ones are left out."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        Bin(
            predicted=float(probabilities[place == b].mean()),
            actual=float(labels[place == b].mean()),
            count=int((place == b).sum()),
        )
        for b in range(bins)
        if (place == b).any()
    ]


def calibration_error(bars: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015): the bins' gaps, weighted by their sizes."""
    total = sum(b.count for b in bars)
    return sum(b.count * abs(b.predicted - b.actual) for b in bars) / total if total else 0.0
