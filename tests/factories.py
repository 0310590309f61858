"""Makes real domain objects for tests, with every field filled; each factory takes overrides by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.domain.grade import (
    Address,
    BannedHit,
    Features,
    Grade,
    ItemResult,
    Nearest,
    Span,
    Verdict,
)
from simulator.domain.persona import ConcernStatus, Difficulty, Move
from simulator.domain.session import (
    Claim,
    CustomerLine,
    CustomerState,
    Dimension,
    LedgerEntry,
    Reason,
    SessionSetup,
    Step,
)

REPLY = "王总,实在对不起,专线断了半天耽误您开工。我今天下午三点前给您答复,这事我负责到底。"


def make_grade(**changes: Any) -> Grade:
    """A grade of `REPLY` with a met step, a skill too close to call, a fault and a banned hit."""
    items = (
        ItemResult(
            key="step:complaint_network.apologise",
            verdict=Verdict.MET,
            score=0.9731,
            span=Span(start=3, end=8),
            nearest=Nearest(text="真的很抱歉", positive=True, similarity=0.8125),
        ),
        ItemResult(key="skill:open_question", verdict=Verdict.UNSURE, score=0.5),
        ItemResult(key="negative:blame_customer", verdict=Verdict.NOT_MET, score=0.0312),
        ItemResult(key="negative:banned_phrase", verdict=Verdict.MET, score=1.0, span=Span(start=33, end=40)),
    )
    span = Span(start=33, end=40)
    banned = BannedHit(id="absolute_01", category="absolute", score=0.91, span=span, text=REPLY[33:40])
    features = Features(
        length=38,
        figures=("三点",),
        days=("今天",),
        promises=("今天下午三点前给您答复",),
        address=Address.POLITE,
        question_answered=False,
        third_parties=("隔壁厂",),
    )
    grade = Grade(
        rubric="standard@1",
        rubric_hash="0f" * 32,
        encoder="builtin",
        calibrated=True,
        items=items,
        banned=(banned,),
        quality=3.5,
        features=features,
    )
    return replace(grade, **changes)


def make_state(**changes: Any) -> CustomerState:
    """A customer still annoyed after one reply, the hidden concern raised."""
    state = CustomerState(
        anger=0.62,
        trust=0.31,
        interest=0.4,
        patience=1 / 3,
        objection=LedgerEntry(id="objection", text="专线断了没人管", status=ConcernStatus.HEARD),
        concern=LedgerEntry(id="concern", text="月底系统上线出岔子", status=ConcernStatus.HIDDEN),
        turn=1,
        met=(("step:complaint_network.apologise", 0),),
        claims=(Claim(turn=0, kind="day", text="今天"), Claim(turn=0, kind="promise", text="负责到底")),
        faults=1,
        moves=(Move.OPEN, Move.PRESS),
    )
    return replace(state, **changes)


def make_step(**changes: Any) -> Step:
    """The director's answer to `REPLY`: the customer presses on."""
    reasons = (
        Reason(dimension=Dimension.ANGER, amount=-0.12, key="skill:apology", text="诚恳道歉让他消了气"),
        Reason(dimension=Dimension.TRUST, amount=0.05, key="step:complaint_network.own", text="有人负责"),
    )
    return replace(Step(state=make_state(), move=Move.PRESS, reasons=reasons), **changes)


def make_line(**changes: Any) -> CustomerLine:
    """A line of the model after one that the guard refused."""
    line = CustomerLine(
        text="又是答复?上回也说三点,等到下班都没人打来🙄",
        source="model",
        seconds=1.25,
        line_id=None,
        rejected=("替客服说话:我们会尽快",),
    )
    return replace(line, **changes)


def make_opening(**changes: Any) -> CustomerLine:
    """The customer's first words, from the bank."""
    line = CustomerLine(text="你们这专线到底还能不能用了!", source="bank", line_id="opening_01")
    return replace(line, **changes)


def make_setup(**changes: Any) -> SessionSetup:
    """A set-up of a complaint with the line bank as the customer's voice."""
    setup = SessionSetup(
        persona="wang_jianguo",
        situation="complaint_network",
        style="driver",
        difficulty=Difficulty.HARD,
        rubric="standard@1",
        rubric_hash="0f" * 32,
        encoder="builtin",
        model="bank",
        seed=20240531,
        trainee="小李",
    )
    return replace(setup, **changes)


def grade_of(
    *keys: str, situation: str = "too_expensive", banned: tuple[str, ...] = (), **features: Any
) -> Grade:
    """A grade that meets just `keys`: `step:reason` (of `situation`), `skill:empathy`, `negative:argue`.
    `banned`: categories hit, told both ways as the grader tells them. `features`: of a plain, polite
    reply of 30 characters unless said otherwise."""
    placed = [k.replace("step:", f"step:{situation}.") for k in keys]
    told = ["negative:banned_phrase"] if banned else []
    items = [
        ItemResult(key=k, verdict=Verdict.MET, score=0.9, span=Span(start=0, end=2)) for k in placed + told
    ]
    hits = [
        BannedHit(id=f"ban_{n}", category=c, score=0.98, span=Span(start=0, end=2), text="少来")
        for n, c in enumerate(banned)
    ]
    monthly = tuple(f for f in features.get("figures", ()) if f.endswith(("/月", "每月", "一个月")))
    plain: dict[str, Any] = {"length": 30, "address": Address.POLITE, "offers": monthly}
    return make_grade(
        rubric="service@1",
        items=tuple(items),
        banned=tuple(hits),
        features=Features(**(plain | features)),
    )
