"""The labelling page in a real browser against a real `duilian eval label`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.app.server import PATIENCE, ROOT, browser, free_port, need_chromium

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NASTY = "您稍等<img src=x onerror=\"document.title='broken'\">"
SECRETS = {"steps": ["secret_step"], "skills": ["empathy"], "negatives": ["argue"], "banned": ["b001"],
           "quality": 4.75, "kind": "secret_kind", "labeller": "secret_labeller"}  # fmt: skip
CASES = [
    {"id": f"r{n}", "situation": "too_expensive", "style": "driver", "customer": f"第{n}句", "reply": NASTY}
    for n in range(4)
]


def saved(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def labelling(folder: Path, labeller: str) -> Iterator[str]:
    """The address of a running `duilian eval label` over CASES, saving into `folder`."""
    port = free_port()
    rows = [json.dumps(case | SECRETS, ensure_ascii=False) for case in CASES]
    (folder / "cases.jsonl").write_text("\n".join(rows), encoding="utf-8")
    command = [sys.executable, "-m", "simulator.cli.main", "eval", "label", "--port", str(port)]
    command += ["--cases", str(folder / "cases.jsonl"), "--labeller", labeller, "--out", str(folder)]
    log = folder / f"{labeller}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}/"
            _wait_for(address, process, log)
            yield address
        finally:
            process.kill()  # as a power cut would: what was saved must be there all the same
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"duilian eval label did not start:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    need_chromium()
    with browser() as chromium:
        yield chromium


class Labeller:
    """A browser window at the page, and all that the server sent to it."""

    def __init__(self, chromium: Any, address: str, width: int) -> None:
        context = chromium.new_context(viewport={"width": width, "height": 844}, locale="zh-CN")
        context.set_default_timeout(60_000)
        self.page, self.hosts, self.errors = context.new_page(), set[str](), list[str]()
        self.page.on("request", lambda r: self._asked(r.url))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(address)
        self.page.wait_for_selector("body[data-shown]")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or url)

    def at(self) -> str:
        return str(self.page.get_attribute(".label", "data-id"))

    def act(self, name: str) -> None:
        before = self.page.get_attribute("body", "data-shown")
        self.page.click(f'.label [data-act="{name}"]')
        self.page.wait_for_selector(f'body[data-shown]:not([data-shown="{before}"])')

    def tick(self, field: str, value: str) -> None:
        self.page.check(f'.label input[name="{field}"][value="{value}"]', force=field == "quality")

    def told(self) -> str:
        self.page.wait_for_selector(".toast.shown")
        return str(self.page.inner_text(".toast p"))

    def ticked(self) -> list[str]:
        boxes = self.page.locator(".label input:checked")
        return [boxes.nth(n).get_attribute("value") for n in range(boxes.count())]


@pytest.mark.parametrize("width", [1280, 390])
def test_labelling_replies_blind(width: int, chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "张三.jsonl"
    with labelling(tmp_path, "张三") as address:
        one = Labeller(chromium, address, width)
        page, first = one.page, one.at()
        html = page.content()
        assert one.ticked() == []
        assert "secret" not in html
        assert "4.75" not in html
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.inner_text(".said.mine") == NASTY
        assert page.locator("img").count() == 0
        one.tick("steps", "reason")
        page.fill("[data-search]", "不知道")
        assert 0 < page.locator(".phrases .tick:visible").count() < page.locator(".phrases .tick").count()
        one.tick("banned", "b001")
        page.click('[data-act="save"]')
        assert "质量分" in one.told()
        assert one.ticked() == ["reason", "b001"]
        one.tick("quality", "2.5")
        one.act("save")
        assert one.ticked() == []
        assert "已标 1 / 4" in page.inner_text(".top")
        page.focus('.label input[name="skills"][value="empathy"]')  # the second by keyboard alone
        page.keyboard.press("Space")
        page.focus('.label input[name="quality"][value="1"]')
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        second, shown = one.at(), page.get_attribute("body", "data-shown")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(f'body:not([data-shown="{shown}"])')
        one.act("skip")
        assert one.hosts == {"127.0.0.1"}
        assert one.errors == []
    rows = saved(file)
    assert [(r["id"], r["steps"], r["skills"], r["negatives"], r["banned"], r["quality"]) for r in rows] == [
        (first, ["reason"], [], ["banned_phrase"], ["b001"], 2.5),
        (second, [], ["empathy"], [], [], 1.5),
    ]
    assert all(r["labeller"] == "张三" and r["by"] == "human" and r["seconds"] >= 0 for r in rows)


def test_going_on_after_a_kill_correcting_and_a_failed_save(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "乙.jsonl"
    with labelling(tmp_path, "乙") as address:
        one = Labeller(chromium, address, 1280)
        first = one.at()
        one.tick("quality", "2")
        one.act("save")
        waiting = one.at()
    file.write_bytes(file.read_bytes() + b'{"id": "r')
    with labelling(tmp_path, "乙") as address:
        assert "没写完" in (tmp_path / "乙.log").read_text(encoding="utf-8")
        one = Labeller(chromium, address, 1280)
        assert one.at() == waiting
        one.act("back")
        assert one.at() == first
        assert one.ticked() == ["2"]
        one.tick("quality", "3")
        one.page.reload()  # what was entered but not saved is still there when one goes back
        one.page.wait_for_selector("body[data-shown]")
        one.act("back")
        assert one.ticked() == ["3"]
        kept = file.rename(tmp_path / "kept")
        file.mkdir()
        one.page.click('[data-act="save"]')
        assert re.search("乙.jsonl", one.told())
        assert one.ticked() == ["3"]
        file.rmdir()
        kept.rename(file)
        one.act("save")
        assert one.at() == waiting
        for _ in range(3):
            one.tick("quality", "5")
            one.act("save")
        assert "都标完了" in one.page.inner_text(".label")
        one.act("back")
        assert one.ticked() == ["5"]
    assert [(r["id"], r["quality"]) for r in saved(file)][:2] == [(first, 2), (first, 3)]
    assert len({r["id"] for r in saved(file)}) == len(CASES)
