"""What a language model is told: who it is, the talk so far, the director's note.

Laid out for a cache of token prefixes: the system message is constant for a session, history only grows,
the note comes last. Knows nothing of rubrics or models. The hidden concern enters only when the
direction reveals it; the trainee's text enters as data that cannot pass for a note, a role or a token.
"""

from __future__ import annotations

import re
from string import Template

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from simulator.actor.wording import han_pairs
from simulator.content.contents import Content
from simulator.domain.persona import Mood, Persona, Situation, Style
from simulator.domain.session import Direction
from simulator.language.quoting import neutralise

LENGTHS = {"driver": 30, "analytical": 60, "expressive": 60, "amiable": 50}
DEFAULT_LENGTH = 50
KEY = "duilian"  # in the last message's additional_kwargs: what the bank needs, never sent to a model
_MOODS = {Mood.UPSET: "恼火", Mood.NEUTRAL: "平常，有戒心", Mood.WARM: "气顺了，愿意听"}
_ROLES = {
    "decision_maker": "拿主意的人",
    "influencer": "说话有分量，但不拍板",
    "initiator": "提出这件事的人，不拍板",
    "executor": "经办人，不拍板",
    "user": "使用的人，不拍板",
}
_GENDERS = {"male": "男", "female": "女"}
_SENTENCE = re.compile(r"[^。；！？;!?]+[。；！？;!?]*")
_INNER = re.compile(
    r"怕|担心|心里|其实|没底|顾虑|不敢|疙瘩|不好意思|真正|不信|惦记|宁可|面子|害过|坑过|糊弄过|洋相|数落|怨"
)


def length_for(style: str) -> int:
    """How many characters a customer of that style types at most."""
    return LENGTHS.get(style, DEFAULT_LENGTH)


def withhold(text: str, persona: Persona) -> str:
    """`text` without the sentences that give the hidden concern away: those that tell of inner feelings,
    and those that share a word with the concern which nothing public about the person shares."""
    concern = persona.concern
    public = [*persona.facts, *persona.opening, *(a.text for a in persona.answers)]
    public += [persona.plan, persona.product or "", persona.company or "", persona.title]
    secret = han_pairs("，".join((concern.short, concern.detail, *concern.cues))) - han_pairs(
        "，".join(public)
    )
    cues = [c for c in concern.cues if not any(c in p for p in public)]
    kept = (
        s
        for s in _SENTENCE.findall(text)
        if not (_INNER.search(s) or han_pairs(s) & secret or any(c in s for c in cues))
    )
    return "".join(kept).rstrip("，,；;、")


def _bullets(rows: list[str]) -> str:
    return "\n".join(f"- {row}" for row in rows) or "- （没有）"


def system_text(content: Content, persona: Persona, situation: Situation, style: Style) -> str:
    """prompts/customer.txt, filled. The same for every turn of a session."""
    return Template(content.prompts["customer"]).substitute(
        name=persona.name,
        gender=_GENDERS.get(persona.gender, persona.gender),
        age=persona.age,
        title=persona.honorific,
        company=persona.company or "个人客户",
        role=_ROLES.get(persona.buying_role or "", "自己用，自己做主"),
        style=style.name,
        style_voice=style.voice,
        situation=f"{situation.name}，{situation.summary}。",
        product=persona.product or "（没有）",
        plan=persona.plan,
        bill=persona.bill,
        price=persona.price or "（还没报）",
        facts=_bullets(list(persona.facts)),
        cause=withhold(persona.cause, persona) or "（你也说不清）",
        background=withhold(persona.background, persona),
        answers=_bullets([f"问到{'、'.join(a.about)}：{a.text}" for a in persona.answers]),
    )


def note_text(content: Content, style: Style, direction: Direction, refused: tuple[str, ...] = ()) -> str:
    """prompts/note.txt, filled for this turn. `refused`: why earlier attempts were not used."""
    state, said = direction.state, neutralise(direction.reply)
    if len(said) > 80:
        said = f"{said[:40]}……{said[-40:]}"
    extra = [
        f"要说的事实（数字不许改）：{direction.answer}" if direction.answer else "",
        f"要说出来的心事：{direction.reveals}" if direction.reveals else "",
        f"要提的事：{direction.objection.text}" if direction.objection else "",
        f"对方前面说的：{neutralise(direction.earlier)}" if direction.earlier else "",
        f"现在改口说：{neutralise(direction.now)}" if direction.now else "",
        f"对方叫你：{neutralise(direction.wrong)}" if direction.wrong else "",
        f"对方刚说的数字：{neutralise(direction.figure)}" if direction.figure else "",
        f"对方刚说的时间：{neutralise(direction.day)}" if direction.day else "",
        "别重复你说过的话。" if direction.spoken else "",
        *(f"上一稿不能用，因为{reason}。换一句。" for reason in refused),
    ]
    return Template(content.prompts["note"]).substitute(
        said=said,
        move=content.moves[direction.move],
        mood=_MOODS[direction.mood],
        anger=_degree(state.anger),
        trust=_degree(state.trust),
        patience=_degree(state.patience),
        extra="\n".join(e for e in extra if e) or "没有别的要求。",
        length=length_for(style.id),
    )


def _degree(amount: float) -> str:
    return "低" if amount < 0.34 else "中" if amount < 0.67 else "高"


def first_words(situation: Situation) -> str:
    """What stands before the customer's opening, as the talk's first message."""
    told = situation.name + situation.summary
    by_phone = any(word in told for word in ("电话", "回访", "通话", "断线", "线路"))
    return "（电话接通）" if by_phone else "（对方走过来）"


def _talk(situation: Situation, history: tuple[tuple[str, str], ...]) -> list[BaseMessage]:
    """The talk as alternating messages, the trainee's side first; neighbours of one role are joined."""
    joined: list[tuple[str, str]] = [("trainee", first_words(situation))]
    for role, text in history:
        plain = neutralise(text)
        if joined[-1][0] == role:
            joined[-1] = (role, f"{joined[-1][1]}\n{plain}")
        else:
            joined.append((role, plain))
    return [AIMessage(text) if role == "customer" else HumanMessage(text) for role, text in joined]


def messages(
    content: Content,
    persona: Persona,
    situation: Situation,
    style: Style,
    history: tuple[tuple[str, str], ...],
    direction: Direction,
    *,
    refused: tuple[str, ...] = (),
) -> list[BaseMessage]:
    """The prompt for one line. `history`: (`customer` | `trainee`, text), oldest first, with or without
    the reply that is being answered at its end."""
    if history and history[-1] == ("trainee", direction.reply):
        history = history[:-1]
    talk = _talk(situation, (*history, ("trainee", direction.reply)))
    note = note_text(content, style, direction, refused)
    cast = {"persona": persona, "situation": situation, "style": style, "direction": direction}
    talk[-1] = HumanMessage(f"{talk[-1].text}\n\n{note}", additional_kwargs={KEY: cast})
    return [SystemMessage(system_text(content, persona, situation, style)), *talk]
