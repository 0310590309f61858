"""A real practice room over the shipped content and a real database, with a grader that knows two words
and an actor that repeats itself: what the page does can be tested without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from simulator.content.catalog import Catalog
from simulator.content.source import ContentSource
from simulator.domain.grade import BannedHit, Features, Grade, GradeRequest, ItemResult, Span, Verdict
from simulator.domain.rubric import Rubric
from simulator.domain.session import CustomerLine
from simulator.errors import ModelError
from simulator.session import PracticeRoom
from simulator.store.store import Store

GOOD, BAD, BREAKS = "对不起", "自己看", "坏了"


class PlainGrader:
    """`GOOD` meets the first step and a skill; `BAD` is banned; `BREAKS` makes the model fail."""

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric

    def grade(self, request: GradeRequest) -> Grade:
        if BREAKS in request.reply:
            raise ModelError("客户的模型没有回应。")
        at, no = request.reply.find(GOOD), request.reply.find(BAD)
        first = self.rubric.steps_of(request.situation)[0].key_in(request.situation)
        span = Span(start=at, end=at + len(GOOD)) if at >= 0 else None
        verdict = Verdict.MET if span else Verdict.NOT_MET
        items = [ItemResult(key=k, verdict=verdict, score=0.9, span=span) for k in (first, "skill:empathy")]
        banned: tuple[BannedHit, ...] = ()
        if no >= 0:
            phrase = self.rubric.banned[0]
            where = Span(start=no, end=no + len(BAD))
            hit = BannedHit(id=phrase.id, category=phrase.category, score=0.9, span=where, text=BAD)
            banned = (hit,)
        return Grade(
            rubric=self.rubric.ref,
            rubric_hash=self.rubric.hash,
            encoder="plain",
            calibrated=True,
            items=tuple(items),
            banned=banned,
            quality=1.0 if banned else 4.0 if span else 2.0,
            features=Features(length=len(request.reply)),
        )


class PlainActor:
    """Opens with the situation's own words and answers with one line."""

    def opening(self, persona: Any, situation: Any, style: Any, seed: int) -> CustomerLine:
        return CustomerLine(text=situation.customer_says, source="bank")

    def speak(self, persona: Any, situation: Any, style: Any, history: Any, direction: Any) -> CustomerLine:
        return CustomerLine(text=f"<i>第 {direction.turn} 回</i>，接着说。", source="bank")


def open_room(folder: Path, rubric: str = "service", content: Path | None = None) -> PracticeRoom:
    """A room whose database lies in `folder`, with the shipped content overlaid by `content`."""
    return PracticeRoom(
        catalog=Catalog(ContentSource(overlay=content)),
        grader_for=cast(Any, PlainGrader),
        actor=cast(Any, PlainActor()),
        model="plain",
        encoder="plain",
        store=Store.open(folder / "sessions.db"),
        rubric=rubric,
    )
