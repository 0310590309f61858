"""What labelled replies taught of each item: one logistic model a column, kept as arrays.

A model looks at the shared logit, at all columns' scores and facts of the text (`whole`), and at character
n-grams: of the reply in its canonical form, with how its clauses begin and end, and of the customer's line,
with the situation. Knows nothing of probabilities, thresholds or of how the weights were found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from simulator.language.canonical import ASKED, BREAK, canonical, with_marks
from simulator.language.spelling import sound

LONGEST_GRAM = 4
_LONGEST_HEARD = 3  # of the customer's line
_EDGES = (2, 3)  # letters at the beginning and the end of a clause
_SHORT_CLAUSE = 6  # letters up to which a clause is also counted whole
# What marks an n-gram of sounds, of the customer's line, the situation: letters of no reply.
_SOUNDS, _HEARD, _PLACE = "\u02d0", "\u02d1", "@"
_MARKS = (BREAK, ASKED)
_CLAUSE = re.compile(f"[^{re.escape(BREAK + ASKED)}]+")
Values = NDArray[np.float32]


class Turn(NamedTuple):
    """A reply in its situation, and the customer's line before it (empty where there is none)."""

    situation: str
    reply: str
    customer: str = ""


def grams(said: Turn) -> list[str]:
    """What is counted: n-grams of the reply's canonical characters, of their sounds, of the characters about
    a mark and at the edges of clauses; n-grams of the customer's line; the situation."""
    text, _ = with_marks(said.reply)
    return [*_about(said), *(gram for gram, _ in placed(text))]


def _about(said: Turn) -> list[str]:
    """What is counted beside the reply."""
    line = canonical(said.customer)[0]
    sizes = range(1, _LONGEST_HEARD + 1)
    heard = [_HEARD + line[i : i + n] for n in sizes for i in range(len(line) - n + 1)]
    return [_PLACE + said.situation, *heard]


@lru_cache(maxsize=64)  # large; asked for once to judge a reply and once to tell which words decided
def placed(text: str) -> list[tuple[str, list[int]]]:
    """(n-gram, its characters' places in `text`, a levelled text with marks): all that `grams` counts of a
    reply, once for each time it stands there."""
    letters = [i for i, c in enumerate(text) if c not in _MARKS]
    sounds = {i: sound(text[i]) for i in letters}
    found = []
    for size in range(1, LONGEST_GRAM + 1):
        for start in range(len(letters) - size + 1):
            places = letters[start : start + size]
            found.append(("".join(text[i] for i in places), places))
            if size > 1:
                found.append((_SOUNDS + " ".join(sounds[i] for i in places), places))
    for mark in (i for i, c in enumerate(text) if c in _MARKS):
        for size in (2, 3):
            for start in range(max(0, mark - size + 1), min(mark, len(text) - size) + 1):
                found.append((text[start : start + size], list(range(start, start + size))))
    return found + _edges(text)


def _edges(text: str) -> list[tuple[str, list[int]]]:
    """How each clause begins and ends, and the first and the last of them; short clauses whole."""
    clauses = [(m.start(), m.end()) for m in _CLAUSE.finditer(text)]
    found = []
    for number, (start, end) in enumerate(clauses):
        first, last = number == 0, number == len(clauses) - 1
        for size in (n for n in _EDGES if n <= end - start):
            head, tail = range(start, start + size), range(end - size, end)
            found += [("^" + text[start : start + size], [*head]), (text[end - size : end] + "$", [*tail])]
            found += [("^^" + text[start : start + size], [*head])] if first else []
            found += [(text[end - size : end] + "$$", [*tail])] if last else []
        if end - start <= _SHORT_CLAUSE:
            found.append(("^" + text[start:end] + "$", [*range(start, end)]))
    return found


def vectorizer(vocabulary: dict[str, int] | None = None, at_least: int = 3) -> TfidfVectorizer:
    """TF-IDF over `grams`; rows of unit length. With a vocabulary, its `idf_` is still to be set."""
    return TfidfVectorizer(
        analyzer=grams,
        min_df=1 if vocabulary else at_least,
        sublinear_tf=True,
        dtype=np.float32,
        vocabulary=vocabulary,
    )


@dataclass(frozen=True, kw_only=True)
class ItemModels:
    """One row a column of the rubric. `gains`: weight of the shared logit; `weights` (columns, whole) of
    `whole` after `centre` and `scale`; `words` (columns, n-grams), sparse; all in logits."""

    names: tuple[str, ...]
    gains: Values
    biases: Values
    weights: Values
    centre: Values
    scale: Values
    vocabulary: tuple[str, ...]
    idf: Values
    words: Any

    def gain(self, name: str) -> float:
        """Weight of the shared logit in a column's model."""
        return float(self.gains[self._row[name]])

    def learned(self, whole: Values, said: Sequence[Turn]) -> list[dict[str, float]]:
        """For each reply, by column: the logit but for the shared part. `whole`: (replies, inputs)."""
        worded = (self._vectorizer.transform(said) @ self._by_gram).toarray()
        logits = ((whole - self.centre) / self.scale) @ self.weights.T + worded + self.biases
        return [dict(zip(self.names, map(float, row), strict=True)) for row in logits]

    def credit(self, said: Turn) -> Credit:
        """Who of the reply's code points speaks for what."""
        return Credit(self, said)

    @cached_property
    def dense_words(self) -> Values:
        """`words` as a plain array, for looking up single weights."""
        return np.asarray(self.words.toarray(), dtype=np.float32)

    def row(self, name: str) -> int | None:
        """The row of a column; None for one that was not learned."""
        return self._row.get(name)

    def counted(self, said: Turn) -> tuple[NDArray[np.int64], Values, list[list[int]]]:
        """Of one reply: the number of every n-gram that is known, once for each time it stands there; its
        TF-IDF value, shared among those times; and the places in the levelled text."""
        text, _ = with_marks(said.reply)
        known = [(self._number.get(gram, -1), where) for gram, where in placed(text)]
        numbers = np.array([n for n, _ in known if n >= 0], dtype=np.int64)
        times = np.bincount(numbers, minlength=1)
        beside = np.bincount([self._number[g] for g in _about(said) if g in self._number], minlength=1)
        values = np.zeros(len(self.vocabulary), dtype=np.float32)
        for counted in (times, beside):  # sublinear TF-IDF
            distinct = np.flatnonzero(counted)
            values[distinct] = (1 + np.log(counted[distinct])) * self.idf[distinct]
        norm = float(np.sqrt((values**2).sum())) or 1.0
        shares = np.asarray(values[numbers] / norm / times[numbers], dtype=np.float32)
        return numbers, shares, [where for n, where in known if n >= 0]

    @cached_property
    def _by_gram(self) -> Any:
        """(n-grams, columns): turned once, since turning costs more than a reply's product."""
        return self.words.T.tocsr()

    @cached_property
    def _row(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def _number(self) -> dict[str, int]:
        return {gram: i for i, gram in enumerate(self.vocabulary)}

    @cached_property
    def _vectorizer(self) -> TfidfVectorizer:
        made = vectorizer(self._number)
        made.idf_ = self.idf
        return made


class Credit:
    """What each code point of one reply adds to a column's logit through its n-grams."""

    def __init__(self, models: ItemModels, said: Turn) -> None:
        self._models = models
        self._length = len(said.reply)
        self._numbers, shares, where = models.counted(said)
        _, places = with_marks(said.reply)
        sizes = np.array([len(w) for w in where], dtype=np.int64)
        self._gram = np.repeat(np.arange(len(where)), sizes)
        self._place = np.array([places[i] for w in where for i in w], dtype=np.int64)
        self._shares = shares / np.maximum(sizes, 1)

    def of(self, name: str) -> Values:
        """(code points,) in logits; zeros for a column that was not learned."""
        row = self._models.row(name)
        if row is None or not len(self._numbers):
            return np.zeros(self._length, dtype=np.float32)
        weights = self._models.dense_words[row, self._numbers] * self._shares
        added = np.bincount(self._place, weights=weights[self._gram], minlength=self._length)
        return np.asarray(added, dtype=np.float32)
