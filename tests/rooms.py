"""A practice room with everything real but the grader, which gives the grades it was told to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast

from simulator.actor.actor import Actor
from simulator.actor.models.registry import make_model
from simulator.content.catalog import Catalog
from simulator.content.source import ContentSource
from simulator.domain.grade import Grade, GradeRequest
from simulator.domain.rubric import Rubric
from simulator.domain.session import Session
from simulator.grading.grader import Grader
from simulator.session import PracticeRoom
from simulator.store.store import Store
from tests.factories import grade_of

PERSON = "shen_yanqiu"  # too_expensive, analytical, normal
GRADES = {
    "认": grade_of("step:acknowledge", "skill:empathy"),
    "因": grade_of("step:reason"),
    "算": grade_of("step:recalculate"),
    "问": grade_of("skill:open_question", "skill:empathy"),
    "证": grade_of("skill:evidence"),
    "约": grade_of("skill:next_step", "skill:ask_agreement"),
    "谢": grade_of("skill:thanks_close"),
    "滚": grade_of(banned=("insult",)),
    "烦": grade_of(banned=("impatience",)),
}
GOOD = "认因算问证约谢"


@cache
def catalog() -> Catalog:
    """The shipped content, read once."""
    return Catalog(ContentSource())


class ScriptedGrader:
    """Gives each reply the grade it was told; any other reply meets nothing. Keeps what it was asked."""

    def __init__(self, grades: Mapping[str, Grade]) -> None:
        self.grades = grades
        self.asked: list[GradeRequest] = []
        self.rubrics: list[str] = []

    def grade(self, request: GradeRequest) -> Grade:
        """The scripted grade of the request's reply."""
        self.asked.append(request)
        return self.grades.get(request.reply, grade_of())

    def for_rubric(self, rubric: Rubric) -> Grader:
        """Itself, as the grader of any rubric."""
        self.rubrics.append(rubric.ref)
        return cast(Grader, self)


def open_room(store: Store, grader: ScriptedGrader) -> PracticeRoom:
    """A room over `store` in which the line bank speaks."""
    content = catalog()
    model = make_model("bank", lambda: content.content)
    return PracticeRoom(
        catalog=content,
        grader_for=grader.for_rubric,
        actor=Actor(lambda: content.content, model),
        model=model.name,
        encoder="scripted",
        store=store,
        rubric="service",
    )


def say(room: PracticeRoom, session: Session, *replies: str) -> Session:
    """The session after each of `replies` was answered."""
    for reply in replies:
        room.submit(session.id, reply)
        session = room.answer(session.id)
    return session
