"""Graders to beat: each finds what its like finds, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from eval.baselines import bag_of_ngrams, keyword_rules, nearest_example
from eval.cases import Case
from eval.metrics import Reading
from simulator.domain.grade import GradeRequest
from simulator.domain.rubric import BannedPhrase, Kind, Placement, Rubric, RubricItem, Scoring
from simulator.grading.encoder import Vectors

HERE, THERE = "too_expensive", "suspension_anger"


def item(name: str, kind: Kind, *examples: str, **changes: Any) -> RubricItem:
    return RubricItem(
        id=name, kind=kind, name=name, meaning=name, advice=name, examples=examples, contrast=(), **changes
    )


RUBRIC = Rubric(
    name="small",
    version=1,
    title="小",
    items=(
        item("reason", Kind.STEP, "贵是因为含着维护", "价高因为含着装机", "因为含着备件", placements={HERE: Placement()}),
        item("apologise", Kind.STEP, "真对不起", "实在对不起您", "对不起耽误您", placements={THERE: Placement()}),
        item("empathy", Kind.SKILL, "我理解您", "特别理解您着急", "能理解"),
        item("plain_words", Kind.SKILL, "大白话", "说大白话"),
        item("match_style", Kind.SKILL),
        item("argue", Kind.NEGATIVE, "您这话不对", "您说的不对", "根本不对"),
    ),
    banned=(
        BannedPhrase(id="b001", category="rude", phrase="少啰嗦", source="1", better="请说",
                     paraphrases=("你少啰嗦", "少啰嗦行不行"), neighbours=("不啰嗦",)),
    ),
    scoring=Scoring(),
    hash="0f" * 8,
)  # fmt: skip


def case(
    reply: str,
    situation: str = HERE,
    *,
    quality: float | None = 3.0,
    banned: tuple[str, ...] = (),
    **labels: str,
) -> Case:
    sets = {k: frozenset(filter(None, labels.get(k, "").split())) for k in ("step", "skill", "negative")}
    request = GradeRequest(situation=situation, reply=reply)
    return Case(id=reply, request=request, labels=sets, banned=banned, quality=quality)


def told(found: Reading) -> set[str]:
    return {item for ids in found.found.values() for item in ids} | set(found.banned)


KEYWORDS = [
    ("贵是因为含着维护", HERE, {"reason"}),
    ("那个，因为含着上门费呢", HERE, {"reason"}),
    ("贵是因为含着维护", THERE, set()),
    ("真對不起！", THERE, {"apologise"}),
    ("真对不起", HERE, set()),
    ("我理解您，可是您这话不对", HERE, {"empathy", "argue"}),
    ("行了少啰嗦", HERE, {"b001"}),
    ("维护、装机和备件", HERE, set()),  # each in one example only
    ("您这话不假", HERE, set()),  # so too, of an item that has few shared ones
    ("说大白话", HERE, set()),  # form only: not judged
    ("今天天气好", HERE, set()),
    ("", HERE, set()),
]


@pytest.mark.parametrize(("reply", "situation", "expected"), KEYWORDS)
def test_keyword_rules_find_what_most_examples_share(reply: str, situation: str, expected: set[str]) -> None:
    [found] = keyword_rules(RUBRIC)([case(reply, situation)])
    assert told(found) == expected


def test_a_rule_of_thumb_makes_the_quality() -> None:
    replies = ["今天天气好", "我理解您", "因为含着维护，我理解您", "您这话不对", "我理解您，少啰嗦"]
    found = keyword_rules(RUBRIC)([case(r) for r in replies])
    assert [r.quality for r in found] == pytest.approx([2.5, 3.1, 3.7, 1.5, 1.0])


GOOD = [
    "因为维护含在里头",
    "因为备件都含着",
    "贵呀，因为装机也含",
    "因为全包，您放心",
    "价高因为三年质保",
    "因为有人上门",
]
BAD = ["您别买了", "就这个价", "嫌贵找别家", "没办法便宜", "爱买不买", "这是公司定的"]
TRAIN = [
    *(case(r, step="reason", quality=4.5) for r in GOOD),
    *(case(r, quality=1.5, banned=("b001",), negative="banned_phrase") for r in BAD),
    case("您好呀", skill="empathy", quality=None),
]


def test_ngrams_learn_a_word_from_labelled_replies() -> None:
    predict = bag_of_ngrams(RUBRIC, TRAIN)
    because, rude, nothing = predict([case("因为含着质保"), case("嫌贵您别买"), case("嗯嗯哦哦")])
    assert because.found["step"] == {"reason"}
    assert because.banned == frozenset()
    assert rude.found["step"] == frozenset()
    assert rude.banned == {"?"}
    assert because.quality is not None
    assert nothing.quality is not None
    assert rude.quality is not None
    assert 5 >= because.quality > nothing.quality > rude.quality >= 1


def test_ngrams_judge_no_item_that_is_elsewhere_or_was_hardly_labelled() -> None:
    predict = bag_of_ngrams(RUBRIC, TRAIN)
    away, seldom = predict([case("因为含着质保", THERE), case("您好呀")])
    assert away.found["step"] == frozenset()
    assert seldom.found["skill"] == frozenset(), "one label is not enough to learn from"


class Letters:
    """Counts letters: replies are as near as the letters they share."""

    name, hash = "letters", "0" * 16

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), 4096), dtype=np.float32)
        for n, text in enumerate(texts):
            for char in text:
                rows[n, ord(char) % 4096] += 1
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


VAGUE = "因为含着水"  # shares four letters of six with an example of `reason`
LITERAL = "贵是因为含着维护"


def nearest(*train: Case) -> list[set[str]]:
    predict = nearest_example(RUBRIC, Letters(), list(train))
    asked = [LITERAL, "嗯，贵是因为含着维护。", VAGUE, "今天天气好"]
    return [told(r) for r in predict([case(r) for r in asked])]


def test_the_nearest_example_counts_from_the_threshold_that_suits_the_training_replies() -> None:
    exact, clause, vague, other = nearest(case(LITERAL, step="reason"), case(VAGUE))
    assert exact == clause == {"reason"}, "one clause is enough"
    assert vague == other == set()
    exact, clause, vague, other = nearest(case(LITERAL, step="reason"), case(VAGUE, step="reason"))
    assert exact == clause == vague == {"reason"}
    assert other == set()


def test_the_nearest_example_is_judged_where_it_applies_and_names_what_is_banned() -> None:
    predict = nearest_example(RUBRIC, Letters(), [case(LITERAL, step="reason"), case(VAGUE)])
    away, rude, formal = predict([case(LITERAL, THERE), case("少啰嗦！"), case("说大白话")])
    assert told(away) == set()
    assert (told(rude), rude.quality) == ({"b001"}, 1.0)
    assert told(formal) == set()
