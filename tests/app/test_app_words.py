"""Every label in both languages, with the same slots; every shipped style and situation has an English name."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import simulator.app
from simulator.app import names
from simulator.app.words import WORDS, duration, say
from simulator.content.catalog import load
from simulator.content.source import ContentSource

HAN = re.compile(r"[\u4e00-\u9fff]")
OF_THE_OTHER = {"switch", "switch_title"}  # the switch speaks the language it leads to
SOURCES = sorted(Path(simulator.app.__file__).parent.glob("*.py"))


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_label_has_both_languages_and_the_same_slots(key: str) -> None:
    chinese, english = WORDS[key]
    assert chinese.strip()
    assert english.strip()
    assert slots(chinese) == slots(english)
    if key not in OF_THE_OTHER:
        assert not HAN.search(english)
        assert HAN.search(chinese)


def test_every_label_that_the_page_asks_for_is_there() -> None:
    asked = {
        k for path in SOURCES for k in re.findall(r'say\(\w+(?:\.\w+)*, [\'"](\w+)[\'"]', path.read_text())
    }
    assert len(asked) > 40
    assert asked <= WORDS.keys()


def test_every_label_is_used() -> None:
    code = "\n".join(p.read_text() for p in SOURCES if p.name != "words.py")
    computed = ("mood_", "family_", "filter_")
    values = {"easy", "normal", "hard", "won", "advanced", "stalled", "escalated", "product", "price", "plan"}
    values |= {"bill", "step", "skill", "negative", "banned", "anger", "trust", "interest", "patience"}
    unused = {k for k in WORDS if not re.search(rf"[\"']{k}[\"']", code) and not k.startswith(computed)}
    assert unused - values - {"seconds", "minutes"} == set()


def test_shipped_styles_and_situations_have_english_names() -> None:
    content = load(ContentSource())
    for style in content.styles.values():
        assert not HAN.search(names.style_name("en", style))
        assert names.style_name("zh", style) == style.name
    for situation in content.situations.values():
        assert not HAN.search(names.situation_name("en", situation))
        assert names.situation_name("zh", situation) == situation.name


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [(7.4, "7 秒", "7s"), (59.6, "1 分 0 秒", "1m 0s"), (125, "2 分 5 秒", "2m 5s")],
)
def test_duration(seconds: float, chinese: str, english: str) -> None:
    assert (duration("zh", seconds), duration("en", seconds)) == (chinese, english)


def test_unknown_label_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("zh", "no_such_label")
