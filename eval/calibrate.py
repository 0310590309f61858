"""Fits calibrations on labelled replies (`duilian eval calibrate`). Knows nothing of how grades are shown.

The item models learn from the replies to train on; how far to trust them is fitted on other replies,
written by other hands; the models that are kept then learn from both. With nothing to train on, the replies are split: each fold is judged by models that
have not seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from eval.cases import Case
from eval.marking import fit_marking
from simulator.domain.rubric import Kind, RubricItem
from simulator.grading import quality as marking
from simulator.grading.calibration import BANNED, Band, Calibration, Linear
from simulator.grading.evidence import Evidence, gather, lacks
from simulator.grading.examples import column_name
from simulator.grading.grader import Grader
from simulator.grading.models import ItemModels, vectorizer

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
KINDS = (*(k.value for k in Kind), BANNED)
_FEWEST_POSITIVE = 4
_FOLDS = 5
# How strongly an item's own weights are held to zero: the shared logit and the bias hardly, the columns and
# facts much, n-grams (of a unit vector) little. Chosen by cross-fitting on the training replies.
_ITEM_C = 0.3
_LOGIT_GAIN = 0.6
_WHOLE_GAIN = 0.3
_WORDS_GAIN = 16.0
_BIAS_GAIN = 3.0
# Weights of n-grams below this are dropped: half of the file, and 0.03 logits (standard deviation) of a verdict.
_SLIGHT = 0.05
# Faults are rare: what they are weighs more, by this power of (replies without : replies with).
_RARE = {"negative": 0.5}
# What precision weighs against recall when `met` is set, by kind (F-beta).
_BETA = {"step": 1.0, "skill": 1.0, "negative": 1.0, BANNED: 0.8}
# What leaving a verdict open costs, where a wrong one costs 1 and a missed one `_MISS`: Chow's (1970) rule
# leaves it open where the likely cost of both verdicts is more.
_OPEN = 0.5
_MISS = {"step": 1.5, "skill": 1.5, "negative": 2.0, BANNED: 2.5}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Every (reply, item) pair, one row each, a banned row for every reply. `whole` has one row a reply."""

    own: Array
    label: NDArray[np.bool_]
    reply: Rows
    column: NDArray[np.str_]
    kind: NDArray[np.str_]
    whole: Array
    said: list[tuple[str, str]]

    def of(self, replies: Rows) -> Rows:
        """The rows that belong to `replies`."""
        return np.flatnonzero(np.isin(self.reply, replies))


def tabulate(grader: Grader, cases: Sequence[Case], evidence: Sequence[Evidence]) -> Table:
    """The table of `cases`."""
    columns = {column_name(i): c for c, i in enumerate(grader.fewshot.examples.items)}
    rows: list[tuple[int, str, str, NDArray[np.float32], bool]] = []
    for number, (case, found) in enumerate(zip(cases, evidence, strict=True)):
        for item in grader.rubric.items_for(case.request.situation):
            if item.examples and not item.form_only:
                name = column_name(item)
                values = grader.own_inputs(columns[name], found, lacks(item, found))
                rows.append((number, name, item.kind.value, values, item.id in case.labels[item.kind.value]))
        values = grader.own_inputs(grader.fewshot.examples.width - 1, found, False)
        rows.append((number, BANNED, BANNED, values, case.says_banned))
    return Table(
        own=np.array([r[3] for r in rows], dtype=np.float64),
        label=np.array([r[4] for r in rows]),
        reply=np.array([r[0] for r in rows]),
        column=np.array([r[1] for r in rows]),
        kind=np.array([r[2] for r in rows]),
        whole=np.array([e.vector() for e in evidence], dtype=np.float64),
        said=[(c.request.situation, c.request.reply) for c in cases],
    )


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Labelled replies with all that is looked at: read once, however many calibrations are fitted. `judged`:
    the replies that calibrate; those before them teach."""

    cases: Sequence[Case]
    evidence: Sequence[Evidence]
    table: Table
    judged: Rows


def prepare(grader: Grader, cases: Sequence[Case], train: Sequence[Case] = ()) -> Prepared:
    """`train` teaches the item models, `cases` calibrate. Raises ValueError without `cases`."""
    if not cases:
        raise ValueError("没有用来校准的回复")
    every = [*train, *cases]
    evidence = gather([c.request for c in every], grader.fewshot)
    table = tabulate(grader, every, evidence)
    return Prepared(cases=every, evidence=evidence, table=table, judged=np.arange(len(train), len(every)))


def fit(grader: Grader, prepared: Prepared, note: str = "", items: bool = True) -> Calibration:
    """A calibration of `grader`'s encoder, for its rubric (`items`) or shared by all rubrics. Raises
    ValueError when there are too few replies or all labels of a kind are alike."""
    table, judged = prepared.table, prepared.judged
    taught = table.of(np.arange(judged[0])) if judged[0] else np.arange(len(table.label))
    shared = fit_all_shared(table, taught)
    logits = shared_logits(table, shared)
    models, scaling = None, {}
    if items:
        held = held_out(table, logits, np.arange(judged[0]), judged)
        scaling = {kind: _scaling(table, kind, held, judged) for kind in KINDS}
        models = fit_models(table, logits, np.arange(len(prepared.cases)))
        logits = _scaled(table, held, scaling)
    chances = np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))
    return Calibration(
        encoder_hash=grader.encoder.hash,
        rubric_hash=grader.rubric.hash if items else "",
        shared=shared,
        scaling=scaling,
        bands=_bands(table, chances, table.of(judged)),
        marking=fit_marking(*_marks(grader, prepared, chances)),
        items=models,
        note=note,
    )


def fit_shared(table: Table, rows: Rows) -> Linear:
    """The line over SHARED_INPUTS that serves any item of a kind. Raises ValueError when `rows` are all
    labelled alike."""
    model = LogisticRegression(C=10.0, max_iter=1000).fit(table.own[rows], table.label[rows])
    return Linear(bias=float(model.intercept_[0]), weights=tuple(map(float, model.coef_[0])))


def fit_all_shared(table: Table, rows: Rows) -> dict[str, Linear]:
    """The shared line of every kind, from `rows`."""
    return {kind: fit_shared(table, rows[table.kind[rows] == kind]) for kind in KINDS}


def shared_logits(table: Table, shared: dict[str, Linear]) -> Array:
    """The logit of every row by the shared lines."""
    out = np.zeros(len(table.label))
    for kind, line in shared.items():
        rows = np.flatnonzero(table.kind == kind)
        out[rows] = table.own[rows] @ np.array(line.weights) + line.bias
    return out


def fit_models(table: Table, logits: Array, replies: Rows) -> ItemModels:
    """A model for every column with enough positive labels among `replies`. `logits`: the shared ones."""
    words = vectorizer()
    counted = words.fit_transform([table.said[i] for i in replies])
    where = {int(reply): place for place, reply in enumerate(replies)}
    centre, scale = table.whole[replies].mean(axis=0), table.whole[replies].std(axis=0) + 1e-3
    standard = (table.whole - centre) / scale
    names, parts = [], []
    rows = table.of(replies)
    for name in dict.fromkeys(table.column[rows].tolist()):
        mine = rows[table.column[rows] == name]
        labels = table.label[mine]
        if not _FEWEST_POSITIVE <= labels.sum() < len(labels):
            continue
        dense = np.column_stack(
            [
                logits[mine] * _LOGIT_GAIN,
                standard[table.reply[mine]] * _WHOLE_GAIN,
                np.full(len(mine), _BIAS_GAIN),
            ]
        )
        own = counted[[where[int(r)] for r in table.reply[mine]]] * _WORDS_GAIN
        inputs = sparse.hstack([sparse.csr_matrix(dense), own]).tocsr()
        model = LogisticRegression(C=_ITEM_C, solver="liblinear", fit_intercept=False, max_iter=300)
        rare = ((~labels).sum() / labels.sum()) ** _RARE.get(str(table.kind[mine[0]]), 0.0)
        parts.append(model.fit(inputs, labels, sample_weight=np.where(labels, rare, 1.0)).coef_[0])
        names.append(name)
    if not names:
        raise ValueError(f"没有一项有 {_FEWEST_POSITIVE} 条以上做到的回复")
    return _models(names, np.array(parts), centre, scale, words)


def _models(names: list[str], weights: Array, centre: Array, scale: Array, words: object) -> ItemModels:
    wide = 1 + len(centre)
    ngrams = weights[:, wide + 1 :] * _WORDS_GAIN
    ngrams[np.abs(ngrams) < _SLIGHT] = 0.0
    vocabulary = words.vocabulary_  # type: ignore[attr-defined]
    return ItemModels(
        names=tuple(names),
        gains=(weights[:, 0] * _LOGIT_GAIN).astype(np.float32),
        weights=(weights[:, 1:wide] * _WHOLE_GAIN).astype(np.float32),
        biases=(weights[:, wide] * _BIAS_GAIN).astype(np.float32),
        centre=centre.astype(np.float32),
        scale=scale.astype(np.float32),
        vocabulary=tuple(sorted(vocabulary, key=vocabulary.__getitem__)),
        idf=words.idf_.astype(np.float32),  # type: ignore[attr-defined]
        words=sparse.csr_matrix(ngrams.astype(np.float32)),
    )


def model_logits(table: Table, models: ItemModels, logits: Array, rows: Rows) -> Array:
    """The logits of `rows` by `models`; the shared ones where a column has no model."""
    replies = np.unique(table.reply[rows])
    learned = models.learned(table.whole[replies].astype(np.float32), [table.said[i] for i in replies])
    by_reply = dict(zip(replies.tolist(), learned, strict=True))
    out = logits[rows].copy()
    for place, row in enumerate(rows):
        found = by_reply[int(table.reply[row])].get(str(table.column[row]))
        if found is not None:
            out[place] = found + models.gain(str(table.column[row])) * logits[row]
    return out


def held_out(table: Table, logits: Array, train: Rows, judged: Rows) -> Array:
    """The logit of every row of `judged` by models that have not seen its reply; other rows keep theirs."""
    out = logits.copy()
    if len(train):
        splits = [(train, judged)]
    else:
        folds = KFold(_FOLDS, shuffle=True, random_state=0).split(judged)
        splits = [(judged[seen], judged[unseen]) for seen, unseen in folds]
    for seen, unseen in splits:
        rows = table.of(unseen)
        out[rows] = model_logits(table, fit_models(table, logits, seen), logits, rows)
    return out


def _scaling(table: Table, kind: str, logits: Array, judged: Rows) -> Linear:
    """Platt's (1999) line for a kind."""
    rows = table.of(judged)
    rows = rows[table.kind[rows] == kind]
    model = LogisticRegression(C=100.0).fit(logits[rows][:, None], table.label[rows])
    return Linear(bias=float(model.intercept_[0]), weights=(float(model.coef_[0][0]),))


def _scaled(table: Table, logits: Array, scaling: dict[str, Linear]) -> Array:
    out = logits.copy()
    for kind, line in scaling.items():
        rows = table.kind == kind
        out[rows] = logits[rows] * line.weights[0] + line.bias
    return out


def _bands(table: Table, chances: Array, rows: Rows) -> dict[str, Band]:
    by_kind = {kind: rows[table.kind[rows] == kind] for kind in KINDS}
    return {kind: set_band(chances[mine], table.label[mine], kind) for kind, mine in by_kind.items()}


def set_band(chances: Array, labels: NDArray[np.bool_], kind: str) -> Band:
    """`met` where F-beta is best; `not_met` where a miss is likely to cost no more than an open verdict."""
    chances = np.round(chances, 4)  # as they are when a verdict is made
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(labels[order])
    weight = _BETA[kind] ** 2
    score = (1 + weight) * hits / (np.arange(1, len(order) + 1) + weight * labels.sum())
    met = round(float(np.clip(chances[order[int(np.argmax(score))]], 0.1, 0.9)), 4)
    return Band(not_met=round(min(met, _OPEN / _MISS[kind]), 4), met=met)


def _marks(grader: Grader, prepared: Prepared, chances: Array) -> tuple[Array, Array]:
    """(inputs of the quality model, labelled qualities) of the judged replies that have one."""
    table, cases = prepared.table, prepared.cases
    by_reply: list[dict[str, float]] = [{} for _ in cases]
    items: dict[str, RubricItem] = {column_name(i): i for i in grader.fewshot.examples.items}
    for row in table.of(prepared.judged):
        name, number = str(table.column[row]), int(table.reply[row])
        key = items[name].key_in(cases[number].request.situation) if name in items else BANNED
        by_reply[number][key] = float(chances[row])
    rows, marks = [], []
    for number in prepared.judged:
        case, found = cases[number], by_reply[number]
        if case.quality is not None:
            length = prepared.evidence[number].features.length
            values = marking.inputs(grader.rubric, found, found[BANNED], case.request.situation, length)
            rows.append([values[name] for name in marking.INPUTS])
            marks.append(case.quality)
    return np.array(rows), np.array(marks)
