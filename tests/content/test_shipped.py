"""What ships is sound, and there is as much of it as promised."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from simulator.actor.wording import grams
from simulator.content.catalog import read_all
from simulator.content.contents import Content
from simulator.content.crosscheck import bare_text, coverage
from simulator.content.source import ContentSource
from simulator.domain.persona import Family, Mood, Move


@pytest.fixture(scope="module")
def content() -> Content:
    return read_all(ContentSource())[0]


def test_shipped_content_has_no_problems() -> None:
    assert read_all(ContentSource())[1] == []


def test_each_main_situation_has_two_people_in_two_styles(content: Content) -> None:
    styles = defaultdict(list)
    for person in content.personas.values():
        for situation in person.situations:
            styles[situation].append(person.style)
    main = [s.id for s in content.situations.values() if s.family is not Family.DRILL]
    assert len(main) >= 8
    assert {s for s in main if len(set(styles[s])) < 2} == set()
    assert set(content.situations) - set(styles) == set(), "a situation nobody plays"


def test_each_style_has_five_people(content: Content) -> None:
    held = Counter(p.style for p in content.personas.values())
    assert {s: held[s] for s in content.styles if held[s] < 5} == {}
    assert len(content.styles) == 4


def test_people_are_different_people(content: Content) -> None:
    people = content.personas.values()
    assert len({p.name for p in people}) == len(people)
    assert len({p.concern.short for p in people}) == len(people)


def test_there_are_six_thousand_lines_that_differ_in_their_words(content: Content) -> None:
    assert len({bare_text(line.text) for line in content.lines} - {""}) >= 6000


def test_no_two_lines_are_nearly_the_same(content: Content) -> None:
    """No pair has a Jaccard similarity of 0.6 or more in runs of five characters."""
    runs = [grams(bare_text(line.text), 5) for line in content.lines]
    holders: dict[str, list[int]] = {}
    near = []
    for number, mine in enumerate(runs):
        met = Counter(other for run in mine for other in holders.get(run, ()))
        for other, shared in met.items():
            if shared / (len(mine) + len(runs[other]) - shared) >= 0.6:
                near.append((content.lines[other].text, content.lines[number].text))
        for run in mine:
            holders.setdefault(run, []).append(number)
    assert near == []


def test_every_reachable_move_has_a_line_in_every_style(content: Content) -> None:
    held: Counter[tuple[str, str, Move]] = Counter()
    for (style, situation, move, _), lines in coverage(content).items():
        held[style, situation, move] += lines
    assert [cell for cell, lines in held.items() if not lines and cell[2] is not Move.ANSWER] == []


def test_every_objection_can_be_brought_up_in_every_style_and_mood(content: Content) -> None:
    held = {(ln.style, ln.objection, ln.mood, scope) for ln in content.lines for scope in ln.scopes}
    brought_up = [(s.id, o.id) for s in content.situations.values() for o in s.objections]
    missing = [
        (situation, objection, style, mood)
        for situation, objection in brought_up
        for style in content.styles
        for mood in Mood
        if (style, objection, mood, situation) not in held
    ]
    assert len(brought_up) == 36
    assert missing == []


def test_every_item_has_examples_and_near_misses(content: Content) -> None:
    rubric = content.rubric("service@1")
    few = [i.id for i in rubric.items if not i.form_only and (len(i.examples) < 5 or len(i.contrast) < 3)]
    bare = [i.id for i in rubric.items if i.id in few and i.detector is None]
    assert bare == []
    assert all(i.detector for i in rubric.items if i.id in few)
    assert len(rubric.items) >= 100


def test_every_banned_phrase_is_known_in_other_words(content: Content) -> None:
    banned = content.rubric("service@1").banned
    assert len(banned) == 54
    assert len({b.id for b in banned}) == 54
    assert [b.id for b in banned if len(set(b.paraphrases)) < 3 or len(set(b.neighbours)) < 2] == []
    assert [b.id for b in banned if set(b.neighbours) & {b.phrase, *b.paraphrases}] == []


def test_the_rubric_scores_every_step_of_every_situation_in_its_order(content: Content) -> None:
    rubric = content.rubric("service@1")
    wrong = [
        s.id for s in content.situations.values() if tuple(i.id for i in rubric.steps_of(s.id)) != s.steps
    ]
    assert wrong == []
