"""What serves any item of any rubric: a line over what there is of an item without labels, and the relatives that
describe a sentence by what it does. Fitted on the labels of other items."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from eval.fitting.tables import KINDS, Array, Rows, Table
from simulator.grading import kin
from simulator.grading.calibration import SHARED_INPUTS, Linear
from simulator.grading.examples import ExampleSet, column_names
from simulator.grading.kin import Kin, Relatives
from simulator.language.canonical import canonical

FEWEST_POSITIVE = 4
# Of the simple models that describe a sentence (`kin`): how strongly they are held to zero, weights left out,
# and the n-grams looked at.
_KIN_C, _KIN_SLIGHT, _KIN_FEWEST = 50.0, 0.2, 4


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
        if name in hidden or not FEWEST_POSITIVE <= labels.sum() < len(labels):
            continue
        model = LogisticRegression(C=_KIN_C, solver="liblinear", max_iter=300)
        model.fit(counted[[where[int(r)] for r in table.reply[mine]]], labels)
        weights.append(np.where(np.abs(model.coef_[0]) < _KIN_SLIGHT, 0.0, model.coef_[0]))
        names.append(name)
    if not names:
        raise ValueError(f"没有一项有 {FEWEST_POSITIVE} 条以上做到的回复")
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
    told = {name: np.zeros((len(letters), len(names))) for name in ("kin", "kin_peak")}
    times = np.zeros((len(letters), 1))
    for side in (0, 1):
        taught = learning[half == side]
        judged = np.setdiff1d(np.arange(len(letters)), taught)
        kin = Kin(fit_relatives(table, np.sort(taught), hidden), examples, names)
        told["kin"][judged] += kin.scores([letters[i] for i in judged])
        told["kin_peak"][judged] += _peaks(kin, [table.pieces[i] for i in judged], len(names))
        times[judged] += 1
    place = {name: n for n, name in enumerate(names)}
    column = [place[str(c)] for c in table.column]
    own = table.own.copy()
    for name, scores in told.items():
        own[:, SHARED_INPUTS.index(name)] = (scores / times)[table.reply, column]
    return replace(table, own=own)


def _peaks(kin: Kin, pieces: Sequence[Sequence[str]], width: int) -> Array:
    """(replies, columns): the highest score of any window; 0 where there is none."""
    scores = kin.scores([piece for mine in pieces for piece in mine])
    ends = np.cumsum([len(mine) for mine in pieces])
    out = np.zeros((len(pieces), width))
    cut = [n for n, mine in enumerate(pieces) if mine]
    if cut:
        out[cut] = np.maximum.reduceat(scores, [ends[n] - len(pieces[n]) for n in cut], axis=0)
    return out


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
