"""How a model does: running figures over the last lines it was wanted for.

Knows nothing of models or sessions; it is told and asked.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

LAST = 50
_DETAIL = re.compile(r"：.*|，不超过\d+个字", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer that a model gave. `first`: seconds to its first words, None when it said nothing;
    `seconds`: to its last; `characters`, `tokens`: of all it said, thoughts included; None where it does not tell."""

    first: float | None
    seconds: float
    characters: int
    tokens: int | None = None

    @property
    def rate(self) -> float | None:
        """Characters a second after the first words; None where all came at once."""
        if self.first is None or self.characters < 2 or self.seconds <= self.first:
            return None
        return self.characters / (self.seconds - self.first)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Noted:
    source: str
    seconds: float
    answers: tuple[Answer, ...]
    refused: tuple[str, ...]
    failed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """When a model failed, and what was said of it."""

    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Of the last `lines` lines: `from_model`, `from_bank` (they add up to `lines`); `answers`: how many the model
    gave; `first`, `seconds`: median seconds to the first words of an answer and for a whole line; `rate`: median
    characters a second; `refused`: answers refused, by reason, the commonest first; `failed`: lines for which
    the model failed or was left alone. `failure`: the last time ever that it was asked and failed. None where there is nothing to tell of."""

    lines: int
    from_model: int
    from_bank: int
    answers: int
    first: float | None
    seconds: float | None
    rate: float | None
    refused: tuple[tuple[str, int], ...]
    failed: int
    failure: Failure | None


def kind_of(reason: str) -> str:
    """A refusal without what is particular to one line (`编了数字：三成`: `编了数字`)."""
    return _DETAIL.sub("", reason)


class Vitals:
    """Keeps the figures. Thread safe."""

    def __init__(self, *, last: int = LAST, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`last`: how many lines count."""
        self._noted: deque[_Noted] = deque(maxlen=last)
        self._failure: Failure | None = None
        self._now = now
        self._lock = threading.Lock()

    def note(
        self,
        source: str,
        seconds: float,
        *,
        answers: Sequence[Answer] = (),
        refused: Sequence[str] = (),
        failure: str | None = None,
        left_alone: bool = False,
    ) -> None:
        """A line was made: from `source` (`model` or `bank`) in `seconds`; the model gave `answers`, of which
        those with a reason in `refused` were not used, and failed with `failure` or was `left_alone`, not asked
        because it had failed before."""
        noted = _Noted(
            source=source,
            seconds=seconds,
            answers=tuple(answers),
            refused=tuple(map(kind_of, refused)),
            failed=left_alone or failure is not None,
        )
        with self._lock:
            self._noted.append(noted)
            if failure is not None:
                self._failure = Failure(text=failure, at=self._now())

    def figures(self) -> Figures:
        """As of now."""
        with self._lock:
            noted, failure = tuple(self._noted), self._failure
        answers = [a for n in noted for a in n.answers]
        from_model = sum(n.source == "model" for n in noted)
        return Figures(
            lines=len(noted),
            from_model=from_model,
            from_bank=len(noted) - from_model,
            answers=len(answers),
            first=_median(a.first for a in answers),
            seconds=_median(n.seconds for n in noted),
            rate=_median(a.rate for a in answers),
            refused=tuple(Counter(reason for n in noted for reason in n.refused).most_common()),
            failed=sum(n.failed for n in noted),
            failure=failure,
        )


def _median(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return median(known) if known else None
