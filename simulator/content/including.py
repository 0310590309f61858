"""Carries out `include`: what a rubric takes from another one.

One level only, and only from released rubrics: so everything a rubric means stands in its own file and in
files that cannot change any more. An own item, banned phrase or prescribed line takes the place of one of
the same key. Knows nothing of situations or people (that is `crosscheck`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from simulator.content import wording
from simulator.content.consistency import entries, mapping
from simulator.content.readers import Reading
from simulator.content.schemas import IncludeFile
from simulator.content.yamlfile import Location
from simulator.domain.rubric import BannedPhrase, Kind, PrescribedLine, Rubric, RubricItem
from simulator.errors import Problem

_NAMED = 5  # of keys that two rubrics have, so many are told
_SPELLING = "。写法是 skill:编号、skill:*、negative:*、step:情境.* 或 step:情境.编号"


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one `include` takes from `base`. A step is restricted to the situations that were asked for."""

    base: Rubric
    items: tuple[RubricItem, ...]
    banned: tuple[BannedPhrase, ...]
    prescribed: tuple[PrescribedLine, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all that is taken."""
        return (
            *(key for item in self.items for key in item.keys),
            *(f"banned:{phrase.id}" for phrase in self.banned),
            *(f"prescribed:{line.id}" for line in self.prescribed),
        )


def resolve(rubrics: Mapping[str, Reading], released: Mapping[str, str]) -> dict[str, Reading]:
    """The readings of all rubrics by stem, those with an `include` as what they mean with it. One that
    cannot be carried out leaves its rubric without value, and with its problems. `released`: hashes of
    released rubrics by ref."""
    return {
        stem: _resolved(stem, reading, rubrics, released) if _included(reading) else reading
        for stem, reading in rubrics.items()
    }


def _included(reading: Reading) -> list[object]:
    return entries(mapping(reading.file.data).get("include")) if reading.file else []


def _resolved(
    stem: str, reading: Reading, rubrics: Mapping[str, Reading], released: Mapping[str, str]
) -> Reading:
    shares: list[Share | None] = []
    problems: list[Problem] = []
    for index, entry in enumerate(_included(reading)):
        wanted = _parsed(entry)
        base, why = _base(wanted.base, stem, rubrics, released) if wanted else (None, "")
        if why:
            problems.append(_at(reading, ("include", index, "from"), why))
        if base:
            problems += _fruitless(reading, index, _patterns(entry), base)
        shares.append(_share(wanted, base) if wanted and base else None)
    found = [share for share in shares if share is not None]
    whole = len(found) == len(shares) and not problems
    own: Rubric | None = reading.value
    if own is not None and whole:
        problems += _clashes(reading, own, found)
    return replace(
        reading,
        value=_merged(own, found) if own is not None and whole and not problems else None,
        problems=tuple(sorted((*reading.problems, *problems), key=lambda p: p.line or 0)),
        taken=tuple(item for share in found for item in share.items) if whole else None,
    )


def _parsed(entry: object) -> IncludeFile | None:
    """The entry, or what is sound of one that has mistakes of its own (told when its file was read); None
    when it does not say where to take from."""
    plain = mapping(entry)
    for shape in (plain, {"from": plain.get("from"), "items": [p for p in _patterns(entry) if p]}):
        try:
            return IncludeFile.model_validate(shape)
        except ValidationError:
            continue
    return None


def _patterns(entry: object) -> list[str]:
    """The patterns of an entry at their places, empty where there stands something else."""
    found = entries(mapping(entry).get("items"))
    return [pattern.strip() if isinstance(pattern, str) else "" for pattern in found]


def _at(reading: Reading, location: Location, message: str) -> Problem:
    assert reading.file is not None  # what has an `include` was read
    return wording.problem_at(reading.file, location, message)


def _base(
    wanted: str, stem: str, rubrics: Mapping[str, Reading], released: Mapping[str, str]
) -> tuple[Rubric | None, str]:
    """The rubric to take from, or why not."""
    valid = [ref for ref in released if ref in rubrics and not _included(rubrics[ref]) and ref != stem]
    choice = f"可以是：{wording.choices(valid)}" if valid else "现在还没有能取的"
    if wanted == stem:
        return None, f"不能从自己这里取，{choice}"
    if wanted not in rubrics:
        hint = wording.suggest(wanted, valid) or f"，{choice}"
        return None, f"没有 {wording.show(wanted)} 这个评分标准{hint}"
    if _included(rubrics[wanted]):
        return None, f"{wanted} 自己也写了 include，不能再从它那里取，{choice}"
    if wanted not in released:
        return (
            None,
            f"{wanted} 还没有发布，以后还会变，不能取（先运行 duilian rubric release {wanted}），{choice}",
        )
    base: Rubric | None = rubrics[wanted].value
    return base, "" if base else f"{wanted} 自己有错，先把它改好"


def _taken(pattern: str, item: RubricItem) -> RubricItem | None:
    """`item` as far as `pattern` takes it: `kind:id`, `kind:*`, `step:situation.id`, `step:situation.*`."""
    kind, _, rest = pattern.partition(":")
    situation, dot, name = rest.rpartition(".")
    if kind != item.kind.value or name not in ("*", item.id):
        return None
    if not dot:
        return item
    placed = item.placements.get(situation)
    return replace(item, placements={situation: placed}) if placed else None


def _share(wanted: IncludeFile, base: Rubric) -> Share:
    items = []
    for item in base.items:
        parts = [part for pattern in wanted.items if (part := _taken(pattern, item))]
        if parts:
            there = {situation for part in parts for situation in part.placements}
            items.append(replace(item, placements={s: p for s, p in item.placements.items() if s in there}))
    return Share(
        base=base,
        items=tuple(items),
        banned=base.banned if wanted.banned else (),
        prescribed=base.prescribed if wanted.prescribed else (),
    )


def _fruitless(reading: Reading, index: int, patterns: list[str], base: Rubric) -> Iterator[Problem]:
    """The patterns that match nothing in `base`."""
    kinds = {f"{kind.value}:*" for kind in Kind}
    steps = {f"step:{situation}.*" for situation in base.situations}
    known = (
        kinds | steps | {key for item in base.items for key in (*item.keys, f"{item.kind.value}:{item.id}")}
    )
    for place, pattern in enumerate(patterns):
        if pattern and not any(_taken(pattern, item) for item in base.items):
            hint = wording.suggest(pattern, known) or _SPELLING
            text = f"{base.ref} 里没有 {wording.show(pattern)}{hint}"
            yield _at(reading, ("include", index, "items", place), text)


def _clashes(reading: Reading, own: Rubric, shares: list[Share]) -> Iterator[Problem]:
    """What two rubrics would give and this one does not settle by something of its own."""
    settled = Share(base=own, items=own.items, banned=own.banned, prescribed=own.prescribed).keys
    given = dict.fromkeys(settled, "")
    for index, share in enumerate(shares):
        twice = [key for key in share.keys if given.get(key)]
        if twice:
            named = "、".join(twice[:_NAMED]) + ("等" if len(twice) > _NAMED else "")
            first = given[twice[0]]
            text = f"{first} 和 {share.base.ref} 都有 {named}，不知道用谁的：只从一份里取，或者自己写一条同样编号的"
            yield _at(reading, ("include", index), text)
        given = {key: share.base.ref for key in share.keys} | given


def _merged(own: Rubric, shares: list[Share]) -> Rubric:
    """`own` with what it takes. Its hash is of its own content and of the rubrics taken from."""
    mine = {key for item in own.items for key in item.keys}
    banned, lines = {b.id for b in own.banned}, {x.id for x in own.prescribed}
    items = own.items + tuple(
        kept for share in shares for item in share.items if (kept := _without(item, mine)) is not None
    )
    steps = {key for item in items for key in item.keys if item.kind is Kind.STEP}
    prescribed = own.prescribed + tuple(
        scored
        for share in shares
        for line in share.prescribed
        if line.id not in lines and (scored := _scored_line(line, steps)) is not None
    )
    canonical = json.dumps([own.hash, [share.base.hash for share in shares]])
    return replace(
        own,
        items=items,
        banned=own.banned + tuple(b for share in shares for b in share.banned if b.id not in banned),
        prescribed=prescribed,
        hash=hashlib.sha256(canonical.encode()).hexdigest()[:16],
    )


def _without(item: RubricItem, keys: set[str]) -> RubricItem | None:
    """`item` without what `keys` name; None when nothing is left of it."""
    if item.kind is not Kind.STEP:
        return None if item.keys[0] in keys else item
    left = {s: placed for s, placed in item.placements.items() if item.key_in(s) not in keys}
    return replace(item, placements=left) if left else None


def _scored_line(line: PrescribedLine, steps: set[str]) -> PrescribedLine | None:
    """`line` with those of its steps that are scored (`steps`: keys); None without any."""
    known = tuple(step for step in line.steps if f"step:{line.situation}.{step}" in steps)
    return replace(line, steps=known) if known else None
