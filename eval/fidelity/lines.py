"""`python -m eval.fidelity.lines`: checks the line bank.

- lines that nearly say what another says (`nearness`);
- lines that sound like another style: judged by ears that learned from the other four fifths of the bank;
- lines whose words do what their move does not (by the guard's word lists), and figures that no person stands for;
- how many lines each cell (situation, style, move, mood) that a talk can reach has.

Exits 1 when two lines nearly say the same.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from eval.fidelity import breaches, nearness
from eval.fidelity.ears import Ear
from eval.fidelity.talks import ENDING, GIVING
from simulator.actor import figures, phrases
from simulator.actor.wording import bare
from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Family, Line, Mood, Move, Situation
from simulator.domain.session import CustomerState, LedgerEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FOLDS = 5
_OWN, _OTHER = 0.1, 0.7  # a line is doubtful that sounds this little like its style, this much like another
_SHOWN = 100
_FEW = 3  # lines that a cell should have at least
_MAY_LEAVE = ENDING | {Move.ACCEPT}
_MAY_GIVE = GIVING | {Move.FAREWELL}
_UPSET, _NEUTRAL, _WARM = ({m} for m in Mood)
# Moods in which a customer makes a move of his own accord (`simulator.director.moves`); any other in every mood.
MOODS = {
    Move.THREATEN: _UPSET,
    Move.INTERRUPT: _UPSET | _NEUTRAL,
    Move.PRESS: _UPSET | _NEUTRAL,
    Move.ASK_AGAIN: _UPSET | _NEUTRAL,
    Move.DOUBT: _UPSET | _NEUTRAL,
    Move.REFUSE: _UPSET | _NEUTRAL,
    Move.GO_QUIET: _UPSET | _NEUTRAL,
    Move.COMPARE_RIVAL: _NEUTRAL,
    Move.QUESTION: _NEUTRAL | _WARM,
    Move.TEST_CLAIM: _NEUTRAL | _WARM,
    Move.RAISE_CONCERN: _NEUTRAL | _WARM,
    Move.HESITATE: _NEUTRAL | _WARM,
    Move.DIGRESS: _NEUTRAL | _WARM,
    Move.SOFTEN: _NEUTRAL | _WARM,
}


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """A line that sounds like another style, `told`, with that chance; `own`: the chance of its own."""

    line: Line
    told: str
    chance: float
    own: float


def doubtful(lines: Sequence[Line]) -> list[Doubtful]:
    """Lines that an ear which did not learn from them takes for another style, the surest first."""
    found: list[Doubtful] = []
    for fold in range(_FOLDS):
        held = [line for n, line in enumerate(lines) if n % _FOLDS == fold]
        ear = Ear([line for n, line in enumerate(lines) if n % _FOLDS != fold], lambda line: line.style)
        found += _mistaken(held, ear.labels, ear.hear([line.text for line in held]))
    return sorted(found, key=lambda d: (d.own - d.chance, d.line.id))


def _mistaken(
    lines: Sequence[Line], labels: tuple[str, ...], chances: NDArray[np.float64]
) -> Iterator[Doubtful]:
    for line, row in zip(lines, chances, strict=True):
        best, own = int(row.argmax()), float(row[labels.index(line.style)])
        if own < _OWN and row[best] > _OTHER:
            yield Doubtful(line=line, told=labels[best], chance=float(row[best]), own=own)


def doubles(lines: Sequence[Line]) -> list[tuple[Line, Line, float]]:
    """Lines that nearly say the same, with their similarity. What has no words (……) says nothing twice."""
    worded = [line for line in lines if bare(nearness.spoken(line.text))]
    return [(worded[a], worded[b], alike) for a, b, alike in nearness.pairs(line.text for line in worded)]


def misplaced(line: Line) -> str | None:
    """What the words of `line` do that its move does not, or figures that no person stands for; None for nothing."""
    text = nearness.spoken(line.text)
    role = phrases.ROLE_BREAK.search(text) or phrases.COACHING.search(text)
    if role:
        return f"出戏或教人：{role.group()}"
    gives = breaches.meant(text, phrases.GIVING, phrases.NOT_GIVING)
    if gives and line.move not in _MAY_GIVE:
        return f"像是让步：{gives}"
    leaves = breaches.meant(text, phrases.LEAVING, phrases.NOT_LEAVING)
    if leaves and line.move not in _MAY_LEAVE:
        return f"像是要走：{leaves}"
    odd = figures.strangers(text, breaches.CALENDAR)
    return f"写死的数字：{'、'.join(odd)}" if odd else None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Somewhere a talk can come to, and how many lines there are for it: written for it (`exact`), or for the same
    move and style in any mood (`any_mood`)."""

    situation: str
    style: str
    move: Move
    mood: Mood
    objection: str | None
    exact: int
    any_mood: int


def cells(content: Content) -> list[Cell]:
    """Every cell that a talk (no drill) can reach, of `object` one for each objection."""
    exact: Counter[tuple[str, str, Move, Mood, str | None]] = Counter()
    for line in content.lines:
        for scope in line.scopes:
            exact[scope, line.style, line.move, line.mood, line.objection] += 1
    found = []
    talks = [s for s in content.situations.values() if s.family is not Family.DRILL]
    for situation, style in product(talks, content.styles):
        for move, mood, objection in _reachable(situation):
            counts = {m: _held(exact, situation, style, move, m, objection) for m in Mood}
            found.append(
                Cell(
                    situation=situation.id,
                    style=style,
                    move=move,
                    mood=mood,
                    objection=objection,
                    exact=counts[mood],
                    any_mood=sum(counts.values()),
                )
            )
    return found


def _held(
    exact: Counter[tuple[str, str, Move, Mood, str | None]],
    situation: Situation,
    style: str,
    move: Move,
    mood: Mood,
    objection: str | None,
) -> int:
    return sum(exact[scope, style, move, mood, objection] for scope in (situation.id, situation.family.value))


def _reachable(situation: Situation) -> Iterator[tuple[Move, Mood, str | None]]:
    """What is told from the person's facts (`answer`) needs no lines; a talk opens in the situation's own mood."""
    yield Move.OPEN, first_mood(situation), None
    for move in (m for m in situation.moves if m is not Move.ANSWER):
        about = [o.id for o in situation.objections] if move is Move.OBJECT else [None]
        moods = MOODS.get(move, set(Mood))
        yield from ((move, mood, objection) for mood in Mood if mood in moods for objection in about)


def first_mood(situation: Situation) -> Mood:
    """The mood in which the actor looks for an opening."""
    raised = LedgerEntry(id=situation.id, text=situation.name, status=ConcernStatus.RAISED)
    start = situation.start
    return CustomerState(
        anger=start["anger"],
        trust=start["trust"],
        interest=start["interest"],
        patience=start["patience"],
        objection=raised,
        concern=raised,
    ).mood


def report(content: Content) -> tuple[list[str], bool]:
    """What there is to say about the bank's lines, and whether no two nearly say the same."""
    twice, sounding = doubles(content.lines), doubtful(content.lines)
    strange = [(line, why) for line in content.lines if (why := misplaced(line))]
    told = [f"{len(content.lines):,} 句；近似的 {len(twice)} 对"]
    told += [
        f"  {alike:.2f} {a.style}/{a.move}：{a.text}  ≈  {b.style}/{b.move}：{b.text}"
        for a, b, alike in twice
    ]
    told.append(
        f"听着像别的风格的 {len(sounding)} 句（没学过它的分类器：自己的风格 < {_OWN}，别的 > {_OTHER}）"
    )
    told += [
        f"  {d.line.style} → {d.told} {d.chance:.2f} {d.line.move}/{d.line.mood}：{d.line.text}"
        for d in sounding[:_SHOWN]
    ]
    told.append(f"话和动作不合的 {len(strange)} 句")
    told += [f"  {line.style}/{line.move}/{line.mood}：{line.text}（{why}）" for line, why in strange]
    return [*told, *_table(cells(content))], not twice


def _table(found: Sequence[Cell]) -> list[str]:
    """Cells by move: how many, how many have few lines; then those with few in any mood."""
    told = [f"走得到的 {len(found):,} 格（情境 × 风格 × 动作 × 心情，异议各算各的），每格句数："]
    for move in dict.fromkeys(c.move for c in found):
        mine = [c for c in found if c.move is move]
        counts = sorted(c.exact for c in mine)
        few = sum(n < _FEW for n in counts)
        middle = counts[len(counts) // 2]
        told.append(
            f"  {move.value:14s} {len(mine):4d} 格，最少 {counts[0]}，中位 {middle}，不到 {_FEW} 句的 {few} 格"
        )
    poor = [c for c in found if c.any_mood < _FEW]
    told.append(f"连别的心情也算上，还不到 {_FEW} 句的 {len(poor)} 格")
    return told + [f"  {c.situation}/{c.style}/{c.move}/{c.objection or c.mood}：{c.any_mood}" for c in poor]


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.fidelity.lines", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--content", type=Path, help="a trainer's own files")
    options = parser.parse_args()
    from simulator.cli import wiring

    told, sound = report(wiring.open_catalog(options.content).content)
    print("\n".join(told))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
