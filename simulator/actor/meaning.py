"""Hears whether a line gives in, threatens or ends the talk, learned from the bank's own lines.

Word lists catch what they name; people agree in many more words. The bank holds thousands of lines whose move
is known, so a logistic model over their character n-grams tells the acts of a line that nobody wrote for it.
It only ever adds to a refusal, so an error costs a line of the bank instead of the model's. Knows nothing of
models or sessions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from simulator.domain.persona import Line, Move
from simulator.language.canonical import with_marks


class Act(StrEnum):
    """What only the director may let a customer do."""

    GIVES = "gives"
    THREATENS = "threatens"
    LEAVES = "leaves"


# Moves whose lines do it, moves whose lines may or may not, and the probability from which it counts: chosen by
# learning from one half of 7,247 lines and looking at the other, three times (gives 75-81 % found, 0.4-0.6 % of others
# taken for it; threatens 77-89 %, 0.2-0.3 %; leaves 79-80 %, 0.4-0.8 %).
_ACTS: dict[Act, tuple[frozenset[Move], frozenset[Move], float]] = {
    Act.GIVES: (frozenset({Move.ACCEPT, Move.CONCEDE}), frozenset({Move.FAREWELL}), 0.35),
    Act.THREATENS: (frozenset({Move.THREATEN, Move.ESCALATE}), frozenset(), 0.45),
    Act.LEAVES: (
        frozenset({Move.LEAVE, Move.FAREWELL, Move.ESCALATE}),
        frozenset({Move.ACCEPT, Move.CONCEDE}),
        0.55,
    ),
}
_SLOT = re.compile(r"\{[a-z]+\}")
_FEWEST = 5
_made: list[tuple[Sequence[Line], Meaning]] = []  # the last one, with the lines it was learned from


class Meaning:
    """Learned from `lines`; an act that fewer than five of them do is never heard."""

    def __init__(self, lines: Sequence[Line]) -> None:
        spoken = [ln for ln in lines if ln.move is not Move.OPEN]
        self._words = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, lowercase=False)
        self._models: dict[Act, LogisticRegression] = {}
        if not spoken:
            return
        counted = self._words.fit_transform([_plain(ln.text) for ln in spoken])
        for act, (doing, unclear, _) in _ACTS.items():
            rows = np.flatnonzero([ln.move not in unclear for ln in spoken])
            does = np.array([spoken[r].move in doing for r in rows])
            if _FEWEST <= does.sum() <= len(does) - _FEWEST:
                model = LogisticRegression(
                    C=30.0, class_weight="balanced", solver="liblinear", random_state=0
                )
                self._models[act] = model.fit(counted[rows], does)

    def acts(self, text: str) -> frozenset[Act]:
        """What `text` does."""
        if not self._models:
            return frozenset()
        counted = self._words.transform([_plain(text)])
        chances = {act: model.predict_proba(counted)[0, 1] for act, model in self._models.items()}
        return frozenset(act for act, chance in chances.items() if chance >= _ACTS[act][2])


def meaning_of(lines: Sequence[Line]) -> Meaning:
    """Learned once from the same lines."""
    for known, made in _made:
        if known is lines:
            return made
    made = Meaning(lines)
    _made[:] = [(lines, made)]  # another thread may put its own there meanwhile
    return made


def _plain(text: str) -> str:
    """The canonical form between marks of its ends, slots as figures: how a line begins and ends tells much."""
    return f"^{with_marks(_SLOT.sub('0', text))[0]}$"
