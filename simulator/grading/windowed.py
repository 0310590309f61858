"""Which part of a reply commits a fault: models over character n-grams, taught by the clauses that labellers marked.

A reply is long and mostly decent even where it wounds: a kind word before the insult speaks against it in a model of
the whole reply. These models look at one window (a run of neighbouring clauses) at a time and the likeliest window
counts, so nothing around the fault excuses it (multiple instances, Dietterich, Lathrop & Lozano-Pérez 1997; marked
clauses as rationales, Zaidan, Eisner & Piatko 2007). Knows nothing of probabilities, thresholds or of how the
weights were found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simulator.domain.grade import Span
from simulator.grading.models import placed
from simulator.language.canonical import ASKED, with_marks

Values = NDArray[np.float32]


class Counted(NamedTuple):
    """The n-grams of one reply. `numbers`: in the vocabulary; `first`, `last`: the code points of the reply that
    each begins and ends with."""

    numbers: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    def vectors(self, spans: Sequence[Span], idf: Values) -> sparse.csr_matrix:
        """(spans, n-grams): each window's n-grams, once however often they stand there (哈哈哈哈 says no more than
        哈哈), rows of unit length."""
        starts = np.array([s.start for s in spans]).reshape(-1, 1)
        ends = np.array([s.end for s in spans]).reshape(-1, 1)
        row, gram = np.nonzero((self.first >= starts) & (self.last < ends))
        row, number = np.unique(np.stack([row, self.numbers[gram]]), axis=1)
        norms = np.sqrt(np.bincount(row, idf[number] ** 2, minlength=len(spans)))
        shape = (len(spans), len(idf))
        return sparse.csr_matrix((idf[number] / norms[row], (row, number)), shape=shape, dtype=np.float32)


def grams_within(reply: str) -> list[tuple[str, int, int]]:
    """The n-grams of `reply`, once for each time they stand there, with the code points of the reply that each begins
    and ends with. A question mark belongs to the clause it ends; what spans a break belongs to windows that hold
    both sides of it. The reply's own edges are left out, since a window is judged alike wherever it stands."""
    text, places = with_marks(reply)
    where = list(places)
    for i, char in enumerate(text):
        if char == ASKED and i:
            where[i] = places[i - 1]
    return [(gram, where[at[0]], where[at[-1]]) for gram, at in placed(text) if not _of_the_reply(gram)]


def _of_the_reply(gram: str) -> bool:
    return gram.startswith("^^") or gram.endswith("$$")


def count(found: Sequence[tuple[str, int, int]], number: Mapping[str, int]) -> Counted:
    """Those of `found` (`grams_within`) that `number` knows."""
    known = [(n, first, last) for gram, first, last in found if (n := number.get(gram)) is not None]
    columns = np.array(known, dtype=np.int32).reshape(-1, 3)
    return Counted(columns[:, 0], columns[:, 1], columns[:, 2])


@dataclass(frozen=True, kw_only=True)
class WindowModels:
    """One row a column of the rubric: `words` (columns, n-grams), sparse, and `biases`, both in logits; a window is
    the vector of its n-grams' `idf`, of unit length."""

    names: tuple[str, ...]
    vocabulary: tuple[str, ...]
    idf: Values
    words: Any
    biases: Values

    def judge(self, reply: str, spans: Sequence[Span]) -> dict[str, Values]:
        """By column: the logit of each of `spans`; nothing without one."""
        if not spans:
            return {}
        vectors = count(grams_within(reply), self._number).vectors(spans, self.idf)
        said = np.asarray(vectors @ self._by_gram) + self.biases
        return dict(zip(self.names, said.T.astype(np.float32), strict=True))

    @cached_property
    def _number(self) -> dict[str, int]:
        return {gram: i for i, gram in enumerate(self.vocabulary)}

    @cached_property
    def _by_gram(self) -> Values:
        return np.ascontiguousarray(self.words.toarray().T, dtype=np.float32)
