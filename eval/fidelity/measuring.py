"""All figures of a set of talks together, with what was run.

Knows nothing of how talks are played or how the figures are shown.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from eval.fidelity import breaches as faults
from eval.fidelity import courses, speech, styles, trainees
from eval.fidelity.breaches import Breach, Kind
from eval.fidelity.courses import Courses, Endings, Order, Reliability
from eval.fidelity.speech import AtTurn, Beside, Speed
from eval.fidelity.styles import Feeling, Styles
from eval.fidelity.talks import Talk, of_trainees, row
from simulator.actor.meaning import meaning_of
from simulator.content.contents import Content

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was run: `model`, `model_version`: as resolved, with the hash of lines or weights; `is_bank`: whether it is
    the line bank; `rubric`, `rubric_hash`, `encoder`, `calibration`, `calibrated`: what graded; `scripts`: hash of the
    trainees' files; the plan; `lines`: how many the bank held; `program`, `commit`, `dirty`, `versions`: of this
    program; `started`: when; `seconds`: how long playing took."""

    model: str
    model_version: str
    is_bank: bool
    rubric: str
    rubric_hash: str
    encoder: str
    calibration: str
    calibrated: bool
    scripts: str
    situations: tuple[str, ...]
    styles: tuple[str, ...]
    kinds: tuple[str, ...]
    seeds: int
    level: str
    lines: int
    program: str
    commit: str
    dirty: bool | None
    versions: dict[str, str]
    started: str
    seconds: float
    format: int = FORMAT


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """Everything that was found. `lines`: spoken by the customer in all; `broken`: ids and errors of talks that broke
    off; `breaches`: all that was wrong; `counts`: of them by kind; `beside`: by style; `decay`: by kind of long talk;
    `own_words`: share of the answers that the model itself spoke, and `speed`: None for the bank; figures are None where there was nothing to measure."""

    record: Record
    talks: tuple[Talk, ...]
    lines: int
    broken: dict[str, str]
    outcomes: dict[str, dict[str, int]]
    order: Order
    reliability: Reliability
    breaches: tuple[Breach, ...]
    counts: dict[str, int]
    endings: Endings
    courses: Courses
    styles: Styles | None
    feeling: Feeling | None
    beside: dict[str, Beside]
    seen_elsewhere: float | None
    decay: dict[str, tuple[AtTurn, ...]]
    own_words: float | None
    speed: Speed | None

    def to_json(self) -> dict[str, Any]:
        """All figures, and a row for each talk; the transcripts stand elsewhere."""
        data = {k: v for k, v in asdict(replace(self, talks=())).items() if k != "talks"}
        return data | {"talks": [row(talk) for talk in self.talks]}


def measure(talks: Sequence[Talk], content: Content, record: Record) -> Fidelity:
    """The figures of `talks`, played with `content`."""
    whole = [t for t in talks if t.outcome is not None]
    found = tuple(_breaches(whole, content))
    average = of_trainees(whole, trainees.AVERAGE)
    lasting = of_trainees(whole, *trainees.LASTING)
    by_style, taught = styles.listen((*average, *lasting), content.lines, lambda line: line.style)
    told = styles.told_alone(by_style)
    by_mood, _ = styles.listen(
        of_trainees(whole, *trainees.MAIN), content.lines, lambda line: line.mood.value
    )
    return Fidelity(
        record=record,
        talks=tuple(talks),
        lines=sum(len(t.lines) for t in whole),
        broken={t.id: t.error for t in talks if t.outcome is None},
        outcomes=courses.outcomes(talks),
        order=courses.order(whole),
        reliability=courses.reliability(whole),
        breaches=found,
        counts={kind.value: Counter(b.kind for b in found)[kind] for kind in Kind},
        endings=courses.endings(whole, found),
        courses=courses.courses(whole),
        styles=styles.styles([h for h in by_style if h.talk.trainee == trainees.AVERAGE], taught),
        feeling=styles.feeling(by_mood) if by_mood else None,
        beside=speech.beside_bank(of_trainees(whole, *trainees.MAIN), content.lines),
        seen_elsewhere=speech.seen_elsewhere(of_trainees(whole, *trainees.MAIN)),
        decay={
            kind: tuple(speech.decay(of_trainees(lasting, kind), told))
            for kind in trainees.LASTING
            if of_trainees(lasting, kind)
        },
        own_words=None if record.is_bank else speech.own_words(whole),
        speed=None if record.is_bank else speech.speed(whole),
    )


def _breaches(talks: Iterable[Talk], content: Content) -> Iterable[Breach]:
    acts = meaning_of(content.lines).acts
    for talk in talks:
        person = content.persona(talk.persona)
        person = replace(person, concern=faults.worry(person, talk.concern))
        known = faults.known_of(content, person, content.situation(talk.situation))
        yield from faults.breaches(talk, known, acts)


def scripts_hash(texts: Iterable[bytes]) -> str:
    """Of the trainees' files, in order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text)
    return digest.hexdigest()[:16]
