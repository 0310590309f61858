"""Turns pydantic's errors into a trainer's words: place, value, what would be valid.

Knows nothing of which file or schema it speaks about.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulator.content.yamlfile import Location, YamlFile
from simulator.errors import Problem

_FIXED = {
    "missing": "缺少这一项",
    "string_type": "应当是文字，写的是 {value}",
    "int_type": "应当是整数，写的是 {value}",
    "int_parsing": "应当是整数，写的是 {value}",
    "int_from_float": "应当是整数，写的是 {value}",
    "float_type": "应当是数字，写的是 {value}",
    "float_parsing": "应当是数字，写的是 {value}",
    "bool_type": "应当是 true 或 false，写的是 {value}",
    "bool_parsing": "应当是 true 或 false，写的是 {value}",
    "list_type": "应当是列表（每行以 - 开头），写的是 {value}",
    "tuple_type": "应当是列表（每行以 - 开头），写的是 {value}",
    "dict_type": "应当是“键: 值”的形式，写的是 {value}",
    "model_type": "应当是“键: 值”的形式，写的是 {value}",
    "none_required": "应当留空，写的是 {value}",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "不能小于 {bound}，写的是 {value}"),
    "less_than_equal": ("le", "不能大于 {bound}，写的是 {value}"),
    "greater_than": ("gt", "应当大于 {bound}，写的是 {value}"),
    "less_than": ("lt", "应当小于 {bound}，写的是 {value}"),
    "string_too_short": ("min_length", "不能为空"),
    "string_too_long": ("max_length", "太长了，最多 {bound} 个字"),
    "too_short": ("min_length", "至少要有 {bound} 条"),
    "too_long": ("max_length", "最多 {bound} 条"),
    "string_pattern_mismatch": ("pattern", "写法不对：{value}，应当符合 {bound}"),
}


def show(value: Any) -> str:
    """`value` as a trainer recognises it, cut to 60 characters."""
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, dict):
        text = "一组键值"
    elif isinstance(value, (list, tuple)):
        text = "一个列表"
    elif value is None:
        text = "空"
    return f"“{text[:60]}{'…' if len(text) > 60 else ''}”"


def choices(valid: Iterable[str]) -> str:
    """A readable list of valid values."""
    return "、".join(sorted(valid))


def suggest(value: str, valid: Iterable[str]) -> str:
    """“是不是 X？” when one of `valid` is close to `value`, else empty."""
    near = difflib.get_close_matches(value, list(valid), n=1, cutoff=0.6)
    return f"，是不是想写 {near[0]}？" if near else ""


def place_of(location: Location) -> str:
    """`items[3].examples[0]` style path."""
    out = ""
    for part in location:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out


def problems_of(error: ValidationError, file: YamlFile, model: type[BaseModel]) -> list[Problem]:
    """Every problem pydantic found, in file order."""
    found = []
    for detail in error.errors():
        location = _in_file(tuple(detail["loc"]), file.data)
        found.append(
            Problem(
                file=str(file.path),
                place=place_of(location),
                line=file.line_of(location),
                message=_message(detail, model),
            )
        )
    return sorted(found, key=lambda p: (p.line or 0, p.place))


def _in_file(location: Location, data: Any) -> Location:
    """Drops the parts of pydantic's location that name a union member or validator, not a key."""
    kept: list[str | int] = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if isinstance(data, dict) and (part in data or last):
            kept.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            kept.append(part)
            data = data[part]
        elif last and isinstance(part, str) and part != "[key]" and not kept:
            kept.append(part)
    return tuple(kept)


def _message(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value = detail["type"], show(detail.get("input"))
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        name = str(detail["loc"][-1])
        known = _field_names(model, tuple(detail["loc"][:-1]))
        hint = suggest(name, known)
        return f"不认识的键{hint}" + (f" 可用的键：{choices(known)}" if known and not hint else "")
    if kind in ("enum", "literal_error"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return f"没有 {value} 这个值，可以是：{expected}"
    if kind in _BOUNDS:
        key, text = _BOUNDS[kind]
        return text.format(bound=context.get(key), value=value)
    if kind in _FIXED:
        return _FIXED[kind].format(value=value)
    if kind == "value_error":
        return str(context.get("error", detail["msg"]))
    return f"{detail['msg']}，写的是 {value}"


def _field_names(model: type[BaseModel], location: Location) -> list[str]:
    """The keys valid at `location` of `model`, following nested models; empty when unknown."""
    current: Any = model
    for part in location:
        if isinstance(part, int) or not (isinstance(current, type) and issubclass(current, BaseModel)):
            continue
        field = current.model_fields.get(part)
        current = _nested(field.annotation) if field else None
    if isinstance(current, type) and issubclass(current, BaseModel):
        return list(current.model_fields)
    return []


def _nested(annotation: Any) -> Any:
    """The model inside list[Model], Model | None or dict[str, Model]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _nested(inner)
        if found is not None:
            return found
    return None
