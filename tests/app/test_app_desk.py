"""What each action of the page shows, over a real room and a real database."""

from __future__ import annotations

import re

import pytest

from simulator.app.desk import Ask, Desk, Frame
from simulator.domain.session import Outcome
from simulator.errors import ModelError, StoreError, UsageError
from simulator.session import PracticeRoom
from tests.app.rooms import BAD, BREAKS, GOOD

WHO, SCENE = "qiao_manli", "billing_dispute"


def start(desk: Desk, **more: str) -> str:
    (frame,) = desk.start(Ask(persona=WHO, trainee="me", **more))
    assert frame.bar is not None
    found = re.search(r'data-session="(\w{32})"', frame.bar)
    assert found
    return found[1]


def say(desk: Desk, session: str, text: str) -> list[Frame]:
    return list(desk.say(Ask(session=session, text=text, seconds=4.0)))


def test_home_shows_everyone_and_only_my_sessions(desk: Desk) -> None:
    mine = start(desk)
    frame = desk.home(Ask(trainee="me"))
    assert frame.stage is not None
    people = desk.room.content.personas
    assert set(re.findall(r'data-persona="(\w+)"', frame.stage)) == set(people)
    assert mine in frame.stage
    assert mine not in (desk.home(Ask(trainee="someone else")).stage or "")
    assert "data-session" not in (desk.home(Ask()).stage or "")


def test_every_drill_of_every_caller_can_be_started(desk: Desk) -> None:
    stage = desk.home(Ask()).stage or ""
    drills = re.findall(r'data-persona="(\w+)" data-scene="(\w+)"', stage)
    expected = {
        (p.id, s)
        for p in desk.room.content.personas.values()
        for s in p.situations
        if desk.room.content.situations[p.situations[0]].family.value == "drill"
    }
    assert set(drills) == expected
    persona, scene = drills[0]
    (frame,) = desk.start(Ask(persona=persona, scene=scene))
    assert desk.room.content.situations[scene].customer_says in (frame.log or "")


def test_a_reply_is_stored_before_it_is_answered_and_the_answer_before_it_appears(
    desk: Desk, room: PracticeRoom
) -> None:
    session = start(desk)
    frames = desk.say(Ask(session=session, text="您<b>别急", seconds=4.0))
    first = next(frames)
    assert room.store.load(session).pending is not None
    assert "您&lt;b&gt;别急" in (first.log or "")
    assert "dots-typing" in (first.live or "")
    assert "data-busy" in (first.composer or "")
    second = next(frames)
    stored = room.store.load(session).turns[0]
    assert stored.line is not None
    assert stored.seconds_to_reply == 4.0
    assert "第" not in (second.live or "") or "caret" in (second.live or "")
    *_, last = frames
    assert last.live == ""
    assert "&lt;i&gt;第 1 回&lt;/i&gt;，接着说。" in (last.log or "")
    assert "data-busy" not in (last.composer or "")
    assert "−" in (last.side or "") or "+" in (last.side or "")


def test_coach_marks_what_was_banned_and_says_it_better(desk: Desk) -> None:
    session = start(desk)
    log = say(desk, session, f"{GOOD}，你{BAD}")[-1].log or ""
    assert re.search(rf'<mark class="is-banned"[^>]*>{BAD}</mark>', log)
    assert f">{GOOD}</mark>" in log
    assert desk.room.content.rubric("service").banned[0].better in log


def test_nothing_said_is_refused_and_nothing_stored(desk: Desk, room: PracticeRoom) -> None:
    session = start(desk)
    with pytest.raises(UsageError):
        say(desk, session, "  ")
    assert room.store.load(session).turns == ()


def test_a_failing_model_leaves_the_reply_stored_and_offers_another_try(
    desk: Desk, room: PracticeRoom
) -> None:
    session = start(desk)
    frames = desk.say(Ask(session=session, text=BREAKS))
    next(frames)
    failed = next(frames)
    assert 'data-act="retry"' in (failed.live or "")
    with pytest.raises(ModelError):
        next(frames)
    assert room.store.load(session).pending is not None


def test_opening_a_session_with_a_pending_reply_answers_it(desk: Desk, room: PracticeRoom) -> None:
    session = start(desk)
    room.submit(session, "您稍等")
    *_, last = desk.open(Ask(session=session))
    assert room.store.load(session).pending is None
    assert "第 1 回" in (last.log or "")


def test_opening_an_unknown_session_goes_home_with_an_error(desk: Desk) -> None:
    frames = desk.open(Ask(session="0" * 32))
    assert 'data-screen="choose"' in (next(frames).bar or "")
    with pytest.raises(StoreError):
        next(frames)


def test_finish_shows_the_report_and_opening_it_later_too(desk: Desk, room: PracticeRoom) -> None:
    session = start(desk)
    say(desk, session, f"{GOOD}，您说的我记下了")
    (frame,) = desk.finish(Ask(session=session))
    assert room.store.load(session).outcome is Outcome.STALLED
    stage = frame.stage or ""
    assert 'data-screen="report"' in (frame.bar or "")
    assert f">{GOOD}</mark>" in stage
    assert 'data-act="redo" data-session' in stage
    assert '<svg class="curve"' in stage
    (again,) = desk.open(Ask(session=session))
    assert again.stage == stage


def test_a_report_of_nothing_said_is_still_a_report(desk: Desk) -> None:
    session = start(desk)
    (frame,) = desk.finish(Ask(session=session))
    assert "没说上话" in (frame.stage or "")


def test_redo_branches_and_compares_with_the_original(desk: Desk, room: PracticeRoom) -> None:
    session = start(desk)
    say(desk, session, f"你{BAD}")
    (frame,) = desk.redo(Ask(session=session, turn=0))
    branch = re.search(r'data-session="(\w{32})"', frame.bar or "")
    assert branch
    assert branch[1] != session
    assert "data-compare" not in (frame.log or "")
    log = say(desk, branch[1], f"{GOOD}，我马上查")[-1].log or ""
    assert "data-compare" in log
    compared = log[log.index("data-compare") :]
    assert "1.0 → 4.0" in compared
    assert "多做到" in compared
    assert "改掉了" in compared
    assert re.search(r'<em class="good">怒气 −0\.\d\d</em>', compared)
    assert f"你{BAD}" in compared
    assert len(room.store.load(session).turns) == 1


def test_redo_without_a_turn_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError):
        list(desk.redo(Ask(session=start(desk))))


def test_hint_names_the_next_missing_step(desk: Desk) -> None:
    session = start(desk)
    steps = desk.room.content.rubric("service").steps_of(SCENE)
    (frame,) = desk.hint(Ask(session=session))
    assert steps[0].name in (frame.composer or "")
    say(desk, session, f"{GOOD}，让您生气了")
    (frame,) = desk.hint(Ask(session=session))
    assert steps[1].name in (frame.composer or "")


def test_the_customers_secrets_are_not_on_the_page(desk: Desk) -> None:
    persona = desk.room.content.persona(WHO)
    session = start(desk)
    frame = say(desk, session, "您好")[-1]
    shown = "".join(filter(None, (frame.head, frame.log, frame.composer, frame.side)))
    for secret in (persona.concern.detail, persona.cause, persona.background, persona.goal):
        assert secret not in shown


def test_saved_report_needs_nothing_else(desk: Desk) -> None:
    session = start(desk)
    say(desk, session, "<script>alert(1)</script>")
    text = desk.file(Ask(session=session))
    assert text.startswith("<!doctype html>")
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=|url\(|@import", text)
    assert "<button" not in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_labels_follow_the_language_and_lines_stay_chinese(desk: Desk, lang: str) -> None:
    ask = Ask.of({"lang": lang, "session": start(desk)})
    (frame,) = desk.open(ask)
    assert ("Hint" in (frame.composer or "")) == (lang == "en")
    assert desk.room.content.situations[SCENE].customer_says in (frame.log or "")
