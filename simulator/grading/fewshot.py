"""How much a piece of text does what each column's examples do.

Kernel ridge regression (Saunders, Gammerman & Vovk 1998) over the examples, with the mean of two
similarities in a Gaussian kernel: the encoder's cosine and the cosine of character n-grams (TF-IDF). It
needs no labels but the examples themselves, so a trainer's new item works at once. Knows nothing of
thresholds.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.feature_extraction.text import TfidfVectorizer

from simulator.grading.encoder import Encoder, Vectors
from simulator.grading.examples import ExampleSet

_ENCODER_SHARE = 0.5
_RIDGE = 0.3
# How fast likeness fades with distance; 3 to 5 did alike on calibration replies, a linear kernel worse.
_SHARPNESS = 4.0
# Likeness from which a text counts as the example itself: particles, punctuation or a name differ.
VERBATIM = 0.82
_CHUNK = 128  # texts compared at once
# Different character pairs in examples by which ordinary Chinese is known. Of 3,000 labelled replies 0.1 % looked
# like gibberish to service@1 (20,418 pairs), 0.3 % without most of its steps (13,589), 84 % to a single step (58).
_ENOUGH_PAIRS = 10_000
Scores = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The example nearest to a text within one column."""

    row: int
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Of some texts: `similar` (texts, examples), about -0.5 to 1; `scores` (texts, columns), about 1
    where a text does the thing and about 0 where not."""

    similar: Vectors
    scores: Scores


class FewShot:
    """Scores texts against the columns of an ExampleSet."""

    def __init__(self, examples: ExampleSet, encoder: Encoder) -> None:
        self.examples = examples
        self._encoder = encoder
        self._ngrams = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32
        )
        self._lexical = self._ngrams.fit_transform(examples.texts)
        self._vectors = encoder.encode(examples.texts)
        kernel = _kernel(self._similar(self._lexical, self._vectors))
        kernel[np.diag_indices_from(kernel)] += _RIDGE
        self._dual: Scores = linalg.cho_solve(linalg.cho_factor(kernel, overwrite_a=True), examples.targets())

    def compare(self, texts: Sequence[str]) -> Comparison:
        """Every text against every example and column."""
        similar = [np.zeros((0, len(self.examples.texts)), dtype=np.float32)]
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            similar.append(self._similar(self._ngrams.transform(chunk), self._encoder.encode(chunk)))
        found = np.concatenate(similar)
        return Comparison(similar=found, scores=np.asarray(_kernel(found) @ self._dual, dtype=np.float32))

    def _similar(self, lexical: Any, vectors: Vectors) -> Vectors:
        """(texts, examples): mean of the two cosines, about -0.5 to 1."""
        mixed = (1 - _ENCODER_SHARE) * (lexical @ self._lexical.T).toarray()
        mixed += _ENCODER_SHARE * (vectors @ self._vectors.T)
        return np.asarray(mixed, dtype=np.float32)

    def familiarity(self, letters: str) -> float:
        """Share of the character pairs of `letters` (in canonical form) that occur in any example, 0-1: about 0 for characters
        strung together at random."""
        return share_known(letters, self._ngrams.vocabulary_)

    @cached_property
    def narrow(self) -> bool:
        """Whether the examples are too few to know ordinary Chinese by them."""
        return sum(len(gram) == 2 for gram in self._ngrams.vocabulary_) < _ENOUGH_PAIRS

    def written(self, letters: str) -> frozenset[int]:
        """The columns that have an example of just these letters (in canonical form)."""
        rows = self._rows_of.get(letters, ())
        return frozenset(int(self.examples.owner[r]) for r in rows if self.examples.positive[r])

    @cached_property
    def _rows_of(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, text in enumerate(self.examples.texts):
            found.setdefault(text, []).append(row)
        return found

    def verbatim(self, similar: Vectors, column: int) -> bool | None:
        """True when one of some windows says an example of `column` all but word for word, False when it
        so says a near miss, else None. `similar`: (windows, examples); the last column takes every banned
        phrase."""
        owner = self.examples.owner
        any_banned = column == self.examples.width - 1
        mine = owner >= len(self.examples.items) if any_banned else owner == column
        good = similar[:, mine & self.examples.positive].max(initial=0.0)
        near = similar[:, mine & ~self.examples.positive].max(initial=0.0)
        return None if max(good, near) < VERBATIM else bool(good > near)

    def nearness(self, similar: Vectors) -> tuple[Scores, Scores]:
        """By column, likeness of the windows `similar` (windows, examples) to the nearest example and to the
        nearest near miss, 0-1; 0 for a column that has none. The last column takes every banned phrase."""
        examples = self.examples
        best = similar.max(axis=0) if len(similar) else np.zeros(len(examples.texts), dtype=np.float32)
        near, missed = np.zeros((2, examples.width), dtype=np.float32)
        np.maximum.at(near, examples.owner[examples.positive], best[examples.positive])
        np.maximum.at(missed, examples.owner[~examples.positive], best[~examples.positive])
        phrases = slice(len(examples.items), -1)
        near[-1], missed[-1] = near[phrases].max(initial=0.0), missed[phrases].max(initial=0.0)
        return near, missed

    def nearest(self, similar: Vectors, column: int, positive: bool = True) -> Nearest | None:
        """Of one text's similarities to all examples, the best within `column`'s examples (or near
        misses); None when it has none."""
        rows = np.flatnonzero((self.examples.owner == column) & (self.examples.positive == positive))
        if not len(rows):
            return None
        best = int(rows[np.argmax(similar[rows])])
        return Nearest(row=best, similarity=float(similar[best]))


def share_known(letters: str, known: Container[str]) -> float:
    """Share of the character pairs of `letters` that are `known`, 0-1; 0 where there is no pair."""
    pairs = {letters[i : i + 2] for i in range(len(letters) - 1)}
    return sum(p in known for p in pairs) / len(pairs) if pairs else 0.0


def _kernel(similar: Vectors) -> Vectors:
    """Gaussian kernel of a cosine: 1 for the same text, falling off with distance."""
    return np.asarray(np.exp((similar - 1) * _SHARPNESS), dtype=np.float32)
