"""A local transformers model as a LangChain chat model: streams, keeps a deadline and its caches.

Messages only; the prompt is written in `template`, tokens are drawn in `decode`, weights found in `weights`.
Runs on the CPU. Knows nothing of customers, guards or sessions. transformers and torch are imported when a model
is loaded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from simulator.actor.models import template, weights
from simulator.actor.models.decode import Decoder, Sampling

_END_TOKENS = (
    *("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|end_of_text|>"),
    *("<end_of_turn>", "<turn|>", "</s>", "<eos>"),
    *("<|user|>", "<|observation|>"),  # with GLM the next speaker's mark is the end
)
_THOUGHT = re.compile(r"(?:<think(?:ing)?>.*?)?(?:</think(?:ing)?>|$)", re.DOTALL | re.IGNORECASE)


class HfChatModel(BaseChatModel):
    """Made by `load`. `dtype`, `timings`, `version`: as `weights.LoadedModel` records them. `aside`: asked
    beside the talks, so that an answer may have several lines and all share one place among the caches."""

    source: str
    version: str
    dtype: str
    timings: tuple[tuple[str, float], ...] = ()
    sampling: Sampling
    aside: bool = False

    _tokenizer: Any = PrivateAttr()
    _decoder: Decoder = PrivateAttr()

    @classmethod
    def load(
        cls,
        source: str,
        *,
        seed: int = 0,
        deadline: float = 20.0,
        temperature: float = 0.8,
        top_p: float = 0.9,
        max_new_tokens: int = 96,
    ) -> Self:
        """The model of a folder or hub id. Raises ModelError when it cannot be had."""
        loaded = weights.load(source)
        how = Sampling(
            temperature=temperature, top_p=top_p, seed=seed, max_new_tokens=max_new_tokens, seconds=deadline
        )
        chat = cls(
            source=source, version=loaded.version, dtype=loaded.dtype, timings=loaded.timings, sampling=how
        )
        chat._tokenizer = loaded.tokenizer
        chat._decoder = Decoder(loaded.model, _stop_ids(loaded.model, loaded.tokenizer))
        return chat

    @property
    def _llm_type(self) -> str:
        return "duilian-hf"

    @property
    def reused(self) -> int:
        """How many tokens of the last prompt came from a kept cache."""
        return self._decoder.reused

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = self._tokenizer(self._prompt(messages), add_special_tokens=False)["input_ids"]
        told = counted = 0
        drawn: list[int] = []
        talk = "aside" if self.aside else _talk(messages)
        with closing(self._decoder.tokens(prompt, talk, self.sampling)) as tokens:
            for token in tokens:
                drawn.append(token)
                text = self._tokenizer.decode(drawn, skip_special_tokens=True)
                if text.endswith("\ufffd"):  # half a character: the rest comes with the next token
                    continue
                end = _end(text, stop or (), one_line=not self.aside)
                said = text if end is None else text[:end]
                if len(said) > told:
                    yield _piece(said[told:], len(prompt) if not told else 0, len(drawn) - counted)
                    told, counted = len(said), len(drawn)
                if end is not None:
                    break
        if not told:
            yield ChatGenerationChunk(message=AIMessageChunk(content=""))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _prompt(self, messages: Sequence[BaseMessage]) -> str:
        """The messages in the model's chat template."""
        return template.written(self._tokenizer, messages, self.source)


def _piece(words: str, read: int, drawn: int) -> ChatGenerationChunk:
    """A piece of an answer; `read`, `drawn`: the tokens of the prompt and of the answer that it adds to the count."""
    usage = UsageMetadata(input_tokens=read, output_tokens=drawn, total_tokens=read + drawn)
    return ChatGenerationChunk(message=AIMessageChunk(content=words, usage_metadata=usage))


def _talk(messages: Sequence[BaseMessage]) -> str:
    """Names a conversation: what never changes in it (system text, the opening)."""
    head = "\0".join(str(m.text) for m in messages[:3])
    return hashlib.sha256(head.encode()).hexdigest()


def _end(text: str, stop: Sequence[str], *, one_line: bool = True) -> int | None:
    """Where the answer ends in `text`: at a stop string, or with `one_line` at the first line's end after
    some words (lines of a thought do not count). None while it goes on."""
    thought = _THOUGHT.match(text.lstrip())
    head = len(text) - len(text.lstrip()) + (thought.end() if thought else 0)
    body = text[head:]
    ends = [head + at for s in stop if (at := body.find(s)) >= 0]
    words = len(body) - len(body.lstrip())
    newline = body.find("\n", words)
    if one_line and body.strip() and newline >= 0:
        ends.append(head + newline)
    return min(ends, default=None)


def _stop_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end an answer: the model's, the tokenizer's and those of known chat templates."""
    ends = getattr(model.generation_config, "eos_token_id", None)
    found = set(ends if isinstance(ends, list) else [ends]) | {tokenizer.eos_token_id}
    vocabulary = tokenizer.get_vocab()
    found |= {vocabulary[token] for token in _END_TOKENS if token in vocabulary}
    return frozenset(f for f in found if f is not None)
