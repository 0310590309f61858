"""What a trainee reads after a session: score, findings turn by turn, mood curve, what to do next.

Knows nothing of pages: it turns a stored session into plain data that the page and the terminal show.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.director import Casting, path, score_of, steps_done
from simulator.domain.grade import BANNED_KEY, BannedHit, Grade, ItemResult, Span, Verdict
from simulator.domain.rubric import Rubric
from simulator.domain.session import CustomerState, Dimension, Outcome, Reason, Session

OUTCOME_NAMES = {
    Outcome.WON: "谈成了",
    Outcome.ADVANCED: "往前走了一步",
    Outcome.STALLED: "没谈出结果",
    Outcome.LOST: "客户走了",
    Outcome.ESCALATED: "客户去投诉了",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a reply did. `good`: False for faults and banned things; `better`: wording to use instead;
    `evidence`: the reply's own words; `settled_by`: the model that settled it, empty for the encoder."""

    key: str
    name: str
    good: bool
    span: Span | None = None
    evidence: str = ""
    better: str = ""
    settled_by: str = ""


@dataclass(frozen=True, kw_only=True)
class TurnReport:
    """One turn as the trainee reads it."""

    index: int
    customer_before: str
    reply: str
    customer_after: str
    quality: float | None
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class MissedStep:
    """A prescribed step that never came (of alternatives, one is enough), with advice and a wording that would have met it."""

    name: str
    advice: str
    example: str


@dataclass(frozen=True, kw_only=True)
class MoodPoint:
    """The four values after `turn` replies (0: before the first)."""

    turn: int
    anger: float
    trust: float
    interest: float
    patience: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole report."""

    outcome: Outcome | None
    score: float
    steps_done: int
    steps_all: int
    turns: tuple[TurnReport, ...]
    curve: tuple[MoodPoint, ...]
    missed: tuple[MissedStep, ...]
    next_steps: tuple[str, ...]


def findings(rubric: Rubric, grade: Grade, reply: str) -> tuple[Finding, ...]:
    """What `reply` did well and badly, faults first."""
    bad = [_banned(rubric, hit) for hit in grade.banned[:1]]  # the others name the same words
    good: list[Finding] = []
    for item in grade.items:
        if item.verdict is Verdict.MET and item.key != BANNED_KEY:
            found = _item(rubric, item, reply)
            (good if found.good else bad).append(found)
    return (*bad, *good)


def _banned(rubric: Rubric, hit: BannedHit) -> Finding:
    phrase = rubric.banned_phrase(hit.id)
    return Finding(
        key=f"banned:{hit.id}",
        name=f"禁语：{phrase.phrase if phrase else hit.id}",
        good=False,
        span=hit.span,
        evidence=hit.text,
        better=phrase.better if phrase else "",
    )


def _item(rubric: Rubric, item: ItemResult, reply: str) -> Finding:
    known = rubric.item(item.key)
    negative = item.key.startswith("negative:")
    return Finding(
        key=item.key,
        name=known.name if known else item.bare,
        good=not negative,
        span=item.span,
        evidence=reply[item.span.start : item.span.end] if item.span else "",
        better=known.advice if known and negative else "",
        settled_by=item.settled_by or "",
    )


def point(state: CustomerState) -> MoodPoint:
    """One point of the mood curve."""
    return MoodPoint(turn=state.turn, **{d.value: getattr(state, d.value) for d in Dimension})


def report(session: Session, casting: Casting) -> Report:
    """The report of `session`, finished or not."""
    rubric, situation = casting.rubric, casting.situation.id
    grades = [t.grade for t in session.turns if t.grade is not None]
    done = steps_done(session.state.met)
    steps = path(rubric, situation, done)
    missed = tuple(
        MissedStep(name=i.name, advice=i.advice, example=rubric.wording(i, situation, session.setup.seed))
        for i in steps
        if i.id not in done and i.examples
    )
    score = session.score if session.score is not None else score_of(casting, grades)
    turns = tuple(_turns(session, rubric))
    return Report(
        outcome=session.outcome,
        score=score,
        steps_done=len([i for i in steps if i.id in done]),
        steps_all=len(steps),
        turns=turns,
        curve=(point(session.initial), *(point(t.step.state) for t in session.turns if t.step)),
        missed=missed,
        next_steps=tuple(_advice(session, turns, missed)),
    )


def _turns(session: Session, rubric: Rubric) -> list[TurnReport]:
    before, reports = session.opening.text, []
    for turn in session.turns:
        if turn.grade is None or turn.step is None or turn.line is None:
            continue
        reports.append(
            TurnReport(
                index=turn.index,
                customer_before=before,
                reply=turn.reply,
                customer_after=turn.line.text,
                quality=turn.grade.quality,
                findings=findings(rubric, turn.grade, turn.reply),
                reasons=turn.step.reasons,
                seconds=turn.seconds_to_reply,
            )
        )
        before = turn.line.text
    return reports


def _advice(
    session: Session, turns: list[TurnReport] | tuple[TurnReport, ...], missed: tuple[MissedStep, ...]
) -> list[str]:
    """At most three things to do next time, the weightiest first."""
    advice = []
    said = next((f for t in turns for f in t.findings if f.key.startswith("banned:")), None)
    if said:
        advice.append(f"“{said.evidence}”这样的话别说，换成：{said.better}")
    fault = next((f for t in turns for f in t.findings if f.key.startswith("negative:")), None)
    if fault and len(advice) < 2:
        advice.append(f"当心「{fault.name}」：{fault.better}")
    advice += [f"补上「{m.name}」：{m.advice}" for m in missed[: 3 - len(advice)]]
    if not advice:
        advice.append("规定的步骤都做到了。换一种风格的客户再练一遍。")
    return advice
