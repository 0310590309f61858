"""A model of every item, taught by labelled replies, and what models say of replies that they have not seen."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from eval.fitting.shared import FEWEST_POSITIVE
from eval.fitting.tables import Array, Rows, Table, splits
from simulator.grading.models import ItemModels, vectorizer

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
        if not FEWEST_POSITIVE <= labels.sum() < len(labels):
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
        raise ValueError(f"没有一项有 {FEWEST_POSITIVE} 条以上做到的回复")
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
    for seen, unseen in splits(train, judged):
        rows = table.of(unseen)
        out[rows] = model_logits(table, fit_models(table, logits, seen), logits, rows)
    return out
