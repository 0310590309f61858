"""Fits calibrations on labelled replies (`duilian eval calibrate`). Knows nothing of how grades are shown.

The item models learn from the replies to train on; how far to trust them is fitted on other replies,
written by other hands; the models that are kept then learn from both. With nothing to train on, the replies
are split: each fold is judged by models that have not seen it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from eval.cases import Case
from eval.marking import fit_marking
from simulator.domain.rubric import Kind, RubricItem
from simulator.grading import kin
from simulator.grading import quality as marking
from simulator.grading.calibration import BANNED, SHARED_INPUTS, Band, Calibration, Linear
from simulator.grading.evidence import Evidence, gather, lacks
from simulator.grading.examples import ExampleSet, column_name, column_names
from simulator.grading.grader import Grader
from simulator.grading.kin import Kin, Relatives
from simulator.grading.models import ItemModels, Turn, vectorizer
from simulator.language.canonical import canonical

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
# Of the simple models that describe a sentence (`kin`): how strongly they are held to zero, weights left out,
# and the n-grams looked at.
_KIN_C, _KIN_SLIGHT, _KIN_FEWEST = 50.0, 0.2, 4
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
    said: list[Turn]

    def of(self, replies: Rows) -> Rows:
        """The rows that belong to `replies`."""
        return np.flatnonzero(np.isin(self.reply, replies))


def tabulate(grader: Grader, cases: Sequence[Case], evidence: Sequence[Evidence]) -> Table:
    """The table of `cases`."""
    columns = {column_name(i): c for c, i in enumerate(grader.fewshot.examples.items)}
    rows: list[tuple[int, str, str, NDArray[np.float32], bool]] = []
    for number, (case, found) in enumerate(zip(cases, evidence, strict=True)):
        for item in grader.rubric.items_for(case.request.situation):
            judged = f"{item.kind.value}:{item.id}" not in case.unjudged
            if judged and item.examples and not item.form_only:
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
        said=[Turn(c.request.situation, c.request.reply, c.request.customer) for c in cases],
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


def fit(
    grader: Grader, prepared: Prepared, note: str = "", *, apart: bool = False
) -> tuple[Calibration, Calibration]:
    """The calibrations of `grader`'s encoder, for its rubric and shared by all rubrics. `apart`: the models that
    are kept learn from the replies that teach only, so that figures on those that calibrate are not flattered:
    for the development of a rubric. Raises ValueError when there are too few replies or all labels of a kind are
    alike."""
    judged = prepared.judged
    learning = np.arange(judged[0]) if judged[0] else judged
    every = learning if apart else np.arange(len(prepared.cases))
    examples = grader.fewshot.examples
    table = related(prepared.table, examples, learning)
    relatives = fit_relatives(table, every)
    shared = fit_all_shared(table, table.of(learning))
    logits = shared_logits(table, shared)
    held = held_out(table, logits, np.arange(judged[0]), judged)
    scaling = {kind: _scaling(table, kind, held, judged) for kind in KINDS}
    models = fit_models(table, logits, every)

    def made(own: bool) -> Calibration:
        found = _scaled(table, held, scaling) if own else logits
        chances = np.asarray(1 / (1 + np.exp(-np.clip(found, -30, 30))))
        return Calibration(
            encoder_hash=grader.encoder.hash,
            rubric_hash=grader.rubric.hash if own else "",
            shared=shared,
            scaling=scaling if own else {},
            bands=_bands(table, chances, table.of(judged)),
            marking=fit_marking(*_marks(grader, prepared, chances)),
            items=models if own else None,
            relatives=relatives,
            note=note,
        )

    return made(True), made(False)


def fit_relatives(table: Table, replies: Rows, hidden: Collection[str] = ()) -> Relatives:
    """A model over n-grams for every column but `hidden` that has enough positive labels among `replies`.
    Raises ValueError when there is none."""
    letters = [canonical(turn.reply)[0] for turn in table.said]
    words = kin.vectorizer(at_least=min(_KIN_FEWEST, max(1, len(replies) // 100)))
    counted = words.fit_transform([letters[i] for i in replies])
    where = {int(reply): place for place, reply in enumerate(replies)}
    rows = table.of(replies)
    names, weights = [], []
    for name in dict.fromkeys(table.column[rows].tolist()):
        mine = rows[table.column[rows] == name]
        labels = table.label[mine]
        if name in hidden or not _FEWEST_POSITIVE <= labels.sum() < len(labels):
            continue
        model = LogisticRegression(C=_KIN_C, solver="liblinear", max_iter=300)
        model.fit(counted[[where[int(r)] for r in table.reply[mine]]], labels)
        weights.append(np.where(np.abs(model.coef_[0]) < _KIN_SLIGHT, 0.0, model.coef_[0]))
        names.append(name)
    if not names:
        raise ValueError(f"没有一项有 {_FEWEST_POSITIVE} 条以上做到的回复")
    by_name = sparse.csr_matrix(np.array(weights, dtype=np.float32))
    said = (counted @ by_name.T).toarray()
    return Relatives(
        names=tuple(names),
        vocabulary=tuple(sorted(words.vocabulary_, key=words.vocabulary_.__getitem__)),
        idf=words.idf_.astype(np.float32),
        words=by_name,
        usual=said.mean(axis=0).astype(np.float32),
        spread=(said.std(axis=0) + 1e-3).astype(np.float32),
    )


def related(table: Table, examples: ExampleSet, learning: Rows, hidden: Collection[str] = ()) -> Table:
    """`table` with what relatives say of every reply that have not seen it: those of one half of `learning`
    judge the other, both judge all other replies."""
    letters = [canonical(turn.reply)[0] for turn in table.said]
    names = column_names(examples)
    half = np.random.default_rng(0).permutation(len(learning)) % 2
    told = np.zeros((len(letters), len(names)))
    times = np.zeros((len(letters), 1))
    for side in (0, 1):
        taught = learning[half == side]
        judged = np.setdiff1d(np.arange(len(letters)), taught)
        relatives = fit_relatives(table, np.sort(taught), hidden)
        told[judged] += Kin(relatives, examples, names).scores([letters[i] for i in judged])
        times[judged] += 1
    column = {name: n for n, name in enumerate(names)}
    own = table.own.copy()
    own[:, SHARED_INPUTS.index("kin")] = (told / times)[table.reply, [column[str(c)] for c in table.column]]
    return replace(table, own=own)


def fit_shared(table: Table, rows: Rows) -> Linear:
    """The line over SHARED_INPUTS that serves any item of a kind; every item weighs alike, since a new one may
    be like any of them. Raises ValueError when `rows` are all labelled alike."""
    _, column, count = np.unique(table.column[rows], return_inverse=True, return_counts=True)
    weights = len(rows) / len(count) / count[column]
    model = LogisticRegression(C=10.0, max_iter=1000)
    model.fit(table.own[rows], table.label[rows], sample_weight=weights)
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
    """`met` where F-beta is best, which for honest probabilities is at F*/(1 + beta²), F* being the best F-beta
    (Lipton, Elkan & Naryanaswamy 2014): steadier than the place of the highest peak. `not_met` where a miss is
    likely to cost no more than an open verdict."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(labels[order])
    weight = _BETA[kind] ** 2
    score = (1 + weight) * hits / (np.arange(1, len(order) + 1) + weight * labels.sum())
    met = round(max(0.1, float(score.max()) / (1 + weight)), 4)
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
