"""Nothing a person typed becomes markup, and marks stand exactly where the evidence is."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.app.coach import reply_html
from simulator.app.desk import Ask, pieces
from simulator.app.markup import Mark, attrs, button, esc, marked
from simulator.domain.grade import Span
from simulator.report import Finding

NASTY = "<img src=x onerror=alert(1)>&\"'"


def plain(markup: str) -> str:
    """What a reader sees."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def test_esc_leaves_nothing_to_the_browser() -> None:
    assert esc(NASTY) == "&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#x27;"


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([(0, 2)], '<mark class="a">甲乙</mark>丙丁'),
        ([(2, 9)], '甲乙<mark class="a">丙丁</mark>'),
        ([(3, 3)], "甲乙丙丁"),
        ([(7, 9)], "甲乙丙丁"),
        ([(-3, 1)], '<mark class="a">甲</mark>乙丙丁'),
        ([(0, 2), (2, 4)], '<mark class="a">甲乙</mark><mark class="b">丙丁</mark>'),
        (
            [(0, 3), (1, 4)],
            '<mark class="a">甲</mark><mark class="a b">乙丙</mark><mark class="b">丁</mark>',
        ),
        ([(0, 4), (1, 2)], '<mark class="a">甲</mark><mark class="a b">乙</mark><mark class="a">丙丁</mark>'),
    ],
)
def test_marked(marks: list[tuple[int, int]], expected: str) -> None:
    assert (
        marked("甲乙丙丁", [Mark(start=s, end=e, css=c) for (s, e), c in zip(marks, "ab", strict=False)])
        == expected
    )


def test_marks_count_code_points() -> None:
    assert marked("🙂<b>好", [Mark(start=1, end=4, css="a")]) == '🙂<mark class="a">&lt;b&gt;</mark>好'


@given(
    st.text(alphabet="ab<>&\"'好🙂\n", max_size=30),
    st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)), max_size=6),
)
def test_marked_shows_exactly_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    shown = marked(text, [Mark(start=s, end=e, css="a", title=NASTY) for s, e in spans])
    assert plain(shown) == text
    covered = {i for s, e in spans for i in range(max(s, 0), min(e, len(text)))}
    found = "".join(html.unescape(m) for m in re.findall(r"<mark[^>]*>(.*?)</mark>", shown, re.DOTALL))
    assert found == "".join(c for i, c in enumerate(text) if i in covered)


def test_reply_html_escapes_between_and_inside_marks() -> None:
    reply = "<b>不知道</b>，<i>您看"
    finding = Finding(key="banned:x", name=NASTY, good=False, span=Span(start=3, end=6), evidence="不知道")
    shown = reply_html(reply, (finding,), "zh")
    assert '<mark class="is-banned"' in shown
    assert ">不知道</mark>" in shown
    assert re.findall(r"<(\w+)", shown) == ["mark"]


def test_attrs() -> None:
    assert attrs(data_act='a"b', hidden=True, disabled=False, title=None) == ' data-act="a&quot;b" hidden'
    assert (
        button("x", "go", data_n=0) == '<button type="button" class="btn" data-act="go" data-n="0">x</button>'
    )


@given(st.text(min_size=1, max_size=300))
def test_pieces_grow_to_the_whole(text: str) -> None:
    grown = list(pieces(text))
    assert grown[-1] == text
    assert all(text.startswith(p) for p in grown)
    assert len(grown) <= 19
    assert [len(p) for p in grown] == sorted({len(p) for p in grown})


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, Ask()),
        ({"lang": "fr", "turn": "x", "seconds": "soon", "session": 3, "text": None}, Ask()),
        (
            {"lang": "en", "turn": 2, "seconds": 3, "text": "好"},
            Ask(lang="en", turn=2, seconds=3.0, text="好"),
        ),
        ({"seconds": float("nan")}, Ask()),
        ({"seconds": -1, "turn": -7}, Ask(turn=-7)),
        ({"seconds": 10**9}, Ask()),
    ],
)
def test_ask_takes_only_what_fits(sent: dict[str, object], expected: Ask) -> None:
    assert Ask.of(sent) == expected
