"""What the customer remembers: objections and worry and how far each has come, what the trainee said, whether
it still holds, whether it insulted, and how the trainee addressed them.

Pure functions of grade and state. Knows nothing of the four values, of moves or of words to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from simulator.director.casting import Casting
from simulator.domain.grade import BannedHit, Features, Grade, Verdict
from simulator.domain.persona import ConcernStatus, Move, Persona
from simulator.domain.session import Claim, CustomerState, LedgerEntry
from simulator.language.features import days
from simulator.language.numbers import value, values
from simulator.language.text import jaccard, normalise, trigrams

# Probability from which a banned thing is an insult: whatever else the reply does, or where it does nothing that
# is prescribed. Any other is a harsh word: it hurts half as much and takes nothing away from what else the reply
# does. Of 1,541 replies that the grader had not learned from, 0.7 alone finds 109 of 184 banned ones and 12 of the
# others; with both rules it is 104 and 7.
_CERTAIN, _INSULT = 0.95, 0.7
# The least probability of a banned phrase said as the rubric has it: never passed over.
_WORD_FOR_WORD = 0.9
# Banned things that slight nobody, however sure: 改天我再找您, 其实也没什么.
_MILD = frozenset({"brush_off", "play_down"})
# Trigram Jaccard, days left out, from which two promises are of the same act.
_SAME_ACT = 0.4
# A price so many times another is a sum, not another offer.
_MULTIPLE = 2
# A promise is quoted back when it is short enough to be typed again.
_QUOTED = range(4, 19)
# More days than this in one reply are a list of them.
_PROPOSED = 2
_AMOUNT = re.compile(r"块|元|毛|折|%|百分|成$|万|千")
_NOW = frozenset({"今天", "今儿", "今早", "今晚", "当天"})
_BROKEN_BY = frozenset({"negative:pass_the_buck"})
_ASKING = tuple((move,) for move in (Move.QUESTION, Move.ASK_AGAIN, Move.TEST_CLAIM, Move.OBJECT))
_MEN = ("先生", "大哥", "叔", "哥")
_WOMEN = ("女士", "阿姨", "大姐", "姐", "小姐")


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """Something said that does not go with what was said `earlier`: `now` instead, or None for a promise
    that is not kept."""

    earlier: str
    now: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Misnomer:
    """What the customer was wrongly called; `surname`: the true one, where that is what was wrong."""

    wrong: str
    surname: str | None = None


def insults(grade: Grade, agreed: bool = False) -> bool:
    """Whether the reply insults beyond doubt. One who has agreed to something does not undo it over a likelihood."""
    surest = max(map(weight, grade.banned), default=0.0)
    return surest >= _CERTAIN or (surest >= _INSULT and not grade.steps and not agreed)


def overlooked(grade: Grade) -> bool:
    """Whether the banned things found pass unheard: no more than likely, in a reply that does what is prescribed. Of
    such on the calibration split 3 in 6 were banned; of those in replies that do nothing prescribed 85 in 96."""
    return bool(grade.steps) and all(hit.score < _WORD_FOR_WORD for hit in grade.banned)


def weight(hit: BannedHit) -> float:
    """How surely `hit` is an insult, 0-1; a mild thing never is."""
    return 0.0 if hit.category in _MILD else hit.score


def met_keys(grade: Grade) -> frozenset[str]:
    """The items met, as situation files write them: `step:reason` for `step:too_expensive.reason`."""
    return frozenset(bare_key(i.key) for i in grade.items if i.verdict is Verdict.MET)


def bare_key(key: str) -> str:
    """`step:too_expensive.reason` as situation files write it: `step:reason`."""
    kind, _, rest = key.partition(":")
    return f"{kind}:{rest.rpartition('.')[2]}"


def remember(casting: Casting, state: CustomerState, grade: Grade) -> CustomerState:
    """`state` with objections and worry as far as this reply brings them. The first objection moves at most one
    stage a reply; what was brought up or let out since may be answered at once; nothing moves while a reply
    insults or says nothing."""
    if insults(grade, state.agreed) or not grade.features.meaningful:
        return state
    met, situation = met_keys(grade), casting.situation
    heard = bool(met & set(situation.acknowledges))
    answered = bool(met & set(situation.answers))
    settled = bool(met & set(situation.proposals))

    def later(entry: LedgerEntry) -> LedgerEntry:
        """A further objection or the worry: hidden ones stay so."""
        if entry.status is ConcernStatus.RAISED and answered:
            return replace(entry, status=ConcernStatus.ANSWERED)
        return replace(entry, status=_advance(entry.status, heard or answered, answered, settled))

    first = replace(state.objection, status=_advance(state.objection.status, heard, answered, settled))
    return replace(
        state,
        objection=first,
        concern=later(state.concern),
        further=tuple(later(entry) for entry in state.further),
    )


def _advance(status: ConcernStatus, heard: bool, answered: bool, settled: bool) -> ConcernStatus:
    if status is ConcernStatus.RAISED and heard:
        return ConcernStatus.HEARD
    if status in (ConcernStatus.RAISED, ConcernStatus.HEARD) and answered:
        return ConcernStatus.ANSWERED if status is ConcernStatus.HEARD else ConcernStatus.HEARD
    if status is ConcernStatus.ANSWERED and settled:
        return ConcernStatus.SETTLED
    return status


def bring_up(state: CustomerState) -> CustomerState:
    """`state` with the next objection brought up."""
    coming = state.next_objection
    raised = tuple(
        replace(e, status=ConcernStatus.RAISED) if coming is not None and e.id == coming.id else e
        for e in state.further
    )
    return replace(state, further=raised)


def waiting(casting: Casting, state: CustomerState, grade: Grade) -> int:
    """Replies running that left the customer's question unanswered, this one included. Only what a customer asks
    in order to know is a question (凭什么停我的机 is none); and what answers the objection at hand is no evasion."""
    features = grade.features
    asked = bool(state.waiting) or state.moves[-1:] in _ASKING
    ignored = features.question_answered is False and not met_keys(grade) & set(casting.situation.answers)
    passed_over = ignored or (state.waiting and not features.meaningful)
    return state.waiting + 1 if asked and passed_over else 0


def claims_of(grade: Grade, turn: int) -> tuple[Claim, ...]:
    """What this reply said that can be held against the trainee later."""
    f = grade.features
    said = [("figure", t) for t in f.figures] + [("price", t) for t in f.offers]
    said += [("day", t) for t in f.days] + [("promise", t) for t in f.promises]
    return tuple(Claim(turn=turn, kind=kind, text=text) for kind, text in said)


def slip_of(casting: Casting, state: CustomerState, grade: Grade) -> Slip | None:
    """The first thing in this reply that does not go with an earlier one: another price, another day for the
    same act, or a promise that is passed on to others instead of being kept."""
    return next(_slips(casting, state, grade), None)


def _slips(casting: Casting, state: CustomerState, grade: Grade) -> Iterator[Slip]:
    yield from _other_prices(casting.persona, state, grade.features)
    promised = [c.text for c in state.claims if c.kind == "promise"]
    for now in grade.features.promises:
        last = next((p for p in reversed(promised) if _same_act(p, now)), None)
        yield from _put_off(last, now) if last else ()
    if met_keys(grade) & _BROKEN_BY:
        quotable = [p for p in promised if len(p) in _QUOTED]
        yield from (Slip(earlier=p) for p in quotable[-1:])


def _other_prices(persona: Persona, state: CustomerState, features: Features) -> Iterator[Slip]:
    """A dearer price than was named before. A cheaper one is a concession; a multiple is a sum for more of the
    same; and what the customer pays today is no offer, it may be quoted at any time."""
    known = {persona.bill.amount, *values((*persona.facts, *(a.text for a in persona.answers)))}
    known -= {persona.price.amount} if persona.price else set()
    olds = {value(c.text): c.text for c in state.claims if c.kind == "price" and value(c.text) not in known}
    for now in features.offers:
        new = value(now)
        if new is None or new in known or new in olds or not olds:
            continue
        dearer = [o for v, o in olds.items() if v and v < new < v * _MULTIPLE]
        yield from (Slip(earlier=o, now=now) for o in dearer[-1:])


def _same_act(earlier: str, now: str) -> bool:
    """Whether two promises, both with a day, are of the same act: alike but for the days."""
    before, after = days(earlier), days(now)
    alike = jaccard(trigrams(_without(earlier, before)), trigrams(_without(now, after)))
    return bool(before and after) and alike >= _SAME_ACT


def _put_off(earlier: str, now: str) -> Iterator[Slip]:
    """A later day of the same kind (weekday, date, deadline …) than was promised; of weekdays any other."""
    before, after = days(earlier)[0], days(now)[0]
    for kind, place in _DAY_KINDS:
        old, new = kind.search(normalise(before)), kind.search(normalise(after))
        if old and new:
            was, is_now = place(old), place(new)
            later = is_now != was if kind is _WEEKDAY else is_now > was
            if later:
                yield Slip(earlier=before, now=after)
            return


def _weekday(found: re.Match[str]) -> float:
    return 7 * bool(found[1]) + (7 if found[2] in "日天末" else value(found[2]) or 0)


def _hours(found: re.Match[str]) -> float:
    amount = 0.5 if found[1] == "半" else value(found[1]) or 0
    return amount * next(hours for unit, hours in _UNITS.items() if found[2].startswith(unit))


def _without(text: str, parts: tuple[str, ...]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


def amount_of(features: Features) -> str | None:
    """The last price or share that was named: what a customer takes up. Counts of things are none."""
    return next((f for f in reversed(features.figures) if _AMOUNT.search(f)), None)


def time_of(features: Features, *, proposed: bool) -> str | None:
    """The last time that was promised, or named in a reply that proposes something (`proposed`). A bare 今天 tells
    nothing, and a reply with many days counts them instead of proposing one."""
    promised = [day for promise in features.promises for day in days(promise)]
    named = promised or (features.days if proposed and len(features.days) <= _PROPOSED else ())
    return next((day for day in reversed(named) if day not in _NOW), None)


def misnomer_of(persona: Persona, features: Features) -> Misnomer | None:
    """A wrong family name, or a title of the other sex."""
    for called in features.called:
        if not called.startswith(persona.surname):
            return Misnomer(wrong=called, surname=persona.surname)
        if called.endswith(_WOMEN if persona.gender == "male" else _MEN):
            return Misnomer(wrong=called)
    return None


# Ways to name a day, each with what puts two of its kind in order; only days of one kind can be told apart for sure.
_N = "0-9零〇一二两三四五六七八九十"
_UNITS = {
    "分": 1 / 60,
    "小时": 1.0,
    "个小时": 1.0,
    "钟头": 1.0,
    "个钟头": 1.0,
    "天": 24.0,
    "个工作日": 24.0,
    "工作日": 24.0,
}
_WEEKDAY = re.compile(r"(下?)(?:周|礼拜|星期)([一二三四五六日天末1-7])")
_DAY_KINDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], float]], ...] = (
    (_WEEKDAY, _weekday),
    (re.compile(rf"([{_N}]+)[日号]"), lambda found: value(found[1]) or 0.0),
    (re.compile(r"(今|明|后)[天儿晚早]"), lambda found: float("今明后".index(found[1]))),
    (re.compile(rf"([{_N}]+|半)(分钟|个?小时|个?钟头|个?工作日|天)"), _hours),
)
