"""One step of the customer's mind: grade in; new state, move and reasons out.

Knows nothing of words, models or storage.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.director import ledger, mood, progress
from simulator.director.casting import Casting, cast, opening_state
from simulator.director.cues import cues_of
from simulator.director.moves import Moment, choose
from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus, Move
from simulator.domain.session import CustomerState, Dimension, Direction, Outcome, Step
from simulator.language.features import asks_for_fact

__all__ = ["Casting", "answer_for", "cast", "close", "direct", "direction_for", "opening_state"]


# What comes before answering a question.
_FIRST = frozenset({Move.ACCEPT, Move.REVEAL, Move.CONCEDE, Move.CATCH_OUT, Move.CORRECT, Move.RESIST_HURRY})
# Questions that a customer answers in one talk.
_ANSWERS = 6
# Characters of a fact's keywords that a question must hold.
_ASKED = 2
_LEAVE_TAKING = frozenset({"skill:thanks_close", "step:goodbye"})


def direct(
    casting: Casting, state: CustomerState, grade: Grade, seed: int, *, repeated: bool = False
) -> Step:
    """What `grade` does to the customer. `repeated`: the reply says again what an earlier one said.

    Deterministic given its arguments. Raises ValueError when the talk has already ended.
    """
    if state.outcome is not None:
        raise ValueError(f"the talk has ended: {state.outcome}")
    turn = state.turn + 1
    change = mood.change(casting, state, grade, repeated)
    repeated = repeated or mood.unread(grade)  # neither earns anything
    insulted = ledger.insults(grade, state.agreed)
    sour = insulted or repeated
    remembered = state if sour else ledger.remember(casting, state, grade)
    faulty = bool(grade.banned) or bool(grade.negatives)
    after = replace(
        remembered,
        anger=change.values[Dimension.ANGER],
        trust=change.values[Dimension.TRUST],
        interest=change.values[Dimension.INTEREST],
        patience=change.values[Dimension.PATIENCE],
        turn=turn,
        met=state.met if sour else progress.with_met(state.met, grade, turn),
        claims=state.claims + ledger.claims_of(grade, turn),
        waiting=ledger.waiting(casting, state, grade),
        faults=state.faults + faulty,
        insults=state.insults + insulted,
    )
    moment = _moment(casting, state, after, grade, change, seed, repeated)
    move, outcome = choose(moment)
    held_back = (
        move is Move.OBJECT and moment.won and moment.proposed
    )  # all but agreed: the rest comes out now
    consent = moment.proposed and not moment.probed  # what is asked is whether the customer agrees
    if outcome is None and move not in _FIRST and not held_back and not consent:
        move = _answering(casting, after, grade, move)
    return Step(state=_settle(after, move, outcome), move=move, reasons=change.reasons)


def _moment(
    casting: Casting,
    before: CustomerState,
    after: CustomerState,
    grade: Grade,
    change: mood.MoodChange,
    seed: int,
    repeated: bool,
) -> Moment:
    covered = progress.coverage(casting.rubric, casting.situation.id, progress.steps_done(after.met))
    met = ledger.met_keys(grade)
    unanswered = bool(after.open_objections)
    return Moment(
        casting=casting,
        before=before,
        state=after,
        grade=grade,
        change=change,
        covered=covered,
        won=progress.holds(casting.won, after, covered) and not unanswered,
        advanced=progress.holds(casting.advanced, after, covered) and not unanswered,
        proposed=bool(met & set(casting.situation.proposals)),
        probed=bool(met & set(casting.situation.probes)),
        took_leave=bool(met & _LEAVE_TAKING),
        repeated=repeated,
        slipped=ledger.slip_of(casting, before, grade) is not None,
        misnamed=ledger.misnomer_of(casting.persona, grade.features) is not None,
        cues=cues_of(casting, after, grade),
        seed=seed,
    )


def _answering(casting: Casting, state: CustomerState, grade: Grade, otherwise: Move) -> Move:
    """`ANSWER` when the trainee asked about something this person knows and is not too cross to tell."""
    if state.moves.count(Move.ANSWER) >= _ANSWERS:
        return otherwise
    patient = state.anger < 0.7 and not grade.banned and otherwise not in (Move.THREATEN, Move.INTERRUPT)
    return Move.ANSWER if patient and answer_for(casting, grade) else otherwise


def answer_for(casting: Casting, grade: Grade) -> str | None:
    """The fact this person gives to the questions of the reply, or None. The answer whose keywords take
    up most of what was asked wins: two keywords beat one, a long one beats a short one."""
    asked = "".join(filter(asks_for_fact, grade.features.questions))
    fits = [(sum(len(w) for w in a.about if w in asked), a.text) for a in casting.persona.answers]
    score, text = max(fits, key=lambda f: f[0], default=(0, ""))
    return text if score >= _ASKED else None


def _settle(state: CustomerState, move: Move, outcome: Outcome | None) -> CustomerState:
    """The state after the customer has made `move`."""
    if move is Move.REVEAL:
        state = replace(state, concern=replace(state.concern, status=ConcernStatus.RAISED))
    if move is Move.OBJECT:
        state = ledger.bring_up(state)
    return replace(
        state,
        moves=(*state.moves, move),
        conceded=state.conceded or move in (Move.CONCEDE, Move.ACCEPT),
        agreed=state.agreed or move is Move.ACCEPT,
        outcome=outcome,
    )


def close(state: CustomerState) -> Outcome:
    """The outcome when the trainee (or the script) ends the talk here."""
    if state.outcome is not None:
        return state.outcome
    if state.agreed:
        return Outcome.WON
    if progress.is_lost(state):
        return Outcome.LOST
    return Outcome.ADVANCED if state.conceded else Outcome.STALLED


def direction_for(
    casting: Casting,
    step: Step,
    grade: Grade,
    reply: str,
    seed: int,
    used: tuple[str, ...],
    spoken: tuple[str, ...],
) -> Direction:
    """What the actor is told for the line that carries out `step`."""
    f = grade.features
    before = replace(step.state, claims=tuple(c for c in step.state.claims if c.turn < step.state.turn))
    slip = ledger.slip_of(casting, before, grade) if step.move is Move.CATCH_OUT else None
    misnomer = ledger.misnomer_of(casting.persona, f) if step.move is Move.CORRECT else None
    return Direction(
        move=step.move,
        mood=step.state.mood,
        state=step.state,
        reply=reply,
        turn=step.state.turn,
        seed=seed,
        reveals=casting.persona.concern.short if step.move is Move.REVEAL else None,
        answer=answer_for(casting, grade) if step.move is Move.ANSWER else None,
        figure=ledger.amount_of(f),
        day=ledger.time_of(f, proposed=bool(ledger.met_keys(grade) & set(casting.situation.proposals))),
        objection=step.state.open_objections[-1] if step.move is Move.OBJECT else None,
        earlier=slip.earlier if slip else None,
        now=slip.now if slip else None,
        wrong=misnomer.wrong if misnomer else None,
        surname=misnomer.surname if misnomer else None,
        cues=cues_of(casting, step.state, grade),
        used=used,
        spoken=spoken,
    )
