"""The breaker: three failures open it, half a minute later one trial decides."""

from __future__ import annotations

import pytest

from simulator.actor.breaker import FAILURES, SECONDS, Breaker, BreakerState, LeftAlone


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock=clock)
    for _ in range(FAILURES):
        breaker.enter().failed()
    return breaker


def test_only_failures_in_a_row_open_it(clock: Clock) -> None:
    breaker = Breaker(clock=clock)
    for _ in range(5):
        breaker.enter().failed()
        breaker.enter().failed()
        breaker.enter().succeeded()
    assert breaker.state is BreakerState.CLOSED


def test_open_it_refuses_and_says_for_how_long(opened: Breaker, clock: Clock) -> None:
    assert opened.state is BreakerState.OPEN
    clock.now += 10
    assert opened.wait == SECONDS - 10
    with pytest.raises(LeftAlone, match="20 秒后"):
        opened.enter()


def test_one_trial_at_a_time(opened: Breaker, clock: Clock) -> None:
    clock.now += SECONDS
    assert opened.state is BreakerState.HALF_OPEN
    trial = opened.enter()
    assert trial.trial
    with pytest.raises(LeftAlone):
        opened.enter()
    trial.succeeded()
    assert opened.state is BreakerState.CLOSED
    assert not opened.enter().trial


def test_a_failed_trial_opens_it_at_once(opened: Breaker, clock: Clock) -> None:
    clock.now += SECONDS
    opened.enter().failed()
    assert (opened.state, opened.wait) == (BreakerState.OPEN, SECONDS)


def test_a_dropped_trial_lets_another_in(opened: Breaker, clock: Clock) -> None:
    clock.now += SECONDS
    opened.enter().dropped()
    assert opened.enter().trial


def test_a_late_failure_of_an_older_call_does_not_end_the_trial(clock: Clock) -> None:
    breaker = Breaker(clock=clock)
    old = breaker.enter()
    for _ in range(FAILURES):
        breaker.enter().failed()
    clock.now += SECONDS
    trial = breaker.enter()
    old.failed()
    assert breaker.state is BreakerState.HALF_OPEN
    trial.succeeded()
    assert breaker.state is BreakerState.CLOSED
