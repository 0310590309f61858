"""What the customer's next words may take for granted: of the trainee's last reply, and of the talk so far.

A line such as 你还没答 makes sense only where something was asked and passed over; the bank's lines say what they
need (`Line.needs`), this module says what holds. It rests on the grade where the grade tells, else on words.
Knows nothing of lines or of how one is chosen.
"""

from __future__ import annotations

from simulator.director import ledger
from simulator.director.casting import Casting
from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus, Cue, Family, Move
from simulator.domain.session import CustomerState
from simulator.language.features import asks_openly

# Anger, at the start or now, from which a customer may say that he was or is cross.
_ANGRY = 0.5
# Replies after which much has been said.
_LATE = 4
# Items by which the trainee presents something, explains or reckons it; offers something; tells of others; is kind.
_CLAIMING = frozenset(
    {"step:reason", "step:recalculate", "step:found", "step:fabe", "step:why_listen", "step:explain"}
    | {"step:reframe", "step:summarise", "skill:evidence", "skill:fabe", "skill:overall_benefit"}
)
_OFFERING = frozenset(
    {"step:leave_material", "step:solution", "step:agree_plan", "step:act_now"}
    | {"skill:allowed_concession", "skill:solution"}
)
_TELLING = frozenset({"step:felt", "step:found", "step:normalise"})
_KIND = frozenset(
    {"skill:empathy", "step:care", "step:rapport", "step:endorse", "step:serious", "step:understand"}
    | {"step:acknowledge", "step:accept"}
)
_APOLOGY = frozenset({"step:apologise"})


def cues_of(casting: Casting, state: CustomerState, grade: Grade) -> frozenset[Cue]:
    """What holds once a reply, judged as `grade`, has brought the customer to `state`."""
    held = _of_reply(casting, state, grade) | _of_talk(casting, state)
    held[Cue.PRESENTED] |= "advantage" in grade.features.mentions
    return frozenset(cue for cue, holds in held.items() if holds)


def _of_reply(casting: Casting, state: CustomerState, grade: Grade) -> dict[Cue, bool]:
    f, met = grade.features, ledger.met_keys(grade)
    drill = casting.situation.family is Family.DRILL  # whose every step counts as a proposal, a greeting too
    proposed = not drill and bool(met & set(casting.situation.proposals))
    dated = ledger.time_of(f, proposed=proposed) is not None
    promised = dated or bool(f.promises and (proposed or met & _OFFERING))
    others = bool(met & _TELLING or f.third_parties or "others" in f.mentions)
    figure = ledger.amount_of(f) is not None
    claimed = bool(met & _CLAIMING or figure or "advantage" in f.mentions)
    return {
        Cue.ASKED: any(map(asks_openly, f.questions)),
        Cue.OFFERED: promised or proposed or bool(met & _OFFERING or f.offers or "offer" in f.mentions),
        Cue.PROMISED: promised,
        Cue.CLAIMED: claimed or promised or others,  # whatever can be doubted
        Cue.OTHERS: others,
        Cue.FIGURE: figure,
        Cue.MATERIAL: "material" in f.mentions,
        Cue.APOLOGISED: bool(met & _APOLOGY or "apology" in f.mentions),
        Cue.KIND: bool(met & _KIND),
        Cue.PUSHED: bool(grade.negatives or grade.banned),
        Cue.PUT_OFF: "step:act_now" not in met and "delay" in f.mentions,
        Cue.EVADED: state.waiting > 0 or (f.question_answered is False and not f.meaningful),
        Cue.LONG: f.length > casting.style.long_reply,
    }


def _of_talk(casting: Casting, state: CustomerState) -> dict[Cue, bool]:
    angry = max(casting.situation.start.get("anger", 0.0), state.anger) >= _ANGRY
    told = {ledger.bare_key(key) for key, _ in state.met}
    priced = any(claim.kind == "price" for claim in state.claims)
    return {
        Cue.ANGRY_BEFORE: angry or Move.THREATEN in state.moves,
        Cue.PRESENTED: casting.situation.presented or priced or not told.isdisjoint(_CLAIMING),
        Cue.UNSOLVED: state.objection.status.rank < ConcernStatus.ANSWERED.rank,
        Cue.LATE: state.turn >= _LATE,
    }
