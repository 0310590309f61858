"""A difference of rubrics tells everything that changes their meaning and nothing else, both ways alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.content.difference import EntryChange, FieldChange, Part, TextChange, difference
from simulator.domain.rubric import (
    BannedPhrase,
    Kind,
    Placement,
    PrescribedLine,
    Rubric,
    RubricItem,
    Scoring,
)

LISTS = {RubricItem: ("examples", "contrast"), BannedPhrase: ("paraphrases", "neighbours")}


def a_rubric(seed: int) -> Rubric:
    """Skills and faults of unlike ids, steps of which some share an id in unlike situations, a few phrases
    and lines; drawn from so few values that two rubrics have much in common. (Of a seed, as drawing each
    value by itself would take most of the time.)"""
    draw = Random(seed)

    def some(values: Sequence[Any]) -> list[Any]:
        return [v for v in values if draw.random() < 0.6]

    def texts() -> tuple[str, ...]:
        return tuple(draw.choices("甲乙丙丁", k=draw.randrange(5)))

    def word() -> str:
        return draw.choice(["天", "地"])

    def number() -> float:
        return draw.choice([0.5, 1.0])

    def an_item(kind: Kind, name: str, situations: Sequence[str]) -> RubricItem:
        return RubricItem(
            id=name,
            kind=kind,
            name=word(),
            meaning=word(),
            advice=word(),
            examples=texts(),
            contrast=texts(),
            weight=number(),
            placements={
                s: Placement(order=draw.choice([1, 2]), weight=number(), any_of=draw.choice([None, "plan_b"]))
                for s in situations
            },
            requires=draw.choice([(), ("day",), ("day", "figure"), ("figure", "day")]),
            detector=draw.choice([None, "echo"]),
            quality_cap=number(),
            form_only=draw.random() < 0.5,
        )

    items = [
        an_item(kind, name, ()) for kind in (Kind.SKILL, Kind.NEGATIVE) for name in some(["ask", "thank"])
    ]
    for name in some(["ask", "greet"]):
        shares = {s: draw.randrange(3) for s in "wxyz"}  # 0: not scored there
        groups = [[s for s in shares if shares[s] == number] for number in (1, 2)]
        items += [an_item(Kind.STEP, name, situations) for situations in groups if situations]
    draw.shuffle(items)
    return Rubric(
        name="visit",
        version=draw.randrange(1, 9),
        title=word(),
        items=tuple(items),
        banned=tuple(
            BannedPhrase(
                id=key, category=word(), phrase=word(), source=word(), better=word(),
                paraphrases=texts(), neighbours=texts(), note=word(),
            )
            for key in some(["b001", "b002", "b003"])
        ),
        scoring=Scoring(steps=number(), negative=number()),
        hash="",
        prescribed=tuple(
            PrescribedLine(
                id=key, source=word(), situation=draw.choice("xyz"), customer=word(), text=word(),
                steps=draw.choice([("ask",), ("ask", "greet"), ("greet", "ask")]),
            )
            for key in some(["p001", "p002", "p003"])
        ),
    )  # fmt: skip


RUBRICS = st.integers(0, 2**32).map(a_rubric)


def meaning(entry: Any) -> tuple[tuple[str, str], ...]:
    """An entry as something to compare: order in lists dropped."""
    values = {f.name: getattr(entry, f.name) for f in fields(entry)}
    plain = {k: sorted(v) if isinstance(v, tuple) else v for k, v in values.items()}
    return tuple((k, repr(sorted(v.items()) if isinstance(v, dict) else v)) for k, v in sorted(plain.items()))


def applied(old: tuple[Any, ...], part: Part[Any]) -> Counter[Any]:
    """The entries of `old` with the difference carried out."""
    changed = {id(c.old): c for c in part.changed}
    kept = [e for e in old if not any(e is gone for gone in part.removed)]
    return Counter(meaning(e) for e in part.added) + Counter(
        meaning(carried_out(e, changed[id(e)]) if id(e) in changed else e) for e in kept
    )


def carried_out(old: Any, change: EntryChange[Any]) -> Any:
    values: dict[str, Any] = {}
    for field in change.fields:
        name, _, situation = field.field.partition(".")
        if name == "situations":
            placed = values.setdefault("placements", dict(old.placements))
            assert placed.pop(situation, None) == field.old
            if field.new is not None:
                placed[situation] = field.new
        else:
            assert getattr(old, name) == field.old
            values[name] = field.new
    for name in LISTS.get(type(old), ()):
        left = Counter(getattr(old, name))
        left.subtract(t.text for t in change.texts if t.old == name)
        left.update(t.text for t in change.texts if t.new == name)
        assert min(left.values(), default=0) >= 0
        values[name] = tuple(left.elements())
    return replace(old, **values)


@settings(deadline=None)
@given(RUBRICS)
def test_a_rubric_does_not_differ_from_itself(rubric: Rubric) -> None:
    assert difference(rubric, rubric).same
    assert difference(rubric, replace(rubric, name="other", version=12, hash="f")).same


@settings(deadline=None)
@given(RUBRICS, st.randoms(use_true_random=False))
def test_order_is_no_difference(rubric: Rubric, chance: Any) -> None:
    def mixed(values: Any) -> tuple[Any, ...]:
        return tuple(chance.sample(values, len(values)))

    other = replace(
        rubric,
        items=mixed(
            [replace(i, examples=mixed(i.examples), requires=mixed(i.requires)) for i in rubric.items]
        ),
        banned=mixed([replace(b, neighbours=mixed(b.neighbours)) for b in rubric.banned]),
        prescribed=mixed([replace(x, steps=mixed(x.steps)) for x in rubric.prescribed]),
    )
    assert difference(rubric, other).same


@settings(max_examples=300, deadline=None)
@given(RUBRICS, RUBRICS)
def test_old_with_the_difference_carried_out_is_new(old: Rubric, new: Rubric) -> None:
    found = difference(old, new)
    for name in ("items", "banned", "prescribed"):
        made = applied(getattr(old, name), getattr(found, name))
        assert made == Counter(meaning(e) for e in getattr(new, name))
    scoring = replace(old.scoring, **{change.field: change.new for change in found.scoring})
    assert scoring == new.scoring
    assert (found.title.new if found.title else old.title) == new.title
    assert found.same == (old.title == new.title and scoring == old.scoring and not_changed(old, new))


def not_changed(old: Rubric, new: Rubric) -> bool:
    return all(
        Counter(map(meaning, getattr(old, name))) == Counter(map(meaning, getattr(new, name)))
        for name in ("items", "banned", "prescribed")
    )


def turned(change: Any) -> Any:
    return replace(change, old=change.new, new=change.old)


def both_ways(part: Part[Any]) -> tuple[Any, ...]:
    changed = Counter(
        (
            meaning(c.old),
            meaning(c.new),
            frozenset((f.field, repr(f.old), repr(f.new)) for f in c.fields),
            frozenset(Counter(c.texts).items()),
        )
        for c in part.changed
    )
    return Counter(map(meaning, part.added)), Counter(map(meaning, part.removed)), changed


@settings(max_examples=300, deadline=None)
@given(RUBRICS, RUBRICS)
def test_the_other_way_round_added_is_removed(old: Rubric, new: Rubric) -> None:
    there, back = difference(old, new), difference(new, old)
    assert (back.old, back.new) == (there.new, there.old)
    assert back.title == (turned(there.title) if there.title else None)
    assert back.scoring == tuple(map(turned, there.scoring))
    for name in ("items", "banned", "prescribed"):
        part: Part[Any] = getattr(back, name)
        changed = tuple(
            EntryChange(
                old=c.new,
                new=c.old,
                fields=tuple(map(turned, c.fields)),
                texts=tuple(map(turned, c.texts)),
            )
            for c in part.changed
        )
        again = Part(added=part.removed, removed=part.added, changed=changed)
        assert both_ways(again) == both_ways(getattr(there, name))


ITEM = RubricItem(
    id="ask", kind=Kind.STEP, name="问", meaning="问一问", advice="问", examples=("甲", "乙"), contrast=("丙",),
    placements={"x": Placement()},
)  # fmt: skip
PHRASE = BannedPhrase(
    id="b001", category="c", phrase="少来", source="1", better="好", paraphrases=("甲",), neighbours=("乙",)
)
LINE = PrescribedLine(id="p001", source="1", situation="x", customer="", text="您好", steps=("ask",))
RUBRIC = Rubric(
    name="visit", version=1, title="上门", items=(ITEM,), banned=(PHRASE,), scoring=Scoring(), hash="",
    prescribed=(LINE,),
)  # fmt: skip
OTHER_VALUES = {
    str: "另",
    float: 3.5,
    int: 4,
    bool: True,
    tuple: ("day", "figure"),
    type(None): "echo",
}


@pytest.mark.parametrize(
    ("part", "entry", "field"),
    [
        (part, entry, f.name)
        for part, entry in (("items", ITEM), ("banned", PHRASE), ("prescribed", LINE), ("scoring", Scoring()))
        for f in fields(entry)
        if f.name not in ("id", "kind", "placements", *LISTS.get(type(entry), ()))
    ],
)
def test_each_field_alone_is_told_by_its_key(part: str, entry: Any, field: str) -> None:
    old = getattr(entry, field)
    changed = replace(entry, **{field: OTHER_VALUES[type(old)]})
    new = replace(RUBRIC, **{part: changed if part == "scoring" else (changed,)})
    found = getattr(difference(RUBRIC, new), part)
    told = found if part == "scoring" else found.changed[0].fields
    assert told == (FieldChange(field=field, old=old, new=getattr(changed, field)),)


def test_nothing_of_a_rubric_is_forgotten() -> None:
    compared = {"title", "items", "banned", "scoring", "prescribed"}
    assert {f.name for f in fields(Rubric)} == compared | {"name", "version", "hash"}


def test_a_text_that_changes_its_list_is_moved_and_nothing_else() -> None:
    moved = replace(ITEM, examples=("甲", "丙", "丁"), contrast=("乙",))
    [change] = difference(RUBRIC, replace(RUBRIC, items=(moved,))).items.changed
    assert change.texts == (
        TextChange(text="丁", old=None, new="examples"),
        TextChange(text="乙", old="examples", new="contrast"),
        TextChange(text="丙", old="contrast", new="examples"),
    )


def step(*situations: str, name: str = "问") -> RubricItem:
    return replace(ITEM, name=name, placements={s: Placement() for s in situations})


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([step("x"), step("y", name="二")], [step("y", name="二"), step("x")], []),
        ([step("x", "y")], [step("x", name="甲"), step("y", name="乙")], [("问", "甲")]),
        ([step("x", "y")], [step("y", name="乙"), step("x", name="甲")], [("问", "甲")]),
        ([step("x", "y", "z")], [step("x", name="甲"), step("y", "z", name="乙")], [("问", "乙")]),
        ([step("x")], [step("y")], []),
    ],
)
def test_steps_of_one_id_are_told_apart_by_their_situations(
    old: list[RubricItem], new: list[RubricItem], pairs: list[tuple[str, str]]
) -> None:
    found = difference(replace(RUBRIC, items=tuple(old)), replace(RUBRIC, items=tuple(new))).items
    assert [(c.old.name, c.new.name) for c in found.changed] == pairs
    assert len(found.added) == (0 if found.same else len(new) - len(pairs))
    assert len(found.removed) == (0 if found.same else len(old) - len(pairs))
