"""How long a trainee waits for a model's first words and how many tokens it draws, refused answers included."""

from __future__ import annotations

import time
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult

from simulator.actor import Actor
from simulator.actor.models import CustomerModel
from simulator.content.contents import Content
from simulator.domain.session import CustomerLine
from tests.actor.talk import cast, make_direction

SLOW = 0.1
REFUSED, FINE = "作为一个AI语言模型，我不能", "别绕 说重点"


class Slow(BaseChatModel):
    """Says `answers` in turn, each after `SLOW` seconds, each told to have cost as many tokens as stands beside it."""

    answers: list[tuple[str, int | None]]

    @property
    def _llm_type(self) -> str:
        return "slow"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        time.sleep(SLOW)
        text, drawn = self.answers.pop(0)
        usage = (
            None
            if drawn is None
            else UsageMetadata(input_tokens=9, output_tokens=drawn, total_tokens=9 + drawn)
        )
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text, usage_metadata=usage))])


def spoken(content: Content, *answers: tuple[str, int | None]) -> CustomerLine:
    model = CustomerModel(name="slow", version="0", chat=Slow(answers=list(answers)), is_bank=False)
    actor = Actor(lambda: content, model, deadline=5.0)
    return actor.speak(*cast(content), (("customer", "太高。"),), make_direction())


@pytest.mark.parametrize(
    ("answers", "waited", "tokens"),
    [
        ([(FINE, 6)], 1, 6),
        ([(REFUSED, 12), (FINE, 6)], 2, 18),
        ([(REFUSED, None), (FINE, 6)], 2, None),
        ([(FINE, None)], 1, None),
    ],
)
def test_a_refused_answer_counts(
    content: Content, answers: list[tuple[str, int | None]], waited: int, tokens: int | None
) -> None:
    line = spoken(content, *answers)
    assert (line.text, line.source, line.tokens) == (FINE, "model", tokens)
    assert line.first is not None
    assert waited * SLOW <= line.first <= line.seconds


def test_a_line_of_the_bank_tells_nothing_of_the_model(content: Content) -> None:
    line = spoken(content, (REFUSED, 3), (REFUSED, 3))
    assert (line.source, line.first, line.tokens) == ("bank", None, None)
