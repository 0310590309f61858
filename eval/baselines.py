"""Graders to beat, each as simple as its like in the field: keyword rules, a bag of n-grams, nearest example.

Each learns from the rubric's examples or from the training replies, and reads replies as `metrics.Reading`s.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from eval.cases import Case
from eval.metrics import KINDS, LEFT_OUT, Reading
from simulator.domain.rubric import Kind, Rubric, RubricItem
from simulator.grading.encoder import Encoder
from simulator.grading.examples import column_name
from simulator.language.text import clauses, normalise

Predict = Callable[[Sequence[Case]], list[Reading]]
_KEYWORDS = 6  # of an item
_BANNED = "banned"


def _judged(rubric: Rubric, case: Case) -> tuple[RubricItem, ...]:
    items = rubric.items_for(case.request.situation)
    return tuple(i for i in items if i.examples and i.id not in LEFT_OUT)


def _reading(found: list[tuple[Kind, str]], banned: frozenset[str], quality: float | None) -> Reading:
    sets = {kind: frozenset(i for k, i in found if k.value == kind) for kind in KINDS}
    return Reading(found=sets, banned=banned, quality=quality)


def _simple_quality(found: list[tuple[Kind, str]], banned: bool) -> float:
    """What a rule of thumb makes of findings: 2.5, up with good things, down with faults."""
    good = sum(k is not Kind.NEGATIVE for k, _ in found)
    faults = sum(k is Kind.NEGATIVE for k, _ in found)
    return 1.0 if banned else max(1.0, min(5.0, 2.5 + 0.6 * good - faults))


def keyword_rules(rubric: Rubric) -> Predict:
    """An item is met when one of its keywords occurs: the n-grams of two to four characters that most of
    its examples and few others have."""
    groups = {column_name(i): i.examples for i in rubric.items if i.examples}
    groups |= {b.id: (b.phrase, *b.paraphrases) for b in rubric.banned}
    counts = {
        name: Counter(
            g for t in texts for g in {t[i : i + n] for n in (2, 3, 4) for i in range(len(t) - n + 1)}
        )
        for name, texts in ((n, [normalise(t) for t in ts]) for n, ts in groups.items())
    }
    overall: Counter[str] = Counter()
    for count in counts.values():
        overall.update(count)
    keywords = {}
    for name, count in counts.items():
        scored = [
            (n * n / overall[g], len(g), g) for g, n in count.items() if n >= 2 and re.fullmatch(r"\w+", g)
        ]
        keywords[name] = [g for _, _, g in sorted(scored, reverse=True)[:_KEYWORDS]]

    def predict(cases: Sequence[Case]) -> list[Reading]:
        out = []
        for case in cases:
            text = normalise(case.request.reply)
            found = [
                (i.kind, i.id)
                for i in _judged(rubric, case)
                if any(k in text for k in keywords[column_name(i)])
            ]
            banned = frozenset(
                b.id for b in rubric.banned if any(k in text for k in keywords[b.id] if len(k) > 2)
            )
            out.append(_reading(found, banned, _simple_quality(found, bool(banned))))
        return out

    return predict


def bag_of_ngrams(rubric: Rubric, train: Sequence[Case]) -> Predict:
    """Character n-grams (TF-IDF) and one logistic regression an item; ridge regression for quality."""
    words = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    rows = words.fit_transform([normalise(c.request.reply) for c in train])
    models: dict[str, LogisticRegression] = {}
    for item in (i for i in rubric.items if i.examples and i.id not in LEFT_OUT):
        mine = [n for n, c in enumerate(train) if item.applies_to(c.request.situation)]
        labels = [item.id in train[n].labels[item.kind.value] for n in mine]
        if 2 <= sum(labels) < len(labels):
            models[column_name(item)] = _regression().fit(rows[mine], labels)
    models[_BANNED] = _regression().fit(rows, [c.says_banned for c in train])
    marked = [n for n, c in enumerate(train) if c.quality is not None]
    marks = Ridge(alpha=1.0).fit(rows[marked], [train[n].quality for n in marked])

    def predict(cases: Sequence[Case]) -> list[Reading]:
        inputs = words.transform([normalise(c.request.reply) for c in cases])
        chance = {name: model.predict_proba(inputs)[:, 1] for name, model in models.items()}
        quality = np.clip(marks.predict(inputs), 1, 5)
        out = []
        for n, case in enumerate(cases):
            items = [i for i in _judged(rubric, case) if column_name(i) in chance]
            found = [(i.kind, i.id) for i in items if chance[column_name(i)][n] >= 0.5]
            banned = frozenset({"?"}) if chance[_BANNED][n] >= 0.5 else frozenset()
            out.append(_reading(found, banned, float(quality[n])))
        return out

    return predict


def _regression() -> LogisticRegression:
    return LogisticRegression(C=10.0, class_weight="balanced", solver="liblinear")


def nearest_example(rubric: Rubric, encoder: Encoder, train: Sequence[Case]) -> Predict:
    """An item is met when a clause lies nearer to one of its examples than one global threshold, the one
    that is best on the training replies (what semantic-router and its like do)."""
    items = [i for i in rubric.items if i.examples and i.id not in LEFT_OUT]
    groups = [(column_name(i), i.examples) for i in items]
    groups += [(b.id, (b.phrase, *b.paraphrases)) for b in rubric.banned]
    place = {name: n for n, (name, _) in enumerate(groups)}
    texts = [normalise(t) for _, ts in groups for t in ts]
    starts = np.cumsum([0] + [len(ts) for _, ts in groups[:-1]])
    examples = encoder.encode(texts)

    def nearness(cases: Sequence[Case]) -> NDArray[np.float32]:
        cut = [
            [t[s.start : s.end] for s in clauses(t)] or [t]
            for t in (normalise(c.request.reply) for c in cases)
        ]
        vectors = encoder.encode([piece for pieces in cut for piece in pieces])
        best = np.maximum.reduceat(vectors @ examples.T, starts, axis=1)
        begins = np.cumsum([0] + [len(pieces) for pieces in cut[:-1]])
        return np.asarray(np.maximum.reduceat(best, begins, axis=0), dtype=np.float32)

    def read(cases: Sequence[Case], near: NDArray[np.float32], threshold: float) -> list[Reading]:
        out = []
        for case, row in zip(cases, near, strict=True):
            found = [(i.kind, i.id) for i in _judged(rubric, case) if row[place[column_name(i)]] >= threshold]
            banned = frozenset(b.id for b in rubric.banned if row[place[b.id]] >= threshold)
            out.append(_reading(found, banned, _simple_quality(found, bool(banned))))
        return out

    seen = nearness(train)

    def micro_f1(threshold: float) -> float:
        readings = read(train, seen, threshold)
        pairs = [
            (c.labels[k] - LEFT_OUT, r.found[k]) for c, r in zip(train, readings, strict=True) for k in KINDS
        ]
        both = sum(len(w) + len(h) for w, h in pairs)
        return 2 * sum(len(w & h) for w, h in pairs) / both if both else 0.0

    best = max((round(0.3 + 0.03 * n, 2) for n in range(23)), key=micro_f1)
    return lambda cases: read(cases, nearness(cases), best)
