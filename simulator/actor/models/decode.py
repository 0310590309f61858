"""Token by token generation on a local model, with the key-value caches of recent talks kept.

A talk's next prompt begins with the tokens of its last one up to the last reply, so only what is new is
computed. Greedy decoding from a kept cache gives what recomputing gives. Knows nothing of text, prompts or
messages. torch and transformers are imported when called.
"""

from __future__ import annotations

import copy
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from simulator.errors import ModelError

_CHUNK = 256  # prompt tokens computed between two looks at the clock
_KEPT = 4  # talks whose caches are kept


class TooLong(ModelError):
    """The prompt does not fit the model; others may."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are drawn. `temperature` 0 is greedy; `seconds`: for the whole answer."""

    temperature: float = 0.8
    top_p: float = 0.9
    seed: int = 0
    max_new_tokens: int = 96
    seconds: float = 20.0


@dataclass
class _Kept:
    """A cache and the tokens it holds, in step."""

    tokens: list[int]
    cache: Any


def common_prefix(a: list[int], b: list[int]) -> int:
    """How many tokens two lists share from the start."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


class Decoder:
    """One model, one answer at a time."""

    def __init__(self, model: Any, stop_ids: frozenset[int]) -> None:
        """`stop_ids`: tokens that end an answer and are not part of it."""
        self._model = model
        self._stop_ids = stop_ids
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self.reused = 0  # tokens of the last prompt that were not computed again

    def tokens(self, prompt: list[int], talk: str, how: Sampling) -> Generator[int]:
        """The answer's tokens as they are drawn. `talk` names the conversation whose cache is replaced.

        Raises ModelError when the time is up or the prompt does not fit the model."""
        clock = time.monotonic() + how.seconds
        room = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        if not prompt or (room is not None and len(prompt) + how.max_new_tokens > room):
            raise TooLong(f"对话太长，模型装不下：{len(prompt)} 个 token，上限 {room}。")
        if not self._lock.acquire(timeout=how.seconds):
            raise ModelError("模型正忙着回答别人，没等到。")
        try:
            yield from self._answer(prompt, talk, how, clock)
        finally:
            self._lock.release()

    def _answer(self, prompt: list[int], talk: str, how: Sampling, clock: float) -> Generator[int]:
        held = self._start_from(prompt, talk)
        self.reused = len(held.tokens)
        try:
            logits = self._prefill(held, prompt, clock)
            draw = _drawer(how, prompt)
            for count in range(how.max_new_tokens):
                token = draw(logits)
                if token in self._stop_ids:
                    return
                yield token
                if count + 1 < how.max_new_tokens:
                    _look_at(clock)
                    logits = self._feed(held, [token])
        finally:
            if held.cache.get_seq_length() == len(held.tokens):  # not so when a step was broken off
                self._keep(talk, held)

    def _prefill(self, held: _Kept, prompt: list[int], clock: float) -> Any:
        logits = None
        while len(held.tokens) < len(prompt):
            _look_at(clock)
            done = len(held.tokens)
            logits = self._feed(held, prompt[done : done + _CHUNK])
        return logits

    def _feed(self, held: _Kept, tokens: list[int]) -> Any:
        import torch

        with torch.inference_mode():
            ids = torch.tensor([tokens], dtype=torch.long)
            out = self._model(input_ids=ids, past_key_values=held.cache, use_cache=True, logits_to_keep=1)
        held.tokens += tokens
        return out.logits[0, -1].float()

    def _start_from(self, prompt: list[int], talk: str) -> _Kept:
        """A cache that holds the longest known beginning of `prompt`, short of its last token (whose
        logits are needed). Another talk's cache is copied, this talk's own is taken over."""
        from transformers import DynamicCache

        best, shared = None, 0
        for name, kept in self._kept.items():
            length = common_prefix(kept.tokens, prompt[:-1])
            if length > shared or (length == shared and name == talk):
                best, shared = name, length
        own = self._kept.pop(talk, None)
        if best is not None and shared:
            source = own if best == talk else copy.deepcopy(self._kept[best])
            if source is not None and _crop(source, shared):
                return source
        return _Kept(tokens=[], cache=DynamicCache(config=self._model.config))

    def _keep(self, talk: str, held: _Kept) -> None:
        self._kept[talk] = held
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _crop(kept: _Kept, length: int) -> bool:
    """Cuts a cache to its first `length` tokens; False when its kind cannot be cut (sliding windows that
    ran over, recurrent layers)."""
    surplus = len(kept.tokens) - length
    try:
        if surplus and not all(getattr(layer, "is_croppable", False) for layer in kept.cache.layers):
            return False
        kept.cache.crop(-surplus)
    except RuntimeError:
        return False
    del kept.tokens[length:]
    return True


def _look_at(clock: float) -> None:
    if time.monotonic() > clock:
        raise ModelError("模型答得太慢，超时了。")


def _drawer(how: Sampling, prompt: list[int]) -> Any:
    """A function from logits to a token. The same prompt and seed draw the same answer."""
    import torch

    if how.temperature <= 0:
        return lambda logits: int(logits.argmax())
    source = torch.Generator()
    source.manual_seed(how.seed * 1_000_003 + zlib.crc32(repr(prompt).encode()))

    def draw(logits: Any) -> int:
        chances, ids = torch.softmax(logits / how.temperature, dim=-1).sort(descending=True)
        beyond = chances.cumsum(-1) - chances > how.top_p
        chances[beyond] = 0.0
        return int(ids[torch.multinomial(chances, 1, generator=source)])

    return draw
