"""The page of a comparison: what it says, that nothing in a reply can run, and how it looks in a browser."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from eval.comparing.comparison import Comparison, compare
from eval.comparing.page import MOST_CHANGES, render
from tests.app.server import browser, need_chromium
from tests.eval.planted_runs import (
    NAMES,
    Row,
    edited,
    is_true,
    item_of,
    planted,
    set_verdict,
    unlabelled,
    write_run,
)

SITUATIONS = {"too_expensive": "嫌贵", "phone_answer": "接电话", "driver": "主观型"}
REASON = "step:too_expensive.reason"
NASTY = (
    "您稍等<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">&amp;'\""
)
BASE = planted(240, seed=8)


def mixed(row: Row) -> None:
    """An item worse, one better, some quality lost, evidence elsewhere."""
    if item_of(row, REASON) and is_true(row, REASON):
        set_verdict(row, REASON, False)
    set_verdict(row, "skill:empathy", is_true(row, "skill:empathy"))
    if row["index"] % 9 == 0:
        row["quality"] = max(1.0, row["quality"] - 1.5)
    for item in row["items"]:
        if item["start"] is not None:
            item |= {"start": 2, "end": 9}


def compared(folder: Path, a: list[Row], b: list[Row], **record_b: Any) -> Comparison:
    later = {"rubric": "service@2", "rubric_hash": "bbbb"}
    runs = write_run(folder / "a", a), write_run(folder / "b", b, **(later | record_b))
    return compare(*runs, draws=200)


class Outline(HTMLParser):
    """Every tag with its attributes, and ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_says_what_the_comparison_found(tmp_path: Path) -> None:
    found = compared(tmp_path, BASE, edited(BASE, mixed), calibrated=False)
    page = render(found, SITUATIONS)
    assert "B 比 A 有好有坏，但只有一边有自己的校准，先别当真" in page
    assert "先给 B 的评分标准做校准" in page
    assert "嫌贵·说清贵在哪" in page
    assert "人工：做到" in page
    assert page.count("<article") == len(found.pairs[0].changes)
    marked = re.search(r'<p class="reply"><mark class="in-a"[^>]*>..</mark><mark class="in-a in-b"', page)
    assert marked  # A's evidence is 0-5, B's 2-9


def test_the_label_is_called_human_only_where_people_labelled(tmp_path: Path) -> None:
    def by_model(row: Row) -> None:
        row["by"] = "model"

    base = edited(BASE, by_model)
    page = render(compared(tmp_path, base, edited(base, mixed)), SITUATIONS)
    assert "标签（模型标的）：做到" in page
    assert "人工" not in page
    assert "标签是语言模型标的" in page


def test_the_page_asks_for_nothing(tmp_path: Path) -> None:
    page = render(compared(tmp_path, BASE, edited(BASE, mixed)), SITUATIONS)
    tags = Outline(page).tags
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in tags}
    assert [attrs for tag, attrs in tags if "src" in attrs or "xlink:href" in attrs] == []
    assert all((attrs["href"] or "").startswith("#") for _, attrs in tags if "href" in attrs)
    assert not re.findall(r"url\((?!#)|@import|https?://", page)


def test_every_id_is_used_once_and_every_reference_is_met(tmp_path: Path) -> None:
    write = [write_run(tmp_path / n, edited(BASE, mixed) if n != "a" else BASE) for n in "abc"]
    page = render(compare(*write, draws=100), SITUATIONS)
    ids = [attrs["id"] for _, attrs in Outline(page).tags if "id" in attrs]
    assert len(ids) == len(set(ids)) > 0
    assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page)) <= {
        pair for i in ids for pair in ((i, ""), ("", i))
    }


def test_the_same_comparison_makes_the_same_page(tmp_path: Path) -> None:
    found = compared(tmp_path, BASE, edited(BASE, mixed))
    assert render(found, SITUATIONS) == render(found, SITUATIONS)


def test_what_cases_and_rubrics_say_is_only_text(tmp_path: Path) -> None:
    def nasty(row: Row) -> None:
        row |= {"reply": NASTY, "customer": NASTY, "style": NASTY, "kind": NASTY, "source": NASTY}
        row["id"] = f"{row['id']}{NASTY}"

    base = edited(BASE, nasty)
    names = {k: f"$x$ {NASTY}" for k in NAMES}
    page = render(
        compared(tmp_path, base, edited(base, mixed), item_names=names, rubric=NASTY, encoder=NASTY), {}
    )
    tags = Outline(page).tags
    assert [tag for tag, _ in tags].count("script") == 1
    assert not [attrs for _, attrs in tags if any(name.startswith("on") for name in attrs)]
    assert "img" not in {tag for tag, _ in tags}


def test_very_many_changes_are_cut_by_size_and_said(tmp_path: Path) -> None:
    chance = random.Random(1)
    found = compared(tmp_path, BASE, edited(BASE, lambda row: turn_all(row, chance)))
    changes = found.pairs[0].changes
    assert len(changes) > MOST_CHANGES
    page = render(found, SITUATIONS)
    assert page.count("<article") == MOST_CHANGES
    assert f"一共 {len(changes):,} 处" in page
    least = sorted((c.size for c in changes), reverse=True)[MOST_CHANGES - 1]
    shown = set(re.findall(r'data-item="([^"]+)"', page))
    assert shown >= {c.item for c in changes if c.size > least}


def turn_all(row: Row, chance: random.Random) -> None:
    for item in row["items"]:
        set_verdict(row, item["key"], item["verdict"] != "met", round(chance.random(), 4))


def test_runs_that_are_alike_have_a_short_page(tmp_path: Path) -> None:
    page = render(compared(tmp_path, BASE, BASE), SITUATIONS)
    assert "B 和 A 判得一模一样" in page
    assert "<article" not in page
    assert "<svg" not in page


def test_unlabelled_runs_have_no_figures_of_right_and_wrong(tmp_path: Path) -> None:
    a, b = edited(BASE, unlabelled), edited(edited(BASE, mixed), unlabelled)
    page = render(compared(tmp_path, a, b), SITUATIONS)
    assert "没有标签，只能说改了什么，说不出好坏" in page
    assert "<svg" not in page
    assert "人工" not in page
    assert "两版一致 kappa" in page


# ---- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    need_chromium()
    with browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page in which every reply tries to run something."""

    def nasty(row: Row) -> None:
        row["reply"] = f"您稍等，我这就给您查一下。{NASTY}"

    folder = tmp_path_factory.mktemp("page")
    base = edited(BASE, nasty)
    made = folder / "page.html"
    made.write_text(render(compared(folder, base, edited(base, mixed)), SITUATIONS), encoding="utf-8")
    return made


def opened(chromium: Any, file: Path, width: int, **more: Any) -> tuple[Any, list[str]]:
    context = chromium.new_context(viewport={"width": width, "height": 844}, locale="zh-CN", **more)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda request: complaints.append(request.url) if "page.html" not in request.url else None
    )
    page.goto(file.as_uri())
    return page, complaints


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_runs_nothing_of_a_reply(
    chromium: Any, file: Path, width: int, scheme: str
) -> None:
    page, complaints = opened(chromium, file, width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert "broken" not in page.title()
    assert "<script>" in page.inner_text(".reply >> nth=0")
    paper, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    lightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, ink)]
    assert (lightness[0] > lightness[1]) is (scheme == "light")
    page.emulate_media(media="print")
    assert page.locator(".filter").first.is_hidden()
    assert complaints == []


@pytest.mark.browser
@pytest.mark.slow
def test_names_in_plots_stay_inside_and_do_not_touch_the_figures(chromium: Any, file: Path) -> None:
    page, _ = opened(chromium, file, 390)
    boxes = page.evaluate("""() => [...document.querySelectorAll("svg.plot")].filter((s) => s.checkVisibility()).flatMap((svg) => {
        const all = svg.getBoundingClientRect();
        return [...svg.querySelectorAll("text")].map((t) => {
            const box = t.getBoundingClientRect();
            return [box.left - all.left, all.right - box.right, box.top, box.bottom, box.left, box.right, t.textContent];
        });
    })""")
    assert len(boxes) > 20
    assert all(left >= -0.5 and right >= -0.5 for left, right, *_ in boxes)
    for one in boxes:
        for other in boxes:
            if one is not other:
                apart = (
                    one[5] <= other[4]
                    or other[5] <= one[4]
                    or one[3] <= other[2] + 3
                    or other[3] <= one[2] + 3
                )
                assert apart, (one[6], other[6])


@pytest.mark.browser
@pytest.mark.slow
def test_changes_are_filtered_by_item_and_effect(chromium: Any, file: Path) -> None:
    page, _ = opened(chromium, file, 1280)
    everyone = page.locator(".change").count()
    page.select_option(".filter select", REASON)
    shown = page.locator(".change:not([hidden])")
    assert 0 < shown.count() < everyone
    assert set(shown.evaluate_all("all => all.map((x) => x.dataset.item)")) == {REASON}
    assert all(shown.nth(n).is_visible() for n in range(shown.count()))  # folds are open
    page.click('.filter button[value="gain"]')
    kept = set(shown.evaluate_all("all => all.map((x) => x.dataset.item + x.dataset.effect)"))
    assert kept <= {f"{REASON}gain"}
    page.select_option(".filter select", "skill:empathy")
    assert shown.count() > 0
    page.click('.filter button[value="loss"]')
    assert shown.count() == 0
    assert page.locator("[data-none]").is_visible()
    page.click('.filter button[value=""]')
    page.select_option(".filter select", "")
    assert shown.count() == everyone


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_works_without_scripts(chromium: Any, file: Path) -> None:
    page, _ = opened(chromium, file, 390, java_script_enabled=False)
    assert page.locator(".filter").first.is_hidden()
    assert page.locator(".change").first.is_visible()
    folded = page.locator("details.sheaf").last
    folded.locator("summary").first.click()
    assert folded.locator(".change").first.is_visible()
