"""Fits a calibration on labelled replies: probabilities, verdict bands and the quality model.

All choices (bands, quality weights) rest on predictions for replies that the predicting model was not
fitted on (cross-fitting by reply), so that they hold for new replies. Deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold

from eval.cases import Case
from simulator.domain.rubric import Kind, RubricItem
from simulator.grading import quality as marking
from simulator.grading.calibration import BANNED, Band, Calibration, Linear
from simulator.grading.evidence import Evidence, gather, lacks
from simulator.grading.examples import column_name
from simulator.grading.grader import Grader

_FOLDS = 5
# How strongly the item part is held to the shared part; chosen on calibration replies.
_ITEM_C = 0.3
_LOGIT_GAIN = 3.0
_WHOLE_GAIN = 0.3
# Small, so that an item is not met merely because it often is in the labelled first replies.
_BIAS_GAIN = 0.5
# A false accusation costs the trainee more than one that is missed: faults weigh precision (F-beta).
_BETA = {"step": 1.0, "skill": 0.6, "negative": 0.8, BANNED: 0.6}
_FEWEST_POSITIVE = 3
# Below `met` by this share of it a verdict is not unsure but not met.
_UNSURE_FROM = {"step": 0.7, "skill": 0.7, "negative": 0.7, BANNED: 0.7}

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Table:
    """One row for each (reply, item): `own` inputs, label, which reply and column it is of."""

    own: Array
    label: NDArray[np.bool_]
    reply: NDArray[np.int64]
    column: list[str]
    kind: list[str]
    whole: Array

    def rows(self, kind: str) -> NDArray[np.int64]:
        """Row numbers of a kind."""
        return np.array([n for n, k in enumerate(self.kind) if k == kind], dtype=np.int64)


def tabulate(grader: Grader, cases: list[Case], evidence: list[Evidence]) -> Table:
    """The training table of `cases`."""
    own, label, reply, column, kind = [], [], [], [], []

    def add(number: int, name: str, what: str, values: NDArray[np.float32], true: bool) -> None:
        own.append(values)
        label.append(true)
        reply.append(number)
        column.append(name)
        kind.append(what)

    columns = {column_name(i): c for c, i in enumerate(grader.fewshot.examples.items)}
    for number, (case, found) in enumerate(zip(cases, evidence, strict=True)):
        for item in grader.rubric.items_for(case.request.situation):
            if item.examples and not item.form_only:
                values = grader.own_inputs(columns[column_name(item)], found, lacks(item, found))
                true = item.id in case.labels[item.kind.value]
                add(number, column_name(item), item.kind.value, values, true)
        values = grader.own_inputs(grader.fewshot.examples.width - 1, found, False)
        add(number, BANNED, BANNED, values, case.says_banned)
    return Table(
        own=np.array(own, dtype=np.float64),
        label=np.array(label),
        reply=np.array(reply),
        column=column,
        kind=kind,
        whole=np.array([e.vector() for e in evidence], dtype=np.float64),
    )


def fit(grader: Grader, cases: list[Case], note: str = "", items: bool = True) -> Calibration:
    """A calibration of `grader`'s encoder, for its rubric (`items`) or shared by all rubrics."""
    evidence = gather([c.request for c in cases], grader.fewshot)
    table = tabulate(grader, cases, evidence)
    centre, scale = table.whole.mean(axis=0), table.whole.std(axis=0) + 1e-3
    standard = (table.whole - centre) / scale
    crossed = _cross_fitted(table, standard, items)
    shared = {kind: _shared(table, kind) for kind in (*Kind, BANNED)}
    fitted = _items(table, standard, _logits(table, shared)) if items else {}
    calibration = Calibration(
        encoder_hash=grader.encoder.hash,
        rubric_hash=grader.rubric.hash if items else "",
        shared={k: Linear(bias=b, weights=tuple(w)) for k, (b, w) in shared.items()},
        items={k: Linear(bias=b, weights=tuple(w)) for k, (b, w) in fitted.items()},
        centre=tuple(centre) if items else (),
        scale=tuple(scale) if items else (),
        bands={kind: _band(table, kind, crossed) for kind in (*Kind, BANNED)},
        quality=_quality(grader, cases, evidence, table, crossed),
        note=note,
    )
    return calibration


def _shared(table: Table, kind: str, among: NDArray[np.int64] | None = None) -> tuple[float, Array]:
    rows = table.rows(kind)
    if among is not None:
        rows = rows[np.isin(table.reply[rows], among)]
    model = LogisticRegression(C=10.0, max_iter=1000).fit(table.own[rows], table.label[rows])
    return float(model.intercept_[0]), model.coef_[0]


def _logits(table: Table, shared: dict[str, tuple[float, Array]]) -> Array:
    out = np.zeros(len(table.label))
    for kind, (bias, weights) in shared.items():
        rows = table.rows(kind)
        out[rows] = table.own[rows] @ weights + bias
    return out


def _items(
    table: Table, standard: Array, logits: Array, among: NDArray[np.int64] | None = None
) -> dict[str, tuple[float, Array]]:
    """A model for every column with enough positive labels, over [shared logit, standardised whole]."""
    groups: dict[str, list[int]] = {}
    allowed = None if among is None else set(among.tolist())
    for row, name in enumerate(table.column):
        if allowed is None or int(table.reply[row]) in allowed:
            groups.setdefault(name, []).append(row)
    models = {}
    for name, rows in groups.items():
        labels = table.label[rows]
        if not _FEWEST_POSITIVE <= labels.sum() < len(labels):
            continue
        inputs = _item_inputs(logits[rows], standard[table.reply[rows]])
        model = LogisticRegression(C=_ITEM_C, max_iter=1000, fit_intercept=False).fit(inputs, labels)
        gains = np.concatenate([[_LOGIT_GAIN], np.full(standard.shape[1], _WHOLE_GAIN)])
        models[name] = (float(model.coef_[0][-1] * _BIAS_GAIN), model.coef_[0][:-1] * gains)
    return models


def _item_inputs(logits: Array, whole: Array) -> Array:
    bias = np.full((len(logits), 1), _BIAS_GAIN)
    return np.hstack([logits[:, None] * _LOGIT_GAIN, whole * _WHOLE_GAIN, bias])


def _cross_fitted(table: Table, standard: Array, items: bool) -> Array:
    """The probability of every row by models that have not seen its reply."""
    out = np.zeros(len(table.label))
    replies = np.arange(len(standard))
    for seen, unseen in KFold(_FOLDS, shuffle=True, random_state=0).split(replies):
        shared = {kind: _shared(table, kind, seen) for kind in (*Kind, BANNED)}
        logits = _logits(table, shared)
        models = _items(table, standard, logits, seen) if items else {}
        for row in np.flatnonzero(np.isin(table.reply, unseen)):
            logit = logits[row]
            if table.column[row] in models:
                bias, weights = models[table.column[row]]
                logit = bias + weights[0] * logit + weights[1:] @ standard[table.reply[row]]
            out[row] = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
    return out


def _band(table: Table, kind: str, crossed: Array) -> Band:
    """`met` where F-beta is best on cross-fitted probabilities; `unsure` a little below it."""
    rows = table.rows(kind)
    order = rows[np.argsort(-crossed[rows], kind="stable")]
    hits = np.cumsum(table.label[order])
    weight = _BETA[kind] ** 2
    score = (1 + weight) * hits / (np.arange(1, len(order) + 1) + weight * table.label[rows].sum())
    met = float(np.clip(crossed[order[int(np.argmax(score))]], 0.1, 0.9))
    return Band(not_met=round(met * _UNSURE_FROM[kind], 4), met=round(met, 4))


def _quality(
    grader: Grader, cases: list[Case], evidence: list[Evidence], table: Table, crossed: Array
) -> dict[str, float]:
    """Weights of the quality model, fitted on cross-fitted probabilities."""
    chances: list[dict[str, float]] = [{} for _ in cases]
    items: dict[str, RubricItem] = {column_name(i): i for i in grader.fewshot.examples.items}
    for row, name in enumerate(table.column):
        number = int(table.reply[row])
        key = items[name].key_in(cases[number].request.situation) if name in items else BANNED
        chances[number][key] = float(crossed[row])
    rows, marks = [], []
    for case, found, chance in zip(cases, evidence, chances, strict=True):
        if case.quality is not None:
            values = marking.inputs(
                grader.rubric, chance, chance[BANNED], case.request.situation, found.features.length
            )
            rows.append([values[name] for name in marking.INPUTS])
            marks.append(case.quality)
    model = Ridge(alpha=1.0, fit_intercept=False).fit(np.array(rows), np.array(marks))
    return dict(zip(marking.INPUTS, map(float, model.coef_), strict=True))
