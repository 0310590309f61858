"""Asks a chat model one thing and waits no longer than it was told to.

A remote model that cannot be reached is asked again, with exponential back-off and jitter, as long as the time
lasts and none of the answer has come; one that keeps failing is left alone by its breaker. The listener may end
an answer before its end. Knows nothing of customers, prompts or what the answer is for.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import tenacity
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from tenacity.wait import wait_base

from simulator.actor.breaker import Breaker, Call, LeftAlone
from simulator.actor.models.transient import asked_to_wait, blames_prompt, may_pass
from simulator.errors import ModelError

_MOST_HANGING = 4  # asked threads that never came back, after which the model is left alone
_LONGEST = 4000  # characters after which a model that does not stop is not listened to
_TRIES = 4
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 4.0  # seconds between two tries; each is drawn from [wait, wait + first]


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a model answered. `seconds`: from being asked to the last word; `first`: to the first one, None
    when it said nothing; `tries`: how often it was asked; `whole`: whether it was heard to its end;
    `tokens`: how many it drew for what was heard, None where the model does not tell."""

    text: str
    seconds: float
    first: float | None
    tries: int
    whole: bool
    tokens: int | None = None


@dataclass(kw_only=True)
class _Asking:
    """One question under way: what was heard so far, and whether somebody still waits for it."""

    end: float
    enough: Callable[[str], bool]
    gone: threading.Event = field(default_factory=threading.Event)
    said: str = ""
    first: float | None = None
    tries: int = 0
    tokens: int | None = None


class Asker:
    """One model and the threads that wait for it. Thread safe."""

    def __init__(
        self,
        chat: BaseChatModel,
        *,
        breaker: Breaker | None = None,
        remote: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wait: wait_base | None = None,
    ) -> None:
        """`chat`: asked by streaming; `breaker`: shared with whoever else asks the same model; `remote`: asked
        again when that may help; `wait`: between two tries, by `tenacity`."""
        self._chat = chat
        self._breaker = breaker or Breaker()
        self._tries = _TRIES if remote else 1
        self._clock = clock
        self._wait = wait or tenacity.wait_exponential_jitter(
            multiplier=_FIRST_WAIT, max=_LONGEST_WAIT, jitter=_FIRST_WAIT
        )
        self._hanging: list[threading.Thread] = []
        self._counting = threading.Lock()

    def ask(self, prompt: list[BaseMessage], seconds: float) -> str:
        """What the model answers within `seconds`. Raises ModelError."""
        return self.hear(prompt, seconds).text

    def hear(
        self,
        prompt: list[BaseMessage],
        seconds: float,
        enough: Callable[[str], bool] = lambda so_far: False,
        *,
        fair: bool = True,
    ) -> Heard:
        """The same, with how long it took. `enough` is called with what was said so far, whenever there is more,
        in the thread that listens; from where it is true the model is not listened to. `fair`: whether
        `seconds` are so many that not answering within them speaks against the model.

        Raises ModelError, LeftAlone where the model is not asked at all. A model that hangs keeps its thread;
        when too many hang it is not asked any more until one comes back."""
        self._check_hanging()
        call = self._breaker.enter()
        start = self._clock()
        asking = _Asking(end=start + seconds, enough=enough)
        answers: queue.Queue[bool | Exception] = queue.Queue()

        def work() -> None:
            try:
                answers.put(self._listen(prompt, asking, start, 1 if call.trial else self._tries))
            except Exception as error:  # noqa: BLE001  (border: any library may raise anything)
                answers.put(error)

        thread = threading.Thread(target=work, name="customer-model", daemon=True)
        try:
            thread.start()
            answer = answers.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            asking.gone.set()
            with self._counting:
                self._hanging.append(thread)
            (call.failed if fair else call.dropped)()
            raise ModelError(f"模型 {seconds:.1f} 秒内没有答完。") from None
        except RuntimeError as error:  # of start alone: the system has no thread to give
            call.dropped()
            raise ModelError("这台机器开不出新线程，没法问模型。") from error
        except BaseException:  # Ctrl-C in a terminal: whoever asks next must not wait for this one
            asking.gone.set()
            call.dropped()
            raise
        if isinstance(answer, Exception):
            raise _failure(answer, call) from answer
        call.succeeded()
        return Heard(
            text=asking.said,
            seconds=self._clock() - start,
            first=asking.first,
            tries=asking.tries,
            whole=answer,
            tokens=asking.tokens,
        )

    def _check_hanging(self) -> None:
        with self._counting:
            self._hanging = [t for t in self._hanging if t.is_alive()]
            if len(self._hanging) >= _MOST_HANGING:
                raise LeftAlone("模型一直没有回应，暂时不再问它。")

    def _listen(self, prompt: list[BaseMessage], asking: _Asking, start: float, tries: int) -> bool:
        """Hears one answer, asked for at most `tries` times; whether it was heard to its end."""

        def over(state: tenacity.RetryCallState) -> bool:
            late = self._clock() + state.upcoming_sleep >= asking.end
            return late or asking.gone.is_set() or state.attempt_number >= tries

        def again(error: BaseException) -> bool:
            return not asking.said and may_pass(error)

        retrying = tenacity.Retrying(
            stop=over,
            wait=self._pause,
            retry=tenacity.retry_if_exception(again),
            sleep=tenacity.sleep_using_event(asking.gone),
            reraise=True,
        )
        return bool(retrying(self._once, prompt, asking, start))

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Seconds before the next try: what the server asked for, where that is more."""
        error = state.outcome.exception() if state.outcome else None
        return max(self._wait(state), asked_to_wait(error) if error else 0.0)

    def _once(self, prompt: list[BaseMessage], asking: _Asking, start: float) -> bool:
        asking.tries += 1
        with closing(self._chat.stream(prompt)) as stream:  # type: ignore[type-var]
            for chunk in stream:
                words = str(chunk.text)
                usage = getattr(chunk, "usage_metadata", None)
                if usage:
                    asking.tokens = (asking.tokens or 0) + usage["output_tokens"]
                if words and asking.first is None:
                    asking.first = self._clock() - start
                asking.said += words
                if asking.gone.is_set() or len(asking.said) > _LONGEST:
                    return False
                if words and asking.enough(asking.said):
                    return False
        return True


def _failure(error: Exception, call: Call) -> ModelError:
    """What to say of `error`; tells `call` whether it speaks against the model."""
    (call.succeeded if blames_prompt(error) else call.failed)()
    reason = next(iter(str(error).splitlines()), "")
    return ModelError(f"模型出错：{type(error).__name__} {reason}".strip())
