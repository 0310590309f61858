"""Figures of how the customer talks: length, variety, repetition, and whether it wears off as a talk goes on.

Knows nothing of styles' or moods' sound, nor of what is forbidden.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.fidelity.nearness import spoken
from eval.fidelity.talks import Talk
from simulator.actor.wording import grams, jaccard, near
from simulator.domain.persona import Line

_SAMPLE = 2000  # lines at most, so that figures that fall with the number of lines can be compared
_PAIRS = 2000
_SIZES = (1, 2, 3)
_LIKENESS = 2  # characters of the n-grams by which two lines are alike


@dataclass(frozen=True, kw_only=True)
class Speech:
    """How `lines` lines sound. `length`: characters without blanks, mean, quartiles; `questions`: share with a
    question mark; `distinct`: by n, n-grams of characters that differ over all there are, of the sampled lines;
    `likeness`: mean Jaccard of bigrams of two lines drawn by chance."""

    lines: int
    mean: float
    quartiles: tuple[float, float, float]
    questions: float
    distinct: dict[str, float]
    likeness: float


def speech(lines: Sequence[str], sample: int = _SAMPLE, seed: int = 0) -> Speech | None:
    """How `lines` sound, by at most `sample` of them; None without lines."""
    if not lines:
        return None
    drawn = _drawn(lines, sample, seed)
    lengths = np.array([sum(not c.isspace() for c in line) for line in drawn])
    low, middle, high = (float(q) for q in np.percentile(lengths, [25, 50, 75]))
    return Speech(
        lines=len(lines),
        mean=round(float(lengths.mean()), 2),
        quartiles=(low, middle, high),
        questions=sum("?" in line or "？" in line for line in drawn) / len(drawn),
        distinct={str(n): _distinct(drawn, n) for n in _SIZES},
        likeness=_likeness(drawn, seed),
    )


def _drawn(lines: Sequence[str], count: int, seed: int) -> list[str]:
    return random.Random(seed).sample(list(lines), min(count, len(lines)))


def _distinct(lines: Iterable[str], size: int) -> float:
    """distinct-n of characters (after Li et al. 2016, A Diversity-Promoting Objective Function)."""
    found = Counter(line[i : i + size] for line in lines for i in range(len(line) - size + 1))
    return len(found) / found.total() if found else 0.0


def _likeness(lines: Sequence[str], seed: int) -> float:
    if len(lines) < 2:
        return 0.0
    chance = random.Random(seed)
    pairs = (chance.sample(range(len(lines)), 2) for _ in range(_PAIRS))
    return float(np.mean([jaccard(grams(lines[a], _LIKENESS), grams(lines[b], _LIKENESS)) for a, b in pairs]))


@dataclass(frozen=True, kw_only=True)
class Beside:
    """How the customer sounds in a style, beside as many of the bank's lines of that style."""

    said: Speech
    bank: Speech


def beside_bank(talks: Iterable[Talk], lines: Iterable[Line]) -> dict[str, Beside]:
    """By style: how talks sound and how the bank's lines do. Slots are left out of the bank's; each line of a talk
    counts once for the variety of the whole."""
    said: dict[str, list[str]] = defaultdict(list)
    bank: dict[str, list[str]] = defaultdict(list)
    for talk in talks:
        said[talk.style] += talk.lines
    for line in lines:
        bank[line.style].append(spoken(line.text))
    found = {}
    for style, texts in said.items():
        sample = min(len(texts), len(bank[style]), _SAMPLE)
        mine, theirs = speech(texts, sample), speech(bank[style], sample)
        if mine and theirs:
            found[style] = Beside(said=mine, bank=theirs)
    return found


def seen_elsewhere(talks: Iterable[Talk]) -> float | None:
    """Share of the lines that stand word for word in another talk too."""
    talks = list(talks)
    where: dict[str, set[str]] = defaultdict(set)
    for talk in talks:
        for line in talk.lines:
            where[line].add(talk.id)
    seen = [len(where[line]) > 1 for talk in talks for line in talk.lines]
    return sum(seen) / len(seen) if seen else None


@dataclass(frozen=True, kw_only=True)
class AtTurn:
    """The customer's lines at one turn of long talks. `style`: share whose style is told by the line alone;
    `refused`: share for which what the model (or the bank) had was refused or lacking; `repeated`: share that nearly
    says what was said before in the talk."""

    turn: int
    lines: int
    length: float
    style: float
    refused: float
    repeated: float


def decay(talks: Iterable[Talk], told: Mapping[str, Sequence[bool]]) -> list[AtTurn]:
    """How lines change with the turn. `told`: by talk id, of each line (the opening first) whether its style is
    told by it alone."""
    rows: dict[int, list[tuple[float, bool, bool, bool]]] = defaultdict(list)
    for talk in talks:
        for turn, e in enumerate(talk.exchanges, 1):
            refused = bool(e.rejected) or (e.line_id or "").startswith("form:")
            again = near(e.text, talk.lines[:turn]) is not None
            length = float(sum(not c.isspace() for c in e.text))
            rows[turn].append((length, told[talk.id][turn], refused, again))
    return [_at(turn, rows[turn]) for turn in sorted(rows)]


def _at(turn: int, rows: Sequence[tuple[float, bool, bool, bool]]) -> AtTurn:
    length, style, refused, repeated = (float(x) for x in np.mean(np.array(rows, dtype=float), axis=0))
    return AtTurn(
        turn=turn, lines=len(rows), length=round(length, 2), style=style, refused=refused, repeated=repeated
    )


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How fast lines come, of those that the model itself spoke: median seconds to the first words and for a line,
    characters and tokens a second; None where the model does not tell."""

    lines: int
    median: float
    slowest_tenth: float
    characters_per_second: float
    first: float | None
    tokens_per_second: float | None


def own_words(talks: Iterable[Talk]) -> float | None:
    """Share of the answers that the model itself spoke; the bank gave the rest. None without answers."""
    own = [e.source == "model" for t in talks for e in t.exchanges]
    return sum(own) / len(own) if own else None


def speed(talks: Iterable[Talk]) -> Speed | None:
    """How fast a model answers; None when it spoke no line."""
    own = [e for t in talks for e in t.exchanges if e.source == "model"]
    if not own:
        return None
    seconds = np.array([e.seconds for e in own])
    characters = sum(len(e.text) for e in own)
    first = [e.first for e in own if e.first is not None]
    counted = [(e.tokens, e.seconds) for e in own if e.tokens is not None]
    return Speed(
        lines=len(own),
        median=round(float(np.median(seconds)), 3),
        slowest_tenth=round(float(np.percentile(seconds, 90)), 3),
        characters_per_second=round(characters / max(float(seconds.sum()), 1e-9), 1),
        first=round(float(np.median(first)), 3) if first else None,
        tokens_per_second=(
            round(sum(n for n, _ in counted) / max(sum(s for _, s in counted), 1e-9), 1) if counted else None
        ),
    )
