"""What a rubric takes from another one, what it then means, and what its hash is of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.cli.check import check_file
from simulator.content import Catalog, ContentSource
from simulator.content.catalog import load
from simulator.domain.rubric import Kind, Rubric
from tests.content.test_catalog import put

EXAMPLES = """    examples: [您先忙，我放这儿, 好的，材料给您留下, 行，那我不多占您时间, 您忙您的，回头看, 那我把册子搁前台]
    contrast: [您再听我说两句, 就五分钟, 您看完一定要回我]
"""


def item(name: str, kind: str = "skill", situations: str = "", title: str = "自己的") -> str:
    placed = f"    situations: {{{situations}}}\n" if situations else ""
    head = f"  - id: {name}\n    kind: {kind}\n    name: {title}\n    meaning: 意思\n    advice: 建议\n"
    return f"{head}{placed}{EXAMPLES}"


def rubric(name: str, *items: str, include: str = "", more: str = "") -> str:
    taken = f"include:\n  - {include}\n" if include else ""
    own = f"items:\n{''.join(items)}" if items else ""
    return f"rubric: {name}\nversion: 1\ntitle: 标题\n{taken}{own}{more}"


def read(root: Path, text: str, ref: str = "pack@1") -> Rubric:
    put(root, f"rubrics/{ref}.yaml", text)
    return load(ContentSource(overlay=root)).rubric(ref)


def keys(found: Rubric, kind: Kind | None = None) -> set[str]:
    return {key for i in found.items if kind in (None, i.kind) for key in i.keys}


@pytest.fixture(scope="module")
def service() -> Rubric:
    return load(ContentSource()).rubric("service@1")


def test_patterns_take_what_they_say_and_steps_only_where_they_say(tmp_path: Path, service: Rubric) -> None:
    fault = min(keys(service, Kind.NEGATIVE))
    one, *rest = (f"step:phone_hold.{i.id}" for i in service.steps_of("phone_hold"))
    include = (
        f'{{from: service@1, items: ["skill:empathy", "skill:*", "{fault}", "step:phone_answer.*", "{one}"]}}'
    )
    own = [item(key.rpartition(".")[2], "step", "phone_hold: {order: 1}") for key in rest]
    found = read(tmp_path, rubric("pack", *own, include=include))
    assert keys(found, Kind.SKILL) == keys(service, Kind.SKILL)
    assert keys(found, Kind.NEGATIVE) == {fault}
    answering = {f"step:phone_answer.{i.id}" for i in service.steps_of("phone_answer")}
    assert keys(found, Kind.STEP) == {one, *rest, *answering}
    assert found.situations == {"phone_answer", "phone_hold"}
    for key in (one, *answering):
        mine, theirs = found.item(key), service.item(key)
        assert mine is not None
        assert theirs is not None
        assert mine == replace(theirs, placements=mine.placements)
        assert mine.placements.items() <= theirs.placements.items()
    assert found.banned == ()
    assert found.prescribed == ()


def test_a_bare_step_is_taken_wherever_it_stands(tmp_path: Path, service: Rubric) -> None:
    every = read(tmp_path, rubric("pack", include='{from: service@1, items: ["step:*"]}'))
    assert keys(every) == keys(service, Kind.STEP)
    assert every.situations == service.situations
    named = sorted({i.id for i in service.items if i.kind is Kind.STEP})
    by_name = f"{{from: service@1, items: [{', '.join(f'step:{n}' for n in named)}]}}"
    assert keys(read(tmp_path, rubric("pack", include=by_name))) == keys(service, Kind.STEP)


def test_an_own_item_takes_the_place_of_the_one_of_its_key(tmp_path: Path, service: Rubric) -> None:
    shared = next(i for i in service.items if "phone_answer" in i.placements and len(i.placements) > 1)
    other = next(s for s in shared.placements if s != "phone_answer")
    include = f'{{from: service@1, items: ["skill:*", "step:phone_answer.*", "step:{other}.*"]}}'
    own = (item("empathy"), item(shared.id, "step", "phone_answer: {order: 9}"))
    found = read(tmp_path, rubric("pack", *own, include=include))
    assert keys(found, Kind.SKILL) == keys(service, Kind.SKILL), "none is lost, none comes twice"
    told = [key for i in found.items for key in i.keys]
    assert len(told) == len(set(told))
    for key, name in (
        ("skill:empathy", "自己的"),
        (f"step:phone_answer.{shared.id}", "自己的"),
        (f"step:{other}.{shared.id}", shared.name),
    ):
        known = found.item(key)
        assert known is not None
        assert known.name == name
    assert found.steps_of("phone_answer")[-1].id == shared.id, "with its own place"


def test_banned_phrases_are_taken_whole_and_an_own_one_wins(tmp_path: Path, service: Rubric) -> None:
    mine = service.banned[0].id
    own = (
        f"banned:\n  - {{id: {mine}, category: insult, phrase: 走开, source: '1', better: 您请, "
        "paraphrases: [滚, 滚开, 一边去], neighbours: [请坐, 您走好]}\n"
    )
    include = '{from: service@1, items: ["skill:empathy"], banned: true}'
    found = read(
        tmp_path, rubric("pack", item("mine", "step", "too_expensive: {order: 1}"), include=include, more=own)
    )
    assert {b.id for b in found.banned} == {b.id for b in service.banned}
    assert len(found.banned) == len(service.banned)
    phrase = found.banned_phrase(mine)
    assert phrase is not None
    assert phrase.phrase == "走开"


def test_prescribed_lines_come_with_the_steps_that_are_scored(tmp_path: Path, service: Rubric) -> None:
    include = '{from: service@1, items: ["step:phone_answer.*"], prescribed: true}'
    found = read(
        tmp_path, rubric("pack", item("own_way", "step", "too_expensive: {order: 1}"), include=include)
    )
    theirs = [line for line in service.prescribed if line.situation == "phone_answer"]
    assert theirs
    assert list(found.prescribed) == theirs, "and none of too_expensive, whose steps are others here"


def test_the_hash_is_of_the_own_content_and_of_the_base(tmp_path: Path) -> None:
    step = item("mine", "step", "too_expensive: {order: 1}")
    text = rubric("pack", step, include='{from: base@1, items: ["skill:*"]}')

    def hash_with(folder: str, base: str, own: str) -> str:
        root = tmp_path / folder
        put(root, "rubrics/base@1.yaml", base)
        released = load(ContentSource(overlay=root)).rubric("base@1").hash
        put(root, "rubrics/LOCK", f"base@1 {released}\n")
        return read(root, own).hash

    base = rubric("base", item("theirs"), item("way", "step", "too_expensive: {order: 1}"))
    first = hash_with("1", base, text)
    assert first == hash_with("2", base, "# 只改注释\n" + text)
    assert first != hash_with("3", base.replace("建议", "别的建议"), text)
    assert first != hash_with("4", base, text.replace("建议", "别的建议"))
    assert first != hash_with("5", base, text.replace("skill:*", "skill:theirs"))


def test_hashes_of_rubrics_without_include_are_what_they_were(tmp_path: Path, service: Rubric) -> None:
    assert service.hash == "cf008009d702e6c0"
    plain = Path(__file__).parent / "visit@1.yaml"
    text = plain.read_text(encoding="utf-8")
    assert read(tmp_path, text, "visit@1").hash == "d2265a3653c56fcb"
    assert read(tmp_path, text + "include: []\n", "visit@1").hash == "d2265a3653c56fcb"


def test_a_pack_in_a_folder_of_ones_own_is_checked_alone_and_kept_fresh(tmp_path: Path) -> None:
    text = rubric("pack", include='{from: service@1, items: ["step:phone_answer.*"]}')
    path = put(tmp_path, "rubrics/pack@1.yaml", text)
    assert check_file(path, None) == []
    catalog = Catalog(ContentSource(overlay=tmp_path))
    before = catalog.content.rubric("pack")
    put(tmp_path, "rubrics/pack@1.yaml", text.replace("phone_answer", "phone_hold"))
    assert catalog.content.rubric("pack").situations == {"phone_hold"}
    put(tmp_path, "rubrics/pack@1.yaml", text.replace("phone_answer", "phone_hole"))
    assert catalog.content.rubric("pack").situations == {"phone_hold"}
    assert ["phone_hole" in p.message for p in catalog.problems] == [True]
    assert before.situations == {"phone_answer"}


def test_a_released_pack_stays_as_it_is(tmp_path: Path) -> None:
    text = rubric("pack", include='{from: service@1, items: ["step:phone_answer.*"]}')
    put(tmp_path, "rubrics/LOCK", f"pack@1 {read(tmp_path, text).hash}\n")
    path = put(tmp_path, "rubrics/pack@1.yaml", text)
    assert check_file(path, None) == []
    put(tmp_path, "rubrics/pack@1.yaml", text.replace("phone_answer", "phone_hold"))
    [problem] = check_file(path, None)
    assert "已经发布" in problem.message


def test_a_base_with_a_mistake_is_told_where_it_is_taken_from(tmp_path: Path) -> None:
    put(tmp_path, "rubrics/base@1.yaml", rubric("base", item("theirs")).replace("version: 1", "version: 0"))
    put(tmp_path, "rubrics/LOCK", "base@1 0000000000000000\n")
    path = put(tmp_path, "rubrics/pack@1.yaml", rubric("pack", include='{from: base@1, items: ["skill:*"]}'))
    [problem] = check_file(path, None)
    assert (problem.line, problem.message) == (5, "base@1 自己有错，先把它改好")


def test_a_situation_may_be_scored_by_steps_of_ones_own_but_not_by_some_prescribed_ones(
    tmp_path: Path, service: Rubric
) -> None:
    first, *others = (i.id for i in service.steps_of("phone_answer"))
    own = item("own_way", "step", "phone_answer: {order: 1}")
    path = put(tmp_path, "rubrics/pack@1.yaml", rubric("pack", own))
    assert check_file(path, None) == []
    some = item(first, "step", "phone_answer: {order: 2}")
    put(tmp_path, "rubrics/pack@1.yaml", rubric("pack", own, some))
    [problem] = check_file(path, None)
    assert f"情境 phone_answer 缺少规定步骤：{'、'.join(others)}（" in problem.message
    rest = [item(name, "step", "phone_answer: {order: 3}") for name in others]
    put(tmp_path, "rubrics/pack@1.yaml", rubric("pack", own, some, *rest))
    assert check_file(path, None) == []
