"""The page trainees practise on: choose a customer, chat, read the report.

Built on Gradio, loaded only when the page is. Knows only practice rooms, reports, domain types and content;
nothing of graders, models or databases. No request leaves the machine.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from simulator.errors import UsageError

if TYPE_CHECKING:
    import gradio as gr
    from starlette.routing import Route

    from simulator.app.pages import Page
    from simulator.session import PracticeRoom

__all__ = ["build", "launch"]


def build(room: PracticeRoom, pages: Sequence[Page] = ()) -> gr.Blocks:
    """The page over `room`, and `pages` beside it, not yet served."""
    _stay_local()
    from simulator.app.page import make

    return make(room, pages)


def launch(
    room: PracticeRoom, host: str, port: int, pages: Sequence[Page] = (), routes: Sequence[Route] = ()
) -> None:
    """Serves the page, `pages` beside it and what answers at `routes`, until interrupted. Raises UsageError when
    host and port cannot be listened on."""
    blocks = build(room, pages)
    from simulator.app import sheets
    from simulator.app.theme import Paper

    blocks.queue(default_concurrency_limit=32)
    try:
        blocks.launch(
            server_name=host,
            server_port=port,
            share=False,
            inbrowser=False,
            quiet=True,
            prevent_thread_lock=True,
            theme=Paper(),
            head=sheets.head() + "".join(p.head for p in pages),
            favicon_path=str(sheets.ASSETS / "favicon.svg"),
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            show_error=False,
            app_kwargs={"routes": list(routes)},
        )
    except OSError as error:
        raise UsageError(
            f"{host}:{port} 开不了，多半是端口被占用了。换一个试试，比如 --port {port + 1 if port < 65535 else 7861}；"
            "--host 要写本机的地址（只给自己用 127.0.0.1，给同事用 0.0.0.0）。"
        ) from error
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    click.echo(f"对练已经开好：http://{shown}:{port}  （按 Ctrl+C 停止）")
    blocks.block_thread()


def _stay_local() -> None:
    """Switches off everything in Gradio and its libraries that would call home."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
