"""The codec gives back what it was given, and refuses what it does not know."""

from __future__ import annotations

import json
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.domain.grade import Grade, Span
from simulator.domain.persona import Move, Persona, Style
from simulator.domain.session import CustomerLine, CustomerState, Regrade, Session, Step
from simulator.errors import StoreError
from simulator.store.codec import decode, encode
from tests.factories import make_grade, make_line, make_state

KINDS = (Grade, CustomerState, Step, CustomerLine, Session, Regrade, Style, Persona)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=8),
    int: st.integers(),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type hint; small."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin in (typing.Union, types.UnionType):
        return st.one_of([values(a) for a in args])
    if origin is dict:
        return st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    if origin is tuple and args[1:] == (...,):
        return st.lists(values(args[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(a) for a in args))
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert isinstance(hint, type)
    assert is_dataclass(hint)
    hints = typing.get_type_hints(hint)
    return st.builds(hint, **{f.name: values(hints[f.name]) for f in fields(hint)})


ANY_RECORD = st.one_of([values(kind) for kind in KINDS])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_RECORD)
def test_what_was_encoded_decodes_equal(value: Any) -> None:
    text = json.dumps(encode(value), ensure_ascii=False, allow_nan=False)
    assert decode(type(value), json.loads(text)) == value


def test_enums_come_back_as_enums_and_lists_as_tuples() -> None:
    state = decode(CustomerState, json.loads(json.dumps(encode(make_state()))))
    assert state.moves[1] is Move.PRESS
    assert isinstance(state.met, tuple)
    assert isinstance(state.met[0], tuple)


def test_a_record_without_a_defaulted_field_reads_as_the_default() -> None:
    assert decode(CustomerLine, {"text": "嗯", "source": "bank"}) == CustomerLine(text="嗯", source="bank")


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        (Span, {"start": 0, "end": 1, "stop": 2}, "Span 有不认识的字段:stop"),
        (Span, {"start": 0}, "Span 缺少字段:end"),
        (Span, [0, 1], "Span 的值不对"),
        (Span, {"start": "0", "end": 1}, "Span.start"),
        (Span, {"start": True, "end": 1}, "Span.start"),
        (Span, {"start": 0.0, "end": 1}, "Span.start"),
        (Span, {"start": None, "end": 1}, "Span.start"),
        (CustomerLine, {"text": "嗯", "source": "bank", "seconds": "1"}, "CustomerLine.seconds"),
        (CustomerLine, {"text": "嗯", "source": "bank", "seconds": float("nan")}, "CustomerLine.seconds"),
        (CustomerLine, {"text": "嗯", "source": "bank", "seconds": 10**400}, "CustomerLine.seconds"),
        (CustomerLine, {"text": "嗯", "source": "bank", "rejected": "嗯"}, "CustomerLine.rejected"),
        (Move, "shout", "open | press"),
    ],
)
def test_a_broken_record_is_refused_with_its_place(kind: type, data: Any, says: str) -> None:
    with pytest.raises(StoreError, match=says.replace("|", r"\|")):
        decode(kind, data)


def test_the_place_of_a_fault_deep_inside_is_named() -> None:
    data: Any = encode(make_grade())
    data["items"][1]["verdict"] = "maybe"
    with pytest.raises(StoreError, match=r"Grade\.items\[1\]\.verdict .*maybe.*met \| not_met \| unsure"):
        decode(Grade, data)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_know_are_refused(number: float) -> None:
    with pytest.raises(StoreError, match="不是有限的数"):
        encode(make_line(seconds=number))


@dataclass(frozen=True, kw_only=True)
class _Uncovered:
    either: int | str = 0


@pytest.mark.parametrize("value", [object(), {1: "a"}, b"bytes"])
def test_types_not_covered_are_a_programmers_error(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)
    with pytest.raises(TypeError):
        decode(_Uncovered, {"either": 1})
