"""How one grade changes the four values, each change with its reason in words.

Knows nothing of moves or outcomes, nor of what the customer remembers (`ledger`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.director import ledger
from simulator.director.casting import Casting
from simulator.domain.grade import BANNED_KEY, Address, Grade, ItemResult, Verdict
from simulator.domain.persona import Delta
from simulator.domain.session import CustomerState, Dimension, Reason

# A thing done again earns this share of what it earned the first time: sorry is worth most once.
_AGAIN = 0.25
# Probability from which a fault is heard at all, and from which it is plain to the customer; a likely one, or one beside a
# banned thing, hurts half.
_HEARD, _PLAIN = 0.5, 0.7
# At most this much good may come of one reply, so that one long speech cannot win a talk.
_CEILING = {Dimension.ANGER: 0.35, Dimension.TRUST: 0.3, Dimension.INTEREST: 0.3, Dimension.PATIENCE: 0.15}
_SHORT_REPLY = 40
UNREAD_LENGTH = 500
# A reply this poor hurts even when no single banned thing is sure.
COLD_QUALITY = 1.7
_WORDS = {
    (Dimension.ANGER, -1): "让{who}消了气",
    (Dimension.ANGER, 1): "让{who}更来火",
    (Dimension.TRUST, 1): "让{who}多信了你几分",
    (Dimension.TRUST, -1): "让{who}不太信你了",
    (Dimension.INTEREST, 1): "让{who}听进去了一些",
    (Dimension.INTEREST, -1): "让{who}没了兴致",
    (Dimension.PATIENCE, 1): "让{who}愿意多听两句",
    (Dimension.PATIENCE, -1): "让{who}没了耐心",
}
_FEATURE_NAMES = {
    "figures": "摆出具体数字",
    "story": "讲了个真实的例子",
    "third_parties": "说到同类客户的做法",
    "small_talk": "拉家常",
    "spec_list": "一条条念参数",
    "long_reply": "话太长",
    "short_reply": "话说得短",
    "day_named": "说定了日子",
    "promise": "作了承诺",
    "familiar_address": "用“你”称呼",
    "unanswered": "没答上他问的",
    "answered": "正面答了他的问题",
    "cold": "这话让人心凉",
    "off_topic": "这一句没碰到正题",
    "repeated": "又说了一遍同样的话",
    "empty": "等于什么也没说",
    "contradiction": "前后说的不一样",
    "misnamed": "叫错了人",
    "drift": "时间在过去",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class MoodChange:
    """The values after a reply and every reason, in the order they count."""

    values: dict[Dimension, float]
    reasons: tuple[Reason, ...]


def change(casting: Casting, state: CustomerState, grade: Grade, repeated: bool) -> MoodChange:
    """What `grade` does to `state`."""
    values = {d: float(getattr(state, d.value)) for d in Dimension}
    room = dict(_CEILING)
    reasons: list[Reason] = []
    who = "他" if casting.persona.gender == "male" else "她"
    for key, name, delta, share in _causes(casting, state, grade, repeated):
        for dimension in Dimension:
            amount = _limited(dimension, getattr(delta, dimension.value) * share, values, room)
            if abs(amount) < 0.005:
                continue
            values[dimension] += amount
            words = _WORDS[dimension, 1 if amount > 0 else -1].format(who=who)
            text = f"「{name}」{words}"
            reasons.append(Reason(dimension=dimension, amount=round(amount, 4), key=key, text=text))
    return MoodChange(values={d: round(v, 4) for d, v in values.items()}, reasons=tuple(reasons))


def _limited(
    dimension: Dimension, amount: float, values: dict[Dimension, float], room: dict[Dimension, float]
) -> float:
    """`amount` cut to [0, 1] and, where it is good for the trainee, to what this reply may still earn."""
    good = -amount if dimension is Dimension.ANGER else amount
    if good > 0:
        good = min(good, room[dimension])
        amount = -good if dimension is Dimension.ANGER else good
    before = values[dimension]
    amount = min(1.0, max(0.0, before + amount)) - before
    if (amount < 0) == (dimension is Dimension.ANGER) and amount:
        room[dimension] -= abs(amount)
    return amount


def _causes(
    casting: Casting, state: CustomerState, grade: Grade, repeated: bool
) -> Iterator[tuple[str, str, Delta, float]]:
    """(key, name, delta, share) of all that counts: faults first, so that they are never capped away."""
    yield from _faults(casting, state, grade)
    yield "feature:drift", _FEATURE_NAMES["drift"], casting.style.drift, 1.0
    soured = ledger.insults(grade, state.agreed)
    for feature in features_of(casting, state, grade, repeated):
        effect = casting.effects.get(f"feature:{feature}", Delta())
        if not (soured and _is_good(effect)):
            yield f"feature:{feature}", _FEATURE_NAMES[feature], effect, 1.0
    if soured or repeated or unread(grade):
        return  # a kind word in an insult, the same words again, or a wall of text earns nothing
    known = dict(state.met)
    for item in grade.items:
        if item.verdict is Verdict.MET and not item.key.startswith("negative:"):
            kind = item.key.partition(":")[0]
            delta = _lookup(casting.effects, f"{kind}:{item.bare}", f"{kind}:*")
            yield item.key, _name(casting, item), delta, _AGAIN if item.key in known else 1.0


def _faults(casting: Casting, state: CustomerState, grade: Grade) -> Iterator[tuple[str, str, Delta, float]]:
    if grade.banned and not ledger.overlooked(grade):  # several ids name one thing said: it hurts once
        hit = max(grade.banned, key=ledger.weight)
        delta = _lookup(casting.effects, f"banned:{hit.category}", "banned:*")
        sure = ledger.insults(grade, state.agreed)
        name = "说了不该说的话" if sure else "这话有点冲"
        yield f"banned:{hit.id}", f"{name}（{hit.text[:14]}）", delta, 1.0 if sure else 0.5
    for item in grade.items:
        if item.verdict is Verdict.MET and item.key.startswith("negative:") and item.key != BANNED_KEY:
            if item.score < _HEARD:
                continue
            delta = _lookup(casting.effects, item.key, "negative:*")
            plain = item.score >= _PLAIN and not grade.banned
            yield item.key, _name(casting, item), delta, 1.0 if plain else 0.5


def unread(grade: Grade) -> bool:
    """Whether a reply is so long that no customer would read it in a chat."""
    return grade.features.length > UNREAD_LENGTH


def _is_good(delta: Delta) -> bool:
    return delta.trust + delta.interest + delta.patience - delta.anger > 0


def _lookup(effects: dict[str, Delta], *keys: str) -> Delta:
    return next((effects[k] for k in keys if k in effects), Delta())


def _name(casting: Casting, item: ItemResult) -> str:
    found = casting.rubric.item(item.key)
    return found.name if found else item.bare


def features_of(casting: Casting, state: CustomerState, grade: Grade, repeated: bool) -> list[str]:
    """The names of the features that hold for this reply, as style files know them."""
    f = grade.features
    done = bool(grade.steps or grade.skills)
    holds = {
        "empty": not f.meaningful,
        "repeated": repeated and f.meaningful,
        "figures": len(f.figures) >= 2,
        "story": f.story,
        "third_parties": bool(f.third_parties),
        "small_talk": f.small_talk,
        "spec_list": f.spec_list,
        "long_reply": f.length > casting.style.long_reply,
        "short_reply": f.meaningful and done and f.length <= _SHORT_REPLY,
        "day_named": bool(f.days),
        "promise": bool(f.promises),
        "familiar_address": f.address in (Address.FAMILIAR, Address.MIXED),
        "unanswered": f.meaningful and f.question_answered is False and not done,
        "answered": f.question_answered is True and done,
        "cold": f.meaningful and not grade.banned and (grade.quality or 5) <= COLD_QUALITY,
        "off_topic": f.meaningful and (not done or unread(grade)) and not grade.banned,
        "contradiction": ledger.slip_of(casting, state, grade) is not None,
        "misnamed": ledger.misnomer_of(casting.persona, f) is not None,
    }
    return [name for name, true in holds.items() if true]
