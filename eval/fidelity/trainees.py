"""Trainees that talk to the customer: an expert, an average and a rude one by script, one who chats of other
things, and one who attacks. A seed chooses every wording.

Knows nothing of graders or of how lines are made.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Sequence

from eval import hostile
from eval.fidelity.idle import CHATTER
from eval.fidelity.scripts import Script, Wordings
from simulator.director import Casting
from simulator.domain.persona import ConcernStatus, Move
from simulator.domain.session import CustomerLine, CustomerState
from simulator.session import Played, Trainee, scripted

EXPERT, AVERAGE, RUDE, OFF_TOPIC, ATTACK = "expert", "average", "rude", "off_topic", "attack"
LONG, LONG_IDLE = "long_average", "long_off_topic"
MAIN = (EXPERT, AVERAGE, RUDE, OFF_TOPIC, ATTACK)
LASTING = (LONG, LONG_IDLE)  # those who talk on for `TURNS` turns
UNDESERVING = frozenset({RUDE, OFF_TOPIC, ATTACK, LONG_IDLE})  # whatever they get is unearned
TURNS = 12
_IDLE_TURNS = 8
_REACTIONS = 3  # moves at most that an expert answers beside his plan
_CLOSE = "close"
_CLOSES = 4  # how often an expert who is through with his plan asks once more before he takes leave


class _Worded:
    """Chooses wordings by seed; the same thing said again is said otherwise."""

    def __init__(self, seed: int, who: str) -> None:
        self._key = f"{seed}:{who}"
        self._said: Counter[str] = Counter()

    def of(self, what: str, wordings: Wordings) -> str:
        """A wording of `what`."""
        order = list(wordings)
        random.Random(f"{self._key}:{what}").shuffle(order)
        again = self._said[what]
        self._said[what] += 1
        return order[again % len(order)]


class Scripted:
    """Follows the turns of his level; answers first what was brought up if his script has an answer. The expert
    also answers a worry that is let out and some of the customer's other moves, does not give up when he is through
    with his plan, and keeps his last turn for taking leave."""

    def __init__(self, script: Script, level: str, persona: str, seed: int) -> None:
        """`persona`: whose worries they are."""
        self._script, self._level, self._persona = script, level, persona
        self._words = _Worded(seed, f"{script.situation}:{level}")
        turns = list(enumerate(script.turns[level]))
        self._expert = level == EXPERT
        self._leave = turns.pop() if self._expert else None
        self._plan = deque(turns)
        self._reactions: set[str] = set()
        self._closes = 0

    def __call__(self, opening: CustomerLine, turns: tuple[Played, ...]) -> str | None:
        """What he says next; None when he has no more to say."""
        if turns:
            state = turns[-1].step.state
            if state.agreed:
                return self._last()
            answer = self._answer(turns[-1].step.move, state)
            if answer is not None:
                return answer
        if self._plan:
            return self._turn(*self._plan.popleft())
        return self._close(turns[-1].step.state if turns else None) or self._last()

    def _turn(self, place: int, wordings: Wordings) -> str:
        return self._words.of(f"turn{place}", wordings)

    def _last(self) -> str | None:
        """Leave taken, once; of those without a farewell of their own, the next turn of the plan."""
        if not self._expert:
            return self._turn(*self._plan.popleft()) if self._plan else None
        leave, self._leave = self._leave, None
        return self._turn(*leave) if leave else None

    def _answer(self, move: Move, state: CustomerState) -> str | None:
        script = self._script
        if move is Move.OBJECT:
            raised = [e.id for e in state.further if e.status is ConcernStatus.RAISED]
            answers = script.objections.get(self._level, {})
            return next((self._words.of(i, answers[i]) for i in reversed(raised) if i in answers), None)
        if not self._expert:
            return None
        if move is Move.REVEAL:
            wordings = script.concerns.get(self._persona, {}).get(state.concern.text)
            return self._words.of(state.concern.text, wordings) if wordings else None
        return self._react(move.value)

    def _react(self, move: str) -> str | None:
        """To each kind of move once."""
        known = move in self._script.reactions and move not in self._reactions
        if not known or len(self._reactions) >= _REACTIONS:
            return None
        self._reactions.add(move)
        return self._words.of(move, self._script.reactions[move])

    def _close(self, state: CustomerState | None) -> str | None:
        """What an expert says who is through with his plan and has no agreement yet: what is still open in other
        words, then the proposal and what speaks for it by turns."""
        if state is None or not self._expert or self._leave is None or self._closes >= _CLOSES:
            return None
        self._closes += 1
        return self._still_open(state) or self._propose()

    def _still_open(self, state: CustomerState) -> str | None:
        answers = self._script.objections.get(self._level, {})
        raised = next((e.id for e in state.open_objections if e.id in answers), None)
        if raised is not None:
            return self._words.of(raised, answers[raised])
        if state.concern.status not in (ConcernStatus.RAISED, ConcernStatus.HEARD):
            return None
        wordings = self._script.concerns.get(self._persona, {}).get(state.concern.text)
        return self._words.of(state.concern.text, wordings) if wordings else None

    def _propose(self) -> str | None:
        wordings = self._script.reactions.get(_CLOSE)
        if wordings and self._closes == 1:
            return self._words.of(_CLOSE, wordings)
        last = len(self._script.turns[self._level]) - 2  # before the farewell
        place = max(0, last - (self._closes - 1) % 2)
        return self._turn(place, self._script.turns[self._level][place])


def trainee(
    kind: str, script: Script, casting: Casting, seed: int, cells: Sequence[tuple[str, str]]
) -> Trainee:
    """A trainee of that kind for one session. `cells`: all (situation, style) of the run, of which every attack
    differs."""
    if kind in (EXPERT, AVERAGE, RUDE):
        return Scripted(script, kind, casting.persona.id, seed)
    if kind == LONG:
        return scripted(_rephrased(script, seed))
    if kind == ATTACK:
        return scripted(_attack(casting, seed, cells))
    chance = random.Random(f"{seed}:{casting.situation.id}:{casting.style.id}:idle")
    return scripted(chance.sample(CHATTER, TURNS if kind == LONG_IDLE else _IDLE_TURNS))


def _rephrased(script: Script, seed: int) -> list[str]:
    """`TURNS` replies of the average trainee: his turns over and over, each time in other words."""
    words = _Worded(seed, f"{script.situation}:{LONG}")
    turns = script.turns[AVERAGE]
    return [words.of(f"turn{n % len(turns)}", turns[n % len(turns)]) for n in range(TURNS)]


def _attack(casting: Casting, seed: int, cells: Sequence[tuple[str, str]]) -> Sequence[str]:
    situations = list(dict.fromkeys(s for s, _ in cells))
    styles = list(dict.fromkeys(s for _, s in cells))
    here = (casting.situation.id, casting.style.id)
    drawn = hostile.scripts(situations, styles, len(situations) * len(styles), seed)
    return next(s.turns for s in drawn if (s.situation, s.style) == here)
