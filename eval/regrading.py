"""Grades finished practice sessions again under another rubric: what each would have come to.

The replies, the seed and the customer's first mood are the session's own; what the customer said stays as it
was said, under the old grades. So the new outcome is what the same replies would have led to, not what would
have been said. Knows nothing of files, tables on a screen or how a grader is made.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from simulator import director
from simulator.cli.spread import over_cores
from simulator.content.contents import Content
from simulator.domain.grade import Grade, GradeRequest
from simulator.domain.session import (
    Ending,
    Grading,
    Outcome,
    Regrade,
    RegradedTurn,
    Session,
    SessionSummary,
)
from simulator.errors import StoreError, UsageError
from simulator.grading.grader import Grader
from simulator.session import casting_of, request_for, says_again
from simulator.store.store import Store

PASS_MARK = 60.0
_FAILED = frozenset({Outcome.LOST, Outcome.ESCALATED})
_BATCH = 16  # sessions graded together, and stored together


def passed(ending: Ending, mark: float = PASS_MARK) -> bool:
    """The one definition of passing: a score of `mark` or more, and a customer who neither left nor
    complained."""
    return ending.score is not None and ending.score >= mark and ending.outcome not in _FAILED


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A session then and now. `session`: None when its record cannot be read; `now`: None when it could not
    be graded again, and `error` says why; `kept`: whether an earlier run had made the regrade."""

    session_id: str
    session: SessionSummary | None
    now: Ending | None = None
    kept: bool = False
    error: str = ""

    @property
    def then(self) -> Ending | None:
        """What the session came to when it was practised."""
        s = self.session
        if s is None or s.outcome is None:
            return None
        return Ending(outcome=s.outcome, score=s.score, replies=s.turns)


def grading_of(grader: Grader) -> Grading:
    """What tells the grades of `grader` from those of others."""
    return Grading(
        rubric=grader.rubric.ref,
        rubric_hash=grader.rubric.hash,
        encoder=f"{grader.encoder.name}#{grader.encoder.hash}",
        calibration=grader.calibration.hash,
        calibrated=grader.calibrated,
    )


def regrade(
    store: Store,
    session_ids: Iterable[str],
    content: Content,
    grader: Grader,
    *,
    processes: int = 1,
    again: bool = False,
) -> Iterator[Comparison]:
    """Grades the sessions again and stores it, batch by batch; yields what became of each, in order. One that
    was regraded before is not graded twice, whatever has become of its person and situation since, unless
    `again`: then its new regrade stands beside the old. One that cannot be graded is told and left. Raises StoreError when the
    database cannot be written."""
    grading = grading_of(grader)
    ids = iter(session_ids)
    batches = (
        tuple(_looked_up(store, one, grading, again) for one in some)
        for some in iter(lambda: tuple(itertools.islice(ids, _BATCH)), ())
    )
    work = partial(_graded, grader, content, grading)
    for batch, graded in over_cores(work, batches, processes):
        store.add_regrades((one for one in graded if isinstance(one, Regrade)), again=again)
        results = iter(graded)
        for entry in batch:
            yield entry if isinstance(entry, Comparison) else _compared(entry, next(results))


def ending_of(casting: director.Casting, session: Session, grades: Sequence[Grade]) -> Ending:
    """What the replies of `session` would have led to with `grades`, one for each. When the talk ends before
    the last reply, what comes after does not count; when it does not end, it is closed after the last."""
    state, replies = session.initial, 0
    for (history, reply), grade in zip(_moments(session), grades, strict=True):
        again = says_again(history, reply)
        state = director.direct(casting, state, grade, session.setup.seed, repeated=again).state
        replies += 1
        if state.outcome is not None:
            break
    score = director.score_of(casting, grades[:replies])
    return Ending(outcome=director.close(state), score=score, replies=replies)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """A session that can be graded, and what is asked of the grader."""

    session: Session
    casting: director.Casting
    requests: tuple[GradeRequest, ...]


def _moments(session: Session) -> Iterator[tuple[tuple[tuple[str, str], ...], str]]:
    """Each reply with the talk before it, which ends with a line of the customer's."""
    history = session.history
    for place, turn in enumerate(session.turns):
        yield history[: 2 * place + 1], turn.reply


def _looked_up(store: Store, session_id: str, grading: Grading, again: bool) -> Session | Comparison:
    """The session to grade, or what is known without grading."""
    try:
        known = None if again else store.regraded(session_id, grading)
        if known is None:
            return store.load(session_id)
        return Comparison(session_id=session_id, session=store.summary(session_id), now=known, kept=True)
    except StoreError as error:  # one damaged record does not stop the others
        return Comparison(session_id=session_id, session=None, error=str(error))


def _graded(
    grader: Grader, content: Content, grading: Grading, batch: Sequence[Session | Comparison]
) -> list[Regrade | str]:
    """The regrade of each session of `batch`, or why there is none."""
    plans = [_plan(grader, content, one) for one in batch if isinstance(one, Session)]
    asked = [request for plan in plans if isinstance(plan, _Plan) for request in plan.requests]
    grades = iter(grader.grade_many(asked))
    return [
        _made(plan, grading, list(itertools.islice(grades, len(plan.requests))))
        if isinstance(plan, _Plan)
        else plan
        for plan in plans
    ]


def _plan(grader: Grader, content: Content, session: Session) -> _Plan | str:
    setup = session.setup
    if session.pending is not None:
        return f"第 {session.pending.index + 1} 句回复还没有得到回应，没法重新判分。"
    if not grader.rubric.steps_of(setup.situation):
        return f"评分标准 {grader.rubric.ref} 里没有情境“{setup.situation}”。"
    try:
        casting = casting_of(content, session, grader.rubric)
    except UsageError as error:  # its files are gone
        return str(error)
    requests = tuple(request_for(casting, history, reply) for history, reply in _moments(session))
    return _Plan(session=session, casting=casting, requests=requests)


def _made(plan: _Plan, grading: Grading, grades: Sequence[Grade]) -> Regrade:
    return Regrade(
        session_id=plan.session.id,
        grading=grading,
        made=datetime.now(UTC),
        ending=ending_of(plan.casting, plan.session, grades),
        turns=tuple(
            RegradedTurn(index=turn.index, grade=grade)
            for turn, grade in zip(plan.session.turns, grades, strict=True)
        ),
    )


def _compared(session: Session, result: Regrade | str) -> Comparison:
    summary = SessionSummary(
        id=session.id,
        setup=session.setup,
        started=session.started,
        turns=len(session.turns),
        outcome=session.outcome,
        score=session.score,
    )
    if isinstance(result, str):
        return Comparison(session_id=session.id, session=summary, error=result)
    return Comparison(session_id=session.id, session=summary, now=result.ending)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Sessions counted. Of `sessions`, `kept` had been regraded before and `failed` could not be; all else is
    of the others. `mean_then`, `mean_now`: of the scores, None without any; `fell`, `rose`: how many no
    longer pass, and now do; `outcomes`: how often each outcome became which."""

    sessions: int
    kept: int
    failed: int
    mean_then: float | None
    mean_now: float | None
    passed_then: int
    passed_now: int
    fell: int
    rose: int
    outcomes: dict[tuple[Outcome, Outcome], int]


def tally(comparisons: Sequence[Comparison], mark: float = PASS_MARK) -> Tally:
    """Counts `comparisons`; `mark` is the pass mark."""
    pairs = [(c.then, c.now) for c in comparisons if c.then and c.now]
    verdicts = Counter((passed(then, mark), passed(now, mark)) for then, now in pairs)
    return Tally(
        sessions=len(comparisons),
        kept=sum(c.kept for c in comparisons),
        failed=sum(bool(c.error) for c in comparisons),
        mean_then=_mean(then.score for then, _ in pairs),
        mean_now=_mean(now.score for _, now in pairs),
        passed_then=verdicts[True, True] + verdicts[True, False],
        passed_now=verdicts[True, True] + verdicts[False, True],
        fell=verdicts[True, False],
        rose=verdicts[False, True],
        outcomes=dict(Counter((then.outcome, now.outcome) for then, now in pairs)),
    )


def changed(comparison: Comparison) -> bool:
    """Whether score or outcome became another."""
    then, now = comparison.then, comparison.now
    if then is None or now is None:
        return False
    return (then.score, then.outcome) != (now.score, now.outcome)


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [s for s in scores if s is not None]
    return sum(known) / len(known) if known else None
