"""Whether a line is one that a person would type: whole characters, no markup, no stutter, told by nobody else.

What a model breaks here says nothing of the talk: it is refused under every move. Knows nothing of directions,
models or what a line means.
"""

from __future__ import annotations

import re

from simulator.domain.persona import Move, Persona
from simulator.language.text import normalise

_BROKEN = re.compile(r"[\ufffd{}$\\|<>]|&[a-z]{2,6};|锟斤拷|烫烫|[À-ÿ]{2}", re.IGNORECASE)
# The same character five times (哈哈哈哈哈 and figures excepted), a short word four times, a longer one three times.
_STUTTER = re.compile(
    r"([^\W\d_哈呵嘿嘻啊呜哎唉喂嗯哦呃])\1{4}|"
    r"([^\W\d_]{2,3})(?:\W*\2){3}|"
    r"([^\W\d_]{4,12})(?:\W*\3){2}"
)
_SAYS_NOTHING = frozenset({"无", "没有内容", "无内容", "空"})
# Another speaker at the head of the line: 小刘：…, 王经理：…
_SPEAKER = re.compile(r"(?:[小老][\u4e00-\u9fff]|[\u4e00-\u9fff](?:经理|主管|先生|女士|师傅|总))\s*[:：]")
_TELLS = re.compile(r"[他她][^，。！？:：—]{1,14}[:：]")  # 他把茶杯一放：…
_OBEYS = re.compile(r"(?:sure|certainly|of course|okay)[!,.，！]", re.IGNORECASE)
_AMBIGUOUS = frozenset({"经理", "主任", "主管", "总监", "老师"})  # the trainee may bear these titles too
_TRADITIONAL = 2  # traditional characters from which a line counts as not simplified


def broken(text: str) -> str | None:
    """What is wrong with the characters of `text`, in Chinese; None when nothing is."""
    if text in _SAYS_NOTHING:
        return "是空的"
    if _BROKEN.search(text):
        return "夹着乱码或标记"
    if _STUTTER.search(text):
        return "一句话里来回重复"
    simple = normalise(text)
    odd = sum(a != b and "\u4e00" <= a <= "\u9fff" for a, b in zip(text, simple, strict=True))
    return "不是简体字" if odd >= _TRADITIONAL else None


def told_by_another(text: str, persona: Persona, move: Move) -> str | None:
    """Whether somebody else tells of the customer or speaks to them; a correction of a wrong name excepted."""
    if _SPEAKER.match(text):
        return "替对方说话"
    if _TELLS.match(text) or _OBEYS.match(text):
        return "不像客户说的话，你就是这位客户"
    if move is Move.CORRECT:
        return None
    named = (persona.name, f"客户{persona.name}", f"作为{persona.name}")
    if text.startswith(named) or f"作为{persona.name}" in text:
        return "在说客户怎样，你就是这位客户"
    if re.match(rf"{re.escape(persona.honorific)}[^，。！？!?:：]{{0,12}}[:：]", text):
        return "在说客户怎样，你就是这位客户"
    titles = {persona.honorific, persona.title} - _AMBIGUOUS
    spoken_to = "|".join(map(re.escape, sorted(titles, key=len, reverse=True)))
    if re.match(rf"(?:{spoken_to})\s*(?:[:：]|[，,！!]?\s*(?:您|你好))", text):
        return "在对客户说话，你就是这位客户"
    return None
