"""Under a rubric of a few situations the page offers whom one can practise them with, and nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.app.desk import Ask, Desk
from simulator.content.contents import Content
from simulator.errors import UsageError
from tests.app.rooms import GOOD, open_room

SCENES = ("billing_dispute", "phone_hold", "refuse_request")
PACK = f"""rubric: pack
version: 1
title: 几个情境
include:
  - {{from: service@1, items: ["skill:*", "{'", "'.join(f"step:{s}.*" for s in SCENES)}"]}}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own" / "rubrics" / "pack@1.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(PACK, encoding="utf-8")
    return tmp_path / "own"


@pytest.fixture
def desk(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("simulator.app.desk.time.sleep", lambda seconds: None)
    room = open_room(tmp_path, "pack", own)
    with room.store:
        yield Desk(room)


def able(content: Content) -> set[str]:
    return {p.id for p in content.personas.values() if set(p.situations) & set(SCENES)}


def test_only_those_are_offered_whose_situation_is_scored(desk: Desk) -> None:
    stage = desk.home(Ask()).stage or ""
    content = desk.room.content
    assert set(re.findall(r'data-persona="(\w+)"', stage)) == able(content) != set(content.personas)
    scenes = set(re.findall(r'data-scene="(\w+)"', stage))
    assert scenes == {"phone_hold", "refuse_request"}, "a caller's other drills are left out"
    assert set(re.findall(r'data-row="situation" data-value="(\w+)"', stage)) == {"billing_dispute", "drill"}
    styles = {content.persona(p).style for p in able(content)}
    assert set(re.findall(r'data-row="style" data-value="(\w+)"', stage)) == styles


def test_everyone_who_is_offered_can_be_talked_to(desk: Desk) -> None:
    for person in able(desk.room.content):
        (frame,) = desk.start(Ask(persona=person))
        found = re.search(r'data-session="(\w{32})"', frame.bar or "")
        assert found
        session = desk.room.store.load(found[1])
        assert session.setup.situation in SCENES, "the first one that is scored, not the first of all"
        assert session.setup.rubric == "pack@1"
        *_, last = desk.say(Ask(session=session.id, text=f"{GOOD}，我这就查"))
        assert "接着说" in (last.log or "")


@pytest.mark.parametrize(
    ("persona", "scene", "told"),
    [
        (
            "shen_yanqiu",
            "",
            r"pack@1 不给情境 too_expensive 打分，可以练：billing_dispute（如 \w+）、phone_hold（如",
        ),
        ("zhang_ruogu", "do_not_know", r"pack@1 不给情境 do_not_know 打分，可以练："),
        ("zhang_ruogu", "billing_dispute", r"不练情境 billing_dispute，可以练：phone_hold、refuse_request。"),
    ],
)
def test_anyone_else_is_refused_with_what_can_be_practised(
    desk: Desk, persona: str, scene: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        list(desk.start(Ask(persona=persona, scene=scene, trainee="me")))
    assert list(desk.room.store.recent(8, "me")) == []


def test_an_older_session_of_another_rubric_is_shown_but_not_offered_again(
    desk: Desk, own: Path, tmp_path: Path
) -> None:
    before = open_room(tmp_path, "service", own)
    with before.store:
        old = before.start("shen_yanqiu", trainee="me").id
        same = before.start("qiao_manli", trainee="me").id
        for session in (old, same):
            before.end(session)
    assert old in (desk.home(Ask(trainee="me")).stage or "")
    for session, offered in ((old, False), (same, True)):
        (frame,) = desk.report(Ask(session=session))
        assert "verdict-tools" in (frame.stage or "")
        assert ('data-act="start"' in (frame.stage or "")) == offered
