"""The evaluation page in a real browser against a real `duilian serve`: upload, compare, read, download."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.app.server import ROOT, browser, need_chromium, serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FEW = 12  # replies
PATIENCE = 180_000  # milliseconds, on a busy machine


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve")


@pytest.fixture(scope="module")
def address(data: Path) -> Iterator[str]:
    need_chromium()
    with serve(data) as address:
        yield address


@pytest.fixture
def tab(address: str) -> Iterator[Any]:
    """The evaluation page, reached from the practice page, on a phone's screen."""
    with browser() as chromium:
        context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        context.set_default_timeout(PATIENCE)
        hosts: set[str | None] = set()
        errors: list[str] = []
        context.on("request", lambda r: hosts.add(urlsplit(r.url).hostname))
        page = context.new_page()
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(address)
        page.click(".bar a.way")
        page.wait_for_selector("#ev-start:not([disabled])")
        yield page
        assert hosts <= {"127.0.0.1", None}  # None: of data: and about:
        assert errors == []


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line.strip()}\n" for line in lines), encoding="utf-8")
    return path


def test_a_version_compared_with_itself_is_the_same(tab: Any, data: Path, tmp_path: Path) -> None:
    assert tab.url.endswith("/evaluation")
    assert tab.locator(".nav-holder:visible").count() == 0
    tab.set_input_files("#evaluation input[type=file]", write(tmp_path / "bad.jsonl", '{"id": "q1"}'))
    tab.wait_for_selector(".ev-failed")
    assert "bad.jsonl:1" in tab.inner_text("#ev-status")

    with (ROOT / "eval" / "cases" / "calibration.jsonl").open(encoding="utf-8") as lines:
        few = write(tmp_path / "few.jsonl", *islice(lines, FEW))
    tab.set_input_files("#evaluation input[type=file]", few)
    tab.wait_for_selector(".ev-told")
    assert tab.input_value("#ev-cases input") == "few.jsonl"
    for side in ("a", "b"):
        tab.click(f"#ev-{side} input")
        tab.locator(".options li", has_text="service@1").click()
        tab.wait_for_selector(".options", state="detached")

    tab.click("#ev-start")
    tab.wait_for_selector(".ev-steps progress")
    assert tab.is_disabled("#ev-start")
    assert tab.is_visible("#ev-stop")
    tab.wait_for_selector(".ev-verdict, .ev-failed")
    assert "一模一样" in tab.inner_text("#ev-status")
    assert tab.is_enabled("#ev-start")
    assert not tab.is_visible("#ev-stop")
    assert len(list((data / "runs").iterdir())) == 2

    comparison = tab.frame_locator("#ev-report iframe")
    assert "一模一样" in comparison.locator(".verdict h2").inner_text()
    comparison.locator("details summary").first.click()
    assert comparison.locator("details[open] table").count() == 1
    tab.wait_for_function(
        "() => document.querySelector('#ev-report iframe').style.height"
    )  # as tall as its page
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    with tab.expect_download() as download:
        tab.click("#ev-json_file")
    saved = tmp_path / "saved.json"
    download.value.save_as(saved)
    assert download.value.suggested_filename == "service-v1-service-v1.json"
    assert json.loads(saved.read_text(encoding="utf-8"))["pairs"][0]["verdict"]["outcome"] == "identical"

    tab.click(".ev-head a.way")
    tab.wait_for_selector(".choose")
