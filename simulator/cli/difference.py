"""A difference of two rubrics as people read it, and as JSON. Knows nothing of how it was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from simulator.content.difference import (
    EntryChange,
    FieldChange,
    Part,
    RubricDifference,
    TextChange,
    Value,
)
from simulator.domain.rubric import BannedPhrase, Placement, PrescribedLine, RubricItem

Entry = RubricItem | BannedPhrase | PrescribedLine
AnyPart = Part[RubricItem] | Part[BannedPhrase] | Part[PrescribedLine]

_FIELDS = {
    "title": "标题",
    "name": "名称",
    "meaning": "意思",
    "advice": "建议",
    "weight": "权重",
    "requires": "缺了就不算",
    "detector": "判法",
    "quality_cap": "质量分最高",
    "form_only": "只看形式",
    "category": "类别",
    "phrase": "原句",
    "source": "出处",
    "note": "备注",
    "better": "该怎么说",
    "situation": "情境",
    "customer": "客户的话",
    "text": "原句",
    "steps": "算做到的步骤",
}
_SCORING = {
    "steps": "步骤满分",
    "skills": "技能满分",
    "skills_wanted": "用上几种技能得满分",
    "out_of_order": "步骤颠倒扣掉几成",
    "negative": "每个毛病扣几分",
    "banned": "每句禁语扣几分",
}
_LISTS = {"examples": "例句", "contrast": "反例", "paraphrases": "换个说法", "neighbours": "像但没问题"}
_PARTS = {"items": "评分项", "banned": "禁语", "prescribed": "规定的说法"}
# Two values that together are longer than this stand on lines of their own: a line has 80 columns, and a
# Chinese character takes two of them.
_SHORT = 30
_ADDED, _REMOVED, _CHANGED = "green", "red", "yellow"


def text(difference: RubricDifference) -> Iterator[str]:
    """The lines that people read, in colour, what matters most first."""
    if difference.same:
        yield f"{difference.old} 和 {difference.new} 没有差别。"
        return
    yield summary(difference)
    if difference.title:
        yield ""
        yield from _field(difference.title, _FIELDS, "")
    if difference.scoring:
        yield from ("", click.style("计分（scoring）", bold=True))
        for change in difference.scoring:
            yield from _field(change, _SCORING, "  ")
    for name, title in _PARTS.items():
        part: AnyPart = getattr(difference, name)
        if not part.same:
            yield from ("", click.style(f"{title}（{name}）", bold=True))
            yield from _part(part)


def summary(difference: RubricDifference) -> str:
    """One line: how many items, phrases and texts were added, removed and changed."""
    told = [f"{_PARTS['items']}{_counts(difference.items, '例句')}"]
    told += [
        f"{_PARTS[name]}{_counts(getattr(difference, name), '说法')}"
        for name in ("banned", "prescribed")
        if not getattr(difference, name).same
    ]
    told += ["标题改了"] if difference.title else []
    told += ["计分改了"] if difference.scoring else []
    return f"{difference.old} → {difference.new}：{'；'.join(told)}。"


def _counts(part: AnyPart, texts_name: str) -> str:
    texts: Counter[str] = Counter()
    for change in part.changed:
        texts.update("+" if t.old is None else "-" if t.new is None else "moved" for t in change.texts)
    details = [f"{texts_name} +{texts['+']} -{texts['-']}"] if texts["+"] or texts["-"] else []
    details += [f"换边 {texts['moved']} 句"] if texts["moved"] else []
    within = f"（{'，'.join(details)}）" if details else ""
    return f"加 {len(part.added)} 项、去 {len(part.removed)} 项、改 {len(part.changed)} 项{within}"


def _part(part: AnyPart) -> Iterator[str]:
    for entry in part.added:
        yield click.style(f"+ {_name(entry)}{_size(entry)}", fg=_ADDED)
    for entry in part.removed:
        yield click.style(f"- {_name(entry)}{_size(entry)}", fg=_REMOVED)
    for change in part.changed:
        yield click.style(f"~ {_name(change.new)}", fg=_CHANGED)
        for field in change.fields:
            yield from _field(field, _FIELDS, "    ")
        yield from (_text(t) for t in change.texts)


def _name(entry: Entry) -> str:
    if isinstance(entry, RubricItem):
        bare, places = f"{entry.kind.value}:{entry.id}", "、".join(entry.placements)
        return (
            f"{entry.name}（{bare}，情境 {places}）"
            if len(entry.keys) > 1
            else f"{entry.name}（{entry.keys[0]}）"
        )
    return f"{entry.id} “{entry.phrase if isinstance(entry, BannedPhrase) else entry.text}”"


def _size(entry: Entry) -> str:
    """How many texts an entry brings or takes along."""
    if isinstance(entry, RubricItem):
        return f"，例句 {len(entry.examples)} 句，反例 {len(entry.contrast)} 句"
    return ""


def _field(change: FieldChange, names: dict[str, str], indent: str) -> Iterator[str]:
    key, _, situation = change.field.partition(".")
    label = f"情境 {situation}" if situation else f"{names.get(key, key)}（{key}）"
    old, new = _shown(change.old, situation), _shown(change.new, situation)
    if len(old) + len(new) <= _SHORT and "\n" not in old + new:
        yield f"{indent}{label}：{click.style(old, fg=_REMOVED)} → {click.style(new, fg=_ADDED)}"
    else:
        below = indent + "  "
        yield f"{indent}{label}"
        yield click.style(f"{below}- {_aligned(old, below)}", fg=_REMOVED)
        yield click.style(f"{below}+ {_aligned(new, below)}", fg=_ADDED)


def _text(change: TextChange) -> str:
    told = _aligned(change.text, "    ")
    if change.old is None:
        return click.style(f"    + {_LISTS[change.new or '']}：{told}", fg=_ADDED)
    if change.new is None:
        return click.style(f"    - {_LISTS[change.old]}：{told}", fg=_REMOVED)
    return click.style(f"    ~ {_LISTS[change.old]}改作{_LISTS[change.new]}：{told}", fg=_CHANGED)


def _aligned(value: str, indent: str) -> str:
    """A value of several lines stays below its first."""
    return value.replace("\n", f"\n{indent}  ")


def _shown(value: Value, situation: str) -> str:
    if situation:
        return _place(value) if isinstance(value, Placement) else "不算"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "、".join(value) or "（没有）"
    return f"{value:g}" if isinstance(value, float) else str(value or "（没有）")


def _place(placement: Placement) -> str:
    weight = f"，权重 {placement.weight:g}" if placement.weight != 1 else ""
    group = f"，{placement.any_of} 组任选" if placement.any_of else ""
    return f"第 {placement.order} 步{weight}{group}"


def record(difference: RubricDifference) -> dict[str, Any]:
    """The difference as JSON: `old`, `new`, `same`, `title` (null or a field), `scoring` (fields), and for
    `items`, `banned`, `prescribed` what was `added`, `removed` (whole entries) and `changed`: `id`, the
    `fields` (`field`, `old`, `new`) and the `texts` (`text`, and the list it stood in and stands in)."""
    return {
        "old": difference.old,
        "new": difference.new,
        "same": difference.same,
        "title": asdict(difference.title) if difference.title else None,
        "scoring": [asdict(change) for change in difference.scoring],
        **{name: _part_record(getattr(difference, name)) for name in _PARTS},
    }


def _part_record(part: AnyPart) -> dict[str, Any]:
    return {
        "added": [_entry_record(entry) for entry in part.added],
        "removed": [_entry_record(entry) for entry in part.removed],
        "changed": [_change_record(change) for change in part.changed],
    }


def _entry_record(entry: Entry) -> dict[str, Any]:
    """The keys of the file, and those under which grades carry an item."""
    values = asdict(entry)
    if isinstance(entry, RubricItem):
        values["situations"] = values.pop("placements")
        values["keys"] = entry.keys
    return values


def _change_record(
    change: EntryChange[RubricItem] | EntryChange[BannedPhrase] | EntryChange[PrescribedLine],
) -> dict[str, Any]:
    named = {"id": change.new.id}
    if isinstance(change.old, RubricItem) and isinstance(change.new, RubricItem):
        keys = {*change.old.keys, *change.new.keys}
        named |= {"kind": change.new.kind.value, "name": change.new.name}
        return {**named, "keys": sorted(keys), **_changes_record(change.fields, change.texts)}
    return {**named, **_changes_record(change.fields, change.texts)}


def _changes_record(fields: tuple[FieldChange, ...], texts: tuple[TextChange, ...]) -> dict[str, Any]:
    return {"fields": [asdict(f) for f in fields], "texts": [asdict(t) for t in texts]}
