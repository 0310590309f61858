"""Figures of the courses of talks: arithmetic on made-up talks."""

from __future__ import annotations

from itertools import combinations
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.fidelity import courses
from eval.fidelity.breaches import Breach, Kind
from eval.fidelity.courses import passed_all
from simulator.domain.persona import Mood, Move
from simulator.domain.session import Outcome
from tests.eval.made_talks import exchange, talk

CELLS = st.lists(st.lists(st.booleans(), min_size=4, max_size=8), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("passes", "k", "expected"),
    [
        ([[True] * 8], 8, 1.0),
        ([[True] * 7 + [False]], 8, 0.0),
        ([[True] * 7 + [False]], 1, 7 / 8),
        ([[True] * 7 + [False]], 2, 21 / 28),
        ([[True, True], [False, True]], 2, 0.5),
        ([[True]], 2, None),
        ([], 1, None),
    ],
)
def test_pass_k_by_hand(passes: list[list[bool]], k: int, expected: float | None) -> None:
    assert passed_all(passes, k) == expected


@given(CELLS, st.integers(1, 4))
def test_pass_k_is_the_share_of_k_tries_that_all_pass(passes: list[list[bool]], k: int) -> None:
    drawn = [[all(tries) for tries in combinations(cell, k)] for cell in passes]
    expected = sum(sum(d) / len(d) for d in drawn) / len(drawn)
    found = passed_all(passes, k)
    assert found is not None
    assert isclose(found, expected)


@given(CELLS)
def test_pass_k_never_rises_with_k(passes: list[list[bool]]) -> None:
    found = [passed_all(passes, k) for k in range(1, 5)]
    assert found == sorted((f for f in found if f is not None), reverse=True)


def ranked(expert: tuple[Outcome, float], average: tuple[Outcome, float], rude: tuple[Outcome, float]):  # type: ignore[no-untyped-def]
    levels = {"expert": expert, "average": average, "rude": rude}
    return [talk(trainee=k, outcome=outcome, score=score) for k, (outcome, score) in levels.items()]


@pytest.mark.parametrize(
    ("expert", "average", "rude", "share", "either", "by_outcome"),
    [
        ((Outcome.WON, 90), (Outcome.STALLED, 40), (Outcome.LOST, 5), 1, 1, 1),
        ((Outcome.STALLED, 90), (Outcome.STALLED, 40), (Outcome.LOST, 5), 1, 1, 0),
        ((Outcome.WON, 40), (Outcome.STALLED, 90), (Outcome.LOST, 5), 1, 1, 1),
        # a better score does not make up for a worse outcome
        ((Outcome.STALLED, 90), (Outcome.ADVANCED, 40), (Outcome.LOST, 5), 0, 1, 0),
        ((Outcome.WON, 90), (Outcome.LOST, 5), (Outcome.LOST, 5), 0, 0, 0),
    ],
)
def test_order(expert, average, rude, share, either, by_outcome) -> None:  # type: ignore[no-untyped-def]
    found = courses.order(ranked(expert, average, rude))
    assert (found.triples, found.share, found.either, found.by_outcome) == (1, share, either, by_outcome)
    assert found.missed == (() if share else ("too_expensive/driver/expert/0",))


def test_a_triple_that_broke_off_is_no_triple() -> None:
    talks = ranked((Outcome.WON, 90), (Outcome.STALLED, 40), (Outcome.LOST, 5))
    assert courses.order([*talks[:2], talk(trainee="rude", outcome=None, error="x")]).share is None


def test_reliability_tells_the_cells_that_are_not_sure() -> None:
    talks = [
        talk(trainee="expert", style=style, seed=seed, outcome=outcome)
        for style, outcomes in (
            ("driver", (Outcome.WON, Outcome.WON)),
            ("amiable", (Outcome.WON, Outcome.ADVANCED)),
        )
        for seed, outcome in enumerate(outcomes)
    ]
    found = courses.reliability([*talks, talk(trainee="rude", outcome=Outcome.LOST)])
    assert (found.cells, found.won, found.advanced) == (2, (0.75, 0.5), (1.0, 1.0))
    assert found.failed == {"too_expensive/amiable": "1/2"}


def test_endings_count_talks_that_ended_or_should_have() -> None:
    accepted = talk(
        [exchange("行", Move.ACCEPT, won=True), exchange("再见", Move.FAREWELL)], seed=1, outcome=Outcome.WON
    )
    left = talk([exchange("走了", Move.LEAVE)], seed=2, outcome=Outcome.LOST)
    open_end = talk([exchange("我不信")], seed=3)
    fault = Breach(kind=Kind.ENDING, talk=left.id, turn=1, text="走了", why="")
    found = courses.endings([accepted, left, open_end], [fault])
    assert (found.accepted, found.ended, found.right) == (1, 2, 0.5)
    assert courses.endings([open_end], []).right is None


def test_courses_must_differ_pairwise() -> None:
    def course(style: str, *moves: Move, mood: Mood = Mood.NEUTRAL):  # type: ignore[no-untyped-def]
        return talk([exchange("嗯", m, mood=mood) for m in moves], style=style)

    unlike = [
        course("driver", Move.PRESS),
        course("amiable", Move.DOUBT),
        course("expressive", Move.PRESS, mood=Mood.UPSET),
    ]
    found = courses.courses(unlike)
    assert (found.groups, found.share, found.by_moves) == (1, 1.0, 0.0)
    assert courses.courses([*unlike, course("analytical", Move.DOUBT)]).share == 0.0


def test_outcomes_are_counted_by_trainee() -> None:
    counts = courses.outcomes([talk(), talk(seed=1), talk(trainee="rude", outcome=None, error="x")])
    assert counts["average"]["stalled"] == 2
    assert counts["rude"]["broken"] == 1
