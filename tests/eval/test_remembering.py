"""What is alike is graded once; what differs is graded apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from eval.remembering import Key, Remembering, by_place, by_reply
from simulator.domain.grade import GradeRequest

ASKED = [
    GradeRequest(situation=situation, customer=customer, reply=reply, history=history)
    for situation, customer, reply, history in (
        ("a", "太贵", "好", ()),
        ("a", "太贵", "好", (("customer", "喂"),)),
        ("a", "太贵", "好", (("trainee", "您好"),)),
        ("a", "不要", "好", (("trainee", "再见"),)),
        ("b", "太贵", "好", ()),
        ("a", "太贵", "不", ()),
    )
]


class Counting:
    """Answers a request with itself; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[GradeRequest] = []

    def grade_many(self, requests: Sequence[GradeRequest]) -> list[GradeRequest]:
        self.asked += requests
        return list(requests)


@pytest.mark.parametrize(("key", "first"), [(by_reply, [0, 0, 0, 0, 4, 5]), (by_place, [0, 0, 2, 3, 4, 5])])
def test_the_first_of_its_kind_speaks_for_all(key: Key, first: list[int]) -> None:
    inner: Any = Counting()
    grader = Remembering(inner, key)
    expected: list[Any] = [ASKED[n] for n in first]
    assert grader.grade_many(ASKED) == expected
    assert [grader.grade(request) for request in ASKED] == expected
    assert inner.asked == [ASKED[n] for n in sorted(set(first))]
