"""The actor: a model's line when it is fit to be said, else the bank's, in time and without an exception."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field

from eval.hostile_server import FINE
from simulator.actor import Actor
from simulator.actor.asking import Asker
from simulator.actor.breaker import Breaker, BreakerState, LeftAlone
from simulator.actor.meaning import Meaning
from simulator.actor.models import CustomerModel, make_model
from simulator.actor.prompt import KEY
from simulator.content.contents import Content
from simulator.domain.persona import Line, Move
from simulator.domain.session import CustomerLine
from simulator.errors import ModelError
from tests.actor.talk import cast, make_direction

HISTORY = (("customer", "太高。说个实在价。"),)


class Recorder(GenericFakeChatModel):
    """Says what it is given and keeps what it was asked."""

    asked: list[list[BaseMessage]] = Field(default_factory=list)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.asked.append(messages)
        return super()._generate(messages, *args, **kwargs)


class Hanging(BaseChatModel):
    """Does not answer before `release` is set."""

    release: Any
    calls: list[int] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "hanging"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.calls.append(1)
        self.release.wait()
        raise RuntimeError("too late")


def actor_of(content: Content, chat: BaseChatModel, deadline: float = 5.0) -> Actor:
    model = CustomerModel(name="fake", version="0", chat=chat, is_bank=False)
    return Actor(lambda: content, model, deadline=deadline)


def speak(actor: Actor, content: Content, **changes: Any) -> CustomerLine:
    return actor.speak(*cast(content), HISTORY, make_direction(**changes))


def saying(*texts: str) -> Recorder:
    return Recorder(messages=iter([AIMessage(t) for t in texts]))


def test_a_good_line_is_spoken(content: Content) -> None:
    line = speak(actor_of(content, saying("客户：“别绕 说重点”")), content)
    assert (line.text, line.source, line.line_id, line.rejected) == ("别绕 说重点", "model", None, ())
    assert line.seconds >= 0


def test_one_retry_that_is_told_why(content: Content) -> None:
    chat = saying("好，就这么定", "还是贵")
    line = speak(actor_of(content, chat), content)
    assert (line.text, line.source) == ("还是贵", "model")
    assert len(line.rejected) == 1
    assert "好，就这么定" in line.rejected[0]
    assert "松了口" not in str(chat.asked[0][-1].text)
    assert "松了口" in str(chat.asked[1][-1].text)
    assert chat.asked[0][:-1] == chat.asked[1][:-1]


def test_two_bad_lines_and_the_bank_speaks(content: Content) -> None:
    line = speak(actor_of(content, saying("我同意", "I agree", "还是贵")), content)
    assert line.source == "bank"
    assert line.line_id
    assert len(line.rejected) == 2


def test_what_the_bank_needs_never_reaches_a_model(content: Content) -> None:
    chat = saying("还是贵")
    speak(actor_of(content, chat), content)
    assert all(KEY not in m.additional_kwargs for m in chat.asked[0])


def test_a_model_that_raises(content: Content) -> None:
    line = speak(actor_of(content, saying()), content)  # an exhausted iterator raises inside
    assert line.source == "bank"
    assert "模型出错" in line.rejected[0]


def test_a_model_that_hangs_is_left_in_time_and_in_the_end_alone(content: Content) -> None:
    release = threading.Event()
    chat = Hanging(release=release)
    actor = actor_of(content, chat, deadline=0.2)
    for turn in range(6):
        start = time.monotonic()
        line = speak(actor, content, turn=turn)
        assert line.source == "bank"
        assert line.rejected
        assert time.monotonic() - start < 1.0
    assert len(chat.calls) == 3  # then the breaker is open
    assert actor.model.breaker.state is BreakerState.OPEN
    release.set()


def test_too_many_hanging_threads_end_the_asking(content: Content) -> None:
    release = threading.Event()
    chat = Hanging(release=release)
    asker = Asker(chat, breaker=Breaker(failures=99))
    for _ in range(6):
        with pytest.raises(ModelError):
            asker.ask([], 0.1)
    assert len(chat.calls) == 4
    with pytest.raises(LeftAlone):
        asker.ask([], 0.1)
    release.set()
    time.sleep(0.2)
    with pytest.raises(ModelError, match="too late"):
        asker.ask([], 5.0)
    assert len(chat.calls) == 5


def test_what_cannot_become_a_line_is_broken_off_and_the_next_attempt_starts(content: Content) -> None:
    long = " ".join("价钱高得离谱" for _ in range(60))  # the fake streams word by word
    chat = saying("还是贵", long, "降一点再说")
    actor = actor_of(content, chat)
    speak(actor, content)  # heard whole: from now on its thoughts are known to be marked
    line = speak(actor, content, turn=2)
    assert (line.text, line.source) == ("降一点再说", "model")
    assert "太长" in line.rejected[0]
    assert len(line.rejected[0]) < 100


@pytest.mark.parametrize(
    "cut", [("作为客户我应该压价\n先别答应", "I should not agree"), ("他在绕弯\n先别答应",)]
)
def test_a_thought_that_was_cut_off_teaches_nothing(content: Content, cut: tuple[str, ...]) -> None:
    """Of a model whose prompt opens the thought, so that only its end is marked."""
    actor = actor_of(content, saying(*cut, "压着价\n别急\n</think>\n还是贵"))
    speak(actor, content)  # refused, or taken for a line: nobody can tell
    line = speak(actor, content, turn=2)
    assert (line.text, line.source) == ("还是贵", "model")


def test_a_closing_mark_alone_is_never_forgotten(content: Content) -> None:
    chat = saying("他在绕弯\n</think>\n还是贵", "降一点再说", "他又在绕\n压价\n</think>\n说个实价")
    actor = actor_of(content, chat)
    spoken = [speak(actor, content, turn=turn).text for turn in range(3)]
    assert spoken == ["还是贵", "降一点再说", "说个实价"]


def test_vitals_are_kept(content: Content) -> None:
    actor = actor_of(content, saying("还是贵", "I agree", "我同意"))
    for turn in range(3):
        speak(actor, content, turn=turn)
    figures = actor.vitals.figures()
    assert (figures.lines, figures.from_model, figures.from_bank, figures.answers) == (3, 1, 2, 3)
    assert dict(figures.refused) == {"不是中文": 1, "没让你答应，却松了口": 1}
    assert figures.failed == 1
    assert figures.failure is not None
    assert figures.first is not None


def test_the_last_failure_outlasts_being_left_alone(content: Content) -> None:
    actor = actor_of(content, saying())
    for turn in range(5):
        line = speak(actor, content, turn=turn)
    assert "先不问它" in line.rejected[0]
    figures = actor.vitals.figures()
    assert figures.failed == 5
    assert figures.failure is not None
    assert "模型出错" in figures.failure.text


def test_what_lines_are_judged_by_is_learned_before_the_first(
    content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[Sequence[Line]] = []

    def slowly(known: Sequence[Line]) -> Meaning:
        if known not in learned:
            time.sleep(1.0)
            learned.append(known)
        return Meaning(())

    monkeypatch.setattr("simulator.actor.actor.meaning_of", slowly)
    line = speak(actor_of(content, saying("还是贵")), content)
    assert (line.source, len(learned)) == ("model", 1)
    assert line.seconds < 0.9


def test_the_bank_speaks_for_itself(content: Content) -> None:
    actor = Actor(lambda: content, make_model("bank", lambda: content))
    line = speak(actor, content)
    assert (line.source, line.rejected) == ("bank", ())
    assert line.line_id


def test_an_exhausted_bank_is_silent_and_says_why(content: Content) -> None:
    from dataclasses import replace

    from simulator.actor.forms import FORMS

    empty = replace(content, lines=())
    actor = Actor(lambda: empty, make_model("bank", lambda: empty))
    line = speak(actor, content, spoken=FORMS[Move.PRESS])
    assert line.text == "……"
    assert "driver / too_expensive / press" in line.rejected[0]


def test_openings(content: Content) -> None:
    actor = Actor(lambda: content, make_model("bank", lambda: content))
    who, where, style = cast(content)
    assert {actor.opening(who, where, style, seed).text for seed in range(20)} == set(who.opening)
    other = actor.opening(who, where, content.style("amiable"), 1)
    lines = {ln.id: ln for ln in content.lines}
    assert other.line_id is not None
    assert (lines[other.line_id].style, lines[other.line_id].scopes) == ("amiable", ("too_expensive",))
    for persona in content.personas.values():
        for situation_id in persona.situations:
            for any_style in content.styles.values():
                assert actor.opening(persona, content.situation(situation_id), any_style, 3).text


def test_garbage_of_a_local_model(content: Content, latin: Path) -> None:
    actor = Actor(lambda: content, make_model(f"hf:{latin}", lambda: content), deadline=10.0)
    line = speak(actor, content)
    assert line.source == "bank"
    assert any("不是中文" in r for r in line.rejected)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("half", "模型出错"),
        ("error", "模型出错"),
        ("hang", "没有答完|模型出错"),
        ("role", "不像客户"),
        ("english", "不是中文"),
        ("empty", "空的"),
        ("agrees", "松了口"),
        ("garbage", "模型出错"),
        ("slow", "没有答完"),
    ],
)
def test_servers_that_misbehave(content: Content, broken_server: str, fault: str, reason: str) -> None:
    import re

    model = make_model(f"openai:m@{broken_server}/{fault}/v1", lambda: content, deadline=1.0)
    start = time.monotonic()
    line = speak(Actor(lambda: content, model, deadline=1.5), content)
    assert time.monotonic() - start < 4
    assert line.source == "bank"
    assert line.line_id
    assert re.search(reason, line.rejected[0])


def test_a_server_that_behaves(content: Content, broken_server: str) -> None:
    model = make_model(f"openai:m@{broken_server}/good/v1", lambda: content)
    line = speak(Actor(lambda: content, model), content)
    assert (line.text, line.source) == ("别绕弯子，说个实在的。", "model")


def test_a_server_that_is_busy_for_a_moment(content: Content, broken_server: str) -> None:
    model = make_model(f"openai:m@{broken_server}/busy/v1", lambda: content)
    line = speak(Actor(lambda: content, model), content)
    assert (line.source, line.rejected) == ("model", ())
    assert line.text in FINE


def test_no_server_at_all(content: Content) -> None:
    model = make_model("openai:m@http://127.0.0.1:9/v1", lambda: content, deadline=1.0)
    line = speak(Actor(lambda: content, model, deadline=2.0), content)
    assert line.source == "bank"
    assert "模型出错" in line.rejected[0]


@pytest.fixture
def transformers_serve(tiny: Path) -> Iterator[str]:
    """A real `transformers serve` of the tiny model."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tool = Path(sys.executable).parent / "transformers"
    command = [str(tool), "serve", str(tiny), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, (
            "transformers serve ended; pip install accelerate fastapi uvicorn openai"
        )
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("transformers serve did not start")


@pytest.mark.slow
def test_transformers_serve(content: Content, tiny: Path, transformers_serve: str) -> None:
    model = make_model(f"openai:{tiny}@{transformers_serve}", lambda: content)
    who, where, style = cast(content, "lin_xiuzhen")
    said = model.chat.invoke("你好").text
    assert said.strip()  # babble, but over the wire
    line = Actor(lambda: content, model, deadline=30.0).speak(who, where, style, HISTORY, make_direction())
    assert line.text
    assert line.source == "model" or line.rejected
    assert not any("模型出错" in r for r in line.rejected)
