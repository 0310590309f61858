"""The figures of a pair of runs: of all items together, each kind, each item and each slice of the cases.

Knows nothing of how they are judged or shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.comparing.pairing import BANNED, Matched
from eval.comparing.reading import Bools, Floats
from eval.comparing.statistics import (
    Confusion,
    Paired,
    confusion_counts,
    holm,
    mcnemar,
    paired_bootstrap_items,
    paired_quadratic_kappa,
    paired_spearman,
)
from eval.metrics import KINDS, MIDDLE, Bin, calibration_error, reliability

ALL = "all"
GROUPS = {ALL: "全部", "step": "步骤", "skill": "技能", "negative": "负面", BANNED: "禁语"}
TELLING = 6  # five cases all one way have an exact p of 0.0625: fewer than six can tell nothing
LENGTHS = ((15, "15 字以内"), (40, "16–40 字"), (80, "41–80 字"), (None, "80 字以上"))
SLICES = {"situation": "情境", "style": "客户风格", "length": "回复长短", "kind": "回复类型"}
_AT_ONCE = 64  # contrasts drawn together: bounds what is held of very many cases
Cells = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A and B on one thing: an item, a group of items (GROUPS), or all items in a slice of the cases.

    `kind`: step, skill or negative for an item, `group`, or what slices go by (SLICES). `cases`: labelled cases
    that it is judged in; `support`: positive labels; `a`, `b`: verdicts against labels; `f1`: F1 of each and their
    difference. `a_alone`, `b_alone`: cases in which A (B) alone is right, or, of many items, is right about more;
    `p`: McNemar's exact test of these; `p_holm`: adjusted over the items (groups: over the four kinds), None for
    what is not among those tested. `compared`, `changed`: verdicts and how many differ, labelled or not;
    `agreement`: Cohen's kappa between A's and B's findings.
    """

    key: str
    name: str
    kind: str
    cases: int
    support: int
    a: Confusion
    b: Confusion
    f1: Paired
    a_alone: int
    b_alone: int
    p: float
    p_holm: float | None = None
    compared: int
    changed: int
    agreement: float | None


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Agreement of A's and B's quality with the labels, over `cases` that have one; in `changed` of them A and B
    differ."""

    cases: int
    changed: int
    spearman: Paired
    kappa: Paired


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Scores against labels: bars of the diagrams of A and of B, and their expected calibration errors."""

    a: tuple[Bin, ...]
    b: tuple[Bin, ...]
    error_a: float
    error_b: float


@dataclass(frozen=True, kw_only=True)
class Contrasts:
    """All figures of a pair; `groups` in the order of GROUPS (the last, banned, is an item of its own), `slices` in
    that of SLICES."""

    groups: tuple[Contrast, ...]
    items: tuple[Contrast, ...]
    slices: tuple[Contrast, ...]
    quality: Quality
    reliability: Reliability


@dataclass(frozen=True, kw_only=True)
class _Column:
    """Counts of each case (n, 4) for one contrast: A and B against the labels, B against A; and verdicts
    changed (n,)."""

    key: str
    name: str
    kind: str
    a: Cells
    b: Cells
    between: Cells
    changed: Cells


def contrasts(matched: Matched, draws: int, seed: int) -> Contrasts:
    """Every figure of the pair. Items that only one version has take no part."""
    single = [_column(matched, key) for key in matched.keys]
    of_kind = {kind: [i for i in single if i.kind == kind] for kind in (*KINDS, BANNED)}
    groups = [_sum(ALL, single, matched.size), *(_sum(k, i, matched.size) for k, i in of_kind.items())]
    items = [i for i in single if i.key != BANNED]
    slices = [
        _within(groups[0], by, value, rows)
        for by in SLICES
        for value, rows in _sliced(matched, by)
        if rows.any()
    ]
    done = _contrasts([*groups, *items, *slices], matched.known, draws, seed)
    overall, kinds = done[0], done[1 : len(groups)]
    each, rest = done[len(groups) :][: len(items)], done[len(groups) + len(items) :]
    return Contrasts(
        groups=(overall, *_adjusted(kinds, [True] * len(kinds))),
        items=tuple(_adjusted(each, [c.a_alone + c.b_alone >= TELLING for c in each])),
        slices=tuple(rest),
        quality=_quality(matched, draws, seed),
        reliability=_reliability(matched),
    )


def _column(matched: Matched, key: str) -> _Column:
    item = matched.item(key)
    return _Column(
        key=key,
        name=matched.names.get(key, key),
        kind=BANNED if key == BANNED else key.partition(":")[0],
        a=confusion_counts(item.a, item.label, item.labelled).astype(np.int8),
        b=confusion_counts(item.b, item.label, item.labelled).astype(np.int8),
        between=confusion_counts(item.b, item.a, item.judged).astype(np.int8),
        changed=item.changed.astype(np.int64),
    )


def _sum(group: str, columns: Sequence[_Column], size: int) -> _Column:
    none = np.zeros((size, 4), dtype=np.int64)
    return _Column(
        key=group,
        name=GROUPS[group],
        kind="group",
        a=sum((c.a for c in columns), none),
        b=sum((c.b for c in columns), none),
        between=sum((c.between for c in columns), none),
        changed=sum((c.changed for c in columns), none[:, 0]),
    )


def _within(whole: _Column, by: str, value: str, rows: Bools) -> _Column:
    inside = rows[:, None]
    return _Column(
        key=f"{by}:{value}",
        name=value,
        kind=by,
        a=whole.a * inside,
        b=whole.b * inside,
        between=whole.between * inside,
        changed=whole.changed * rows,
    )


def _sliced(matched: Matched, by: str) -> Iterable[tuple[str, Bools]]:
    """The slices of the cases, the largest first (lengths: the shortest first). A case of which `by` is not known
    is in none."""
    if by == "length":
        sizes = np.array([len((reply or "").strip()) for reply in matched.text("reply")])
        least = 0
        for most, name in LENGTHS:
            yield name, (sizes >= least) & (sizes <= (most or np.inf))
            least = (most or 0) + 1
        return
    texts = matched.text(by)
    values, counts = np.unique([t for t in texts if t is not None], return_counts=True)
    for _, value in sorted(zip(-counts, values, strict=True)):
        yield str(value), np.array([t == value for t in texts], dtype=bool)


def _contrasts(columns: Sequence[_Column], known: Bools, draws: int, seed: int) -> list[Contrast]:
    """Every column's contrast. All columns get the same draws of the labelled cases."""
    done = []
    for start in range(0, len(columns), _AT_ONCE):
        some = columns[start : start + _AT_ONCE]
        a = np.stack([column.a[known, :3] for column in some], axis=1)
        b = np.stack([column.b[known, :3] for column in some], axis=1)
        drawn = paired_bootstrap_items(a, b, draws=draws, seed=seed)
        done += [_contrast(column, _possible(drawn.one(n))) for n, column in enumerate(some)]
    return done


def _possible(f1: Paired) -> Paired:
    """With no bound of the difference beyond 1, where an interval that is as wide on both sides may reach."""
    if f1.difference is None:
        return f1
    low, high = max(-1.0, f1.difference.low), min(1.0, f1.difference.high)
    return replace(f1, difference=replace(f1.difference, low=low, high=high))


def _contrast(column: _Column, f1: Paired) -> Contrast:
    a, b, between = (_confusion(cells) for cells in (column.a, column.b, column.between))
    right_a, right_b = (cells[:, 0] + cells[:, 3] for cells in (column.a, column.b))
    a_alone, b_alone = int((right_a > right_b).sum()), int((right_b > right_a).sum())
    return Contrast(
        key=column.key,
        name=column.name,
        kind=column.kind,
        cases=int((column.a.sum(axis=1) > 0).sum()),
        support=a.tp + a.fn,
        a=a,
        b=b,
        f1=f1,
        a_alone=a_alone,
        b_alone=b_alone,
        p=mcnemar(a_alone, b_alone),
        compared=between.tp + between.fp + between.fn + between.tn,
        changed=int(column.changed.sum()),
        agreement=between.kappa,
    )


def _confusion(cells: Cells) -> Confusion:
    tp, fp, fn, tn = cells.sum(axis=0, dtype=np.int64).tolist()
    return Confusion(tp=tp, fp=fp, fn=fn, tn=tn)


def _adjusted(found: Sequence[Contrast], tested: Sequence[bool]) -> list[Contrast]:
    """With Holm's p over the tested. What cannot reach 0.05 whichever way its cases fall is not counted; the number
    of these cases alone decides that, which leaves the promise of the rest as it is (Tarone 1990)."""
    adjusted = iter(holm([c.p for c, yes in zip(found, tested, strict=True) if yes]))
    return [replace(c, p_holm=next(adjusted)) if yes else c for c, yes in zip(found, tested, strict=True)]


def _quality(matched: Matched, draws: int, seed: int) -> Quality:
    labels = matched.label_quality
    a, b = matched.a.quality[matched.rows_a], matched.b.quality[matched.rows_b]
    counted = ~np.isnan(labels)
    return Quality(
        cases=int(counted.sum()),
        changed=int((counted & (_filled(a) != _filled(b))).sum()),
        spearman=paired_spearman(labels, a, b, draws, seed),
        kappa=paired_quadratic_kappa(labels, a, b, draws, seed),
    )


def _filled(quality: Floats) -> Floats:
    return np.where(np.isnan(quality), MIDDLE, quality)


def _reliability(matched: Matched) -> Reliability:
    """Over every labelled verdict that has a score in both; banned things have none of this sort."""
    a: list[Floats] = [np.zeros(0)]
    b: list[Floats] = [np.zeros(0)]
    labels: list[Bools] = [np.zeros(0, dtype=bool)]
    for key in matched.keys[:-1]:
        item = matched.item(key)
        one = matched.a.scores(key, matched.rows_a)
        other = matched.b.scores(key, matched.rows_b)
        both = item.labelled & ~np.isnan(one) & ~np.isnan(other)
        a.append(one[both])
        b.append(other[both])
        labels.append(item.label[both])
    truth = np.concatenate(labels)
    bars_a, bars_b = (tuple(reliability(np.concatenate(side), truth)) for side in (a, b))
    return Reliability(
        a=bars_a, b=bars_b, error_a=calibration_error(bars_a), error_b=calibration_error(bars_b)
    )
