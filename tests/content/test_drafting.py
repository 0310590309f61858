"""A draft is its original but for the name, the version and what the head of the file says of them."""

from __future__ import annotations

import difflib

import pytest
from ruamel.yaml import YAML

from simulator.content.catalog import load
from simulator.content.contents import Content
from simulator.content.drafting import first_ref, next_ref, renamed
from simulator.content.places import shipped
from simulator.content.source import ContentSource
from simulator.domain.rubric import Rubric, Scoring
from simulator.errors import UsageError

SAME = "title: 上门  # version: 1 写在哪都行\nitems:\n  - version: 1\n    rubric: visit\n"
PLACES = [
    ("rubric: visit\nversion: 1\n" + SAME, "rubric: call\nversion: 12\n" + SAME),
    (
        SAME + "version:   1  # 第 1 版\nrubric: 'visit' # 名",
        SAME + "version:   12  # 第 1 版\nrubric: call # 名",
    ),
    ("rubric: visit\r\nversion: 1\r\ntitle: 上门\r\n", "rubric: call\r\nversion: 12\r\ntitle: 上门\r\n"),
    ('{"version": 1, "rubric": "visit", "x": [1]}', '{"version": 12, "rubric": call, "x": [1]}'),
    ("rubric:\n  visit\nversion: !!int 1\n", "rubric:\n  call\nversion: 12\n"),
    ("---\nversion: 0x1\nrubric: visit\n...\n", "---\nversion: 12\nrubric: call\n...\n"),
    ("🙂: 𝌆\nrubric: visit\nversion: 1\n", "🙂: 𝌆\nrubric: call\nversion: 12\n"),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
def test_only_the_two_values_change(text: str, expected: str) -> None:
    assert renamed(text, "visit@1", "call@12") == expected
    before, after = (YAML(typ="safe", pure=True).load(t) for t in (text, expected))
    assert after == before | {"rubric": "call", "version": 12}


HEADS = [
    ("# 上门 第 1 版\n", "# 上门 第 12 版\n"),
    ("\n# visit@1：第1版，抄自 visit@11、my_visit@1\n", "\n# call@12：第12版，抄自 visit@11、my_visit@1\n"),
    ("# 第 11 版\r\n\r\n  # 第 1 版\r\n", "# 第 11 版\r\n\r\n  # 第 12 版\r\n"),
]


@pytest.mark.parametrize(("head", "expected"), HEADS)
def test_the_head_names_the_new_version(head: str, expected: str) -> None:
    below = "rubric: {}\nversion: {}\n# 第 1 版的 visit@1\n"
    old, new = below.format("visit", 1), below.format("call", 12)
    assert renamed(head + old, "visit@1", "call@12") == expected + new


@pytest.mark.parametrize("name", ["null", "true", "false"])
def test_a_name_that_yaml_would_not_take_for_text_is_quoted(name: str) -> None:
    text = renamed("rubric: visit\nversion: 1\n", "visit@1", f"{name}@1")
    assert YAML(typ="safe", pure=True).load(text) == {"rubric": name, "version": 1}


@pytest.mark.parametrize(
    "text", ["version: &v 1\nrubric: visit\nx: *v\n", "x: &v 1\nversion: *v\nrubric: visit\n"]
)
def test_what_is_part_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="visit@1 的 rubric 和 version"):
        renamed(text, "visit@1", "visit@2")


def test_the_shipped_rubric_differs_in_two_lines() -> None:
    text = (shipped("rubrics") / "service@1.yaml").read_text(encoding="utf-8")
    made = renamed(text, "service@1", "service@2")
    changed = [d for d in difflib.ndiff(text.splitlines(), made.splitlines()) if d[0] in "+-"]
    assert [d[:12] for d in changed] == [
        "- # 服务评分标准 第",
        "+ # 服务评分标准 第",
        "- version: 1",
        "+ version: 2",
    ]
    assert " 第 2 版" in changed[1]


def a_content(*refs: str, released: tuple[str, ...] = ()) -> Content:
    def rubric(ref: str) -> Rubric:
        name, _, version = ref.partition("@")
        return Rubric(
            name=name, version=int(version), title="x", items=(), banned=(), scoring=Scoring(), hash=""
        )

    return Content(rubrics={r: rubric(r) for r in refs}, released=dict.fromkeys(released, ""))


def test_versions_are_counted_on_from_the_last_there_ever_was() -> None:
    content = a_content("visit@1", "visit@9", "visits@12", released=("visit@10", "visit@x", "visit"))
    assert next_ref(content, "visit") == "visit@11"
    assert next_ref(content, "visits") == "visits@13"
    assert first_ref(content, "vis") == "vis@1"


@pytest.mark.parametrize("name", ["visit", "", "Visit", "1visit", "上门", "visit@2", "a b", "a\n", "../a"])
def test_a_name_that_is_taken_or_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"已经有 visit@2|名字写法不对"):
        first_ref(a_content("visit@1", released=("visit@2",)), name)


def test_the_shipped_family_goes_on() -> None:
    content = load(ContentSource())
    versions = [r.version for r in content.rubrics.values() if r.name == "service"]
    assert next_ref(content, "service") == f"service@{max(versions) + 1}"
