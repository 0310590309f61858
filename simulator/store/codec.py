"""Turns the domain's frozen dataclasses into JSON values and back, driven by their type hints.

Covers what domain types are made of: dataclasses, enums, tuples, dicts with text keys, `X | None`,
datetimes and plain values. Reading is strict: an unknown key, a missing key without a default or a value
of the wrong type is a `RecordError` that names the place. A field added later needs a default, so that
older records can still be read. Knows nothing of SQL or of any particular domain type.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from simulator.errors import StoreError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
T = TypeVar("T")
_SHOWN = 40  # characters of a wrong value in a message


class RecordError(StoreError):
    """A stored record that does not fit its type: damaged, edited by hand or of another version."""


def encode(value: object) -> Json:
    """The JSON value of `value`. StoreError for NaN and infinities; TypeError for a type not covered."""
    if isinstance(value, Enum):
        return encode(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StoreError(f"要保存的数不是有限的数:{value}")
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [encode(v) for v in value]
    return encode_record(value)


def encode_record(value: object) -> dict[str, Json]:
    """The JSON object of a dataclass instance or a dict with text keys; errors as `encode`."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {_key(k): encode(v) for k, v in value.items()}
    raise TypeError(f"no JSON form for {type(value).__name__}")


def decode(kind: type[T], data: Json) -> T:
    """The `kind` that `encode` turned into `data`; RecordError, naming the place, when it is none."""
    return cast(T, _value(kind, data, kind.__name__))


def _key(key: object) -> str:
    plain = encode(key)
    if not isinstance(plain, str):
        raise TypeError(f"a JSON key must be text, not {type(key).__name__}")
    return plain


def _value(hint: Any, data: Json, place: str) -> object:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional(hint, data, place)
    if origin is tuple:
        return _tuple(get_args(hint), data, place)
    if origin is dict:
        return _dict(get_args(hint), data, place)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, data, place)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint, data, place)
    return _plain(hint, data, place)


def _optional(hint: Any, data: Json, place: str) -> object:
    others = [a for a in get_args(hint) if a is not NoneType]
    if len(others) != 1 or len(others) == len(get_args(hint)):
        raise TypeError(f"{place}: only `X | None` is covered, not {hint}")
    return None if data is None else _value(others[0], data, place)


def _tuple(hints: tuple[Any, ...], data: Json, place: str) -> tuple[object, ...]:
    if not isinstance(data, list):
        raise _wrong(place, "list", data)
    if hints[1:] == (Ellipsis,):
        hints = (hints[0],) * len(data)
    if len(hints) != len(data):
        raise _wrong(place, f"list[{len(hints)}]", data)
    return tuple(_value(h, d, f"{place}[{i}]") for i, (h, d) in enumerate(zip(hints, data, strict=True)))


def _dict(hints: tuple[Any, ...], data: Json, place: str) -> dict[object, object]:
    if not isinstance(data, dict):
        raise _wrong(place, "object", data)
    key, value = hints
    return {_value(key, k, place): _value(value, v, f"{place}[{k!r}]") for k, v in data.items()}


def _record(kind: type[Any], data: Json, place: str) -> object:
    if not isinstance(data, dict):
        raise _wrong(place, "object", data)
    hints, known = _hints(cast(Hashable, kind)), fields(kind)
    if unknown := sorted(data.keys() - {f.name for f in known}):
        raise RecordError(f"存下的记录里 {place} 有不认识的字段:{', '.join(unknown)}")
    if missing := [f.name for f in known if f.name not in data and _required(f)]:
        raise RecordError(f"存下的记录里 {place} 缺少字段:{', '.join(missing)}")
    given = {n: _value(hints[n], v, f"{place}.{n}") for n, v in data.items()}
    return cast(object, kind(**given))


def _enum(kind: type[Enum], data: Json, place: str) -> Enum:
    for member in kind:
        if type(member.value) is type(data) and member.value == data:
            return member
    raise _wrong(place, " | ".join(str(m.value) for m in kind), data)


def _plain(kind: object, data: Json, place: str) -> object:
    if kind is float and type(data) in (int, float):
        return _finite(cast(float, data), place)
    if kind is datetime and isinstance(data, str):
        return _datetime(data, place)
    if kind not in (str, int, float, bool, datetime):
        raise TypeError(f"{place}: no JSON form for {kind}")
    if type(data) is not kind:
        raise _wrong(place, getattr(kind, "__name__", str(kind)), data)
    return data


def _datetime(text: str, place: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(place, "ISO 8601", text) from None


def _finite(number: float, place: str) -> float:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise _wrong(place, "有限的数", number)
    return value


def _wrong(place: str, wanted: str, data: Json) -> RecordError:
    return RecordError(f"存下的记录里 {place} 的值不对:{_short(data)},应为 {wanted}")


def _short(data: Json) -> str:
    if isinstance(data, int) and abs(data) > 10**_SHOWN:
        return "过大的整数"  # Python refuses to write out integers of thousands of digits
    text = str(data)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)
