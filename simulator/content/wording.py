"""Turns pydantic's errors into a trainer's words: place, value, what would be valid.

Knows nothing of which file or schema it speaks about.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from simulator.content.yamlfile import Location, YamlFile
from simulator.errors import Problem

_TEXT = "应当是文字（数字、日期要加引号），写的是 {value}"
_INTEGER = "应当是整数，写的是 {value}"
_NUMBER = "应当是数字，写的是 {value}"
_SWITCH = "应当是 true 或 false，写的是 {value}"
_LIST = "应当是列表（每行以 - 开头，或写在 [ ] 里），写的是 {value}"
_MAPPING = "应当是“键: 值”的形式（没有要写的就写 {{}}），写的是 {value}"
# By pydantic's error type: every type that the schemas can raise, save those `_message` words itself.
_WORDS = {
    "missing": "缺少这一项",
    "string_type": _TEXT,
    "string_unicode": "有认不出的字符：{value}",
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "tuple_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "invalid_key": "键应当是文字，写的是 {value}",
    "recursion_loop": "用 & 和 * 引用了自己",
    "greater_than_equal": "不能小于 {ge:g}，写的是 {value}",
    "less_than_equal": "不能大于 {le:g}，写的是 {value}",
    "greater_than": "应当大于 {gt:g}，写的是 {value}",
    "less_than": "应当小于 {lt:g}，写的是 {value}",
    "string_too_short": "太短了，至少 {min_length} 个字，写的是 {value}",
    "string_too_long": "太长了，最多 {max_length} 个字，写的是 {value}",
    "too_short": "至少要有 {min_length} 条，现在是 {actual_length} 条",
    "too_long": "最多 {max_length} 条，现在是 {actual_length} 条",
}
# What a pattern asks for, in words.
_PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "只用小写字母、数字和下划线，以小写字母开头，如 wang_lei",
    r"^b\d{3}$": "b 加三位数字，如 b055",
    r"^p\d{3}$": "p 加三位数字，如 p097",
    r"^[a-z][a-z0-9_]*@[1-9][0-9]*$": "名字@版本，如 service@1",
}
_UNKNOWN = "写法不对，写的是 {value}"
_SHOWN = 60


def show(value: Any) -> str:
    """`value` as a trainer recognises it, cut to 60 characters."""
    if value is None or value == "":
        text = "空"
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, dict):
        text = "一组键值"
    elif isinstance(value, (list, tuple)):
        text = "一个列表"
    else:
        text = str(getattr(value, "value", value))  # a value with a YAML tag holds its text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f"“{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}”"


def choices(valid: Iterable[str]) -> str:
    """A readable list of valid values."""
    return "、".join(sorted(valid))


def suggest(value: str, valid: Iterable[str]) -> str:
    """“是不是 X？” when one of `valid` is close to `value`, else empty."""
    near = difflib.get_close_matches(value, list(valid), n=1, cutoff=0.6)
    return f"，是不是想写 {near[0]}？" if near else ""


def meant(value: str, valid: Iterable[str]) -> str:
    """The near miss when there is one, else everything valid."""
    known = list(valid)
    return suggest(value, known) or f"，可以是：{choices(known)}"


def place_of(location: Location, data: Any = None) -> str:
    """`items.greet.examples 第 3 条`: keys joined by dots; a list's entry by its id in `data`, or else
    counted from 1."""
    out = ""
    for part in location:
        data = _step(data, part)
        name = data.get("id") if isinstance(data, dict) else None
        if isinstance(part, int) and not isinstance(name, str):
            out += f" 第 {part + 1} 条"
        else:
            out += f".{name if isinstance(part, int) else part}"
    return out.strip(". ")


def problem_at(file: YamlFile, location: Location, message: str) -> Problem:
    """A problem at `location` of `file`, with its place and line."""
    place, line = place_of(location, file.data), file.line_of(location)
    return Problem(file=str(file.path), place=place, line=line, message=message)


def problems_of(error: ValidationError, file: YamlFile, model: type[BaseModel]) -> list[Problem]:
    """Every problem pydantic found, in file order."""
    return [
        problem_at(file, _in_file(tuple(detail["loc"]), file.data), _message(detail, model))
        for detail in error.errors()
        if not _follows(detail)
    ]


def _follows(detail: ErrorDetails) -> bool:
    """Whether a list is only “too short” because some of its entries are wrong, which is told anyway."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _step(data: Any, part: str | int) -> Any:
    """What stands at `part` of `data`; None when nothing does."""
    if isinstance(data, dict):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _in_file(location: Location, data: Any) -> Location:
    """Drops the parts of pydantic's location that name a validator and not a place in the file."""
    kept: list[str | int] = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if isinstance(data, dict) and part != "[key]" and (part in data or last):
            kept.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            kept.append(part)
            data = data[part]
    return tuple(kept)


def _message(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, given, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = _field_names(model, tuple(detail["loc"][:-1]))
        return f"不认识的键{meant(str(detail['loc'][-1]), known)}"
    if kind in ("enum", "literal_error"):
        expected = str(context.get("expected", "")).replace(" or ", ", ").split(", ")
        return f"没有 {show(given)} 这个值{meant(str(given), [e.strip(chr(39)) for e in expected])}"
    if kind == "string_pattern_mismatch":
        return f"写法不对：{show(given)}。正确的写法：{_PATTERNS.get(context['pattern'], context['pattern'])}"
    if kind == "string_too_short" and context.get("min_length") == 1:
        return "不能为空"
    return _WORDS.get(kind, _UNKNOWN).format(value=show(given), **context)


def _field_names(model: type[BaseModel], location: Location) -> list[str]:
    """The keys valid at `location` of `model`, following nested models, lists and mappings."""
    current: Any = model
    for part in location:
        current = _plain(current)
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = _fields(current)[str(part)].annotation
        elif get_origin(current) in (tuple, dict):  # tuple[Entry, ...] or dict[str, Entry]
            current = get_args(current)[get_origin(current) is dict]
    current = _plain(current)
    return list(_fields(current)) if hasattr(current, "model_fields") else []


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields by the key that a file writes them with."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _plain(annotation: Any) -> Any:
    """`X` of `X | None` and of `Annotated[X, …]`."""
    while (inner := get_args(annotation)) and get_origin(annotation) not in (tuple, dict):
        annotation = inner[0]
    return annotation
