"""The Gradio components of the evaluation page and what happens when they are used.

Knows nothing of how versions are graded or compared (`work`), nor of how things look (`view`).
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from eval.tab import choices, view, work
from eval.tab.plan import plan
from eval.tab.work import Stopped, Turn
from simulator.app.pages import Place
from simulator.cli import wiring
from simulator.content.catalog import Catalog
from simulator.errors import DuilianError

_UNKNOWN = "程序出了点问题，没有比成。原因在服务器的日志里；再试一次，不行就找管服务器的人。"
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 32}
_LOGGER = logging.getLogger(__name__)
_OUTPUTS = ("start", "stop", "status", "page_file", "json_file", "files", "report")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the events of the page share: where the server works, what there is to compare, whose turn it is."""

    place: Place
    catalog: Catalog
    turn: Turn


def draw(blocks: gr.Blocks, place: Place) -> None:
    """Makes the components within the page's route of `blocks`."""
    bench = Bench(place=place, catalog=wiring.open_catalog(place.content), turn=Turn())
    with gr.Column(elem_id="evaluation"):
        gr.HTML(view.HEAD, apply_default_css=False, js_on_load="document.documentElement.lang = 'zh-CN';")
        parts = _form() | _outcome()
    _join(blocks, parts, bench)


def _form() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    with gr.Column(elem_classes="ev-form"):
        with gr.Row(elem_classes="ev-choices"):
            for name, label in (("a", "旧版（A）"), ("b", "新版（B）"), ("cases", "评哪些回复")):
                parts[name] = gr.Dropdown(label=label, filterable=False, elem_id=f"ev-{name}", min_width=220)
        parts["note"] = gr.HTML(apply_default_css=False)
        with gr.Row(elem_classes="ev-buttons"):
            parts["start"] = gr.Button(
                "开始比较", variant="primary", elem_id="ev-start", min_width=0, scale=0, interactive=False
            )
            parts["stop"] = gr.Button("停下", visible=False, elem_id="ev-stop", min_width=0, scale=0)
            parts["upload"] = gr.UploadButton(
                "上传回复（.jsonl）", file_types=[".jsonl"], elem_id="ev-upload", min_width=0, scale=0
            )
    return parts


def _outcome() -> dict[str, Any]:
    parts: dict[str, Any] = {"status": gr.HTML(apply_default_css=False, elem_id="ev-status")}
    with gr.Row(visible=False, elem_classes="ev-buttons") as parts["files"]:
        for name, label in (("page_file", "下载网页"), ("json_file", "下载 JSON")):
            parts[name] = gr.DownloadButton(label, elem_id=f"ev-{name}", min_width=0, scale=0)
    parts["report"] = gr.HTML(apply_default_css=False, elem_id="ev-report")
    return parts


def _join(blocks: gr.Blocks, parts: dict[str, Any], bench: Bench) -> None:
    """What happens when something is used."""
    chosen = [parts[p] for p in ("a", "b", "cases")]
    noted = [parts["cases"], parts["note"]]
    blocks.load(_first(bench), outputs=[*chosen, parts["note"], parts["start"]], **_QUIET)
    parts["cases"].input(_noted(bench), inputs=parts["cases"], outputs=parts["note"], **_QUIET)
    parts["upload"].upload(_kept(bench), inputs=parts["upload"], outputs=[*noted, parts["status"]], **_QUIET)
    outputs = [parts[p] for p in _OUTPUTS]
    parts["start"].click(_compared(bench), inputs=chosen, outputs=outputs, **_QUIET)
    parts["stop"].click(_stopped(bench), **_QUIET)


def _first(bench: Bench) -> Callable[..., list[Any]]:
    """What can be chosen when the page is opened, and what is chosen at first."""

    def first() -> list[Any]:
        content = bench.catalog.content
        versions = choices.versions(content)
        old, new = choices.first_choice(content)
        sets = choices.case_sets(bench.place.data)
        chosen = choices.first_set(sets)
        return [
            gr.Dropdown(choices=versions, value=old),
            gr.Dropdown(choices=versions, value=new),
            gr.Dropdown(choices=[(s.label, s.key) for s in sets], value=chosen.key if chosen else None),
            view.note(chosen.note if chosen else choices.NONE_CHOSEN),
            gr.Button(interactive=True),
        ]

    return first


def _noted(bench: Bench) -> Callable[[object], str]:
    def noted(key: object) -> str:
        try:
            return view.note(choices.case_set(key, bench.place.data).note)
        except DuilianError:
            return view.note(choices.NONE_CHOSEN)

    return noted


def _kept(bench: Bench) -> Callable[[str | None], list[Any]]:
    def kept(upload: str | None) -> list[Any]:
        if upload is None:
            return [gr.skip(), gr.skip(), gr.skip()]
        path = Path(upload)
        try:
            one = choices.keep(path, bench.place.data)
        except DuilianError as error:
            message = str(error).replace(str(path), path.name)
            return [gr.skip(), gr.skip(), view.failed(message)]
        finally:
            path.unlink(missing_ok=True)  # Gradio's own copy
        sets = [(s.label, s.key) for s in choices.case_sets(bench.place.data)]
        kept = view.told(f"收下了 {one.path.name}，下次还可以选。")
        return [gr.Dropdown(choices=sets, value=one.key), view.note(one.note), kept]

    return kept


def _stopped(bench: Bench) -> Callable[[gr.Request], None]:
    def stopped(request: gr.Request) -> None:
        bench.turn.stop(str(request.session_hash))

    return stopped


def _compared(bench: Bench) -> Callable[..., Iterator[list[Any]]]:
    """The whole comparison, from the button to its page. Gradio closes it when the browser has gone."""

    def compared(a: object, b: object, cases: object, request: gr.Request) -> Iterator[list[Any]]:
        try:
            with bench.turn.of(str(request.session_hash)) as stop, tempfile.TemporaryDirectory() as folder:
                chosen = choices.case_set(cases, bench.place.data)
                planned = plan(bench.catalog.content, bench.place, a, b, chosen.path)
                shown = ""
                for found in work.carry_out(planned, bench.place, Path(folder), stop):
                    shown, before = view.steps(found), shown
                    yield _under_way(shown) if shown != before else _nothing()
                yield _finished(work.result(planned, Path(folder)))
        except Stopped as stopped:
            yield _ended(view.told(str(stopped)))
        except DuilianError as error:
            yield _ended(view.failed(str(error)))
        except Exception:  # the border of the process: tell the trainer, keep the server
            _LOGGER.exception("the comparison failed")
            yield _ended(view.failed(_UNKNOWN))
        yield _nothing()  # Gradio sends the last one again at the end: let it be empty

    return compared


def _outputs(**values: Any) -> list[Any]:
    return [values.get(name, gr.skip()) for name in _OUTPUTS]


def _nothing() -> list[Any]:
    return _outputs()


def _under_way(status: str) -> list[Any]:
    return _outputs(
        start=gr.Button(interactive=False),
        stop=gr.Button(visible=True),
        status=status,
        files=gr.Row(visible=False),
        report="",
    )


def _ended(status: str) -> list[Any]:
    return _outputs(start=gr.Button(interactive=True), stop=gr.Button(visible=False), status=status)


def _finished(result: work.Result) -> list[Any]:
    return _outputs(
        start=gr.Button(interactive=True),
        stop=gr.Button(visible=False),
        status=view.verdict(result.verdict),
        files=gr.Row(visible=True),
        page_file=str(result.html),
        json_file=str(result.json),
        report=view.framed(result.html.read_text(encoding="utf-8")),
    )
