"""A verdict that a model settled says so on the page, in the report, in its file and in the store."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from simulator.app.coach import note
from simulator.app.desk import Ask, Desk
from simulator.app.words import Lang
from simulator.domain.grade import Grade, GradeRequest, Verdict
from simulator.domain.rubric import Rubric
from simulator.grading.opinion import OpinionGrader, SecondOpinion
from simulator.report import Finding
from simulator.session import PracticeRoom
from tests.app.rooms import GOOD, PlainGrader, open_room

NAME = "openai:qwen<3>@http://10.0.0.7:8000/v1#remote"
SHORT = html.escape("openai:qwen<3>")


class OpenGrader(PlainGrader):
    """Unsure of the first step of a reply that says `GOOD`, sure of the skill; and unsure of a fault."""

    def grade(self, request: GradeRequest) -> Grade:
        grade = super().grade(request)
        step, skill = grade.items
        fault = replace(step, key="negative:argue", verdict=Verdict.UNSURE, score=0.4)
        return replace(grade, items=(replace(step, verdict=Verdict.UNSURE, score=0.5), skill, fault))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PracticeRoom]:
    room = open_room(tmp_path)

    def grader_for(rubric: Rubric) -> OpinionGrader:
        prompt = room.content.prompts["second_opinion"]
        ask = SecondOpinion(rubric, lambda _: "1: 是\n2: 是", NAME, lambda: prompt)
        return OpinionGrader(cast(Any, OpenGrader(rubric)), ask)

    room._grader_for = grader_for
    with room.store:
        yield room


def test_what_a_model_settled_is_shown_and_stored_as_such(desk: Desk, room: PracticeRoom) -> None:
    session = room.start("qiao_manli").id
    *_, last = desk.say(Ask(session=session, text=f"{GOOD}，我马上看"))
    log = last.log or ""
    said = f'<small class="settled" lang="zh">（由 {SHORT} 裁定）</small>'
    assert log.count(said) == 2, "the step and the fault, not the skill"
    assert "10.0.0.7" not in log
    assert "<3>" not in log
    (report,) = desk.finish(Ask(session=session, lang="en"))
    assert (report.stage or "").count(f'lang="en"> (settled by {SHORT})</small>') == 2
    assert desk.file(Ask(session=session)).count(said) == 2
    stored = room.store.load(session).turns[0].grade
    assert stored is not None
    assert [i.settled_by for i in stored.items] == [NAME, None, NAME]
    assert [i.score for i in stored.items] == [0.5, 0.9, 0.4]


@pytest.mark.parametrize(
    ("settled_by", "shown"),
    [
        ("hf:/srv/models/qwen3/#0f0f", "（由 hf:qwen3 裁定）"),
        ("hf:Qwen/Qwen3-0.6B#0f0f", "（由 hf:Qwen3-0.6B 裁定）"),
        ("ollama:qwen3#remote", "（由 ollama:qwen3 裁定）"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("good", [True, False])
def test_the_name_is_short(settled_by: str, shown: str, good: bool) -> None:
    lang: Lang = "zh"
    finding = Finding(key="skill:empathy", name="体谅", good=good, settled_by=settled_by)
    page = note((finding,), 3.0, lang, None)
    assert ("裁定" in page) == bool(shown)
    assert shown in page
