"""A circuit breaker: what failed several times running is left alone for a while, then tried once.

    closed ──failures──▶ open ──seconds──▶ half-open ──one trial──▶ closed, or open again

After M. Nygard, "Release It!" (2007). Knows nothing of models, servers or what a failure was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum

from simulator.errors import ModelError

FAILURES = 3
SECONDS = 30.0


class LeftAlone(ModelError):
    """Nothing was asked, because of what went wrong before."""


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts failures in a row. Thread safe."""

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`failures`: in a row, that open it; `seconds`: it then stays open; `clock`: in seconds, only ever
        rising."""
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._running = 0  # failures in a row
        self._opened: float | None = None
        self._trial: object | None = None

    @property
    def state(self) -> BreakerState:
        """As a call made now would find it."""
        with self._lock:
            return self._state()

    @property
    def wait(self) -> float:
        """Seconds until the next trial may be made; 0 when calls pass now."""
        with self._lock:
            return self._left()

    def _left(self) -> float:
        if self._opened is None:
            return 0.0
        return max(0.0, self._opened + self._seconds - self._clock())

    def _state(self) -> BreakerState:
        if self._opened is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._left() > 0 else BreakerState.HALF_OPEN

    def enter(self) -> Call:
        """Asks to make a call, which must then say how it went. Raises LeftAlone while the breaker is open
        or its one trial is under way."""
        with self._lock:
            state, call = self._state(), Call(self)
            if state is BreakerState.OPEN:
                raise LeftAlone(
                    f"模型连着 {self._running} 次没答上来，先不问它，{self._left():.0f} 秒后再试。"
                )
            if state is BreakerState.HALF_OPEN:
                if self._trial is not None:
                    raise LeftAlone("模型刚才一直答不上来，正有一句在试它，这一句先不问。")
                self._trial = call
                call.trial = True
            return call

    def _settle(self, call: Call, good: bool | None) -> None:
        with self._lock:
            trial = self._trial is call
            if trial:
                self._trial = None
            if good:
                self._running, self._opened = 0, None
            elif good is False:
                self._fail(trial)

    def _fail(self, trial: bool) -> None:
        if self._opened is not None and not trial:
            return  # a call made before it opened
        self._running += 1
        if trial or self._running >= self._most:
            self._opened = self._clock()


class Call:
    """One call that was let through; `trial`: the only one for now. Says once how it went."""

    def __init__(self, breaker: Breaker) -> None:
        """Made by `Breaker.enter`."""
        self.trial = False
        self._breaker = breaker

    def succeeded(self) -> None:
        """It was answered: calls pass again."""
        self._breaker._settle(self, True)

    def failed(self) -> None:
        """It was not answered."""
        self._breaker._settle(self, False)

    def dropped(self) -> None:
        """How it went says nothing: another trial may be made."""
        self._breaker._settle(self, None)
