"""Grades replies: evidence, probabilities, verdicts, banned hits, quality. The one grader of the product.

Knows nothing of sessions. The same request under the same rubric, calibration and encoder gets the same
grade, alone or in a batch: scores are rounded to four decimals before any threshold. (Sums of many numbers depend
on how many are added at once, so one score in some thousand may differ by 0.0001.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.domain.grade import (
    BANNED_KEY,
    BannedHit,
    Grade,
    GradeRequest,
    ItemResult,
    Nearest,
    Span,
    Verdict,
)
from simulator.domain.rubric import Kind, Rubric, RubricItem
from simulator.errors import GradingError
from simulator.grading import form
from simulator.grading import quality as marking
from simulator.grading.calibration import BANNED, SHARED_INPUTS, Calibration
from simulator.grading.encoder import Encoder
from simulator.grading.evidence import TEXT_FACTS, Evidence, gather, lacks
from simulator.grading.examples import column_name, column_names, example_set
from simulator.grading.fewshot import VERBATIM, FewShot
from simulator.grading.fewshot import Nearest as Row
from simulator.grading.kin import Kin
from simulator.grading.models import Credit, Turn
from simulator.grading.prescribed import Prescribed, Said, covers
from simulator.language.text import han_share

# Of several banned ids found in one reply, those this close to the best are told too.
_BANNED_TIE = 0.05
_MOST_NAMED = 2
_EMPTY_QUALITY = 2.0
# What saying a prescribed line is worth: probability of its steps, and the least quality.
_PRESCRIBED = 0.95
_PRESCRIBED_QUALITY = 4.0
# The probability of an item one of whose examples is said word for word.
_VERBATIM = 0.9
_NEARLY_ALL = 0.8
# Of what belongs in an opening turn (a greeting with company and name), when it comes later.
_TOO_LATE = 0.02
_BATCH_CHARACTERS = 1500
_FACT = {name: place for place, name in enumerate(TEXT_FACTS)}
# How a window is chosen, in logits: a score of 1, and each letter.
_LIKENESS = 8.0
_LENGTH_COST = 0.03


class Learned(NamedTuple):
    """What the calibration's models say of one reply, by column: `logits`, without the shared one; `windows`, what
    each window of the evidence adds, where marked clauses taught the column (the likeliest is in the logit);
    `credit`: tells which words speak for what, None under a shared calibration."""

    logits: dict[str, float]
    windows: dict[str, NDArray[np.float32]]
    credit: Callable[[], Credit] | None


class Grader:
    """Grades replies under one rubric with one encoder and one calibration."""

    def __init__(self, rubric: Rubric, encoder: Encoder, calibration: Calibration) -> None:
        if calibration.encoder_hash != encoder.hash:
            raise GradingError(
                f"校准是给另一个编码器做的（{calibration.encoder_hash}，不是 {encoder.hash}）。"
            )
        self.rubric = rubric
        self.encoder = encoder
        self.calibration = calibration
        self.fewshot = FewShot(example_set(rubric), encoder)
        self.prescribed = Prescribed(rubric)
        self._kin: Kin | None = None
        if calibration.relatives is not None:
            names = column_names(self.fewshot.examples)
            self._kin = Kin(calibration.relatives, self.fewshot.examples, names)
        self._column = {column_name(i): c for c, i in enumerate(self.fewshot.examples.items)}

    @property
    def calibrated(self) -> bool:
        """Whether the calibration was made for this very rubric."""
        return self.calibration.rubric_hash == self.rubric.hash

    def grade(self, request: GradeRequest) -> Grade:
        """The grade of one reply."""
        return self.grade_many([request])[0]

    def grade_many(self, requests: Sequence[GradeRequest]) -> list[Grade]:
        """The grades of `requests`, in order. Raises GradingError for a situation the rubric has not."""
        for request in requests:
            if not self.rubric.steps_of(request.situation):
                raise GradingError(f"评分标准 {self.rubric.ref} 里没有情境“{request.situation}”。")
        grades: list[Grade] = []
        for batch in _batches(requests):
            found = gather(batch, self.fewshot, self._kin)
            learned = self._learned(batch, found)
            grades += [self._grade(r, e, x) for r, e, x in zip(batch, found, learned, strict=True)]
        return grades

    def reasons(self, request: GradeRequest, grade: Grade) -> list[marking.Reason]:
        """What each item did to the quality of `grade`, the weightiest first."""
        return marking.reasons(self.rubric, self.calibration.marking, grade, request.situation)

    def _learned(self, requests: Sequence[GradeRequest], evidence: Sequence[Evidence]) -> list[Learned]:
        """What the models say of each reply; nothing under a shared calibration."""
        items, windows = self.calibration.items, self.calibration.windows
        if items is None:
            return [Learned({}, {}, None) for _ in requests]
        turns = [_turn(r) for r in requests]
        logits = items.learned(np.array([e.vector() for e in evidence]), turns)
        told = [windows.judge(e.reply, e.spans) if windows else {} for e in evidence]
        for of_reply, by_window in zip(logits, told, strict=True):
            for name, values in by_window.items():
                of_reply[name] += float(values.max())
        return [
            Learned(of_reply, by_window, cache(partial(items.credit, turn)))
            for of_reply, by_window, turn in zip(logits, told, turns, strict=True)
        ]

    def _grade(self, request: GradeRequest, evidence: Evidence, learned: Learned) -> Grade:
        items = self.rubric.items_for(request.situation)
        if not evidence.features.meaningful:
            return self._unreadable(request, evidence, items)
        said = self.prescribed.said(request.situation, evidence.text)
        chances = self._chances(request.situation, items, evidence, said, learned)
        rest, of_rest = self._rest(request, evidence, said, learned)
        forbids = rest.spans and self.rubric.banned  # a rubric need not forbid anything
        chances[BANNED_KEY] = self._banned_probability(rest, of_rest) if forbids else 0.0
        banned = self._banned(request.reply, rest, chances[BANNED_KEY], of_rest)
        judged = {key: self._verdict(key, p) for key, p in chances.items()}
        helpful = not banned and any(
            v is Verdict.MET and not k.startswith("negative:") for k, v in judged.items()
        )
        results = []
        for item in items:
            key = item.key_in(request.situation)
            if item.detector in form.DETECTORS:
                results.append(form.judge(key, item.detector, evidence.features, request.style, helpful))
            else:
                results.append(self._result(item, key, judged[key], chances[key], evidence, said, learned))
        results.append(self._banned_item(banned, chances[BANNED_KEY]))
        mark = self._quality(request.situation, evidence, chances, tuple(results), banned, bool(said))
        return self._made(evidence, tuple(results), banned, mark)

    def _chances(
        self,
        situation: str,
        items: tuple[RubricItem, ...],
        evidence: Evidence,
        said: tuple[Said, ...],
        learned: Learned,
    ) -> dict[str, float]:
        """The probability of each item with examples, by key. A prescribed line that was said settles its
        steps, and is itself never a fault."""
        done = {step for one in said for step in one.line.steps}
        chances = {}
        for item in items:
            if not item.examples or item.detector in form.DETECTORS:
                continue
            column = self._column_of(item)
            p = self._as_written(self._score(item, evidence, learned), evidence, column)
            if item.kind is Kind.STEP and item.id in done:
                p = max(p, _PRESCRIBED)
            elif item.kind is Kind.NEGATIVE and covers(said, self._best_span(learned, evidence, item)):
                p = min(p, 1 - _PRESCRIBED)
            if "opening" in item.requires and not evidence.opening:
                p = min(p, _TOO_LATE)
            chances[item.key_in(situation)] = round(p, 4)
        return chances

    def _rest(
        self,
        request: GradeRequest,
        evidence: Evidence,
        said: tuple[Said, ...],
        learned: Learned,
    ) -> tuple[Evidence, Learned]:
        """The evidence of what is left of the reply beside the prescribed lines, in the same places: a
        prescribed line is not banned, nor does it excuse an insult."""
        if not said:
            return evidence, learned
        text = list(request.reply)
        for one in said:
            text[one.span.start : one.span.end] = "。" * (one.span.end - one.span.start)
        left = replace(request, reply="".join(text))
        found = gather([left], self.fewshot, self._kin)
        return found[0], self._learned([left], found)[0]

    def _quality(
        self,
        situation: str,
        evidence: Evidence,
        chances: dict[str, float],
        results: tuple[ItemResult, ...],
        banned: tuple[BannedHit, ...],
        prescribed: bool,
    ) -> float:
        values = marking.inputs(
            self.rubric, chances, chances[BANNED_KEY], situation, evidence.features.length
        )
        mark = marking.quality(self.rubric, self.calibration.marking, values, results, banned)
        faulty = banned or any(r.verdict is Verdict.MET and r.key.startswith("negative:") for r in results)
        return mark if faulty or not prescribed else max(mark, _PRESCRIBED_QUALITY)

    def _made(
        self,
        evidence: Evidence,
        items: tuple[ItemResult, ...],
        banned: tuple[BannedHit, ...],
        mark: float | None,
    ) -> Grade:
        return Grade(
            rubric=self.rubric.ref,
            rubric_hash=self.rubric.hash,
            encoder=f"{self.encoder.name}#{self.encoder.hash}",
            calibrated=self.calibrated,
            items=items,
            banned=banned,
            quality=mark,
            features=evidence.features,
        )

    def _unreadable(self, request: GradeRequest, evidence: Evidence, items: tuple[RubricItem, ...]) -> Grade:
        """Nothing said: nothing met. Another language: nobody here can tell."""
        foreign = sum(c.isalpha() for c in evidence.text) >= 4 and han_share(evidence.text) < 0.3
        verdict = Verdict.UNSURE if foreign else Verdict.NOT_MET
        score = 0.5 if foreign else 0.0
        results = [ItemResult(key=i.key_in(request.situation), verdict=verdict, score=score) for i in items]
        results.append(ItemResult(key=BANNED_KEY, verdict=verdict, score=score))
        return self._made(evidence, tuple(results), (), None if foreign else _EMPTY_QUALITY)

    def _score(self, item: RubricItem, evidence: Evidence, learned: Learned) -> float:
        """The calibrated probability that the reply does what `item` says."""
        name = column_name(item)
        own = self.own_inputs(self._column[name], evidence, lacks(item, evidence))
        return self.calibration.probability(item.kind.value, name, own, learned.logits)

    def own_inputs(self, column: int, evidence: Evidence, missing: bool) -> NDArray[np.float32]:
        """`calibration.SHARED_INPUTS` of one column."""
        values = {
            "peak": evidence.peaks[column],
            "mean": evidence.means[column],
            "near": evidence.near[column],
            "missed": evidence.missed[column],
            "standing": evidence.standing[column],
            "lacks": missing,
            "length": evidence.facts[_FACT["length"]],
            "banned_peak": evidence.peaks[-1],
            "echo": evidence.facts[_FACT["echo"]],
            "cancelled": evidence.facts[_FACT["cancelled"]],
            "kin": evidence.kin[column],
            "kin_peak": evidence.kin_peak[column],
        }
        return np.array([values[name] for name in SHARED_INPUTS], dtype=np.float32)

    def _banned_probability(self, evidence: Evidence, learned: Learned) -> float:
        """The calibrated probability that the reply says any banned thing."""
        last = self.fewshot.examples.width - 1
        own = self.own_inputs(last, evidence, False)
        p = self.calibration.probability(BANNED, BANNED, own, learned.logits)
        return round(self._as_written(p, evidence, last), 4)

    def _as_written(self, p: float, evidence: Evidence, column: int) -> float:
        """`p`, corrected where the trainer has judged these very words: an example anywhere in the reply
        counts; a near miss that is the whole reply does not."""
        if column in evidence.written:
            return max(p, _VERBATIM)
        if max(evidence.near[column], evidence.missed[column]) < VERBATIM:  # the common case, told cheaply
            return p
        if self.fewshot.verbatim(evidence.similar, column):
            return max(p, _VERBATIM)
        length = len(evidence.text)
        whole = [w for w, s in enumerate(evidence.spans) if s.end - s.start >= _NEARLY_ALL * length]
        if whole and self.fewshot.verbatim(evidence.similar[whole], column) is False:
            return min(p, 1 - _VERBATIM)
        return p

    def _column_of(self, item: RubricItem) -> int:
        return self._column[column_name(item)]

    def _verdict(self, key: str, probability: float) -> Verdict:
        kind = BANNED if key == BANNED_KEY else key.partition(":")[0]
        return self.calibration.bands[kind].verdict(probability)

    def _result(
        self,
        item: RubricItem,
        key: str,
        verdict: Verdict,
        score: float,
        evidence: Evidence,
        said: tuple[Said, ...],
        learned: Learned,
    ) -> ItemResult:
        if verdict is Verdict.NOT_MET or not evidence.spans:
            return ItemResult(key=key, verdict=verdict, score=score)
        for one in said:
            if item.kind is Kind.STEP and item.id in one.line.steps:
                near = Nearest(text=one.line.text, positive=True, similarity=1.0)
                return ItemResult(key=key, verdict=verdict, score=score, span=one.span, nearest=near)
        column = self._column_of(item)
        window = self._window(learned, evidence, column, column_name(item))
        span = evidence.spans[window]
        row = self.fewshot.nearest(evidence.similar[window], column)
        return ItemResult(key=key, verdict=verdict, score=score, span=span, nearest=self._shown(row))

    def _shown(self, near: Row | None) -> Nearest | None:
        if near is None:
            return None
        examples = self.fewshot.examples
        return Nearest(
            text=examples.typed[near.row],
            positive=bool(examples.positive[near.row]),
            similarity=round(near.similarity, 4),
        )

    def _best_span(self, learned: Learned, evidence: Evidence, item: RubricItem) -> Span | None:
        if not evidence.spans:
            return None
        name = column_name(item)
        if name in learned.windows:
            return evidence.spans[self._window(learned, evidence, self._column[name], name)]
        return evidence.spans[int(np.argmax(evidence.scores[:, self._column[name]]))]

    def _window(self, learned: Learned, evidence: Evidence, column: int, name: str) -> int:
        """The window that decided: where marked clauses taught the column the likeliest, of two that say about the
        same the shorter; else the best by its likeness to examples and by what its words added."""
        scores = evidence.scores[:, column].astype(np.float64)
        lengths = np.array([s.end - s.start for s in evidence.spans])
        if name in learned.windows:
            scores = learned.windows[name] - _LENGTH_COST * lengths
        elif learned.credit is not None:
            sums = np.cumsum(np.concatenate([[0.0], learned.credit().of(name)]))
            added = np.array([sums[s.end] - sums[s.start] for s in evidence.spans])
            # words are credited for the reply as a whole, so likeness leads; of two windows that say the
            # same, the shorter: each further letter must earn its place
            scores = _LIKENESS * scores + added - _LENGTH_COST * lengths
        return int(np.argmax(scores))

    def _banned(
        self, reply: str, evidence: Evidence, chance: float, learned: Learned
    ) -> tuple[BannedHit, ...]:
        """The banned things said: found by the column for any of them, named by the nearest ids."""
        if self._verdict(BANNED_KEY, chance) is not Verdict.MET or not evidence.spans:
            return ()
        window = self._window(learned, evidence, self.fewshot.examples.width - 1, BANNED)
        span = evidence.spans[window]
        named = evidence.scores[window, len(self.fewshot.examples.items) : -1]
        best = float(named.max())
        order = [int(c) for c in np.argsort(-named, kind="stable") if named[c] >= best - _BANNED_TIE]
        return tuple(
            BannedHit(
                id=self.rubric.banned[c].id,
                category=self.rubric.banned[c].category,
                score=chance,
                span=span,
                text=reply[span.start : span.end],
            )
            for c in order[:_MOST_NAMED]
        )

    def _banned_item(self, banned: tuple[BannedHit, ...], chance: float) -> ItemResult:
        """Says in the list of items what `banned` says in full."""
        span = banned[0].span if banned else None
        verdict = self._verdict(BANNED_KEY, chance)
        return ItemResult(key=BANNED_KEY, verdict=verdict, score=chance, span=span)


def _turn(request: GradeRequest) -> Turn:
    return Turn(request.situation, request.reply, request.customer)


def _batches(requests: Sequence[GradeRequest]) -> Iterator[list[GradeRequest]]:
    """`requests` in runs of so much text that the comparison of all their windows stays small."""
    batch: list[GradeRequest] = []
    size = 0
    for request in requests:
        if batch and size + len(request.reply) > _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
        batch.append(request)
        size += len(request.reply) + 1
    if batch:
        yield batch
