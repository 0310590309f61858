"""The line bank as a chat model: the same interface as a language model, without one.

Reads what to do from the last message's `additional_kwargs["duilian"]` (see `actor.prompt`), not from the
prompt's text. Knows nothing of guards or deadlines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from simulator.actor.lines import pick
from simulator.actor.prompt import KEY
from simulator.content.contents import Content
from simulator.errors import ModelError


class BankChatModel(BaseChatModel):
    """Says lines of `content().lines`. `response_metadata["line_id"]` tells which."""

    content: Callable[[], Content]

    @property
    def _llm_type(self) -> str:
        return "duilian-bank"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        cast = messages[-1].additional_kwargs.get(KEY) if messages else None
        if not isinstance(cast, dict):
            raise ModelError("台词库只认导演的指示：最后一条消息里没有它。")
        spoken = pick(self.content(), cast["persona"], cast["situation"], cast["style"], cast["direction"])
        message = AIMessage(spoken.text, response_metadata={"line_id": spoken.line_id})
        return ChatResult(generations=[ChatGeneration(message=message)])
