"""The page in a real browser against a real `duilian serve`: practise, reload, redo, two tabs, two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.app.server import Visitor, browser, need_chromium, serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHO = "qiao_manli"
REPLY = "对不起，让您烦心了。您说的三天我现在就给您查，查清楚马上跟您讲。"
RUDE = "墙上贴着，自己看！<b>行不行</b>"
NASTY = "您稍等<img src=x onerror=\"document.title='broken'\">"
SIZES = [pytest.param((1280, 800), id="1280"), pytest.param((390, 844), id="390")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need_chromium()
    with serve(tmp_path_factory.mktemp("serve")) as address:
        yield address


@pytest.fixture(scope="module")
def chromium(address: str) -> Iterator[Any]:
    with browser() as chromium:
        yield chromium


class Watched:
    """A browser window that remembers every host it asked and every error it met."""

    def __init__(self, chromium: Any, size: tuple[int, int]) -> None:
        width, height = size
        self.context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self.context.on("request", lambda r: self._asked(r.url))
        self.context.set_default_timeout(60_000)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or url)

    def visitor(self, address: str) -> Visitor:
        page = self.context.new_page()
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("websocket", lambda w: self._asked(w.url))
        return Visitor(page, address)


@pytest.fixture
def window(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Watched]:
    window = Watched(chromium, getattr(request, "param", (1280, 800)))
    yield window
    window.context.close()
    assert window.hosts == {"127.0.0.1"}
    assert window.errors == []


def fits(visitor: Visitor) -> None:
    """Nothing is wider than the window."""
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    talk = page.evaluate(
        "(() => { const t = document.querySelector('#talk'); return t.scrollWidth - t.clientWidth })()"
    )
    assert talk <= 0


@pytest.mark.parametrize("window", SIZES, indirect=True)
def test_a_whole_session_to_the_report_and_a_redo(window: Watched, address: str) -> None:
    visitor = window.visitor(address)
    page = visitor.page
    visitor.home()
    fits(visitor)
    visitor.start(WHO)
    fits(visitor)
    box = page.locator("#part-composer textarea").bounding_box()
    assert box["y"] + box["height"] <= page.viewport_size["height"]
    visitor.say(REPLY)
    assert page.input_value("#part-composer textarea") == ""
    assert page.locator(".meter .delta em").count() > 0
    visitor.say(RUDE)
    assert RUDE in visitor.mine()[1]
    assert page.locator("#part-log .bubble b").count() == 0
    assert page.locator("#part-log mark.is-banned").count() > 0
    page.click('[data-act="hint"]')
    page.wait_for_selector(".hint")
    fits(visitor)
    visitor.finish()
    fits(visitor)
    assert page.locator(".report .curve polyline").count() == 4
    assert page.locator("[data-turn-card]").count() == 2
    first = page.url
    page.click('[data-turn-card="1"] [data-act="redo"]')
    page.wait_for_selector("#part-composer textarea", state="visible")
    page.wait_for_function(f"() => location.href !== {first!r}")
    assert len(visitor.mine()) == 1
    visitor.say(REPLY + NASTY)
    assert visitor.mine() == [REPLY, REPLY + NASTY]
    assert page.locator("img").count() == 0
    assert page.title() != "broken"
    assert page.locator("[data-compare]").is_visible()
    assert "→" in page.inner_text("[data-compare]")
    fits(visitor)
    page.goto(first)
    page.wait_for_selector(".report", state="visible")
    assert page.locator("[data-turn-card]").count() == 2


@pytest.mark.parametrize("window", SIZES, indirect=True)
def test_reload_in_the_middle_goes_on(window: Watched, address: str) -> None:
    visitor = window.visitor(address)
    page = visitor.page
    visitor.home()
    visitor.start(WHO)
    visitor.say(REPLY)
    page.fill("#part-composer textarea", "还没说完")
    page.reload()
    page.wait_for_selector("#part-log .me", state="visible")
    assert visitor.mine() == [REPLY]
    assert page.input_value("#part-composer textarea") == "还没说完"
    visitor.send("我现在就去查")
    page.wait_for_function("() => document.querySelectorAll('#part-log .me').length == 2")
    page.reload()  # while the customer is typing
    page.wait_for_selector("#part-log .me", state="visible")
    visitor.rest()
    assert visitor.mine() == [REPLY, "我现在就去查"]
    page.click('#part-head [data-act="home"]')
    page.wait_for_selector(".choose", state="visible")
    assert "session" not in page.url
    page.click(".recent-card.open")
    page.wait_for_selector("#part-log .me", state="visible")
    assert len(visitor.mine()) == 2
    page.go_back()
    page.wait_for_selector(".choose", state="visible")


def test_two_tabs_do_not_mix_and_a_failed_reply_keeps_its_text(window: Watched, address: str) -> None:
    one, two = window.visitor(address), window.visitor(address)
    one.home()
    two.home()
    one.start(WHO)
    two.start("feng_dakui")
    one.say("第一个窗口的话")
    two.say("第二个窗口的话")
    one.say("又是第一个窗口")
    assert one.mine() == ["第一个窗口的话", "又是第一个窗口"]
    assert two.mine() == ["第二个窗口的话"]
    same = window.visitor(one.page.url)
    same.page.goto(one.page.url)
    same.page.wait_for_selector("#part-log .me", state="visible")
    one.finish()
    same.send("说到一半，那边结束了")
    same.page.wait_for_selector(".toast", state="visible")
    assert re.search("[\u4e00-\u9fff]", same.page.inner_text(".toast p"))
    assert same.page.input_value("#part-composer textarea") == "说到一半，那边结束了"
    assert same.page.is_enabled("#part-composer .send")


def test_leaving_while_the_customer_types_leaves_for_good(window: Watched, address: str) -> None:
    visitor = window.visitor(address)
    page = visitor.page
    visitor.home()
    visitor.start(WHO)
    visitor.send(REPLY)
    page.wait_for_selector(".dots-typing")
    page.click('#part-head [data-act="home"]')
    page.wait_for_selector(".choose", state="visible")
    visitor.start("feng_dakui")
    page.wait_for_timeout(4000)  # longer than the abandoned answer takes to appear
    assert page.inner_text(".head-name b") == "冯厂长"
    assert visitor.mine() == []
    page.click('#part-head [data-act="home"]')
    page.wait_for_selector(".choose", state="visible")  # cards are redrawn in place: not before they are
    page.locator(".recent-card.open", has_text="乔女士").click()
    page.wait_for_selector("#part-log .me", state="visible")
    visitor.rest()
    assert visitor.mine() == [REPLY]


def test_keys_of_the_reply_box(window: Watched, address: str) -> None:
    visitor = window.visitor(address)
    page = visitor.page
    visitor.home()
    visitor.start(WHO)
    area = page.locator("#part-composer textarea")
    area.fill("第一行")
    area.press("Shift+Enter")
    area.type("第二行")
    compose = (
        "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, isComposing: true})"
    )
    assert area.evaluate(f"(area) => area.dispatchEvent({compose})")  # not taken: it picks a word
    assert visitor.mine() == []
    assert "7" in page.inner_text("[data-length]")
    area.press("Enter")
    page.wait_for_selector("#part-log .me")
    visitor.rest()
    assert visitor.mine() == ["第一行\n第二行"]
    assert page.inner_text("[data-timer]")


def test_filters_and_drills(window: Watched, address: str) -> None:
    visitor = window.visitor(address)
    page = visitor.page
    visitor.home()
    everyone = page.locator("[data-card]:visible").count()
    page.click('[data-row="style"][data-value="driver"]')
    drivers = page.locator("[data-card]:visible").count()
    assert 0 < drivers < everyone
    page.click('[data-row="situation"][data-value="too_expensive"]')
    assert page.locator("[data-card]:visible").get_attribute("data-persona") == "feng_dakui"
    page.click('[data-row="style"][data-value=""]')
    page.click('[data-row="situation"][data-value="drill"]')
    assert page.locator("[data-card]:visible").count() == page.locator(".card.drill").count()
    page.locator('.scene[data-scene="phone_hold"]:visible').first.click()
    page.wait_for_selector("#part-log .them .bubble", state="visible")


def test_a_level_is_chosen_and_hides_nobody(window: Watched, address: str) -> None:
    visitor = window.visitor(address)
    page = visitor.page
    visitor.home()
    everyone = page.locator("[data-card]:visible").count()
    page.click('[data-row="level"][data-value="easy"]')
    assert page.locator('[data-row="level"][aria-pressed="true"]').get_attribute("data-value") == "easy"
    assert page.locator("[data-card]:visible").count() == everyone
    page.click('[data-card][data-persona="feng_dakui"]')  # hard by himself
    page.wait_for_selector("#part-log .them .bubble", state="visible")
    assert page.locator("#chat .dots").first.get_attribute("class") == "dots level-1"


LEFT_IN_CHINESE = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), left = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = node.parentElement;
    if (/[\\u4e00-\\u9fff]/.test(node.data) && at.checkVisibility() && !at.closest('[lang="zh"], [data-act="lang"]'))
      left.push(node.data);
  }
  return left;
}"""


@pytest.mark.parametrize("window", SIZES, indirect=True)
def test_language_changes_every_label_and_is_remembered(window: Watched, address: str) -> None:
    visitor = window.visitor(address)
    page = visitor.page
    visitor.home()
    page.click('[data-act="lang"]')
    page.wait_for_selector("html[lang=en]")
    assert page.evaluate(LEFT_IN_CHINESE) == []
    fits(visitor)
    visitor.start(WHO)
    visitor.say(REPLY)
    page.click('[data-act="hint"]')
    page.wait_for_selector(".hint")
    assert page.evaluate(LEFT_IN_CHINESE) == []
    assert page.locator('.them .bubble[lang="zh"]').count() == 2
    page.click('#part-head [data-act="lang"]')
    page.wait_for_selector("html[lang=zh-CN]")
    assert "教练" in page.inner_text("#part-head")
    page.click('#part-head [data-act="lang"]')
    page.wait_for_selector("html[lang=en]")
    fits(visitor)
    visitor.finish()
    assert page.evaluate(LEFT_IN_CHINESE) == []
    fits(visitor)
    page.reload()
    page.wait_for_selector(".report", state="visible")
    assert page.evaluate(LEFT_IN_CHINESE) == []
    page.click('[data-act="lang"]')
    page.wait_for_selector("html[lang=zh-CN]")
    assert "复盘" in page.inner_text(".report")


def test_the_report_can_be_saved(window: Watched, address: str, tmp_path: Path) -> None:
    visitor = window.visitor(address)
    visitor.home()
    visitor.start(WHO)
    visitor.say(REPLY)
    visitor.finish()
    with visitor.page.expect_download() as download:
        visitor.page.click('[data-act="download"]')
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    page = window.context.new_page()
    page.set_content(saved.read_text(encoding="utf-8"))
    assert REPLY in page.inner_text(".report")
    assert page.locator("button").count() == 0
