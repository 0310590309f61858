"""What differs in meaning between two rubrics: items, banned phrases, prescribed lines, points.

Knows nothing of files or of how a difference is shown. Order says nothing, neither of entries nor of the
texts in them, and a rubric's name and version are not part of its meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import permutations
from typing import Any, Generic, TypeVar

from simulator.domain.rubric import BannedPhrase, Placement, PrescribedLine, Rubric, RubricItem, Scoring

Entry = TypeVar("Entry", RubricItem, BannedPhrase, PrescribedLine)
Value = str | float | bool | tuple[str, ...] | Placement | None

# What makes two entries the same one, and the lists of texts that are compared text by text.
_IDENTITY = ("id", "kind")
_TEXTS: dict[type, tuple[str, ...]] = {
    RubricItem: ("examples", "contrast"),
    BannedPhrase: ("paraphrases", "neighbours"),
    PrescribedLine: (),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """A field whose value differs. `field`: its key in the file, `situations.<id>` for a step's place in
    one situation, which is None where the step has none."""

    field: str
    old: Value
    new: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class TextChange:
    """A text that was added, removed or moved. `old`, `new`: the list that holds it (`examples`,
    `contrast`, `paraphrases`, `neighbours`), None where none does."""

    text: str
    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryChange(Generic[Entry]):
    """An entry that both rubrics have, and what differs in it."""

    old: Entry
    new: Entry
    fields: tuple[FieldChange, ...]
    texts: tuple[TextChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part(Generic[Entry]):
    """The entries of one sort: those only the new rubric has, those only the old one has, and those of
    both that differ; in the order of the rubric that has them, the new one where both do."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[EntryChange[Entry], ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True, kw_only=True, slots=True)
class RubricDifference:
    """From the rubric `old` to the rubric `new` (both `name@version`). `title`: None where it is the same."""

    old: str
    new: str
    title: FieldChange | None
    scoring: tuple[FieldChange, ...]
    items: Part[RubricItem]
    banned: Part[BannedPhrase]
    prescribed: Part[PrescribedLine]

    @property
    def same(self) -> bool:
        """Whether the two mean the same."""
        parts = (self.items, self.banned, self.prescribed)
        return self.title is None and not self.scoring and all(p.same for p in parts)


def difference(old: Rubric, new: Rubric) -> RubricDifference:
    """What differs from `old` to `new`. The other way round every added is a removed."""
    return RubricDifference(
        old=old.ref,
        new=new.ref,
        title=None if old.title == new.title else FieldChange(field="title", old=old.title, new=new.title),
        scoring=tuple(_field_changes(old.scoring, new.scoring)),
        items=_part(old.items, new.items, _paired_items(old.items, new.items)),
        banned=_part(old.banned, new.banned, _paired(old.banned, new.banned)),
        prescribed=_part(old.prescribed, new.prescribed, _paired(old.prescribed, new.prescribed)),
    )


def _paired(old: tuple[Entry, ...], new: tuple[Entry, ...]) -> dict[int, int]:
    """Which of `old` (place) each of `new` (place) was: the one of the same id."""
    places = {entry.id: place for place, entry in enumerate(old)}
    return {place: places[entry.id] for place, entry in enumerate(new) if entry.id in places}


def _paired_items(old: tuple[RubricItem, ...], new: tuple[RubricItem, ...]) -> dict[int, int]:
    """The same for items, whose key makes them the same one. Steps of several situations may share some
    only: those with most in common first, then by the first key in common, so that it is the same both
    ways round."""
    places = {key: place for place, item in enumerate(old) for key in item.keys}
    shared: dict[tuple[int, int], list[str]] = {}
    for now, item in enumerate(new):
        for key in item.keys:
            if key in places:
                shared.setdefault((now, places[key]), []).append(key)
    pairs: dict[int, int] = {}
    for now, before in sorted(shared, key=lambda pair: (-len(shared[pair]), shared[pair])):
        if now not in pairs and before not in pairs.values():
            pairs[now] = before
    return pairs


def _part(old: tuple[Entry, ...], new: tuple[Entry, ...], pairs: dict[int, int]) -> Part[Entry]:
    kept = set(pairs.values())
    changes = [_change(old[pairs[now]], new[now]) for now in sorted(pairs)]
    return Part(
        added=tuple(entry for place, entry in enumerate(new) if place not in pairs),
        removed=tuple(entry for place, entry in enumerate(old) if place not in kept),
        changed=tuple(change for change in changes if change.fields or change.texts),
    )


def _change(old: Entry, new: Entry) -> EntryChange[Entry]:
    return EntryChange(
        old=old,
        new=new,
        fields=tuple(_field_changes(old, new)),
        texts=tuple(_text_changes(old, new, _TEXTS[type(old)])),
    )


def _field_changes(
    old: RubricItem | BannedPhrase | PrescribedLine | Scoring,
    new: RubricItem | BannedPhrase | PrescribedLine | Scoring,
) -> Iterator[FieldChange]:
    """Every field but the identity and the lists of texts, so that none is forgotten that is added later."""
    apart = (*_IDENTITY, *_TEXTS.get(type(old), ()))
    for name in (f.name for f in fields(old) if f.name not in apart):
        before, now = getattr(old, name), getattr(new, name)
        if isinstance(before, dict):
            yield from _placement_changes(before, now)
        elif _unordered(before) != _unordered(now):
            yield FieldChange(field=name, old=before, new=now)


def _placement_changes(old: dict[str, Placement], new: dict[str, Placement]) -> Iterator[FieldChange]:
    for situation in [*old, *(s for s in new if s not in old)]:
        if old.get(situation) != new.get(situation):
            yield FieldChange(field=f"situations.{situation}", old=old.get(situation), new=new.get(situation))


def _unordered(value: Any) -> Any:
    return sorted(value) if isinstance(value, tuple) else value


def _text_changes(old: Entry, new: Entry, lists: tuple[str, ...]) -> Iterator[TextChange]:
    """List by list what went and what came, then what only changed its list."""
    before = {name: Counter(getattr(old, name)) for name in lists}
    now = {name: Counter(getattr(new, name)) for name in lists}
    gone = {name: before[name] - now[name] for name in lists}
    come = {name: now[name] - before[name] for name in lists}
    moved = []
    for here, there in permutations(lists, 2):
        both = gone[here] & come[there]
        gone[here] -= both
        come[there] -= both
        moved += [TextChange(text=text, old=here, new=there) for text in both.elements()]
    for name in lists:
        yield from (TextChange(text=text, old=name, new=None) for text in gone[name].elements())
        yield from (TextChange(text=text, old=None, new=name) for text in come[name].elements())
    yield from moved
