"""Which move the customer makes next: ends and gifts by rule, the rest by style and chance.

Knows nothing of words. Chance is seeded by (seed, turn, style), so the same talk takes the same course.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from simulator.director.casting import Casting
from simulator.director.ledger import insults
from simulator.director.mood import MoodChange
from simulator.director.progress import is_lost
from simulator.domain.grade import Grade, Verdict
from simulator.domain.persona import ConcernStatus, Cue, Family, Mood, Move
from simulator.domain.session import CustomerState, Outcome

# Moves that may stand twice running without sounding stuck.
_MAY_REPEAT = frozenset({Move.QUESTION, Move.PRESS})
# Anger at which a customer who stays this angry for two replies has heard enough.
_BOILING = 0.97
# How often a move may come in one session, and those that soon sound like a tic.
_MOST = 4
_SELDOM = {Move.CORRECT: 2, Move.CATCH_OUT: 3, Move.RESIST_HURRY: 2, Move.COME_BACK: 2}
# Trust gained by one reply from which it counts as help to a customer whose patience is at an end.
_HELPED = 0.03
# Replies after which a goodbye is taken for one even when nothing more was brought up.
_LONG_TALK = 5
# Trust from which one objection more is enough.
_CONTENT = 0.85
# A reply longer than this many times what the style bears is cut short.
_OVERLONG = 2
# Replies running that must have passed over a question before it is asked again whatever the style.
_IGNORED = 2
# What is left when no move fits, best first.
_RESORT = (Move.PRESS, Move.DOUBT, Move.QUESTION, Move.ASK_AGAIN)
_WARM_RESORT = (Move.QUESTION, Move.PRESS, Move.DOUBT, Move.ASK_AGAIN)
# What in a reply makes a customer who went quiet talk again, and what lets one soften.
_WORTH_IT = frozenset({Cue.OFFERED, Cue.CLAIMED})
_WELCOME = frozenset({Cue.KIND, Cue.APOLOGISED, Cue.OFFERED, Cue.CLAIMED})
# Moods in which a move makes sense.
_MOODS = {
    Move.THREATEN: {Mood.UPSET},
    Move.INTERRUPT: {Mood.UPSET, Mood.NEUTRAL},
    Move.PRESS: {Mood.UPSET, Mood.NEUTRAL},
    Move.ASK_AGAIN: {Mood.UPSET, Mood.NEUTRAL},
    Move.DOUBT: {Mood.UPSET, Mood.NEUTRAL},
    Move.REFUSE: {Mood.UPSET, Mood.NEUTRAL},
    Move.GO_QUIET: {Mood.UPSET, Mood.NEUTRAL},
    Move.COMPARE_RIVAL: {Mood.NEUTRAL},
    Move.QUESTION: {Mood.NEUTRAL, Mood.WARM},
    Move.TEST_CLAIM: {Mood.NEUTRAL, Mood.WARM},
    Move.RAISE_CONCERN: {Mood.NEUTRAL, Mood.WARM},
    Move.HESITATE: {Mood.NEUTRAL, Mood.WARM},
    Move.DIGRESS: {Mood.NEUTRAL, Mood.WARM},
    Move.SOFTEN: {Mood.NEUTRAL, Mood.WARM},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """All that choosing a move looks at: the new state, the grade and what it changed."""

    casting: Casting
    before: CustomerState
    state: CustomerState
    grade: Grade
    change: MoodChange
    covered: float
    won: bool
    advanced: bool
    proposed: bool
    probed: bool
    took_leave: bool
    repeated: bool
    slipped: bool
    misnamed: bool
    cues: frozenset[Cue]
    seed: int


def choose(moment: Moment) -> tuple[Move, Outcome | None]:
    """The next move, and the outcome when it ends the talk."""
    return (
        _ending(moment)
        or _giving(moment)
        or _running_out(moment)
        or (_at_once(moment) or _reacting(moment), None)
    )


def _ending(m: Moment) -> tuple[Move, Outcome] | None:
    """The moves by which what was said ends the talk. One insult alone never does: the customer hits
    back first."""
    s, insulted = m.state, insults(m.grade, m.before.agreed)
    if m.before.agreed:
        return (Move.LEAVE, Outcome.LOST) if insulted else (Move.FAREWELL, Outcome.WON)
    if s.insults >= 3 and insulted:
        return _storms_off(m)
    if s.insults >= 2 and insulted and (s.anger >= 0.7 or s.trust <= 0.15 or s.patience <= 0.2):
        return _storms_off(m)
    if s.anger >= _BOILING and m.before.anger >= _BOILING:
        return _storms_off(m)
    if s.faults >= 3 and s.trust <= 0.1 and s.patience <= 0.4 and m.covered < 0.3:
        return _storms_off(m)
    if m.before.conceded and m.took_leave and not insulted and not m.won:
        return Move.FAREWELL, Outcome.ADVANCED
    return None


def _storms_off(m: Moment) -> tuple[Move, Outcome]:
    """Over the trainee's head when furious or complaining already, else out of the door."""
    complaint = m.casting.situation.family is Family.COMPLAINT
    if complaint or m.state.anger >= 0.85 or Move.THREATEN in m.before.moves:
        return Move.ESCALATE, Outcome.ESCALATED
    return Move.LEAVE, Outcome.LOST


def _running_out(m: Moment) -> tuple[Move, Outcome] | None:
    """The end when turns or patience are used up and this reply did not save the talk: nobody walks out on one
    who has just helped, nor before hitting back at the first insult."""
    s = m.state
    first_insult = insults(m.grade, m.before.agreed) and s.insults == 1
    helped = s.trust > m.before.trust + _HELPED and not (m.grade.banned or m.grade.negatives or m.repeated)
    if s.turn < m.casting.situation.max_turns and (s.patience > 0 or first_insult or helped):
        return None
    if is_lost(s):
        return Move.LEAVE, Outcome.LOST
    return Move.FAREWELL, Outcome.ADVANCED if s.conceded else Outcome.STALLED


def _giving(m: Moment) -> tuple[Move, None] | None:
    """The moves that open up or give something; each must be earned by what the grade saw."""
    if m.grade.banned or m.repeated or m.slipped or not m.grade.features.meaningful:
        return None
    s = m.state
    if m.won and m.proposed and not _has_more(m):
        return Move.ACCEPT, None
    # the worry comes out when asked for by someone who is trusted a little
    hidden = s.concern.status is ConcernStatus.HIDDEN and m.casting.hides_concern
    if hidden and ((m.probed and s.trust >= 0.4 and s.anger <= 0.6) or (s.trust >= 0.6 and s.anger <= 0.45)):
        return Move.REVEAL, None
    if m.advanced and m.proposed and not s.conceded:
        return Move.CONCEDE, None
    return None


def _has_more(m: Moment) -> bool:
    """Whether something else is still to be brought up, and this is the time: nobody who is bid goodbye starts
    anew, and one who trusts that much lets the rest of the list be."""
    s = m.state
    if s.next_objection is None or Move.OBJECT not in m.casting.situation.moves:
        return False
    begun = any(e.status is not ConcernStatus.HIDDEN for e in s.further)
    content = begun and s.trust >= _CONTENT
    parting = m.took_leave and (begun or s.turn >= _LONG_TALK)  # thanks early on are no goodbye
    return not content and not parting and s.turn + 2 <= m.casting.situation.max_turns


def _at_once(m: Moment) -> Move | None:
    """What a customer takes up before anything else: being told two things, being called by another's name,
    being hurried, a wall of text; or, all that was brought up being answered, the next thing on the list."""
    f = m.grade.features
    met = {i.bare for i in m.grade.items if i.verdict is Verdict.MET and i.key.startswith("negative:")}
    overlong = f.length > _OVERLONG * m.casting.style.long_reply and m.state.mood is not Mood.WARM
    if m.grade.banned:
        return None  # an insult is answered first
    wanted = (
        (Move.CATCH_OUT, m.slipped),
        (Move.CORRECT, m.misnamed),
        (Move.RESIST_HURRY, "pressure" in met),
        (Move.INTERRUPT, overlong),
        (Move.ASK_AGAIN, m.state.waiting >= _IGNORED and f.meaningful and m.state.mood is not Mood.WARM),
        (Move.COME_BACK, m.before.moves[-1:] == (Move.GO_QUIET,) and not m.cues.isdisjoint(_WORTH_IT)),
        (Move.OBJECT, _may_object(m)),
    )
    known, said = m.casting.situation.moves, m.before.moves
    return next((move for move, due in wanted if due and move in known and not _worn(move, said)), None)


def _may_object(m: Moment) -> bool:
    """Whether the next objection comes now: nothing else is open and the reply was no fault."""
    s = m.state
    worry_open = s.concern.status in (ConcernStatus.RAISED, ConcernStatus.HEARD)
    settled = s.objection.status.rank >= ConcernStatus.ANSWERED.rank and not s.open_objections
    at_fault = bool(m.grade.negatives) or m.repeated
    return settled and _has_more(m) and not worry_open and not at_fault and m.grade.features.meaningful


def _reacting(m: Moment) -> Move:
    """Any other move, by what just happened and by style."""
    weights = {
        move: m.casting.style.moves.get(move, 0.0)
        for move in m.casting.situation.moves
        if move in _MOODS and m.state.mood in _MOODS[move]
    }
    for move, factor in _pulls(m).items():
        if move in weights:
            weights[move] *= factor
    said = m.before.moves
    weights = {move: 0.0 if _worn(move, said) else weight for move, weight in weights.items()}
    if not any(weights.values()):
        resort = _WARM_RESORT if m.state.mood is Mood.WARM else _RESORT
        return next((move for move in resort if not _worn(move, said)), resort[0])
    chance = random.Random(f"{m.seed}:{m.state.turn}:{m.casting.style.id}:move")
    moves = sorted(weights)
    return chance.choices(moves, [weights[x] for x in moves])[0]


def _worn(move: Move, said: tuple[Move, ...]) -> bool:
    """Whether `move` would sound stuck after the moves `said`."""
    running = 2 if move in _MAY_REPEAT else 1
    return said[-running:] == (move,) * running or said.count(move) >= _SELDOM.get(move, _MOST)


def _pull(pulls: dict[Move, float], factor: float, *moves: Move) -> None:
    for move in moves:
        pulls[move] = pulls.get(move, 1.0) * factor


def _pulls(m: Moment) -> dict[Move, float]:
    """How what just happened makes moves likelier (above 1) or less (below)."""
    f, s = m.grade.features, m.state
    pulls: dict[Move, float] = {}
    pull = partial(_pull, pulls)
    calmer = s.anger < m.before.anger - 0.03 or s.trust > m.before.trust + 0.05
    worse = bool(m.grade.banned or m.grade.negatives)
    if not f.meaningful:
        pull(6, Move.GO_QUIET)
        pull(0, Move.SOFTEN, Move.TEST_CLAIM, Move.RAISE_CONCERN, Move.QUESTION, Move.HESITATE)
    pull(4 if f.length > m.casting.style.long_reply else 0.0, Move.INTERRUPT)
    _pull_by_cues(m, pull)
    if m.slipped:
        pull(8, Move.DOUBT, Move.TEST_CLAIM)
    if worse:
        pull(4, Move.REFUSE, Move.THREATEN)
        pull(0, Move.SOFTEN, Move.RAISE_CONCERN, Move.HESITATE, Move.QUESTION, Move.TEST_CLAIM, Move.DIGRESS)
    else:
        pull(0.3, Move.REFUSE, Move.THREATEN, Move.GO_QUIET)
        pull(3 if calmer else 0, Move.SOFTEN)
        pull(0.5 if calmer else 1.5, Move.PRESS)
    if s.concern.status is not ConcernStatus.HIDDEN or s.trust < 0.35:
        pull(0, Move.RAISE_CONCERN)
    return pulls


def _pull_by_cues(m: Moment, pull: Callable[..., None]) -> None:
    """Moves that take something for granted, by whether it holds: nobody tests what was not claimed, weighs or
    refuses what was not offered, hints at a worry with the first words, or chats while being asked, made an offer,
    heard out or left with a dead phone."""
    cues, s = m.cues, m.state
    offered, claimed = Cue.OFFERED in cues, Cue.CLAIMED in cues
    asked = bool(m.grade.features.questions)  # be it only 在吗
    just_asked = m.before.moves[-1:] in ((Move.QUESTION,), (Move.ASK_AGAIN,))
    pull((5 if just_asked else 1) if Cue.EVADED in cues else 0, Move.ASK_AGAIN)
    pull(2.5 if claimed else 0, Move.TEST_CLAIM)
    pull(1 if claimed else 0.25, Move.DOUBT)  # some doubt the firm, whatever was said
    pull(1 if offered or claimed or Cue.ASKED in cues else 0, Move.HESITATE)
    pull(1 if offered or Cue.PUSHED in cues else 0, Move.REFUSE)
    pull(0 if cues.isdisjoint(_WELCOME) else 1, Move.SOFTEN)
    pull(1 if s.turn > 1 else 0, Move.RAISE_CONCERN)
    pull(0 if s.turn == 1 or asked or offered or m.probed or _has_trouble(m) else 1, Move.DIGRESS)


def _has_trouble(m: Moment) -> bool:
    """Whether something weighs on the customer's mind: a complaint that is not settled, a worry just let out."""
    s = m.state
    worried = s.concern.status in (ConcernStatus.RAISED, ConcernStatus.HEARD)
    complaint = m.casting.situation.family is Family.COMPLAINT
    return worried or (complaint and s.objection.status.rank < ConcernStatus.SETTLED.rank)
