"""Everything a verdict rests on, for one reply: window scores and facts read off the text.

Knows nothing of probabilities or thresholds.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.domain.grade import Features, GradeRequest, Span
from simulator.domain.rubric import RubricItem
from simulator.grading.encoder import Vectors
from simulator.grading.fewshot import FewShot, Scores
from simulator.grading.kin import Kin
from simulator.language import features as reading
from simulator.language.canonical import canonical
from simulator.language.spelling import correct
from simulator.language.text import clauses, level_marks, normalise, trigrams, windows

# Understanding taken back: a word of understanding, then a turn, in one reply.
_UNDERSTANDING = r"(?:理解|明白|体谅|懂您|知道您|您说得|您说的|有道理|确实|可以体会|感受|难怪|抱歉|对不起)"
_CANCELLED = re.compile(_UNDERSTANDING + r"[^。！？!?]{0,24}?(?:但是|但|可是|不过|只是|然而|可您|可这)")
# Chinese in which fewer of the character pairs than this are known says nothing; shorter text may be new.
_GIBBERISH = 0.06
_LONG_ENOUGH = 12
_UNHEARD = 1e-6  # of shorter text, none at all
TEXT_FACTS = (
    "cancelled", "echo", "question", "open_question", "day", "figures", "length", "short",
    "polite", "familiar", "promises", "third_party", "story",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`written`: the columns whose example the reply is, letter for letter. `spans[w]`, `scores[w]` and
    `similar[w]` (to every example) of every window. By column: `peaks`, the best window's score, `means`,
    their mean, and `standing`, the share of columns whose peak is lower; `near` and `missed`, likeness to the
    nearest example and near miss; `kin`, what the models of other items say of the whole reply, and `kin_peak`, of
    the window they say it of most. `pieces[w]`: every window in canonical form. `facts`: the numbers named in
    `TEXT_FACTS`, each about 0-1; `opening`: the trainee's first turn."""

    reply: str
    text: str
    written: frozenset[int]
    spans: tuple[Span, ...]
    pieces: tuple[str, ...]
    scores: Scores
    similar: Vectors
    peaks: NDArray[np.float32]
    means: NDArray[np.float32]
    standing: NDArray[np.float32]
    near: NDArray[np.float32]
    missed: NDArray[np.float32]
    kin: NDArray[np.float32]
    kin_peak: NDArray[np.float32]
    facts: NDArray[np.float32]
    features: Features
    opening: bool

    def vector(self) -> NDArray[np.float32]:
        """Peaks and facts in one row: what a calibrated item looks at."""
        return np.concatenate([self.peaks, self.facts])


def gather(requests: Sequence[GradeRequest], fewshot: FewShot, kin: Kin | None = None) -> list[Evidence]:
    """The evidence of each request; all windows of all replies are scored in one pass. `kin`: None where
    nothing was taught."""
    texts = [level_marks(normalise(r.reply)) for r in requests]
    spans = [windows(t) for t in texts]
    pieces = [p for r, cut in zip(requests, spans, strict=True) for p in _levelled(r.reply, cut)]
    compared = fewshot.compare(pieces)
    wholes = [canonical(r.reply)[0] for r in requests]
    told = kin.scores([*wholes, *pieces]) if kin and requests else np.zeros((0, 0), dtype=np.float32)
    out, begin = [], 0
    for number, (request, text, cut) in enumerate(zip(requests, texts, spans, strict=True)):
        mine = slice(begin, begin + len(cut))
        begin += len(cut)
        own, similar = compared.scores[mine], compared.similar[mine]
        features = reading.features(request.reply, request.customer)
        letters = wholes[number]
        known = fewshot.familiarity(letters)
        if fewshot.narrow and kin:
            known = max(known, kin.familiarity(letters))
        if known < (_GIBBERISH if features.length >= _LONG_ENOUGH else _UNHEARD):
            features = replace(features, meaningful=False)
        empty = np.zeros(fewshot.examples.width, dtype=np.float32)
        near, missed = fewshot.nearness(similar)
        peaks = own.max(axis=0) if len(cut) else empty
        out.append(
            Evidence(
                reply=request.reply,
                text=text,
                written=fewshot.written(letters),
                spans=cut,
                pieces=tuple(pieces[mine]),
                scores=own,
                similar=similar,
                peaks=peaks,
                means=own.mean(axis=0) if len(cut) else empty,
                standing=(np.searchsorted(np.sort(peaks), peaks) / len(peaks)).astype(np.float32),
                near=near,
                missed=missed,
                kin=told[number] if kin else empty,
                kin_peak=told[len(wholes) :][mine].max(axis=0) if kin and len(cut) else empty,
                facts=_facts(correct(text), normalise(request.customer), features),
                features=features,
                opening=all(role != "trainee" for role, _ in request.history),
            )
        )
    return out


def _levelled(reply: str, spans: Sequence[Span]) -> list[str]:
    """The words of each span in canonical form; the whole is levelled at once, since typos show in context."""
    letters, places = canonical(reply)
    return [letters[bisect_left(places, s.start) : bisect_left(places, s.end)] for s in spans]


def _facts(text: str, customer: str, features: Features) -> NDArray[np.float32]:
    letters = sum(map(str.isalnum, text))  # a blank for a comma must change nothing
    values = {
        "cancelled": bool(_CANCELLED.search(text)),
        "echo": echo(text, customer),
        "question": bool(features.questions),
        "open_question": any(reading.is_open_question(q) for q in features.questions),
        "day": bool(features.days),
        "figures": min(len(features.figures), 3) / 3,
        "length": min(letters, 110) / 110,
        "short": letters <= 11,
        "polite": "您" in text,
        "familiar": "你" in text.replace("你们", ""),
        "promises": bool(features.promises),
        "third_party": bool(features.third_parties),
        "story": features.story,
    }
    return np.array([float(values[name]) for name in TEXT_FACTS], dtype=np.float32)


def echo(text: str, customer: str) -> float:
    """Share of the customer's letter triples that the reply's closest clause takes up, 0-1."""
    said = trigrams(customer) if len(customer) >= 4 else frozenset()
    if not said:
        return 0.0
    shares = [
        len(trigrams(text[c.start : c.end]) & said) / max(3, min(len(said), c.end - c.start))
        for c in clauses(text)
    ]
    return min(1.0, max(shares, default=0.0))


def lacks(item: RubricItem, evidence: Evidence) -> bool:
    """Whether something the item cannot do without (`requires`) is missing from the reply."""
    has = {
        "day": bool(evidence.features.days),
        "figure": bool(evidence.features.figures),
        "question": bool(evidence.features.questions),
        "open_question": any(reading.is_open_question(q) for q in evidence.features.questions),
        "opening": evidence.opening,
        "company": "移动" in evidence.text or "公司" in evidence.text,
        "own_name": bool(re.search(r"我(?:是|叫|姓)|小[\u4e00-\u9fff]", evidence.text)),
    }
    return not all(has[name] for name in item.requires)
