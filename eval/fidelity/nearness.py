"""Which of many texts nearly say the same, found by what they share instead of pair by pair.

Slots, marks and particles are left out before texts are compared. Knows nothing of lines or talks.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from simulator.actor.wording import grams, sameness_key

NEAR = 0.6  # Jaccard of 5-grams of characters from which two texts count as the same
_SIZE = 5
_SLOT = re.compile(r"\{[a-z]+\}")


def spoken(text: str) -> str:
    """`text` without its slots."""
    return _SLOT.sub("", text)


class Nearness:
    """An index of texts. A text is known by its place in the order it was added."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._grams: list[frozenset[str]] = []
        self._places: dict[str, list[int]] = defaultdict(list)
        self._same: dict[str, list[int]] = defaultdict(list)
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Adds `text`."""
        place, plain = len(self._grams), spoken(text)
        self._grams.append(grams(plain, _SIZE))
        for gram in self._grams[-1]:
            self._places[gram].append(place)
        self._same[sameness_key(plain)].append(place)

    def near(self, text: str) -> Iterator[tuple[int, float]]:
        """Places of the texts that `text` nearly repeats, with their Jaccard similarity (1 where nothing but
        slots, marks and particles differs)."""
        plain = spoken(text)
        mine, same = grams(plain, _SIZE), self._same.get(sameness_key(plain), [])
        yield from ((place, 1.0) for place in same)
        shared = Counter(place for gram in mine for place in self._places.get(gram, ()))
        for place, count in shared.items():
            alike = count / (len(mine) + len(self._grams[place]) - count)
            if alike >= NEAR and place not in same:
                yield place, alike

    def has(self, text: str) -> bool:
        """Whether any text nearly says what `text` says."""
        return next(self.near(text), None) is not None


def pairs(texts: Iterable[str]) -> list[tuple[int, int, float]]:
    """Every two of `texts` that nearly say the same: (earlier, later, similarity), the most alike first."""
    index, found = Nearness(), []
    for place, text in enumerate(texts):
        found += [(earlier, place, alike) for earlier, alike in index.near(text)]
        index.add(text)
    return sorted(found, key=lambda pair: (-pair[2], pair[:2]))
