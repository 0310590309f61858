"""Ears: what a line sounds like (its style, its mood), learned from labelled lines of the bank.

A logistic regression over character n-grams. To judge a talk fairly, an ear learns only from lines that the talk
does not hold, nor anything near to them (`apart`). Knows nothing of talks' courses or of figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.fidelity.nearness import Nearness, spoken
from simulator.domain.persona import Line

_GRAMS = (1, 4)
_FEWEST = 2  # lines in which an n-gram must stand to count
_STRENGTH = 10.0  # inverse of regularisation


class Ear:
    """Learned from `lines`, each labelled by `label`. Raises ValueError for fewer than two labels."""

    def __init__(self, lines: Sequence[Line], label: Callable[[Line], str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        labels = [label(line) for line in lines]
        if len(set(labels)) < 2:
            raise ValueError("two labels at least")
        self._words = TfidfVectorizer(
            analyzer="char", ngram_range=_GRAMS, sublinear_tf=True, lowercase=False, min_df=_FEWEST
        )
        counted = self._words.fit_transform([_between_marks(line.text) for line in lines])
        one = LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=0)
        self._model = OneVsRestClassifier(one).fit(counted, labels)
        self.labels: tuple[str, ...] = tuple(str(c) for c in self._model.classes_)

    def hear(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The probability of each of `labels` (columns) for each text (rows)."""
        if not texts:
            return np.zeros((0, len(self.labels)))
        chances = self._model.predict_proba(self._words.transform([_between_marks(t) for t in texts]))
        return np.asarray(np.clip(chances, 1e-6, 1.0), dtype=np.float64)


def _between_marks(text: str) -> str:
    """How a line begins and ends tells much."""
    return f"^{spoken(text)}$"


def apart(lines: Sequence[Line], said: Iterable[str], ids: Iterable[str] = ()) -> list[Line]:
    """Those of `lines` that were not said: neither by id nor nearly by their words."""
    index, known = Nearness(dict.fromkeys(said)), set(ids)
    return [line for line in lines if line.id not in known and not index.has(line.text)]
