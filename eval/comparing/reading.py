"""A run's rows as arrays: which verdict, score and span each item got in each case, and what the labels say.

Knows the columns of a run's Parquet files (`eval.running`); nothing of comparing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eval.metrics import KINDS
from simulator.domain.grade import BANNED_KEY
from simulator.errors import UsageError

if TYPE_CHECKING:
    from eval.running.run import Run

VERDICTS = ("not_met", "unsure", "met")  # their places are the codes below
MET, NOT_JUDGED = 2, -1
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_TEXTS = ("id", "source", "situation", "style", "customer", "reply", "context", "error", "by", "kind")
_COLUMNS = [
    *_TEXTS, "banned", "quality", "items",
    "label_steps", "label_skills", "label_negatives", "label_banned", "label_quality",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """The banned things found in one reply: their ids, and score and span of the surest."""

    ids: tuple[str, ...]
    score: float
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What the labels say of each case (n,): `known` where it has any, `found[kind][bare id]` where that is
    positive, `banned` where any banned thing is said, `quality` (NaN without)."""

    known: Bools
    found: Mapping[str, Mapping[str, Bools]]
    banned: Bools
    quality: Floats


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A run's cases in their order. `texts[column]` (n,): str or None. `keys`: the items that occur.

    `place` (n, keys) says where an item's result stands in the flat arrays `verdict`, `score` (NaN without),
    `start` and `end` (-1 without); NOT_JUDGED where the item does not apply.
    """

    texts: Mapping[str, NDArray[np.object_]]
    failed: Bools
    keys: tuple[str, ...]
    place: NDArray[np.int32]
    verdict: NDArray[np.int8]
    score: Floats
    start: Ints
    end: Ints
    phrases: Mapping[int, Phrases]
    quality: Floats
    labels: Labels

    def verdicts(self, key: str, rows: Ints) -> NDArray[np.int8]:
        """Codes into VERDICTS for `rows`; NOT_JUDGED where the item does not apply."""
        place = self._places(key, rows)
        return np.where(place < 0, np.int8(NOT_JUDGED), _taken(self.verdict, place))

    def scores(self, key: str, rows: Ints) -> Floats:
        """Scores for `rows`; NaN where there is none."""
        place = self._places(key, rows)
        return np.where(place < 0, np.nan, _taken(self.score, place))

    def span(self, key: str, row: int) -> tuple[int, int] | None:
        """Where in the reply the evidence of an item stands, if anywhere."""
        place = int(self._places(key, np.array([row]))[0])
        if place < 0 or self.start[place] < 0:
            return None
        return int(self.start[place]), int(self.end[place])

    def banned(self, rows: Ints) -> Bools:
        """Whether any banned thing was found, for `rows`."""
        return np.array([int(r) in self.phrases for r in rows], dtype=bool)

    def _places(self, key: str, rows: Ints) -> Ints:
        if key not in self.keys:
            return np.full(len(rows), NOT_JUDGED, dtype=np.int64)
        places: Ints = self.place[rows, self.keys.index(key)].astype(np.int64)
        return places


def read(run: Run) -> Rows:
    """Every row of `run`. Raises UsageError when an id occurs twice."""
    table = run.table(_COLUMNS).combine_chunks()
    texts = {name: _objects(table.column(name)) for name in _TEXTS}
    distinct, counts = np.unique(texts["id"].astype(str), return_counts=True)
    if (counts > 1).any():
        raise UsageError(f"{run.folder} 里编号 {distinct[counts > 1][0]} 出现了两次，对不上谁是谁")
    items = _items(table)
    return Rows(
        texts=texts,
        failed=np.array([e is not None for e in texts["error"]], dtype=bool),
        phrases=_phrases(table),
        quality=_floats(table.column("quality")),
        labels=_labels(table),
        **items,
    )


def _taken(values: NDArray[Any], place: Ints) -> NDArray[Any]:
    return values[np.maximum(place, 0)] if len(values) else np.zeros(len(place), dtype=values.dtype)


def _objects(column: Any) -> NDArray[np.object_]:
    out = np.empty(len(column), dtype=object)
    out[:] = column.to_pylist()
    return out


def _floats(column: Any) -> Floats:
    return np.array([np.nan if q is None else q for q in column.to_pylist()], dtype=np.float64)


def _items(table: Any) -> dict[str, Any]:
    """The flat arrays of `items`, and where in them each case's items stand."""
    import pyarrow.compute as pc

    lists = table.column("items")
    parents = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    flat = pc.list_flatten(lists)
    values = {name: pc.struct_field(flat, name) for name in ("key", "verdict", "score", "start", "end")}
    keys, codes = np.unique(_strings(values["key"]), return_inverse=True)
    known = {name: code for code, name in enumerate(VERDICTS)}
    place = np.full((len(lists), len(keys)), NOT_JUDGED, dtype=np.int32)
    place[parents, codes] = np.arange(len(parents), dtype=np.int32)
    return {
        "keys": tuple(str(k) for k in keys),
        "place": place,
        "verdict": np.array([known[v] for v in _strings(values["verdict"])], dtype=np.int8),
        "score": pc.fill_null(values["score"], float("nan")).to_numpy(),
        "start": pc.fill_null(values["start"], -1).to_numpy(),
        "end": pc.fill_null(values["end"], -1).to_numpy(),
    }


def _strings(column: Any) -> NDArray[np.str_]:
    return np.array(column.to_pylist(), dtype=np.str_)


def _phrases(table: Any) -> dict[int, Phrases]:
    found = {}
    for row, hits in enumerate(table.column("banned").to_pylist()):
        if hits:
            surest = max(hits, key=lambda h: h["score"])
            found[row] = Phrases(
                ids=tuple(sorted(h["id"] for h in hits)),
                score=surest["score"],
                start=surest["start"],
                end=surest["end"],
            )
    return found


def _labels(table: Any) -> Labels:
    given = {kind: table.column(f"label_{kind}s").to_pylist() for kind in KINDS}
    known = np.array(
        [any(x is not None for x in row) for row in zip(*given.values(), strict=True)], dtype=bool
    )
    found = {kind: _positive(lists) for kind, lists in given.items()}
    said = np.array([bool(x) for x in table.column("label_banned").to_pylist()], dtype=bool)
    phrase = found["negative"].get(BANNED_KEY.partition(":")[2])
    return Labels(
        known=known,
        found=found,
        banned=said if phrase is None else said | phrase,
        quality=_floats(table.column("label_quality")),
    )


def _positive(lists: Sequence[Iterable[str] | None]) -> dict[str, Bools]:
    found: dict[str, Bools] = {}
    for row, ids in enumerate(lists):
        for bare in ids or ():
            found.setdefault(bare, np.zeros(len(lists), dtype=bool))[row] = True
    return found
