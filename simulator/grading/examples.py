"""A rubric's examples as a table: one row a sentence, one column an item or banned phrase.

Knows nothing of encoders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.domain.rubric import BannedPhrase, Rubric, RubricItem
from simulator.language.canonical import canonical

# What a near miss is drawn towards; an item's own example is drawn towards 1, all else towards 0.
_CONTRAST = -0.5
ANY_BANNED = "banned"  # the last column


@dataclass(frozen=True, kw_only=True)
class ExampleSet:
    """`texts[r]` (canonical form; `typed[r]` as written) belongs to column `owner[r]`; `positive[r]`: an
    example rather than a near miss. Columns: the items that have examples, then the banned phrases, then
    one for “any banned thing”."""

    texts: tuple[str, ...]
    typed: tuple[str, ...]
    owner: NDArray[np.int64]
    positive: NDArray[np.bool_]
    items: tuple[RubricItem, ...]
    banned: tuple[BannedPhrase, ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.items) + len(self.banned) + 1

    def targets(self) -> NDArray[np.float32]:
        """(rows, width): what each column should say of each row."""
        rows = np.arange(len(self.texts))
        out = np.zeros((len(rows), self.width), dtype=np.float32)
        out[rows, self.owner] = np.where(self.positive, 1.0, _CONTRAST)
        of_banned = self.owner >= len(self.items)
        out[of_banned, -1] = np.where(self.positive[of_banned], 1.0, _CONTRAST)
        return out


def column_name(item: RubricItem) -> str:
    """A name that tells items of one id apart: `step:reason@refuse_request`."""
    place = min(item.placements, default="")
    return f"{item.kind.value}:{item.id}" + (f"@{place}" if place else "")


def column_names(examples: ExampleSet) -> tuple[str, ...]:
    """The names of all columns, in order."""
    return (*map(column_name, examples.items), *(b.id for b in examples.banned), ANY_BANNED)


def example_set(rubric: Rubric) -> ExampleSet:
    """The table of `rubric`."""
    items = tuple(i for i in rubric.items if i.examples)
    sources = [(i.examples, i.contrast) for i in items]
    sources += [((b.phrase, *b.paraphrases), b.neighbours) for b in rubric.banned]
    typed: list[str] = []
    owner: list[int] = []
    positive: list[bool] = []
    for column, (good, near) in enumerate(sources):
        typed += [*good, *near]
        owner += [column] * (len(good) + len(near))
        positive += [True] * len(good) + [False] * len(near)
    return ExampleSet(
        texts=tuple(canonical(t)[0] for t in typed),
        typed=tuple(typed),
        owner=np.array(owner, dtype=np.int64),
        positive=np.array(positive, dtype=np.bool_),
        items=items,
        banned=rubric.banned,
    )
