"""The Gradio page: parts that show HTML, events that carry a request to the desk and its frames back.

Knows nothing of sessions: what is shown is made by `desk`. No state is kept on the server side of the page.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from simulator.app.desk import Ask, Desk, Frame
from simulator.app.markup import esc
from simulator.app.words import say
from simulator.errors import DuilianError
from simulator.session import PracticeRoom

PARTS = ("bar", "stage", "head", "log", "live", "composer", "side")
ACTIONS = ("say", "open", "start", "hint", "finish", "report", "redo")
_STREAMING = ("say", "open")  # leaving for another screen stops what these were still showing
_AT_ONCE = 32  # requests of one kind under way at the same time
_LOGGER = logging.getLogger(__name__)
_HEARD = "watch('value', () => window.duilian.changed('{part}', element));"
_ATTACH = f"window.duilian.attach(element, trigger, server, {json.dumps(ACTIONS)});" + _HEARD


def make(room: PracticeRoom) -> gr.Blocks:
    """The page over `room`."""
    desk = Desk(room)
    with gr.Blocks(title="对练 Duilian", analytics_enabled=False, fill_width=True) as blocks:
        parts = _parts(desk)
        signal = _html("signal")
        outputs = [*(parts[p] for p in PARTS), signal]
        streaming: list[Any] = []
        for action in ACTIONS:
            event = getattr(parts["bar"], action)(
                _listener(getattr(desk, action)),
                outputs=outputs,
                cancels=[] if action in ("say", "hint") else list(streaming),
                show_progress="hidden",
                concurrency_limit=_AT_ONCE,
                api_visibility="private",
                trigger_mode="multiple",
            )
            if action in _STREAMING:
                streaming.append(event)
        blocks.load(
            _loader(desk.open),
            inputs=[signal],
            outputs=outputs,
            js="() => [window.duilian.context()]",
            show_progress="hidden",
            concurrency_limit=_AT_ONCE,
            api_visibility="private",
        )
    return blocks


def _parts(desk: Desk) -> dict[str, Any]:
    """The parts of the page, empty until it has loaded."""
    parts = {}

    def report_file(data: dict[str, object]) -> str:
        """Called by the browser to save a report; an empty text when there is none."""
        try:
            return desk.file(Ask.of(data))
        except DuilianError:
            return ""

    parts["bar"] = _html("bar", _ATTACH.format(part="bar"), [report_file])
    parts["stage"] = _html("stage")
    with gr.Column(elem_id="chat"):
        parts["head"] = _html("head")
        with gr.Column(elem_id="talk"):
            parts["log"] = _html("log")
            parts["live"] = _html("live")
        parts["composer"] = _html("composer")
        parts["side"] = _html("side")
    return parts


def _html(part: str, script: str = "", functions: list[Callable[..., Any]] | None = None) -> Any:
    return gr.HTML(
        value="",
        elem_id=f"part-{part}",
        js_on_load=script or _HEARD.format(part=part),
        apply_default_css=False,
        server_functions=functions,
    )


def _listener(action: Callable[[Ask], Iterator[Frame]]) -> Callable[..., Iterator[list[Any]]]:
    """An event's function: what the browser sent in, changed parts out."""

    def listener(event: gr.EventData) -> Iterator[list[Any]]:
        data = event._data
        yield from _guarded(action, Ask.of(data if isinstance(data, dict) else {}))

    return listener


def _loader(action: Callable[[Ask], Iterator[Frame]]) -> Callable[[str], Iterator[list[Any]]]:
    """The same for the first load, whose request comes as JSON text."""

    def loader(text: str | None) -> Iterator[list[Any]]:
        try:
            data = json.loads(text or "{}")
        except ValueError:
            data = {}
        yield from _guarded(action, Ask.of(data if isinstance(data, dict) else {}))

    return loader


def _guarded(action: Callable[[Ask], Iterator[Frame]], ask: Ask) -> Iterator[list[Any]]:
    """Frames as outputs. A failure becomes a message and a signal that frees the reply box again; the text
    in it is kept."""
    try:
        for frame in action(ask):
            yield [*_changes(frame), gr.skip()]
    except DuilianError as error:
        yield _failed(ask, str(error))
    except Exception:  # the border of the process: tell the trainee, keep the server
        _LOGGER.exception("the page failed")
        yield _failed(ask, say(ask.lang, "toast_unknown"))


def _changes(frame: Frame) -> list[Any]:
    values = [getattr(frame, part) for part in PARTS]
    return [gr.skip() if value is None else value for value in values]


def _failed(ask: Ask, message: str) -> list[Any]:
    gr.Warning(esc(message), title=esc(say(ask.lang, "toast_title")), duration=6)
    return [*(gr.skip() for _ in PARTS), f'<i data-failed="{secrets.token_hex(4)}"></i>']
