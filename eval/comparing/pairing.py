"""Finds the cases that two runs both judged, item by item, and the labels both are held against.

Knows nothing of figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eval.comparing.reading import MET, NOT_JUDGED, Bools, Floats, Ints, Rows
from eval.metrics import LEFT_OUT
from simulator.domain.grade import BANNED_KEY
from simulator.errors import UsageError

if TYPE_CHECKING:
    from eval.running.run import Run

BANNED = "banned"  # the item "any banned thing", beside the keys of items
_TEXTS = {
    "reply": "回复",
    "customer": "客户的话",
    "situation": "情境",
    "style": "风格",
    "context": "前面聊的或客户的情况",
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item in every case, arrays (n,): whether both runs judged it there, what each found (unsure counts as
    not found), whether their verdicts differ. `labelled` is true where both judged it and the case has labels;
    elsewhere `label` means nothing."""

    judged: Bools
    a: Bools
    b: Bools
    labelled: Bools
    label: Bools
    changed: Bools


@dataclass(frozen=True, kw_only=True)
class Matched:
    """The cases that both runs have and neither failed on, in A's order.

    `rows_a`, `rows_b` (n,): their rows in each run. `keys`: the items both versions have, without those that
    agreement leaves out (`eval.metrics.LEFT_OUT`), then BANNED; `form`: those left out; `added`, `removed`:
    items of one version only. `only_a`, `only_b`: cases of one run only; `failed`: cases left out because
    either run failed on them; `relabelled`: cases whose labels differ between the runs, where those of the
    run started later count.
    """

    a: Rows
    b: Rows
    rows_a: Ints
    rows_b: Ints
    names: Mapping[str, str]
    keys: tuple[str, ...]
    form: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    only_a: int
    only_b: int
    failed: int
    relabelled: int
    known: Bools
    later_b: Bools

    @property
    def size(self) -> int:
        """How many cases are compared."""
        return len(self.rows_a)

    def text(self, column: str) -> list[str | None]:
        """A text of every case."""
        return list(self.a.texts[column][self.rows_a])

    @cached_property
    def label_quality(self) -> Floats:
        """The labelled quality of every case, NaN without."""
        a, b = self.a.labels.quality[self.rows_a], self.b.labels.quality[self.rows_b]
        return np.where(self.later_b, b, a)

    @cached_property
    def by(self) -> list[str | None]:
        """Who labelled each case, None where that is not written down."""
        pairs = zip(
            self.later_b, self.a.texts["by"][self.rows_a], self.b.texts["by"][self.rows_b], strict=True
        )
        return [b if later else a for later, a, b in pairs]

    def item(self, key: str) -> Item:
        """An item of `keys` or `form` in every case."""
        if key == BANNED:
            a, b = self.a.banned(self.rows_a), self.b.banned(self.rows_b)
            judged, changed = np.ones(self.size, dtype=bool), a != b
        else:
            one, other = self.a.verdicts(key, self.rows_a), self.b.verdicts(key, self.rows_b)
            judged = (one != NOT_JUDGED) & (other != NOT_JUDGED)
            a, b, changed = one == MET, other == MET, judged & (one != other)
        return Item(
            judged=judged,
            a=a & judged,
            b=b & judged,
            labelled=judged & self.known & (key not in self.form),
            label=self._label(key),
            changed=changed,
        )

    def _label(self, key: str) -> Bools:
        return np.where(
            self.later_b, _label(self.b, key)[self.rows_b], _label(self.a, key)[self.rows_a]
        ).astype(bool)


def match(a: Run, b: Run, rows_a: Rows, rows_b: Rows) -> Matched:
    """The pair of `a` and `b`. Raises UsageError when no case is in both, or one is not the same in both."""
    both = _same_cases(a, b, rows_a, rows_b)
    in_a, in_b = both
    fine = ~(rows_a.failed[in_a] | rows_b.failed[in_b])
    known_a, known_b = rows_a.labels.known[in_a], rows_b.labels.known[in_b]
    later = (known_b & (b.record.started > a.record.started)) | ~known_a
    names = {BANNED: "禁语", **a.record.item_names, **b.record.item_names}
    keys_a, keys_b = _keys(a, rows_a), _keys(b, rows_b)
    shared = [k for k in keys_b if k in keys_a]
    matched = Matched(
        a=rows_a,
        b=rows_b,
        rows_a=in_a[fine],
        rows_b=in_b[fine],
        names=names,
        keys=(*(k for k in shared if bare(k) not in LEFT_OUT), BANNED),
        form=tuple(k for k in shared if bare(k) in LEFT_OUT),
        added=tuple(k for k in keys_b if k not in keys_a),
        removed=tuple(k for k in keys_a if k not in keys_b),
        only_a=len(rows_a.failed) - len(in_a),
        only_b=len(rows_b.failed) - len(in_b),
        failed=int((~fine).sum()),
        relabelled=_relabelled(rows_a, rows_b, in_a[fine], in_b[fine]),
        known=(known_a | known_b)[fine],
        later_b=later[fine],
    )
    if not matched.size:
        raise UsageError(f"{a.folder} 和 {b.folder} 共有的 {len(in_a)} 条回复都没评成，没什么可比")
    return matched


def bare(key: str) -> str:
    """The id without kind and situation."""
    return key.partition(":")[2].rpartition(".")[2]


def _keys(run: Run, rows: Rows) -> list[str]:
    """The items of a run's rubric in its order, then any others that occur; without BANNED_KEY."""
    known = dict.fromkeys((*run.record.item_names, *rows.keys))
    return [k for k in known if k != BANNED_KEY]


def _same_cases(a: Run, b: Run, rows_a: Rows, rows_b: Rows) -> tuple[Ints, Ints]:
    """Rows of the cases that both have, in A's order. Raises UsageError when a case's texts differ."""
    place = {case: row for row, case in enumerate(rows_b.texts["id"])}
    pairs = [(row, place[case]) for row, case in enumerate(rows_a.texts["id"]) if case in place]
    if not pairs:
        raise UsageError(f"{a.folder} 和 {b.folder} 没有一条共同的回复（按编号 id 对），不能比")
    in_a, in_b = np.array(pairs, dtype=np.int64).T
    for column, word in _TEXTS.items():
        one, other = rows_a.texts[column][in_a], rows_b.texts[column][in_b]
        different = np.flatnonzero(one != other)
        if len(different):
            first = int(different[0])
            raise UsageError(
                f"编号 {rows_a.texts['id'][in_a[first]]} 在两边不是同一条，{word}不一样"
                f"（这样的有 {len(different)} 条）：\n"
                f"  {a.folder}（{rows_a.texts['source'][in_a[first]]}）：{one[first]}\n"
                f"  {b.folder}（{rows_b.texts['source'][in_b[first]]}）：{other[first]}\n"
                "要比的两次得评同样的回复。"
            )
    return in_a, in_b


def _label(rows: Rows, key: str) -> Bools:
    none = np.zeros(len(rows.failed), dtype=bool)
    if key == BANNED:
        return rows.labels.banned
    return rows.labels.found[key.partition(":")[0]].get(bare(key), none)


def _relabelled(a: Rows, b: Rows, in_a: Ints, in_b: Ints) -> int:
    """How many cases have labels in both runs that are not the same."""
    both = a.labels.known[in_a] & b.labels.known[in_b]
    different = a.labels.banned[in_a] != b.labels.banned[in_b]
    one, other = a.labels.quality[in_a], b.labels.quality[in_b]
    different |= (one != other) & ~(np.isnan(one) & np.isnan(other))
    none_a, none_b = np.zeros(len(a.failed), dtype=bool), np.zeros(len(b.failed), dtype=bool)
    for kind, found in a.labels.found.items():
        for item in {*found, *b.labels.found[kind]}:
            in_one, in_other = found.get(item, none_a), b.labels.found[kind].get(item, none_b)
            different |= in_one[in_a] != in_other[in_b]
    return int((both & different).sum())
