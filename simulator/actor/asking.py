"""Asks a chat model one thing and waits no longer than it was told to.

Knows nothing of customers, prompts or what the answer is for.
"""

from __future__ import annotations

import queue
import threading
from contextlib import closing

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage

from simulator.errors import ModelError

_MOST_HANGING = 4  # asked threads that never came back, after which the model is left alone
_LONGEST = 4000  # characters after which a model that does not stop is not listened to


class Asker:
    """One model and the threads that wait for it. Thread safe."""

    def __init__(self, chat: BaseChatModel) -> None:
        """`chat`: asked by streaming."""
        self._chat = chat
        self._hanging: list[threading.Thread] = []
        self._counting = threading.Lock()

    def ask(self, prompt: list[BaseMessage], seconds: float) -> str:
        """What the model answers within `seconds`. Raises ModelError. A model that hangs keeps its thread;
        when too many hang it is not asked any more until one comes back."""
        with self._counting:
            self._hanging = [t for t in self._hanging if t.is_alive()]
            if len(self._hanging) >= _MOST_HANGING:
                raise ModelError("模型一直没有回应，暂时不再问它。")
        answers: queue.Queue[str | Exception] = queue.Queue()
        gone = threading.Event()

        def work() -> None:
            try:
                answers.put(self._listen(prompt, gone))
            except Exception as error:  # noqa: BLE001  (border: any library may raise anything)
                answers.put(error)

        thread = threading.Thread(target=work, name="customer-model", daemon=True)
        thread.start()
        try:
            answer = answers.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            gone.set()
            with self._counting:
                self._hanging.append(thread)
            raise ModelError(f"模型 {seconds:.1f} 秒内没有答完。") from None
        if isinstance(answer, Exception):
            reason = next(iter(str(answer).splitlines()), "")
            raise ModelError(f"模型出错：{type(answer).__name__} {reason}".strip()) from answer
        return answer

    def _listen(self, prompt: list[BaseMessage], gone: threading.Event) -> str:
        """The streamed answer in full; stops when nobody waits for it any more."""
        said: list[str] = []
        with closing(self._chat.stream(prompt)) as stream:  # type: ignore[type-var]
            for chunk in stream:
                said.append(str(chunk.text))
                if gone.is_set() or sum(map(len, said)) > _LONGEST:
                    break
        return "".join(said)
