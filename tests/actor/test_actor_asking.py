"""Asking: again when that may help, never after words have come, never past the deadline; broken off when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import tenacity
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from simulator.actor.asking import Asker
from simulator.actor.breaker import Breaker, BreakerState, LeftAlone
from simulator.actor.models.decode import TooLong
from simulator.actor.models.transient import asked_to_wait, blames_prompt, may_pass
from simulator.errors import ModelError

PROMPT = [HumanMessage("您好")]


class StatusError(Exception):
    """As the libraries of servers raise it."""

    def __init__(self, status: int, wait: str = "") -> None:
        super().__init__(f"status {status}")
        self.status_code = status
        self.response = SimpleNamespace(headers={"retry-after": wait} if wait else {})


class APIConnectionError(Exception):
    """Named like openai's."""


class APITimeoutError(APIConnectionError):
    """Named like openai's."""


class Script(BaseChatModel):
    """Each call plays the next of `plays`: words to say, errors to raise. The last one again and again."""

    plays: list[Any]
    calls: list[float] = Field(default_factory=list)
    said: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "script"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        play = self.plays[min(len(self.calls), len(self.plays) - 1)]
        self.calls.append(time.monotonic())
        for part in play:
            if isinstance(part, Exception):
                raise part
            self.said.append(part)
            yield ChatGenerationChunk(message=AIMessageChunk(content=part))


def asker(*plays: list[Any], wait: float = 0.0, **changes: Any) -> tuple[Asker, Script]:
    chat = Script(plays=list(plays))
    return Asker(chat, remote=True, wait=tenacity.wait_fixed(wait), **changes), chat


@pytest.mark.parametrize(
    "error", [StatusError(429), StatusError(503), APIConnectionError(), ConnectionResetError()]
)
def test_what_may_pass_is_asked_again(error: Exception) -> None:
    asking, chat = asker([error], [error], ["太", "贵"])
    heard = asking.hear(PROMPT, 5.0)
    assert (heard.text, heard.tries, heard.whole, len(chat.calls)) == ("太贵", 3, True, 3)


@pytest.mark.parametrize("error", [StatusError(401), StatusError(404), ValueError("x"), APITimeoutError()])
def test_what_will_not_pass_is_not(error: Exception) -> None:
    asking, chat = asker([error], ["太贵"])
    with pytest.raises(ModelError, match=type(error).__name__):
        asking.hear(PROMPT, 5.0)
    assert len(chat.calls) == 1


def test_never_after_a_part_of_the_answer() -> None:
    asking, chat = asker(["太", StatusError(503)], ["还是贵"])
    with pytest.raises(ModelError):
        asking.hear(PROMPT, 5.0)
    assert len(chat.calls) == 1


def test_a_local_model_is_asked_once() -> None:
    chat = Script(plays=[[ConnectionResetError()], ["太贵"]])
    with pytest.raises(ModelError):
        Asker(chat).ask(PROMPT, 5.0)
    assert len(chat.calls) == 1


def test_no_try_that_would_come_too_late() -> None:
    asking, chat = asker([StatusError(503)], wait=3.0)
    start = time.monotonic()
    with pytest.raises(ModelError):
        asking.hear(PROMPT, 2.0)
    assert time.monotonic() - start < 1.5
    assert len(chat.calls) == 1


def test_the_server_says_how_long_to_wait() -> None:
    asking, chat = asker([StatusError(429, "0.3")], ["太贵"])
    assert asking.ask(PROMPT, 10.0) == "太贵"
    assert chat.calls[1] - chat.calls[0] >= 0.3
    assert asked_to_wait(StatusError(429, "Wed, 21 Oct 2026 07:28:00 GMT")) == 0.0


def test_waits_grow_and_differ() -> None:
    waits: list[float] = []

    def note(state: tenacity.RetryCallState) -> float:
        waits.append(real(state))
        return 0.0

    first = Asker(Script(plays=[[StatusError(503)]]), remote=True)
    real: Callable[[tenacity.RetryCallState], float] = first._wait
    first._wait = note  # type: ignore[assignment]
    with pytest.raises(ModelError):
        first.ask(PROMPT, 60.0)
    assert len(waits) >= 3
    assert all(low <= wait <= 2 * low + 0.25 for wait, low in zip(waits, (0.25, 0.5, 1.0), strict=False))


def test_a_dead_model_costs_milliseconds_and_is_tried_again_later() -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    asking, chat = asker([StatusError(500)], breaker=breaker)
    for _ in range(3):
        with pytest.raises(ModelError, match="500"):
            asking.ask(PROMPT, 5.0)
    asked = len(chat.calls)
    start = time.monotonic()
    for _ in range(20):
        with pytest.raises(LeftAlone, match="先不问它"):
            asking.ask(PROMPT, 5.0)
    assert time.monotonic() - start < 0.5
    assert len(chat.calls) == asked
    now[0] = 30.0
    with pytest.raises(ModelError, match="500"):
        asking.ask(PROMPT, 5.0)
    assert len(chat.calls) == asked + 1  # a trial is one try
    chat.plays = [["太贵"]]
    now[0] = 60.0
    assert asking.ask(PROMPT, 5.0) == "太贵"
    assert breaker.state is BreakerState.CLOSED


def test_a_trial_for_which_there_is_no_thread_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    breaker = Breaker(failures=1, clock=lambda: now[0])
    asking, _ = asker(["太贵"], breaker=breaker)
    breaker.enter().failed()
    now[0] = 30.0

    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        with pytest.raises(ModelError, match="线程"):
            asking.ask(PROMPT, 5.0)
    assert asking.ask(PROMPT, 5.0) == "太贵"
    assert breaker.state is BreakerState.CLOSED


def test_a_prompt_that_is_too_much_does_not_speak_against_the_model() -> None:
    assert blames_prompt(TooLong("对话太长"))
    breaker = Breaker()
    asking, _ = asker([StatusError(400)], breaker=breaker)
    for _ in range(5):
        with pytest.raises(ModelError, match="400"):
            asking.ask(PROMPT, 5.0)
    assert breaker.state is BreakerState.CLOSED


def test_broken_off_when_enough_was_heard() -> None:
    asking, chat = asker(list("还是贵再说再说再说"))
    heard = asking.hear(PROMPT, 5.0, lambda so_far: "贵" in so_far)
    assert (heard.text, heard.whole) == ("还是贵", False)
    assert chat.said == list("还是贵")
    assert heard.first is not None
    assert 0 <= heard.first <= heard.seconds


def test_a_timeout_is_nothing_to_try_again() -> None:
    assert not may_pass(TimeoutError())
    assert may_pass(ConnectionRefusedError())
