"""The page trainees practise on: choose a customer, chat, read the report.

Built on Gradio, loaded only when the page is. Knows only practice rooms, reports, domain types and content;
nothing of graders, models or databases. No request leaves the machine.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from simulator.errors import UsageError

if TYPE_CHECKING:
    import gradio as gr

    from simulator.session import PracticeRoom

__all__ = ["build", "launch"]


def build(room: PracticeRoom) -> gr.Blocks:
    """The page over `room`, not yet served."""
    _stay_local()
    from simulator.app.page import make

    return make(room)


def launch(room: PracticeRoom, host: str, port: int) -> None:
    """Serves the page until interrupted. Raises UsageError when host and port cannot be listened on."""
    _check_free(host, port)
    blocks = build(room)
    from simulator.app import theme

    blocks.queue(default_concurrency_limit=32)
    try:
        blocks.launch(
            server_name=host,
            server_port=port,
            share=False,
            inbrowser=False,
            quiet=True,
            prevent_thread_lock=True,
            theme=theme.Paper(),
            head=theme.head(),
            favicon_path=str(theme.ASSETS / "favicon.svg"),
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            show_error=False,
        )
    except OSError as error:
        raise UsageError(f"{host}:{port} 监听不了：{error}") from error
    _tell(f"对练已经开好：http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}  （Ctrl+C 停止）")
    blocks.block_thread()


def _stay_local() -> None:
    """Switches off everything in Gradio and its libraries that would call home."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _tell(message: str) -> None:
    import click

    click.echo(message)


def _check_free(host: str, port: int) -> None:
    """Tries the address before the page is built, to name what is wrong with it."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise UsageError(f"--host {host} 不是本机的地址。本机用 127.0.0.1，让同事访问用 0.0.0.0。") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"端口 {port} 已被占用。换一个：--port {port + 1}") from error
        if error.errno == errno.EACCES:
            raise UsageError(f"没有权限使用端口 {port}。换一个 1024 以上的：--port 7860") from error
        raise UsageError(f"--host {host} 监听不了（{error.strerror}）。本机用 127.0.0.1，让同事访问用 0.0.0.0。") from error
