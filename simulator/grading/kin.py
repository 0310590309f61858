"""How much a reply does what a column's examples do, told by what labelled replies taught of other items.

Every item that labelled replies taught has a simple model over character n-grams (`Relatives`). What all of
them say of a sentence is its profile: it describes the sentence by what it does, where an encoder describes it
by its words. A column's line (`Kin`) is a ridge regression over the profiles of the rubric's examples, without
the model of the column's own name: so an item that nobody has labelled is told as well as one that was (after
attributes as an interlingua between classes, Lampert, Nickisch & Harmeling 2009). Knows nothing of thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from simulator.grading.examples import ExampleSet
from simulator.grading.fewshot import share_known

Values = NDArray[np.float32]
_RIDGE = 1.0
# What all examples, all near misses and all other sentences of a column weigh together.
_EXAMPLES, _NEAR_MISSES, _OTHERS = 8.0, 3.0, 8.0
_LEAST, _MOST = -3.0, 6.0  # of a profile's entries, in standard deviations


def vectorizer(vocabulary: dict[str, int] | None = None, at_least: int = 4) -> TfidfVectorizer:
    """TF-IDF over the n-grams of canonical text; rows of unit length. With a vocabulary, its `idf_` is
    still to be set."""
    return TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, 3),
        lowercase=False,
        min_df=1 if vocabulary else at_least,
        sublinear_tf=True,
        dtype=np.float32,
        vocabulary=vocabulary,
    )


@dataclass(frozen=True, kw_only=True)
class Relatives:
    """One model a column that was taught: `words` (columns, n-grams), sparse, in logits; `usual` and `spread`:
    mean and standard deviation of what it says of a labelled reply, (columns,)."""

    names: tuple[str, ...]
    vocabulary: tuple[str, ...]
    idf: Values
    words: Any
    usual: Values
    spread: Values

    def say(self, texts: Sequence[str]) -> Values:
        """(texts, columns): the logits, but for a constant. `texts`: in canonical form, letters only."""
        return np.asarray((self._vectorizer.transform(texts) @ self._by_gram).toarray(), dtype=np.float32)

    def profiles(self, replies: Sequence[str]) -> Values:
        """(replies, columns): what is said of each, in standard deviations from the usual. `replies`: in
        canonical form."""
        return np.asarray(np.clip((self.say(replies) - self.usual) / self.spread, _LEAST, _MOST))

    @cached_property
    def known(self) -> frozenset[str]:
        """The n-grams that are counted."""
        return frozenset(self.vocabulary)

    @cached_property
    def _by_gram(self) -> Any:
        return self.words.T.tocsr()

    @cached_property
    def _vectorizer(self) -> TfidfVectorizer:
        made = vectorizer({gram: i for i, gram in enumerate(self.vocabulary)})
        made.idf_ = self.idf
        return made


class Kin:
    """The lines of a rubric's columns over `relatives`. `names`: of the columns, as `relatives` has them."""

    def __init__(self, relatives: Relatives, examples: ExampleSet, names: Sequence[str]) -> None:
        said = relatives.say(examples.texts)
        said = np.clip((said - said.mean(axis=0)) / (said.std(axis=0) + 1e-6), _LEAST, _MOST)
        self._relatives = relatives
        self._lines = np.zeros((said.shape[1] + 1, len(names)), dtype=np.float32)
        inputs = np.column_stack([said, np.ones(len(said))]).astype(np.float64)
        squares = inputs.T @ inputs
        of_banned = examples.owner >= len(examples.items)
        for column, name in enumerate(names):
            own = of_banned if column == examples.width - 1 else examples.owner == column
            used = np.array([n != name for n in relatives.names] + [True])
            self._lines[used, column] = _line(inputs, squares, used, own, examples.positive)

    def scores(self, replies: Sequence[str]) -> Values:
        """(replies, columns): about 1 where a reply does the thing. `replies`: in canonical form."""
        return np.asarray(self._relatives.profiles(replies) @ self._lines[:-1] + self._lines[-1])

    def familiarity(self, letters: str) -> float:
        """Share of the character pairs of `letters` (in canonical form) that labelled replies taught, 0-1."""
        return share_known(letters, self._relatives.known)


def _line(
    inputs: NDArray[np.float64],
    squares: NDArray[np.float64],
    used: NDArray[np.bool_],
    own: NDArray[np.bool_],
    positive: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Weighted ridge regression of “is an example of this column” on the `used` inputs; the constant is free."""
    good, near = own & positive, own & ~positive
    weights = np.full(len(inputs), _OTHERS / len(inputs))
    weights[good] = _EXAMPLES / max(1, good.sum())
    weights[near] = _NEAR_MISSES / max(1, near.sum())
    mine = inputs[own]
    added = (weights[own] - _OTHERS / len(inputs))[:, None]
    normal = squares * (_OTHERS / len(inputs)) + mine.T @ (mine * added)
    penalty = np.full(len(normal), _RIDGE * (used.sum() - 1))
    penalty[-1] = 1e-9
    normal[np.diag_indices_from(normal)] += penalty
    aim = weights[good] @ inputs[good]
    return np.asarray(np.linalg.solve(normal[np.ix_(used, used)], aim[used]))
