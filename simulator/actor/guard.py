"""Cleans a model's output into one spoken line, and says why a line must not be used.

Pure functions: the same text and direction, the same answer. Knows nothing of models, prompts or the bank.
The rule behind every refusal: only the director gives, threatens, reveals or ends; a model speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from simulator.actor import figures, phrases, soundness
from simulator.actor.meaning import Act
from simulator.actor.prompt import length_for
from simulator.actor.wording import bare, holds, near, share_of
from simulator.domain.persona import ConcernStatus, Move, Persona
from simulator.domain.session import Direction
from simulator.language.text import han_share

_TOLERANCE = 1.5  # how far a line may run over its style's length
_LEAK = 0.6  # share of the concern's wording from which it counts as said
_TOLD = 0.25  # share of a fact or worry that must be in the line that tells it
_GIVES = {Move.CONCEDE, Move.ACCEPT}
_THANKS = _GIVES | {Move.FAREWELL, Move.SOFTEN, Move.REVEAL, Move.REFUSE}
_THREATENS = {Move.THREATEN, Move.ESCALATE}
_LEAVES = {Move.LEAVE, Move.FAREWELL, Move.ESCALATE, Move.ACCEPT}
_SILENT = {Move.GO_QUIET, Move.INTERRUPT}
_AGAIN = {Move.ASK_AGAIN, Move.ANSWER}  # who asks or answers again has to repeat

_THINK = re.compile(
    r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)|[【\[]思考[】\]].*?(?:[【\[](?:回复|回答|台词|输出)[】\]]|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_OPENER = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_CLOSER = re.compile(r"</think(?:ing)?>")
_SPECIAL = re.compile(
    rf"<[|｜][^<>]{{0,40}}[|｜]>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|{_CLOSER.pattern}"
)
_ROLE = (
    r"(?:客户|顾客|用户|对方|客户说|我说|我|(?:客户|顾客|我的)?(?:回答|回复|台词)(?:如下)?|答|输出|"
    r"(?:选项|版本|示例)[一二三四\dA-D]|"
    r"Customer|Client|Assistant|AI|User|Bot|Human|Answer|Reply|Response|Output)"
)
_LABEL = re.compile(
    rf"^\s*(?:(?:assistant|user|customer)\s*\n|{_ROLE}\s*(?:[（(][^）)]*[）)])?\s*[:：])\s*", re.IGNORECASE
)
_OTHERS = re.compile(
    r"[\s（(]*(?:(?:移动)?客户经理|移动客服|经理|销售|客服|员工|业务员|营业员|导演|旁白|学员|Staff|Agent)\s*[:：].*"
    r"|(?<=[。！？!?…])\s*(?:对方|你|我|[\u4e00-\u9fff]经理|[小老][\u4e00-\u9fff]|Human|User)\s*[:：].*",
    re.DOTALL,
)
_STAGE = re.compile(r"[（(][^（()）]*[）)]|[【\[][^】\]]*[】\]]|\*[^*]+\*|[（(【\[][^）)】\]]*\Z")
_MARKDOWN = re.compile(
    r"^\s*(?:(?:#{1,6}|[-*•>]|\d{1,2}[.、)])\s+|\d{1,2}[、)）](?!\d)|[①-⑩]\s*)|\*\*|__|`+(?:text|json|markdown)?|~~",
    re.MULTILINE,
)
_HEADING = re.compile(rf"{_ROLE}|(?:思考|分析|推理|思路|想法)\s*[:：].*", re.IGNORECASE)
_OUT_OF_ROLE = (
    (phrases.ROLE_BREAK, "不像客户说的话，你就是这位客户"),
    (phrases.COACHING, "在教对方或点评对方"),
)
_MARK = re.compile(r"[，。！？；：…]")
_QUOTES = {"“": "”", "”": "”", '"': '"', "「": "」", "『": "』", "'": "'", "‘": "’"}


def clean(text: str, labels: Sequence[str] = (), *, marked: bool = False) -> str:
    """One spoken line out of what a model wrote: no thoughts, labels (`labels`: names besides the usual),
    quotes, stage directions or markdown; the first paragraph where something is said (`嗯` and `……` where
    nothing more is), none where the other side speaks first. May be empty. `marked`: the model is known to open its thoughts with a mark, so that a closing
    mark alone ends none. (`streaming` relies on how this goes from left to right.)"""
    spoken = _THINK.sub("", text)
    if not marked:
        spoken = _CLOSER.split(spoken, maxsplit=1)[-1]
    pieces = _SPECIAL.split(spoken)
    telling = [p for p in pieces if bare(_LABEL.sub("", p.replace("assistant", "")))]
    for piece in telling[:1] or [p.replace("assistant", "") for p in pieces]:
        for paragraph in _LABEL.sub("", piece).splitlines():
            line = _peeled(paragraph, labels)
            if line:
                return " ".join(_OTHERS.sub("", line).split())
    return ""


def _peeled(line: str, labels: Sequence[str]) -> str:
    line = _MARKDOWN.sub("", line)
    for _ in range(2):  # a quote around a label, a label before a quote
        line = _LABEL.sub("", line.strip())
        for label in labels:
            line = re.sub(rf"^{re.escape(label)}(?:说|回复|回答)?\s*[:：]\s*", "", line)
        line = _unquoted(_STAGE.sub("", line).strip())
    return "" if _HEADING.fullmatch(line) else line


def _unquoted(line: str) -> str:
    closing = _QUOTES.get(line[:1])
    if closing is None:
        return line
    inner = line[1:]
    if inner.endswith(closing):
        return inner[:-1].strip()
    return inner.strip() if closing not in inner else line


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """A line under trial."""

    text: str
    direction: Direction
    persona: Persona
    spoken: tuple[str, ...]
    heard: tuple[str, ...]
    style: str
    acts: frozenset[Act]

    @property
    def told(self) -> str:
        """What the director gave to be said: its wording accuses nobody."""
        return self.direction.answer or ""


def refusal(
    text: str,
    direction: Direction,
    persona: Persona,
    spoken: Iterable[str],
    *,
    style: str | None = None,
    heard: Iterable[str] = (),
    acts: frozenset[Act] = frozenset(),
) -> str | None:
    """Why `text` must not be said, in Chinese, or None when it may be.

    `spoken`: what the customer said before; `heard`: what the trainee said before; `style`: the session's,
    the persona's own when absent; `acts`: what `text` does besides, as heard by a `Meaning`."""
    case = _Case(
        text=text,
        direction=direction,
        persona=persona,
        spoken=tuple(spoken),
        heard=(*heard, direction.reply),
        style=style or persona.style,
        acts=acts,
    )
    return next((reason for check in _CHECKS if (reason := check(case)) is not None), None)


def unmendable(
    beginning: str,
    direction: Direction,
    persona: Persona,
    spoken: Iterable[str],
    *,
    style: str | None = None,
    heard: Iterable[str] = (),
) -> str | None:
    """Why no line that holds `beginning` whole may be said, whatever follows it; None while one may. Only what
    is sure to last is looked for: what later words may take back (giving, threats, leaving, likeness to
    earlier lines, a fact not told yet) is left to `refusal`, whose arguments these are."""
    case = _Case(
        text=beginning,
        direction=direction,
        persona=persona,
        spoken=tuple(spoken),
        heard=(*heard, direction.reply),
        style=style or persona.style,
        acts=frozenset(),
    )
    return next((reason for check in _LASTING if (reason := check(case)) is not None), None)


def _form_lasts(case: _Case) -> str | None:
    limit = length_for(case.style) * _TOLERANCE
    letters = sum(c.isalpha() for c in case.text)
    foreign = letters - round(han_share(case.text) * letters)
    if foreign > limit / 2:  # more than half of the longest line there may be
        return "不是中文"
    return _too_long(case)


def _role_lasts(case: _Case) -> str | None:
    for wording, reason in _OUT_OF_ROLE:
        found = wording.search(case.text)
        if found and found.end() + phrases.LOOKAHEAD <= len(case.text):
            return reason
    return None


def _invented_lasts(case: _Case) -> str | None:
    """A number is complete where a mark follows that no number or idiom holds."""
    said = _MARK.split(case.text)[:-1]
    odd = figures.strangers("，".join(said), _quotable(case))
    return f"编了数字：{'、'.join(odd)}" if odd else None


def _form(case: _Case) -> str | None:
    letters = any(c.isalnum() for c in case.text)
    if not case.text.strip() or (not letters and case.direction.move not in _SILENT):
        return "是空的"
    if letters and han_share(case.text) < 0.5:
        return "不是中文"
    return _too_long(case) or soundness.broken(case.text)


def _too_long(case: _Case) -> str | None:
    limit = length_for(case.style)
    over = sum(not c.isspace() for c in case.text) > limit * _TOLERANCE
    return f"太长，不超过{limit}个字" if over else None


def _role(case: _Case) -> str | None:
    found = (reason for wording, reason in _OUT_OF_ROLE if wording.search(case.text))
    return next(found, None) or soundness.told_by_another(case.text, case.persona, case.direction.move)


def _leak(case: _Case) -> str | None:
    direction, concern = case.direction, case.persona.concern
    if direction.reveals or direction.state.concern.status is not ConcernStatus.HIDDEN:
        return None
    said_openly = "".join((*case.heard, *case.spoken, case.told))
    cues = [c for c in concern.cues if len(c) > 1 and c in case.text and c not in said_openly]
    if share_of(concern.short, case.text) >= _LEAK or len(cues) >= 2:
        return "提前说出了心事"
    return None


def _task(case: _Case) -> str | None:
    """Whether a line that must tell something tells it."""
    direction = case.direction
    if direction.answer and direction.move is Move.ANSWER and share_of(direction.answer, case.text) < _TOLD:
        return "没有说出要你说的事实"
    if direction.reveals and direction.move is Move.REVEAL:
        cues = any(len(c) > 1 and c in case.text for c in case.persona.concern.cues)
        if not cues and share_of(direction.reveals, case.text) < _TOLD:
            return "没有说出要你说的心事"
    return None


def _as_told(case: _Case) -> bool:
    return bool(case.told) and share_of(case.text, case.told) >= 0.5


def _gift(case: _Case) -> str | None:
    move, text = case.direction.move, case.text
    if move in _GIVES or move is Move.FAREWELL or _as_told(case):
        return None
    if Act.GIVES in case.acts or _meant(text, phrases.GIVING, phrases.NOT_GIVING):
        return "没让你答应，却松了口"
    if phrases.YES_FIRST.match(text) and move is not Move.SOFTEN and not phrases.YES_BUT.search(text):
        return "没让你答应，却松了口"
    if phrases.WHOLE_YES.match(text) and phrases.YES.search(text):
        return "没让你答应，却松了口"
    if move not in _THANKS and _meant(text, phrases.THANKS, phrases.NOT_THANKS):
        return "没到道谢的时候"
    return None


def _threat(case: _Case) -> str | None:
    if case.direction.move in _THREATENS:
        return None
    heard = Act.THREATENS in case.acts and not _as_told(case)
    threatens = heard or _meant(case.text, phrases.THREAT, phrases.NOT_THREAT)
    return "没让你威胁，却威胁了" if threatens else None


def _leaving(case: _Case) -> str | None:
    if case.direction.move in _LEAVES:
        return None
    # whoever threatens sounds like those who leave: the lines of an escalation do both
    heard = Act.LEAVES in case.acts and case.direction.move not in _THREATENS and not _as_told(case)
    leaves = heard or _meant(case.text, phrases.LEAVING, phrases.NOT_LEAVING)
    return "没让你结束，却要走" if leaves else None


def _repeat(case: _Case) -> str | None:
    said_again = case.direction.move not in _AGAIN and holds(case.text, case.spoken)
    if said_again or near(case.text, case.spoken) is not None:
        return "和说过的话重复"
    if len(bare(case.text)) >= 6 and near(case.text, (case.direction.reply,)) is not None:
        return "照抄对方的话"
    return None


def _invented(case: _Case) -> str | None:
    odd = figures.strangers(case.text, _quotable(case))
    return f"编了数字：{'、'.join(odd)}" if odd else None


def _quotable(case: _Case) -> Iterator[str]:
    persona, direction = case.persona, case.direction
    yield from (*persona.facts, *persona.opening, *(a.text for a in persona.answers))
    yield from (str(persona.bill), persona.plan, persona.product or "", str(persona.price or ""))
    yield from (persona.background, str(persona.age), direction.reveals or "", case.told)
    yield from (*case.heard, *case.spoken)


def _meant(text: str, wording: re.Pattern[str], harmless: re.Pattern[str]) -> bool:
    """Whether a sentence of `text` says it and nothing in that sentence takes it back."""
    sentences = re.findall(r"[^。！!？?…；;\n]+[。！!？?…；;]*", text)
    return any(wording.search(s) and not harmless.search(s) for s in sentences)


_CHECKS: tuple[Callable[[_Case], str | None], ...] = (
    _form,
    _role,
    _leak,
    _gift,
    _threat,
    _leaving,
    _invented,
    _repeat,
    _task,
)
_LASTING: tuple[Callable[[_Case], str | None], ...] = (_form_lasts, _role_lasts, _leak, _invented_lasts)
