"""Overlaying, keeping fresh, and what happens when a change is broken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from simulator.content import Catalog, ContentSource
from simulator.content.catalog import load, read_all
from simulator.content.crosscheck import bare_text, coverage
from simulator.content.places import shipped
from simulator.domain.persona import Mood, Move
from simulator.errors import ContentError, UsageError

LUO = "personas/cast/luo_tiejun.yaml"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A trainer's folder with one person changed."""
    put(tmp_path, LUO, text_of(LUO).replace("age: 50", "age: 51"))
    return tmp_path


def text_of(name: str) -> str:
    top, _, below = name.partition("/")
    return (shipped(top) / below).read_text(encoding="utf-8")


def put(root: Path, name: str, text: str) -> Path:
    """Writes a file with a date of its own, as an editor would a moment later."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    if path.stat().st_mtime_ns == before:
        os.utime(path, ns=(before + 1_000_000, before + 1_000_000))
    return path


def test_the_same_id_replaces_and_a_new_id_adds(own: Path) -> None:
    put(own, "personas/cast/luo_er.yaml", text_of(LUO).replace("id: luo_tiejun", "id: luo_er"))
    before, after = load(ContentSource()), load(ContentSource(overlay=own))
    assert before.persona("luo_tiejun").age == 50
    assert after.persona("luo_tiejun").age == 51
    assert set(after.personas) - set(before.personas) == {"luo_er"}
    assert {k: v for k, v in after.personas.items() if not k.startswith("luo_")} == {
        k: v for k, v in before.personas.items() if not k.startswith("luo_")
    }


def test_own_lines_add_to_the_shipped_ones(own: Path) -> None:
    row = '{"style": "driver", "move": "press", "mood": "upset", "scopes": ["sales"], "text": "晚高峰要设卡，你快点"}'
    put(own, "personas/lines/mine.jsonl", row + "\n")
    added = set(load(ContentSource(overlay=own)).lines) - set(load(ContentSource()).lines)
    assert [line.text for line in added] == ["晚高峰要设卡，你快点"]


def test_a_change_is_picked_up_without_a_restart(own: Path) -> None:
    catalog = Catalog(ContentSource(overlay=own))
    first = catalog.content
    assert catalog.content is first, "nothing changed, nothing is read"
    put(own, LUO, text_of(LUO).replace("age: 50", "age: 52"))
    assert catalog.content.persona("luo_tiejun").age == 52
    put(own, "personas/cast/luo_er.yaml", text_of(LUO).replace("id: luo_tiejun", "id: luo_er"))
    assert "luo_er" in catalog.content.personas
    (own / LUO).unlink()
    assert catalog.content.persona("luo_tiejun").age == 50
    assert catalog.problems == ()


def test_a_broken_change_keeps_the_last_good_content_and_tells(own: Path) -> None:
    catalog = Catalog(ContentSource(overlay=own))
    put(own, LUO, text_of(LUO).replace("age: 50", "age: 500"))
    assert catalog.content.persona("luo_tiejun").age == 51
    [problem] = catalog.problems
    assert problem.file == str(own / LUO)
    assert (problem.line, problem.place) == (4, "age")
    put(own, LUO, text_of(LUO).replace("age: 50", "age: 53"))
    assert catalog.content.persona("luo_tiejun").age == 53
    assert catalog.problems == ()


def test_broken_content_is_refused_at_the_start_with_every_problem(own: Path) -> None:
    put(own, LUO, text_of(LUO).replace("age: 50", "age: 500").replace("style: driver", "style: tiger"))
    put(own, "prompts/note.txt", "$move")
    with pytest.raises(ContentError) as caught:
        Catalog(ContentSource(overlay=own))
    assert {Path(p.file).name for p in caught.value.problems} == {"luo_tiejun.yaml", "note.txt"}
    assert {p.place for p in caught.value.problems} >= {"age", "style"}


def test_a_released_rubric_cannot_change_and_a_lock_is_picked_up(own: Path) -> None:
    text = (Path(__file__).parent / "visit@1.yaml").read_text(encoding="utf-8")
    path = put(own, "rubrics/visit@1.yaml", text)
    catalog = Catalog(ContentSource(overlay=own))
    put(own, "rubrics/LOCK", f"visit@1 {catalog.content.rubric('visit@1').hash}\n")
    put(own, "rubrics/visit@2.yaml", text.replace("version: 1", "version: 2"))
    assert "visit@1" in catalog.content.released
    assert catalog.content.rubric("visit").ref == "visit@1", "the newest released one"
    assert catalog.content.rubric("visit@2").ref == "visit@2"
    put(own, "rubrics/visit@1.yaml", text + "# 只改注释\n")
    assert catalog.content is not None
    assert catalog.problems == ()
    put(own, "rubrics/visit@1.yaml", text.replace("先答应", "答应"))
    assert catalog.content.rubric("visit@1").items[0].name == "先答应"
    [problem] = catalog.problems
    assert problem.file == str(path)
    assert "已经发布" in problem.message


def test_an_own_lock_cannot_release_a_shipped_rubric_differently(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = own / "top"
    for name in ("personas", "prompts", "rubrics"):
        shutil.copytree(shipped(name), top / name)
    true = load(ContentSource()).rubric("service@1").hash
    put(top, "rubrics/LOCK", f"service@1 {true}\n")
    monkeypatch.setattr("simulator.content.source.shipped", lambda name: top / name)
    changed = text_of("rubrics/service@1.yaml").replace("先认下贵", "认下贵")
    mine = own / "mine"
    put(mine, "rubrics/service@1.yaml", changed)
    put(mine, "rubrics/LOCK", "service@1 0000000000000000\n")
    _, problems = read_all(ContentSource(overlay=mine))
    assert [p.message for p in problems if "已经发布" in p.message and true in p.message]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda c: c.persona("luo_tiejum"), "是不是想写 luo_tiejun"),
        (lambda c: c.style("tiger"), "可以是：amiable、analytical、driver、expressive"),
        (lambda c: c.situation("too_expansive"), "是不是想写 too_expensive"),
        (lambda c: c.rubric("service@99"), "是不是想写 service@2"),
        (lambda c: c.rubric("zzz"), "service@1"),
    ],
)
def test_asking_for_what_is_not_there_tells_what_is(ask, told: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match=told):
        ask(load(ContentSource()))


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="不是一个目录"):
        ContentSource(overlay=tmp_path / "nothing")


def test_coverage_counts_lines_by_reachable_cell(own: Path) -> None:
    before = coverage(load(ContentSource()))
    row = '{"style": "driver", "move": "press", "mood": "upset", "scopes": ["too_expensive"], "text": "晚高峰要设卡，你快点"}'
    put(own, "personas/lines/mine.jsonl", row + "\n")
    after = coverage(load(ContentSource(overlay=own)))
    assert after - before == {("driver", "too_expensive", Move.PRESS, Mood.UPSET): 1}
    assert set(before) == set(after)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("{company}，你看着办吧", "你看着办！", True),
        ("赶紧说重点！", "赶紧说重点呀…", True),
        ("赶紧说重点", "赶紧说价钱", False),
        ("给我99块的", "给我89块的", False),
    ],
)
def test_bare_text_leaves_what_makes_a_line(one: str, other: str, same: bool) -> None:
    assert (bare_text(one) == bare_text(other)) is same
