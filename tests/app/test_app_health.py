"""The health page: what it says, that looking costs nothing, one tried line at a time and not often."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from starlette.applications import Starlette
from starlette.testclient import TestClient

from simulator.actor import Actor
from simulator.actor.models import CustomerModel
from simulator.app.health import PAUSE, Health, page, routes
from simulator.errors import UsageError
from simulator.session import PracticeRoom
from tests.app.rooms import open_room


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[tuple[PracticeRoom, Actor]]:
    room = open_room(tmp_path)
    chat = GenericFakeChatModel(
        messages=iter([AIMessage("<b>你这价钱不实在</b>"), AIMessage("我同意"), AIMessage("OK")])
    )
    model = CustomerModel(name="fake", version="7", chat=chat, is_bank=False)
    with room.store:
        yield room, Actor(lambda: room.content, model, deadline=5.0)


def health_of(practice: tuple[PracticeRoom, Actor], clock: Any = lambda: 0.0) -> Health:
    room, actor = practice
    return Health(actor, room, asked_for="openai:fake@<x>", clock=clock)


def client(health: Health) -> TestClient:
    return TestClient(Starlette(routes=routes(health)))


def test_looking_asks_nothing(practice: tuple[PracticeRoom, Actor]) -> None:
    seen = client(health_of(practice))
    for _ in range(3):
        told = seen.get("/health.json").json()
        shown = seen.get("/health")
    assert told["lines"] == {
        "last": 0, "from_model": None, "from_bank": None, "failed": 0, "median_seconds": None,
    }  # fmt: skip
    assert told["model"] == {
        "asked_for": "openai:fake@<x>", "name": "fake", "version": "7", "dtype": None, "bank": False,
    }  # fmt: skip
    assert told["breaker"] == {"state": "closed", "seconds_left": 0.0}
    assert told["rubric"]["ref"].startswith("service@")
    assert told["encoder"] == "plain"
    assert shown.status_code == 200
    assert "openai:fake@&lt;x&gt;" in shown.text
    assert "@<x>" not in shown.text


def test_a_tried_line_is_shown_and_counts(practice: tuple[PracticeRoom, Actor]) -> None:
    health = health_of(practice)
    shown = client(health).post("/health")
    assert shown.status_code == 200
    assert "<blockquote" in shown.text
    assert health.data()["lines"]["last"] == 1


def test_not_often(practice: tuple[PracticeRoom, Actor]) -> None:
    now = [0.0]
    health = health_of(practice, lambda: now[0])
    health.try_line()
    seen = client(health).post("/health")
    assert seen.status_code == 429
    assert "10 秒后再试" in seen.text
    now[0] = PAUSE
    assert health.try_line().text


def test_one_at_a_time(practice: tuple[PracticeRoom, Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    health, inside, leave = health_of(practice), threading.Event(), threading.Event()
    speak = practice[1].sample

    def slow(*args: Any) -> Any:
        inside.set()
        leave.wait(10)
        return speak(*args)

    monkeypatch.setattr(practice[1], "sample", slow)
    first = threading.Thread(target=health.try_line)
    first.start()
    assert inside.wait(10)
    with pytest.raises(UsageError, match="正在试"):
        health.try_line()
    leave.set()
    first.join()


def test_another_sites_button_does_nothing(practice: tuple[PracticeRoom, Actor]) -> None:
    health = health_of(practice)
    assert client(health).post("/health", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert health.data()["lines"]["last"] == 0


def test_failures_and_refusals_are_told(practice: tuple[PracticeRoom, Actor]) -> None:
    actor = practice[1]
    actor.vitals.note("bank", 2.0, refused=["不是中文"], failure="模型出错：<boom>")
    for _ in range(3):
        actor.model.breaker.enter().failed()
    data = health_of(practice).data()
    assert data["answers"]["refused"] == {"不是中文": 1}
    assert data["last_error"]["text"] == "模型出错：<boom>"
    assert data["breaker"]["state"] == "open"
    text = page(data)
    for told in ("不是中文 1 次", "模型出错：&lt;boom&gt;", "先不问它，30 秒后再试", "100%"):
        assert told in text
