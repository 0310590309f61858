"""Records of the contracts (docs/architecture.md 3.2, 3.3): JSON in, domain out, and back.

The one place that knows the field names of the JSON lines.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.domain.grade import Grade, GradeRequest, ItemResult
from simulator.domain.persona import Persona
from simulator.domain.session import CustomerLine, CustomerState, Dimension, Outcome, Step
from simulator.errors import InputError

Id = Annotated[str, Field(min_length=1)] | Annotated[int, Field(strict=True)]


class Lenient(BaseModel):
    """A record of which unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class GradeLine(Lenient):
    """An input line of `grade`."""

    id: Id
    situation: str
    reply: str
    style: str | None = None
    customer: str | None = None
    history: list[tuple[Literal["customer", "trainee"], str]] | None = None
    facts: dict[str, Any] | None = None

    def request(self) -> GradeRequest:
        """What the grader takes."""
        history = tuple(self.history or ())
        heard = [text for role, text in history if role == "customer"]
        return GradeRequest(
            situation=self.situation,
            reply=self.reply,
            style=self.style,
            customer=self.customer or (heard[-1] if heard else ""),
            history=history,
            facts=tuple((k, str(v)) for k, v in (self.facts or {}).items()),
        )


class ScriptLine(Lenient):
    """An input line of `play`."""

    id: Id
    situation: str
    turns: list[str]
    style: str | None = None
    persona: str | None = None


def given_id(record: dict[str, Any]) -> str | int | None:
    """What an error line says of whose it is: the record's id where it is one, else None."""
    given = record.get("id")
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def read(model: type[Lenient], record: dict[str, Any], place: str) -> Any:
    """`record` as `model`. Raises InputError naming the field, its value and what would be valid."""
    try:
        return model.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(p) for p in first["loc"] if not isinstance(p, str) or p.isidentifier())
        if first["type"] == "missing":
            raise InputError(f"{place}缺少字段 {field}") from error
        raise InputError(
            f"{place}字段 {field} 不对：写的是 {str(first['input'])[:60]}（{first['msg']}）"
        ) from error


def item_record(item: ItemResult) -> dict[str, Any]:
    """One of `items`."""
    record: dict[str, Any] = {"key": item.key, "verdict": item.verdict.value, "score": item.score}
    if item.span is not None:
        record["span"] = [item.span.start, item.span.end]
    if item.nearest is not None:
        near = item.nearest
        record["nearest"] = {"text": near.text, "positive": near.positive, "similarity": near.similarity}
    if item.settled_by is not None:
        record["settled_by"] = item.settled_by
    return record


def banned_records(grade: Grade) -> list[dict[str, Any]]:
    """`banned`."""
    return [
        {"id": h.id, "score": h.score, "span": [h.span.start, h.span.end], "text": h.text}
        for h in grade.banned
    ]


def grade_record(line_id: str | int, grade: Grade) -> dict[str, Any]:
    """An output line of `grade`."""
    return {
        "id": line_id,
        "rubric": grade.rubric,
        "rubric_hash": grade.rubric_hash,
        "encoder": grade.encoder,
        "calibrated": grade.calibrated,
        "steps": list(grade.steps),
        "skills": list(grade.skills),
        "negatives": list(grade.negatives),
        "banned": banned_records(grade),
        "quality": grade.quality,
        "unsure": list(grade.unsure),
        "items": [item_record(i) for i in grade.items],
    }


def turn_record(reply: str, grade: Grade, step: Step, line: CustomerLine) -> dict[str, Any]:
    """One of the `turns` of `play`. Its grade has `settled_by`, the model by item key, only when a model
    settled something."""
    settled = {i.key: i.settled_by for i in grade.items if i.settled_by is not None}
    return {
        "reply": reply,
        "grade": {
            "steps": list(grade.steps),
            "skills": list(grade.skills),
            "negatives": list(grade.negatives),
            "banned": banned_records(grade),
            "quality": grade.quality,
            **({"settled_by": settled} if settled else {}),
        },
        "state": state_record(step.state),
        "move": step.move.value,
        "customer": line.text,
        "source": line.source,
        "seconds": round(line.seconds, 4),
    }


def state_record(state: CustomerState) -> dict[str, float]:
    """The four values."""
    return {d.value: getattr(state, d.value) for d in Dimension}


def play_record(
    line_id: str | int,
    persona: Persona,
    model: str,
    seed: int,
    opening: str,
    turns: list[dict[str, Any]],
    outcome: Outcome,
    score: float,
) -> dict[str, Any]:
    """An output line of `play`."""
    return {
        "id": line_id,
        "persona": persona.id,
        "model": model,
        "seed": seed,
        "opening": opening,
        "turns": turns,
        "outcome": outcome.value,
        "score": score,
    }
