"""A real `duilian serve` in a process of its own, and a real browser to look at it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 180  # seconds until the server must answer, on a busy machine too


def find_chromium() -> str | None:
    """The browser of `$CHROMIUM`, or the system's."""
    wanted = os.environ.get("CHROMIUM")
    if wanted:
        return wanted if Path(wanted).is_file() else None
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def need_chromium() -> None:
    """Skips a test where there is no browser; fails it where one is required (in CI)."""
    if find_chromium() is None:
        message = "no chromium found (set CHROMIUM to its path)"
        if os.environ.get("DUILIAN_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(data: Path) -> Iterator[str]:
    """The address of a running `duilian serve` with its data in `data`."""
    port = free_port()
    command = [sys.executable, "-m", "simulator.cli.main", "serve", "--port", str(port), "--data", str(data)]
    log = data / "serve.log"
    data.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"duilian serve did not start:\n{log.read_text(encoding='utf-8')}")


@contextmanager
def browser() -> Iterator[Any]:
    """A headless chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=BROWSER_ARGS)
        try:
            yield chromium
        finally:
            chromium.close()


class Visitor:
    """A page of the product as a trainee drives it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address

    def home(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector(".choose")

    def start(self, persona: str) -> None:
        self.page.click(f'.card[data-persona="{persona}"]')
        self.page.wait_for_selector("#part-log .them .bubble", state="visible")

    def send(self, text: str) -> None:
        self.page.fill("#part-composer textarea", text)
        self.page.press("#part-composer textarea", "Enter")

    def rest(self) -> None:
        """Waits until the customer has answered all that was said."""
        self.page.wait_for_function(
            """() => !document.querySelector('.composer[data-busy]') && !document.querySelector('#part-live .row')
                && document.querySelectorAll('#part-log .them').length
                > document.querySelectorAll('#part-log .me').length"""
        )

    def say(self, text: str) -> None:
        said = self.page.locator("#part-log .me").count()
        self.send(text)
        self.page.wait_for_function(f"() => document.querySelectorAll('#part-log .me').length > {said}")
        self.rest()

    def finish(self) -> None:
        self.page.click('#part-head [data-act="finish"]')
        self.page.click('#part-head [data-act="finish"]')
        self.page.wait_for_selector(".report", state="visible")

    def mine(self) -> list[str]:
        return list(self.page.locator("#part-log .me .bubble").all_inner_texts())
