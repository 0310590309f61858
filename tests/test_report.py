"""What a trainee reads after a talk: findings with their evidence, the curve, what was missed, advice."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.domain.grade import BANNED_KEY, BannedHit, Grade, ItemResult, Span, Verdict
from simulator.domain.session import Outcome, Session
from simulator.report import OUTCOME_NAMES, Report, findings, report
from simulator.session import PracticeRoom
from simulator.store.store import Store
from tests.factories import grade_of
from tests.rooms import ScriptedGrader, catalog, open_room

RUBRIC = catalog().content.rubric("service@1")
KIND = "这个价是不便宜，我理解您"
RUDE = "嫌贵就别用，爱买不买"
PUSHY = "今天不定明天就涨价了"
NOTHING = "嗯嗯这样子"


def judged(reply: str, *met: tuple[str, str], banned: str = "", **more: object) -> Grade:
    """A grade whose items point at the words they were seen in."""
    spans = {key: Span(start=reply.index(words), end=reply.index(words) + len(words)) for key, words in met}
    items = [ItemResult(key=k, verdict=Verdict.MET, score=0.9, span=s) for k, s in spans.items()]
    hits: tuple[BannedHit, ...] = ()
    if banned:
        span = Span(start=reply.index(banned), end=reply.index(banned) + len(banned))
        phrase = next(b for b in RUBRIC.banned if b.category == "brush_off")
        hits = (BannedHit(id=phrase.id, category=phrase.category, score=0.9, span=span, text=banned),)
        items.append(ItemResult(key=BANNED_KEY, verdict=Verdict.MET, score=0.9, span=span))
    items += [
        ItemResult(key="skill:restate", verdict=Verdict.UNSURE, score=0.5, span=Span(start=0, end=2)),
        ItemResult(key="skill:evidence", verdict=Verdict.NOT_MET, score=0.1),
    ]
    return replace(grade_of(), items=tuple(items), banned=hits, **more)  # type: ignore[arg-type]


GRADES = {
    KIND: judged(
        KIND, ("step:too_expensive.acknowledge", "是不便宜"), ("skill:empathy", "我理解您"), quality=4.2
    ),
    RUDE: judged(
        RUDE, ("negative:argue", "嫌贵就别用"), ("skill:empathy", "嫌贵"), banned="爱买不买", quality=None
    ),
    PUSHY: judged(PUSHY, ("negative:pressure", "明天就涨价"), quality=2.0),
    "因": grade_of("step:reason"),
    "算": grade_of("step:recalculate"),
}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PracticeRoom]:
    with Store.open(tmp_path / "sessions.sqlite3") as store:
        yield open_room(store, ScriptedGrader(GRADES))


def played(room: PracticeRoom, *replies: str, person: str = "shen_yanqiu") -> tuple[Session, Report]:
    session = room.start(person, seed=1)
    for n, reply in enumerate(replies):
        room.submit(session.id, reply, 2.5 * n)
        session = room.answer(session.id)
    return session, report(session, room.casting(session))


def test_findings_quote_the_replys_own_words_faults_first(room: PracticeRoom) -> None:
    _, told = played(room, KIND, RUDE)
    kind, rude = (t.findings for t in told.turns)
    assert [(f.key, f.good, f.evidence) for f in kind] == [
        ("step:too_expensive.acknowledge", True, "是不便宜"),
        ("skill:empathy", True, "我理解您"),
    ]
    assert [f.good for f in rude] == [False, False, True]
    assert [f.evidence for f in rude] == ["爱买不买", "嫌贵就别用", "嫌贵"]
    for turn in told.turns:
        for f in turn.findings:
            assert f.span is not None
            assert turn.reply[f.span.start : f.span.end] == f.evidence


def test_findings_are_named_and_a_fault_says_what_is_better(room: PracticeRoom) -> None:
    _, told = played(room, KIND, RUDE)
    kind, rude = (t.findings for t in told.turns)
    phrase = next(b for b in RUBRIC.banned if b.category == "brush_off")
    assert kind[0].name == "先认下贵"
    assert (kind[0].better, kind[1].better) == ("", "")
    assert (rude[0].name, rude[0].better) == (f"禁语：{phrase.phrase}", phrase.better)
    argue = RUBRIC.item("negative:argue")
    assert argue is not None
    assert (rude[1].name, rude[1].better) == (argue.name, argue.advice)


def test_a_finding_says_who_settled_it() -> None:
    settled = ItemResult(key="skill:restate", verdict=Verdict.MET, score=0.5, settled_by="hf:m#1")
    dropped = replace(settled, key="skill:evidence", verdict=Verdict.NOT_MET)
    grade = replace(GRADES[KIND], items=(*GRADES[KIND].items[:2], settled, dropped))
    found = findings(RUBRIC, grade, KIND)
    assert [(f.key, f.settled_by) for f in found] == [
        ("step:too_expensive.acknowledge", ""),
        ("skill:empathy", ""),
        ("skill:restate", "hf:m#1"),
    ]


def test_each_turn_stands_between_what_the_customer_said_before_and_after(room: PracticeRoom) -> None:
    session, told = played(room, KIND, PUSHY)
    lines = [session.opening.text, *(t.line.text for t in session.turns if t.line)]
    assert [(t.customer_before, t.customer_after) for t in told.turns] == list(itertools.pairwise(lines))
    assert [(t.index, t.reply, t.quality, t.seconds) for t in told.turns] == [
        (0, KIND, 4.2, 0.0),
        (1, PUSHY, 2.0, 2.5),
    ]
    assert [t.reasons for t in told.turns] == [t.step.reasons for t in session.turns if t.step]


def test_the_curve_has_a_point_before_the_first_reply_and_one_after_each(room: PracticeRoom) -> None:
    session, told = played(room, KIND, PUSHY, "因")
    states = [session.initial, *(t.step.state for t in session.turns if t.step)]
    assert [p.turn for p in told.curve] == [0, 1, 2, 3]
    assert [(p.anger, p.trust, p.interest, p.patience) for p in told.curve] == [
        (s.anger, s.trust, s.interest, s.patience) for s in states
    ]


def test_a_reply_still_unanswered_is_left_out(room: PracticeRoom) -> None:
    session, _ = played(room, KIND)
    room.submit(session.id, "因")
    pending = room.store.load(session.id)
    told = report(pending, room.casting(pending))
    assert (len(told.turns), len(told.curve), told.steps_done) == (1, 2, 1)


def test_a_talk_without_a_reply_has_a_report(room: PracticeRoom) -> None:
    _, told = played(room)
    assert (told.turns, told.outcome, told.score) == ((), None, 0)
    assert (told.steps_done, told.steps_all, len(told.missed), len(told.curve)) == (0, 3, 3, 1)


def test_steps_that_never_came_are_told_with_advice_and_a_wording(room: PracticeRoom) -> None:
    _, told = played(room, KIND)
    assert [m.name for m in told.missed] == ["说清贵在哪", "帮着算细账"]
    for missed, item in zip(told.missed, RUBRIC.steps_of("too_expensive")[1:], strict=True):
        assert missed.advice == item.advice
        assert missed.example in item.examples


def test_an_alternative_that_was_not_needed_is_not_missed(tmp_path: Path) -> None:
    grades = {
        s: grade_of(f"step:{s}", situation="think_about_it") for s in ("agree", "ask_criteria", "followup")
    }
    with Store.open(tmp_path / "s.sqlite3") as store:
        room = open_room(store, ScriptedGrader(grades))
        _, told = played(room, "agree", "ask_criteria", person="lin_xiuzhen")
        assert (told.steps_done, told.steps_all, told.missed) == (2, 2, ())
        _, half = played(room, "agree", "followup", person="lin_xiuzhen")
        assert (half.steps_done, half.steps_all, len(half.missed)) == (2, 3, 1)


ADVICE = [
    ((KIND, RUDE, PUSHY), ["爱买不买", "当心", "补上「说清贵在哪」"]),
    ((PUSHY,), ["当心", "补上「先认下贵」", "补上「说清贵在哪」"]),
    ((NOTHING,), ["补上「先认下贵」", "补上「说清贵在哪」", "补上「帮着算细账」"]),
    ((KIND, "因"), ["补上「帮着算细账」"]),
    ((KIND, "因", "算"), ["都做到了"]),
]


@pytest.mark.parametrize(("replies", "advice"), ADVICE)
def test_at_most_three_things_to_do_next_the_weightiest_first(
    room: PracticeRoom, replies: tuple[str, ...], advice: list[str]
) -> None:
    _, told = played(room, *replies)
    assert len(told.next_steps) == len(advice)
    for line, words in zip(told.next_steps, advice, strict=True):
        assert words in line


def test_the_score_is_the_same_while_the_talk_runs_and_when_it_has_ended(room: PracticeRoom) -> None:
    session, running = played(room, KIND, "因")
    ended = room.end(session.id)
    told = report(ended, room.casting(ended))
    assert running.outcome is None
    assert told.outcome is ended.outcome
    assert told.score == running.score == ended.score > 0


def test_every_outcome_has_a_name() -> None:
    assert set(OUTCOME_NAMES) == set(Outcome)
