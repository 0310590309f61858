"""Writes a talk in a model's chat template, whatever that template can and cannot do.

A template may refuse a system role, take content only as a list of parts, leave a message out without a word, open a
thought for the model or put in today's date. What it does not write is told another way; thoughts are switched off or
closed; the date stands still, so that the same talk is the same text on any day and a kept cache stays good past
midnight. Knows nothing of tokens, weights or customers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from simulator.errors import ModelError

_Turn = dict[str, Any]  # `role` and `content`, as templates read them
_DAY = datetime(2024, 7, 26, 12)  # the day that Llama's template takes where it knows none
_OFF = {"enable_thinking": False, "thinking": False}  # the switches that templates know
_OPEN_THOUGHT = re.compile(r"<think(?:ing)?>\s*\Z")
_SPACE = re.compile(r"\s+")


def written(tokenizer: Any, messages: Sequence[BaseMessage], source: str) -> str:
    """The prompt for `messages`, ending where the model is to speak. `source` names the model in errors.

    Raises ModelError when the template takes the talk in no way that keeps every message."""
    from jinja2.exceptions import TemplateError

    turns = [{"role": _role(m), "content": str(m.text)} for m in messages]
    template = tokenizer.get_chat_template()
    options: dict[str, Any] = {name: value for name, value in _OFF.items() if name in template}
    if "date_string" in template:
        options["date_string"] = _DAY.strftime("%d %b %Y")
    if "strftime_now" in template:
        template = _still_clock() + template
    refused = ""
    for way in _ways(turns):
        try:
            text = tokenizer.apply_chat_template(
                way, chat_template=template, tokenize=False, add_generation_prompt=True, **options
            )
        except (TemplateError, TypeError) as error:  # TypeError: a list where the template adds strings
            refused = refused or str(error)
            continue
        if _holds(text, turns):
            return _thought_closed(str(text))
    reason = refused or "有的话没有写进去"
    raise ModelError(f"模型 {source} 的对话模板不接受这段对话：{reason}。")


def _role(message: BaseMessage) -> str:
    if isinstance(message, SystemMessage):
        return "system"
    return "assistant" if isinstance(message, AIMessage) else "user"


def _ways(turns: Sequence[_Turn]) -> Iterator[list[_Turn]]:
    """The talk as most templates take it; as parts; both again with the system text before the first message."""
    talks = [list(turns)]
    if len(turns) > 1 and turns[0]["role"] == "system":
        first = {"role": turns[1]["role"], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
        talks.append([first, *turns[2:]])
    for talk in talks:
        yield talk
        yield [{**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in talk]


def _holds(text: str, turns: Sequence[_Turn]) -> bool:
    """Whether `text` has the words of every turn, in their order; spaces do not matter."""
    plain, at = _SPACE.sub("", text), 0
    for turn in turns:
        words = _SPACE.sub("", turn["content"])
        found = plain.find(words, at)
        if found < 0:
            return False
        at = found + len(words)
    return True


def _thought_closed(text: str) -> str:
    """`text` with the thought ended that the template opened: as Qwen3's own template ends it."""
    found = _OPEN_THOUGHT.search(text)
    if found is None:
        return text
    mark = found.group().strip()
    return f"{text[: found.start()]}{mark}\n\n</{mark[1:]}\n\n"


def _still_clock() -> str:
    """A template's beginning that shadows the clock: values given to a template cannot be functions."""
    told = "".join(f"|replace('%{c}','{_DAY.strftime(f'%{c}')}')" for c in "aAbBdHIjmMpSyY")
    return "{%- macro strftime_now(format) -%}{{ format" + told + " }}{%- endmacro -%}"
