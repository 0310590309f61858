"""Whether the customer's style, and how upset he is, can be told from what he says.

Talks are judged in batches of one situation each, by ears that learned from the bank without anything said in
them (`ears.apart`). Knows nothing of how talks were played.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.fidelity.ears import Ear, apart
from eval.fidelity.talks import Talk
from eval.metrics import Interval
from simulator.domain.persona import Line, Mood

_DRAWS = 1000
_LOUDNESS = {Mood.UPSET.value: 1.0, Mood.NEUTRAL.value: 0.0, Mood.WARM.value: -1.0}


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What an ear made of every line of a talk. `chances`: lines × labels."""

    talk: Talk
    labels: tuple[str, ...]
    chances: NDArray[np.float64]

    def told(self, first: int | None = None) -> str:
        """The likeliest label of the talk's first lines, of all when None: the one with the highest product of
        chances."""
        whole = np.log(self.chances[:first]).sum(axis=0)
        return self.labels[int(np.argmax(whole))]

    def each(self) -> list[str]:
        """The likeliest label of each line alone."""
        return [self.labels[int(i)] for i in np.argmax(self.chances, axis=1)]


def listen(
    talks: Iterable[Talk], lines: Sequence[Line], label: Callable[[Line], str]
) -> tuple[list[Heard], int]:
    """What is heard of every talk by ears for `label` that learned apart from it, and the least number of lines that
    one of them learned from."""
    batches: dict[str, list[Talk]] = defaultdict(list)
    for talk in talks:
        if talk.lines:
            batches[talk.situation].append(talk)
    heard, fewest = [], len(lines)
    for batch in batches.values():
        said = [line for talk in batch for line in talk.lines]
        taught = apart(lines, said, (i for talk in batch for i in talk.line_ids))
        fewest = min(fewest, len(taught))
        ear = Ear(taught, label)
        chances = ear.hear(said)
        ends = np.cumsum([len(talk.lines) for talk in batch])[:-1]
        parts = np.split(chances, ends)
        heard += [Heard(talk=t, labels=ear.labels, chances=p) for t, p in zip(batch, parts, strict=True)]
    return heard, fewest


@dataclass(frozen=True, kw_only=True)
class Styles:
    """How well the style of a talk is told. `labels`: all that may be told, in order; `f1`: macro-F1 with its
    interval; `chance`: how often guessing among `labels` is right; `confusion`: by true style, how often each label was
    told; `by_lines`: by the number of lines heard, the share of talks
    told rightly; `one_line`: the same of single lines; `taught`: lines at least that an ear learned from."""

    talks: int
    labels: tuple[str, ...]
    f1: Interval
    chance: float
    confusion: dict[str, dict[str, int]]
    by_lines: dict[str, float]
    one_line: float
    taught: int


def styles(heard: Sequence[Heard], taught: int, seed: int = 0) -> Styles | None:
    """How well styles are told; None for talks of fewer than two styles. The interval: 95 %, by drawing situations
    again, since what is said in one hangs together."""
    names = sorted({h.talk.style for h in heard})
    if len(names) < 2:
        return None
    truth = [h.talk.style for h in heard]
    told = [h.told() for h in heard]
    labels = tuple(sorted({label for h in heard for label in h.labels}))
    confusion = {a: dict.fromkeys(labels, 0) for a in names}
    for a, b in zip(truth, told, strict=True):
        confusion[a][b] += 1
    single = [word == h.talk.style for h in heard for word in h.each()]
    return Styles(
        talks=len(heard),
        labels=labels,
        f1=_interval(heard, truth, told, seed),
        chance=1 / len(labels),
        confusion=confusion,
        by_lines=_by_lines(heard),
        one_line=sum(single) / len(single),
        taught=taught,
    )


def macro_f1(truth: Sequence[str], told: Sequence[str]) -> float:
    """Mean of the F1 of every label that is true of some."""
    scores = []
    for name in sorted(set(truth)):
        hits = sum(a == b == name for a, b in zip(truth, told, strict=True))
        scores.append(2 * hits / (sum(a == name for a in truth) + sum(b == name for b in told)))
    return sum(scores) / len(scores)


def _interval(heard: Sequence[Heard], truth: list[str], told: list[str], seed: int) -> Interval:
    places: dict[str, list[int]] = defaultdict(list)
    for place, h in enumerate(heard):
        places[h.talk.situation].append(place)
    groups, chance, values = list(places.values()), np.random.default_rng(seed), []
    for _ in range(_DRAWS):
        drawn = [i for g in chance.integers(len(groups), size=len(groups)) for i in groups[g]]
        values.append(macro_f1([truth[i] for i in drawn], [told[i] for i in drawn]))
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(value=macro_f1(truth, told), low=float(low), high=float(high))


def _by_lines(heard: Sequence[Heard]) -> dict[str, float]:
    """By n: of the talks with n lines or more, the share told rightly by the first n."""
    shares = {}
    for n in range(1, max(len(h.talk.lines) for h in heard) + 1):
        right = [h.told(n) == h.talk.style for h in heard if len(h.talk.lines) >= n]
        shares[str(n)] = sum(right) / len(right)
    return shares


def told_alone(heard: Iterable[Heard]) -> Mapping[str, list[bool]]:
    """By talk id, of each line whether its style is told by it alone."""
    return {h.talk.id: [word == h.talk.style for word in h.each()] for h in heard}


@dataclass(frozen=True, kw_only=True)
class Feeling:
    """Whether what is said sounds as upset as the customer is: Spearman's rank correlation of the state's anger and
    how upset the line sounds, over all lines and by style (None where one of both never changes)."""

    lines: int
    correlation: float | None
    by_style: dict[str, float | None]


def feeling(heard: Sequence[Heard]) -> Feeling:
    """How the sound of lines follows the state; openings, which come before any state, are left out."""
    rows = [
        (h.talk.style, e.anger, float(loud))
        for h in heard
        for e, loud in zip(h.talk.exchanges, _loudness(h)[1:], strict=True)
    ]
    names = sorted({style for style, _, _ in rows})
    return Feeling(
        lines=len(rows),
        correlation=_spearman([r[1:] for r in rows]),
        by_style={name: _spearman([r[1:] for r in rows if r[0] == name]) for name in names},
    )


def _loudness(heard: Heard) -> NDArray[np.float64]:
    """How upset each line sounds, -1 (warm) to 1 (upset)."""
    weights = np.array([_LOUDNESS[label] for label in heard.labels])
    shares = heard.chances / heard.chances.sum(axis=1, keepdims=True)
    return np.asarray(shares @ weights)


def _spearman(rows: Sequence[tuple[float, float]]) -> float | None:
    from scipy.stats import spearmanr

    anger, loud = [r[0] for r in rows], [r[1] for r in rows]
    if len(set(anger)) < 2 or len(set(loud)) < 2:
        return None
    return float(spearmanr(anger, loud).statistic)
