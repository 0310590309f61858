"""The Gradio page: parts that show HTML, events that carry a request to the desk and its frames back.

Knows nothing of sessions: what is shown is made by `desk`. All it remembers is which request of a browser
tab is the newest.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from simulator.app.desk import Ask, Desk, Frame
from simulator.app.markup import attrs, button, esc
from simulator.app.pages import Page
from simulator.app.words import say
from simulator.errors import DuilianError
from simulator.session import PracticeRoom

PARTS = ("bar", "stage", "head", "log", "live", "composer", "side")
ACTIONS = ("say", "open", "start", "hint", "finish", "report", "redo")
_TABS = 4096  # browser tabs whose newest request is remembered
_AT_ONCE = 32  # requests of one kind under way at the same time
_FILES_LAST = 24 * 3600  # seconds; of copies that Gradio makes of files to be fetched
_LOGGER = logging.getLogger(__name__)
_HEARD = "watch('value', () => window.duilian.changed('{part}', element));"
_ATTACH = f"window.duilian.attach(element, trigger, server, {json.dumps(ACTIONS)});" + _HEARD


def make(room: PracticeRoom, pages: Sequence[Page] = ()) -> gr.Blocks:
    """The page over `room`, with `pages` at their own addresses."""
    desk, newest = Desk(room, pages), Newest()
    with gr.Blocks(
        title="对练 Duilian",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(_FILES_LAST, _FILES_LAST),
    ) as blocks:
        parts = _parts(desk)
        signal = _html("signal")
        outputs = [*(parts[p] for p in PARTS), signal]
        for action in ACTIONS:
            getattr(parts["bar"], action)(
                _listener(getattr(desk, action), newest),
                outputs=outputs,
                show_progress="hidden",
                concurrency_limit=_AT_ONCE,
                api_visibility="private",
                trigger_mode="multiple",
            )
        blocks.load(
            _loader(desk.open, newest),
            inputs=[signal],
            outputs=outputs,
            js="() => [window.duilian.context()]",
            show_progress="hidden",
            concurrency_limit=_AT_ONCE,
            api_visibility="private",
        )
    for page in pages:
        with blocks.route(page.title, page.path, show_in_navbar=False):
            page.draw(blocks)
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


class Newest:
    """Which request of each browser tab is the newest, so that an answer still under way does not write
    over the screen that its trainee has moved on to. Thread safe, and bounded."""

    def __init__(self) -> None:
        """Knows no tab yet."""
        self._serials: OrderedDict[str, int] = OrderedDict()
        self._guard = threading.Lock()

    def note(self, ask: Ask) -> None:
        """`ask` has come in."""
        with self._guard:
            self._serials[ask.tab] = max(ask.serial, self._serials.get(ask.tab, 0))
            self._serials.move_to_end(ask.tab)
            while len(self._serials) > _TABS:
                self._serials.popitem(last=False)

    def still(self, ask: Ask) -> bool:
        """Whether the tab has asked for nothing else since."""
        with self._guard:
            return self._serials.get(ask.tab, 0) <= ask.serial


Action = Callable[[Ask], Iterator[Frame]]


def _listener(action: Action, newest: Newest) -> Callable[..., Iterator[list[Any]]]:
    """An event's function: what the browser sent in, changed parts out."""

    def listener(event: gr.EventData) -> Iterator[list[Any]]:
        data = event._data
        yield from _guarded(action, Ask.of(data if isinstance(data, dict) else {}), newest)

    return listener


def _loader(action: Action, newest: Newest) -> Callable[[str], Iterator[list[Any]]]:
    """The same for the first load, whose request comes as JSON text."""

    def loader(text: str | None) -> Iterator[list[Any]]:
        try:
            data = json.loads(text or "{}")
        except ValueError:
            data = {}
        yield from _guarded(action, Ask.of(data if isinstance(data, dict) else {}), newest)

    return loader


def _guarded(action: Action, ask: Ask, newest: Newest) -> Iterator[list[Any]]:
    """Frames as outputs, for as long as the tab wants them. A failure becomes a message and a signal that
    frees the reply box again; the text in it is kept."""
    newest.note(ask)
    try:
        for frame in action(ask):
            if not newest.still(ask):
                break
            yield [*_changes(frame), gr.skip()]
    except DuilianError as error:
        if newest.still(ask):
            yield _failed(ask, str(error))
    except Exception:  # the border of the process: tell the trainee, keep the server
        _LOGGER.exception("the page failed")
        yield _failed(ask, say(ask.lang, "toast_unknown"))
    yield [*_changes(Frame()), gr.skip()]  # Gradio sends the last one again at the end: let it be empty


def _changes(frame: Frame) -> list[Any]:
    values = [getattr(frame, part) for part in PARTS]
    return [gr.skip() if value is None else value for value in values]


def _failed(ask: Ask, message: str) -> list[Any]:
    """The message, as `assets/app.js` shows it for a while; its number makes the same message new again."""
    number = attrs(data_failed=secrets.token_hex(4))
    title, close = esc(say(ask.lang, "toast_title")), say(ask.lang, "close")
    toast = (
        f'<div class="toast" role="alert"{number}><div><b>{title}</b><p>{esc(message)}</p></div>'
        f"{button('×', 'untoast', 'icon', aria_label=close)}</div>"
    )
    return [*(gr.skip() for _ in PARTS), toast]
