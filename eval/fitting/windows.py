"""Fits the models that look at one window of a reply at a time, on marked clauses. Knows nothing of thresholds.

A window of a reply with a fault commits it when it holds one of the clauses that were marked (for a fault of two halves,
the first of them and another), and does not when it holds none; a reply without the fault has no window that commits it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from eval.clauses import Clause
from eval.fitting.tables import KINDS, Array, Flags, Rows, Table, splits
from simulator.domain.grade import Span
from simulator.domain.rubric import Kind
from simulator.grading.calibration import BANNED
from simulator.grading.windowed import Counted, WindowModels, count, grams_within

# How strongly weights are held to zero, and what a window that commits a fault weighs: chosen on the calibration split.
_C = 30.0
_COMMITS = 2.0
_FEWEST_CLAUSES = 20  # that were marked or written, or a column gets no model
_FEWEST_SEEN = 3  # replies or clauses that an n-gram stands in
_SLIGHT = 0.02  # weights below this are dropped
# Faults of two halves: only both together commit them.
_OF_TWO_HALVES = frozenset({"but_after_empathy"})


@dataclass(frozen=True, kw_only=True)
class Marked:
    """One labelled reply cut into windows. `spans`: of the windows; `marks`: the clauses that commit each fault, by
    label, where they were marked."""

    reply: str
    spans: tuple[Span, ...]
    marks: dict[str, tuple[Span, ...]]


class Windows:
    """Every window of every reply, and every clause of a list, as vectors of n-grams."""

    def __init__(self, replies: Sequence[Marked], clauses: Sequence[Clause]) -> None:
        texts = [m.reply for m in replies] + [c.text for c in clauses]
        cut = [m.spans for m in replies] + [(Span(start=0, end=len(c.text)),) for c in clauses]
        self.replies, self.clauses = replies, clauses
        counted, self.vocabulary, self.idf = _counted(texts)
        blocks = [c.vectors(spans, self.idf) for c, spans in zip(counted, cut, strict=True)]
        self.vectors = sparse.vstack(blocks).tocsr()
        self.sizes = np.array([len(spans) for spans in cut])
        self.owner = np.repeat(np.arange(len(texts)), self.sizes)

    def fit(self, taught: Rows, labels: dict[str, tuple[Flags, Flags]]) -> WindowModels | None:
        """A model for every column that enough clauses teach. `taught`: the replies that teach; `labels`: by column,
        of every reply, whether it was judged and whether it commits the fault. None when there is none."""
        teaches = np.ones(len(self.replies) + len(self.clauses), dtype=bool)
        teaches[: len(self.replies)] = np.isin(np.arange(len(self.replies)), taught)
        weight = 1 / np.sqrt(np.maximum(1, self.sizes))[self.owner]
        names, weights, biases = [], [], []
        for column, (judged, commits) in labels.items():
            label = label_of(column)
            if self._clauses_of(label, teaches, judged & commits) < _FEWEST_CLAUSES:
                continue
            known, does = self._targets(label, judged, commits)
            used = known & teaches[self.owner]
            if does[used].all() or not does[used].any():
                continue
            model = LogisticRegression(C=_C, solver="liblinear", max_iter=200)
            model.fit(
                self.vectors[used], does[used], sample_weight=(weight * np.where(does, _COMMITS, 1.0))[used]
            )
            names.append(column)
            weights.append(np.where(np.abs(model.coef_[0]) < _SLIGHT, 0.0, model.coef_[0]))
            biases.append(float(model.intercept_[0]))
        return self._made(names, np.array(weights), np.array(biases)) if names else None

    def _clauses_of(self, label: str, teaches: Flags, commits: Flags) -> int:
        """How many replies and written clauses teach what commits a fault."""
        replies = np.flatnonzero(teaches[: len(self.replies)] & commits).tolist()
        marked = sum(bool(self.replies[n].marks.get(label)) for n in replies)
        return marked + sum(label in c.labels & c.judged for c in self.clauses)

    def _targets(self, label: str, judged: Flags, commits: Flags) -> tuple[Flags, Flags]:
        """Of every window: whether it is known what it does, and whether it commits the fault."""
        known, does = np.zeros(len(self.owner), dtype=bool), np.zeros(len(self.owner), dtype=bool)
        ends = np.cumsum(self.sizes)
        for n in np.flatnonzero(judged).tolist():
            reply, mine = self.replies[n], slice(ends[n] - self.sizes[n], ends[n])
            if not commits[n]:
                known[mine] = True
            elif reply.marks.get(label):
                known[mine], does[mine] = _committing(
                    reply.spans, reply.marks[label], label in _OF_TWO_HALVES
                )
            elif self.sizes[n] == 1:
                known[mine] = does[mine] = True
        written = slice(len(self.owner) - len(self.clauses), None)
        known[written] = [label in c.judged for c in self.clauses]
        does[written] = [label in c.labels for c in self.clauses]
        return known, does

    def _made(
        self, names: list[str], weights: NDArray[np.float64], biases: NDArray[np.float64]
    ) -> WindowModels:
        return WindowModels(
            names=tuple(names),
            vocabulary=self.vocabulary,  # whole, since a window's length is taken over all it holds
            idf=self.idf,
            words=sparse.csr_matrix(weights.astype(np.float32)),
            biases=biases.astype(np.float32),
        )


def label_of(column: str) -> str:
    """What marks and written clauses call a column: a bare id, or `banned`."""
    return column if column == BANNED else column.partition(":")[2]


def fit_windows(
    windows: Windows, table: Table, taught: Rows, columns: Collection[str]
) -> WindowModels | None:
    """The models that the replies `taught` and all written clauses teach, of those of `columns` that are faults."""
    faults = [name for name in columns if name == BANNED or name.startswith(f"{Kind.NEGATIVE.value}:")]
    return windows.fit(taught, {name: table.of_column(name) for name in faults})


def peaks_of(windows: Windows, table: Table, train: Rows, judged: Rows, columns: Collection[str]) -> Array:
    """The logit of every row's likeliest window, for the replies `judged` and those of `columns` that are faults, by
    models that have not seen these replies; NaN elsewhere."""
    peaks = np.full(len(table.label), np.nan)
    for seen, unseen in splits(train, judged):
        models = fit_windows(windows, table, seen, columns)
        if models is None:
            continue
        told = {n: models.judge(windows.replies[n].reply, windows.replies[n].spans) for n in unseen.tolist()}
        for row in table.of(unseen):
            found = told[int(table.reply[row])].get(str(table.column[row]))
            peaks[row] = np.nan if found is None else found.max()
    return peaks


@dataclass(frozen=True, kw_only=True)
class Blend:
    """How the likeliest window counts beside the item model, by column: logit + gain * peak + offset."""

    gains: dict[str, float]
    offsets: dict[str, float]

    def add(self, table: Table, logits: Array, peaks: Array) -> Array:
        """The blended logits; those without a peak or a gain stay."""
        out = logits.copy()
        for row in np.flatnonzero(~np.isnan(peaks)):
            name = str(table.column[row])
            if name in self.gains:
                out[row] += self.gains[name] * peaks[row] + self.offsets[name]
        return out

    def scale(self, models: WindowModels) -> WindowModels | None:
        """`models` in the blend's units; None when it has a gain for none of them."""
        kept = [n for n, name in enumerate(models.names) if name in self.gains]
        if not kept:
            return None
        names = tuple(models.names[n] for n in kept)
        gain = np.array([self.gains[name] for name in names], dtype=np.float32)
        offset = np.array([self.offsets[name] for name in names], dtype=np.float32)
        words = (sparse.diags(gain) @ models.words[kept]).tocsr()
        return replace(models, names=names, words=words, biases=models.biases[kept] * gain + offset)


def fit_blend(table: Table, logits: Array, peaks: Array) -> Blend:
    """The blend that predicts the labels best where there are peaks: one gain a kind, none where windows would
    speak against their own label, and an offset a column, drawn to zero."""
    gains: dict[str, float] = {}
    offsets: dict[str, float] = {}
    for kind in KINDS:
        rows = np.flatnonzero((table.kind == kind) & ~np.isnan(peaks))
        if not table.label[rows].any() or table.label[rows].all():
            continue
        names, column = np.unique(table.column[rows], return_inverse=True)
        spread = logits[rows].std() + 1e-6, peaks[rows].std() + 1e-6
        inputs = np.column_stack(
            [logits[rows] / spread[0], peaks[rows] / spread[1], np.eye(len(names))[column]]
        )
        weights = LogisticRegression(C=1.0, max_iter=1000).fit(inputs, table.label[rows]).coef_[0]
        slope, peak = weights[0] / spread[0], weights[1] / spread[1]
        if min(slope, peak) <= 0:
            continue
        gains |= {str(name): float(peak / slope) for name in names}
        offsets |= {str(name): float(w / slope) for name, w in zip(names, weights[2:], strict=True)}
    return Blend(gains=gains, offsets=offsets)


def _committing(windows: Sequence[Span], marks: Sequence[Span], two_halves: bool) -> tuple[Flags, Flags]:
    """Of the windows of a reply that commits a fault: whether it is known what each does, and whether it commits it. A
    window that holds a part of a mark only is left out. A fault of two halves is committed by a window that holds the
    first mark and another; when none does, nothing is known of those that hold any."""
    starts, ends = np.array([w.start for w in windows]), np.array([w.end for w in windows])
    touched = np.array([(starts < m.end) & (ends > m.start) for m in marks])
    # a mark may begin or end with punctuation, which no window holds
    held = np.array([np.minimum(ends, m.end) - np.maximum(starts, m.start) for m in marks])
    whole = touched & (held >= held.max(axis=1, keepdims=True))
    if two_halves and len(marks) > 1:
        does = whole[0] & whole[1:].any(axis=0)
        known = does | ~touched.any(axis=0) | does.any()
    else:
        does = whole.any(axis=0)
        known = does | ~touched.any(axis=0)
    return known, does


def _counted(texts: Sequence[str]) -> tuple[list[Counted], tuple[str, ...], NDArray[np.float32]]:
    """The n-grams of each text, of those that stand in enough of them; these n-grams; and their inverse document
    frequency (smoothed, as scikit-learn's)."""
    number: dict[str, int] = defaultdict(lambda: len(number))
    every = []
    for text in texts:
        found = grams_within(text)
        for gram, _, _ in found:
            number[gram]
        every.append(count(found, number))
    seen = np.zeros(len(number), dtype=np.int64)
    for one in every:
        seen[np.unique(one.numbers)] += 1
    grams = np.array(list(number), dtype=object)
    kept = np.array(
        sorted(np.flatnonzero(seen >= _FEWEST_SEEN).tolist(), key=grams.__getitem__), dtype=np.int64
    )
    place = np.full(len(grams), -1, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    idf = (np.log((1 + len(texts)) / (1 + seen[kept])) + 1).astype(np.float32)
    return [_renumbered(one, place) for one in every], tuple(grams[kept].tolist()), idf


def _renumbered(counted: Counted, place: NDArray[np.int32]) -> Counted:
    numbers = place[counted.numbers]
    known = numbers >= 0
    return Counted(numbers[known], counted.first[known], counted.last[known])
