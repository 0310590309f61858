"""What a customer must never do, looked for line by line: give what was not earned, break the role, coach, let the
hidden worry out early, contradict the person's facts, say a thing twice, or end the talk badly.

A second opinion beside the guard (`simulator.actor.guard`): it judges what was said in the end, by whomever, and
knows the course of the whole talk. Knows nothing of models.

"Unearned in the state" is two things. From rude, off-topic and attacking trainees anything given is unearned. For expert
and average ones it holds the director against its own rule: that checks consistency, not whether the rule is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eval.fidelity.talks import ENDING, GIVING, REACHED, Exchange, Talk
from eval.fidelity.trainees import UNDESERVING
from simulator.actor import figures, phrases
from simulator.actor.meaning import Act
from simulator.actor.wording import near, share_of
from simulator.content.contents import Content
from simulator.domain.persona import Concern, ConcernStatus, Move, Persona, Situation
from simulator.domain.session import Outcome

Acts = Callable[[str], frozenset[Act]]
_LEAK = 0.6  # share of the worry's wording from which it counts as said
CALENDAR = ("12个月", "一天24小时")  # anyone may reckon with these
_CUES = 2  # words of a good answer to it, said by nobody before, that give it away together
_MAY_GIVE = GIVING | {Move.FAREWELL}
_MAY_LEAVE = ENDING | {Move.ACCEPT}
_SENTENCE = re.compile(r"[^。！!？?…；;\n]+[。！!？?…；;]*")
_OF_WOMEN = re.compile(r"老娘|本姑娘|本小姐|我一个(?:女|姑娘|妇道|老太)|(?:^|[，。！ ])姐(?:跟|不|可|今)")
_OF_MEN = re.compile(r"本大爷|我一个(?:大?男|老头|大老爷)|爷们儿?我|(?:^|[，。！ ])(?:哥|爷)(?:跟|不|可|今)")
_GOODBYE = re.compile(r"再见|拜拜|回头见|(?<!头)回见|改天(?:再)?聊|先挂了|我挂了|慢走")
_CALLED = re.compile(
    r"我姓([\u4e00-\u9fff])(?!什么|啥|甚)|(?:^|[，。！,! ])我(?:的名字)?叫([\u4e00-\u9fff]{2,3})(?=$|[，。！,! ])"
)


class Kind(StrEnum):
    """What can be wrong."""

    UNEARNED_STATE = "unearned_state"
    UNEARNED_TEXT = "unearned_text"
    ROLE = "role"
    COACHING = "coaching"
    LEAK = "leak"
    CONTRADICTION = "contradiction"
    REPEAT = "repeat"
    ENDING = "ending"


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One thing wrong. `turn`: 0 for the opening, then the number of the reply answered; `why`: for the reader."""

    kind: Kind
    talk: str
    turn: int
    text: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """What of the person and the cast a line may be held against. `persona.concern` is the worry hidden in this
    talk; `strangers`: names and companies that belong to others of the cast."""

    persona: Persona
    situation: Situation
    strangers: tuple[str, ...]

    @property
    def public(self) -> tuple[str, ...]:
        """Texts whose figures and words the person may use at any time."""
        p, s = self.persona, self.situation
        return (
            *p.facts, *p.opening, *(a.text for a in p.answers), str(p.bill), p.plan, p.product or "",
            str(p.price or ""), p.background, p.cause, str(p.age), s.name, s.summary, s.customer_says,
            *(o.text for o in s.objections),
        )  # fmt: skip


def known_of(content: Content, persona: Persona, situation: Situation) -> Known:
    """`persona` (with the worry of the talk) among the cast."""
    own = "，".join((persona.name, persona.company or "", persona.background, *persona.facts, persona.plan))
    names = {n for p in content.personas.values() for n in (p.name, p.company) if n}
    return Known(
        persona=persona, situation=situation, strangers=tuple(sorted(n for n in names if n not in own))
    )


def worry(persona: Persona, short: str) -> Concern:
    """The person's worry of that short form. Raises ValueError when there is none."""
    for concern in (persona.concern, *persona.other_concerns):
        if concern.short == short:
            return concern
    raise ValueError(f"{persona.id} has no worry {short!r}")


def breaches(talk: Talk, known: Known, acts: Acts) -> list[Breach]:
    """All that is wrong with `talk`. `acts`: what a line of a model does, as heard by one who learned from the
    bank; lines of the bank are judged by their words, as that one knows them by heart."""
    checks = (_opening(talk, known), _course(talk), _lines(talk, known, acts), _endings(talk))
    return [breach for found in checks for breach in found]


def _course(talk: Talk) -> Iterator[Breach]:
    """Gifts in the state: to whom nothing is due, or before all that is asked for was there."""
    undeserving = talk.trainee in UNDESERVING
    for turn, e in enumerate(talk.exchanges, 1):
        due = not undeserving and (e.won if e.move is Move.ACCEPT else e.advanced)
        if e.move in GIVING and not due:
            why = f"{talk.trainee} 什么也没挣到" if undeserving else "条件还没有满足"
            why = f"{e.move.value}：{why}"
            yield Breach(kind=Kind.UNEARNED_STATE, talk=talk.id, turn=turn, text=e.text, why=why)
    if undeserving and talk.outcome in REACHED:
        turn, last = len(talk.exchanges), talk.lines[-1] if talk.lines else ""
        why = f"结局是 {talk.outcome.value}"
        yield Breach(kind=Kind.UNEARNED_STATE, talk=talk.id, turn=turn, text=last, why=why)


def _opening(talk: Talk, known: Known) -> Iterator[Breach]:
    if not talk.opening:
        return

    def breach(kind: Kind, why: str) -> Breach:
        return Breach(kind=kind, talk=talk.id, turn=0, text=talk.opening, why=why)

    yield from (breach(kind, why) for kind, why in _of_role(talk.opening))
    why = leaked(talk.opening, known, ())
    if why:
        yield breach(Kind.LEAK, why)
    yield from (breach(Kind.CONTRADICTION, why) for why in contradictions(talk.opening, known, ()))


def _lines(talk: Talk, known: Known, acts: Acts) -> Iterator[Breach]:
    heard: list[str] = []
    for turn, e in enumerate(talk.exchanges, 1):
        spoken = talk.lines[:turn]
        heard.append(e.reply)
        for kind, why in _of_line(e, known, spoken, heard, acts):
            yield Breach(kind=kind, talk=talk.id, turn=turn, text=e.text, why=why)


def _of_line(
    e: Exchange, known: Known, spoken: Sequence[str], heard: Sequence[str], acts: Acts
) -> Iterator[tuple[Kind, str]]:
    yield from _of_role(e.text)
    why = gives(e, known, acts)
    if why:
        yield Kind.UNEARNED_TEXT, why
    if e.concern is ConcernStatus.HIDDEN:
        why = leaked(e.text, known, (*spoken, *heard))
        if why:
            yield Kind.LEAK, why
    for why in contradictions(e.text, known, (*spoken, *heard)):
        yield Kind.CONTRADICTION, why
    again = near(e.text, spoken)
    if again is not None:
        yield Kind.REPEAT, f"前面说过：{again}"


def _of_role(text: str) -> Iterator[tuple[Kind, str]]:
    for kind, wording in ((Kind.ROLE, phrases.ROLE_BREAK), (Kind.COACHING, phrases.COACHING)):
        found = wording.search(text)
        if found:
            yield kind, f"“{found.group()}”"


def gives(e: Exchange, known: Known, acts: Acts) -> str | None:
    """Why the words of `e` give what its move does not; None when they do not."""
    if e.move in _MAY_GIVE or _told(e.text, known):
        return None
    found = meant(e.text, phrases.GIVING, phrases.NOT_GIVING)
    if found is None and e.source == "model" and Act.GIVES in acts(e.text):
        return "听上去是答应了"
    return f"“{found}”" if found else None


def meant(text: str, wording: re.Pattern[str], harmless: re.Pattern[str]) -> str | None:
    """The words by which a sentence of `text` says it, when nothing in that sentence takes it back."""
    for sentence in _SENTENCE.findall(text):
        found = wording.search(sentence)
        if found and not harmless.search(sentence):
            return found.group().strip("，。！,! ")
    return None


def _told(text: str, known: Known) -> bool:
    """Whether `text` is a fact of the person's own, whose wording gives nothing."""
    return any(share_of(text, a.text) >= 0.5 for a in known.persona.answers)


def leaked(text: str, known: Known, before: Iterable[str]) -> str | None:
    """How `text` gives the hidden worry away, or None. What was said openly before gives nothing away."""
    concern = known.persona.concern
    openly = "，".join((*before, *known.public))
    if share_of(concern.short, text) >= _LEAK and share_of(concern.short, openly) < _LEAK:
        return f"说出了心事：{concern.short}"
    cues = [c for c in concern.cues if len(c) > 1 and c in text and c not in openly]
    return f"露出了心事：{'、'.join(cues)}" if len(cues) >= _CUES else None


def contradictions(text: str, known: Known, before: Iterable[str]) -> Iterator[str]:
    """What in `text` does not go with the person: figures that stand nowhere, another's name, company or sex."""
    person = known.persona
    openly = (*known.public, person.concern.short, person.concern.detail, *CALENDAR, *before)
    odd = figures.strangers(text, openly)
    if odd:
        yield f"没有来处的数字：{'、'.join(odd)}"
    called = [n for pair in _CALLED.findall(text) for n in pair if n]
    yield from (f"自称{n}，其实是{person.name}" for n in called if n not in person.name)
    yield from (f"说的是别人：{n}" for n in known.strangers if n in text and not any(n in t for t in before))
    wrong = (_OF_WOMEN if person.gender == "male" else _OF_MEN).search(text)
    if wrong:
        yield f"性别不对：{wrong.group()}"


def _endings(talk: Talk) -> Iterator[Breach]:
    """An end is one: nothing comes after it, it is not said twice, and what was agreed on ends kindly and at once."""

    def breach(turn: int, why: str) -> Breach:
        return Breach(kind=Kind.ENDING, talk=talk.id, turn=turn, text=talk.lines[turn], why=why)

    moves = [e.move for e in talk.exchanges]
    goodbyes = 0
    for turn, e in enumerate(talk.exchanges, 1):
        if any(m in ENDING for m in moves[: turn - 1]):
            yield breach(turn, "已经结束了还在说")
        farewell = _says_goodbye(e)
        if farewell and e.move not in _MAY_LEAVE:
            yield breach(turn, "没到结束就道别")
        goodbyes += farewell
        if goodbyes == 2 and farewell:
            yield breach(turn, "道别了两次")
    for turn in (place for place, move in enumerate(moves, 1) if move is Move.ACCEPT):
        after = moves[turn : turn + 1]
        insulted = talk.outcome is Outcome.LOST
        if after and after != [Move.FAREWELL] and not (insulted and after == [Move.LEAVE]):
            yield breach(turn + 1, "谈定以后没有道别")


def _says_goodbye(e: Exchange) -> bool:
    """Whether `e` takes leave: by its move, or in so many words."""
    return e.move is Move.FAREWELL or _GOODBYE.search(e.text) is not None
