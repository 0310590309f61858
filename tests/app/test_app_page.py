"""What goes between Gradio and the desk: a failure keeps the text, an abandoned answer stays away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

import simulator.app
from simulator.app.desk import Ask, Desk, Frame
from simulator.errors import StoreError, UsageError

page = pytest.importorskip("simulator.app.page")


def run(action: Any, ask: Ask, newest: Any = None) -> list[list[Any]]:
    return list(page._guarded(action, ask, newest or page.Newest()))


def fails(error: Exception) -> Any:
    def action(ask: Ask) -> Iterator[Frame]:
        yield Frame(live="dots")
        raise error

    return action


def test_frames_become_outputs_and_the_last_one_is_empty() -> None:
    first, last = run(lambda ask: iter([Frame(log="talk")]), Ask())
    assert first[page.PARTS.index("log")] == "talk"
    assert all(isinstance(v, dict) for i, v in enumerate(first) if i != page.PARTS.index("log"))
    assert all(isinstance(v, dict) for v in last)
    assert len(first) == len(last) == len(page.PARTS) + 1


@pytest.mark.parametrize(
    ("error", "told"),
    [(StoreError("<b>坏了</b>"), "&lt;b&gt;坏了&lt;/b&gt;"), (ValueError("inner detail"), "你写的字还在")],
)
def test_a_failure_is_told_and_changes_no_part(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, failed, _ = run(fails(error), Ask())
    assert told in failed[-1]
    assert "inner detail" not in failed[-1]
    assert all(isinstance(v, dict) for v in failed[:-1])


def test_an_abandoned_answer_shows_nothing_more() -> None:
    newest = page.Newest()

    def action(ask: Ask) -> Iterator[Frame]:
        yield Frame(log="one")
        newest.note(Ask(tab="a", serial=2))
        newest.note(Ask(tab="b", serial=9))
        yield Frame(log="two")

    shown = [values[page.PARTS.index("log")] for values in run(action, Ask(tab="a", serial=1), newest)]
    assert [v for v in shown if isinstance(v, str)] == ["one"]


def test_remembered_tabs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_TABS", 3)
    newest = page.Newest()
    for tab in "abcdef":
        newest.note(Ask(tab=tab, serial=5))
    assert newest.still(Ask(tab="a", serial=1))
    assert not newest.still(Ask(tab="f", serial=1))


def test_every_action_is_the_desks() -> None:
    assert all(callable(getattr(Desk, action)) for action in page.ACTIONS)


def test_a_port_in_use_is_a_users_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Taken:
        """Stands for Gradio's blocks, which leave an event loop behind when they cannot be served."""

        def queue(self, **_: Any) -> None: ...

        def launch(self, **_: Any) -> None:
            raise OSError("Cannot find empty port in range: 7860-7860.")

    monkeypatch.setattr("simulator.app.build", lambda room, pages: Taken())
    with pytest.raises(UsageError, match=r"7860.*--port 7861"):
        simulator.app.launch(cast(Any, None), "127.0.0.1", 7860)
