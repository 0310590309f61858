"""Rules that join several keys of one file, such as “a step names its situations”.

Looks at the plain data as it stands in the file, whatever its shape, so that these problems are told
together with those of single keys. Knows nothing of other files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from simulator.content import wording
from simulator.content.schemas import ScoringFile
from simulator.content.yamlfile import Location, YamlFile
from simulator.domain.rubric import Kind
from simulator.errors import Problem

Check = Callable[[YamlFile], Iterator[Problem]]

FEWEST_EXAMPLES = 5
FEWEST_CONTRAST = 3
# Detectors that judge by form alone; the others only add to what examples show.
_NEED_NO_EXAMPLES = ("polite_address", "plain_words", "match_style")


def mapping(value: Any) -> dict[Any, Any]:
    """`value` when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> list[Any]:
    """`value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def id_is_stem(file: YamlFile) -> Iterator[Problem]:
    """A file's id is its name without the ending."""
    found = file.data.get("id")
    if isinstance(found, str) and found != file.path.stem:
        text = f"id 应当和文件名一样：文件叫 {file.path.stem}，id 写的是 {wording.show(found)}"
        yield wording.problem_at(file, ("id",), text)


def no_step_twice(file: YamlFile) -> Iterator[Problem]:
    """A situation names each step and each objection once."""
    yield from _twice(file, ("steps",), entries(file.data.get("steps")))
    objections = [mapping(o).get("id") for o in entries(file.data.get("objections"))]
    yield from _twice(file, ("objections",), objections)


def no_worry_twice(file: YamlFile) -> Iterator[Problem]:
    """A person's worries are told apart by their short form."""
    first = mapping(file.data.get("concern")).get("short")
    others = [mapping(c).get("short") for c in entries(file.data.get("other_concerns"))]
    for index, short in enumerate(others):
        if isinstance(short, str) and short in (first, *others[:index]):
            text = f"{wording.show(short)} 写了两次"
            yield wording.problem_at(file, ("other_concerns", index, "short"), text)


def rubric_is_stem(file: YamlFile) -> Iterator[Problem]:
    """A rubric's file is called `name@version.yaml`."""
    name, version = file.data.get("rubric"), file.data.get("version")
    if isinstance(name, str) and isinstance(version, int) and f"{name}@{version}" != file.path.stem:
        text = f"文件名应当由 rubric 和 version 组成：要么文件改名叫 {name}@{version}.yaml，要么改这两项"
        yield wording.problem_at(file, ("rubric",), text)


def points_are_a_hundred(file: YamlFile) -> Iterator[Problem]:
    """Points for steps and for skills make 100."""
    scoring = mapping(file.data.get("scoring"))
    steps, skills = scoring.get("steps", ScoringFile().steps), scoring.get("skills", ScoringFile().skills)
    if (
        isinstance(steps, (int, float))
        and isinstance(skills, (int, float))
        and abs(steps + skills - 100) > 1e-9
    ):
        text = f"steps + skills 应当等于 100，现在是 {steps:g} + {skills:g} = {steps + skills:g}"
        yield wording.problem_at(file, ("scoring",), text)


def something_is_scored(file: YamlFile) -> Iterator[Problem]:
    """A rubric that takes nothing from others has items of its own."""
    if file.data.get("include") not in (None, []):
        return
    if "items" not in file.data:
        yield wording.problem_at(file, ("items",), "缺少这一项")
    elif file.data["items"] == []:
        yield wording.problem_at(file, ("items",), "至少要有 1 条，现在是 0 条")


def includes_are_whole(file: YamlFile) -> Iterator[Problem]:
    """Each `include` takes something, and nothing is taken twice."""
    included = entries(file.data.get("include"))
    bases = [mapping(entry).get("from") for entry in included]
    for index, entry in enumerate(included):
        if not isinstance(entry, dict):
            continue
        base, patterns = bases[index], entries(entry.get("items"))
        if isinstance(base, str) and base in bases[:index]:
            first = file.line_of(("include", bases.index(base)))
            text = f"{base} 取了两次：第 {first} 行已经写过，合成一条"
            yield wording.problem_at(file, ("include", index, "from"), text)
        yield from _twice(file, ("include", index, "items"), patterns)
        if not any(entry.get(name) for name in ("items", "banned", "prescribed")):
            text = "什么也没取：写上 items，或者 banned: true、prescribed: true"
            yield wording.problem_at(file, ("include", index), text)


def items_are_whole(file: YamlFile) -> Iterator[Problem]:
    """Each item of a rubric: situations for steps only, enough examples, none of them contradictory."""
    for index, item in enumerate(entries(file.data.get("items"))):
        if isinstance(item, dict):
            yield from _item_situations(file, ("items", index), item)
            yield from _item_examples(file, ("items", index), item)


def no_item_twice(file: YamlFile) -> Iterator[Problem]:
    """A situation has one item of a kind and id, and each phrase an id of its own."""
    seen: dict[str, int] = {}
    for index, item in enumerate(entries(file.data.get("items"))):
        for key in _keys_of(mapping(item)):
            if key in seen:
                first = file.line_of(("items", seen[key], "id"))
                text = f"{key} 重复了：第 {first} 行已经写过"
                yield wording.problem_at(file, ("items", index, "id"), text)
            seen.setdefault(key, index)
    for field in ("banned", "prescribed"):
        yield from _twice(file, (field,), [mapping(e).get("id") for e in entries(file.data.get(field))])


def _keys_of(item: dict[Any, Any]) -> list[str]:
    kind, name = item.get("kind"), item.get("id")
    if not isinstance(name, str):
        return []
    return [f"{kind}:{s}.{name}" for s in mapping(item.get("situations"))] or [f"{kind}:{name}"]


def _twice(file: YamlFile, location: Location, names: list[Any]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if isinstance(name, str) and name in names[:index]:
            yield wording.problem_at(file, (*location, index), f"{name} 写了两次")


def _item_situations(file: YamlFile, location: Location, item: dict[Any, Any]) -> Iterator[Problem]:
    kind, placed = item.get("kind"), item.get("situations")
    if kind == Kind.STEP and placed in (None, {}):
        text = "步骤（kind: step）要写明 situations：它属于哪些情境，如 too_expensive: {order: 1}"
        yield wording.problem_at(file, location, text)
    if kind in (Kind.SKILL, Kind.NEGATIVE) and placed:
        text = f"技能和负面项在所有情境都算，不要写 situations（kind 写的是 {kind}）"
        yield wording.problem_at(file, (*location, "situations"), text)


def _item_examples(file: YamlFile, location: Location, item: dict[Any, Any]) -> Iterator[Problem]:
    if item.get("detector") not in _NEED_NO_EXAMPLES:
        for name, fewest in (("examples", FEWEST_EXAMPLES), ("contrast", FEWEST_CONTRAST)):
            held = item.get(name, [])
            if isinstance(held, list) and len(held) < fewest:
                text = f"至少要 {fewest} 条 {name}，现在是 {len(held)} 条"
                yield wording.problem_at(file, (*location, name), text)
    examples = [e.strip() for e in entries(item.get("examples")) if isinstance(e, str)]
    for index, text in enumerate(entries(item.get("contrast"))):
        if isinstance(text, str) and text.strip() in examples:
            message = f"同一句话既在 examples 又在 contrast 里：{wording.show(text)}"
            yield wording.problem_at(file, (*location, "contrast", index), message)


CHECKS: dict[str, tuple[Check, ...]] = {
    "style": (id_is_stem,),
    "situation": (id_is_stem, no_step_twice),
    "persona": (id_is_stem, no_worry_twice),
    "rubric": (
        rubric_is_stem,
        points_are_a_hundred,
        something_is_scored,
        includes_are_whole,
        items_are_whole,
        no_item_twice,
    ),
}
