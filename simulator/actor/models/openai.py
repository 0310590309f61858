"""An OpenAI-compatible server's model that does not take half an answer for a whole one.

Knows nothing of prompts or guards. Imported only when such a model is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI

from simulator.errors import ModelError


class WholeChatOpenAI(ChatOpenAI):  # type: ignore[misc]
    """Raises ModelError when the server's stream ends without saying that the answer is finished: a
    server that dies closes its connection just like one that is done. A stream that is closed early
    closes its connection, so that the server can stop."""

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        finished = False
        with closing(super()._stream(*args, **kwargs)) as stream:
            for chunk in stream:
                finished = finished or bool((chunk.generation_info or {}).get("finish_reason"))
                yield chunk
        if not finished:
            raise ModelError("服务答到一半就断了。")
