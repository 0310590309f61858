"""`duilian rubric new` and `diff`: from a draft, through what is changed in it, to its release."""

from __future__ import annotations

import itertools
import json
import re
import resource
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.cases import read_cases
from simulator.content.catalog import load
from simulator.content.source import ContentSource
from tests.cli.rubrics import VISIT, edit, locked, second
from tests.conftest import Result

Call = Callable[..., Result]
# Two versions that differ in all sorts of things, and what is said of them.
TWO = Path(__file__).parent / "difference"
GUIDE = Path(__file__).parents[2] / "docs" / "trainers.md"
pytestmark = pytest.mark.usefixtures("untouched")


def test_from_draft_to_release(duilian: Call, own: Path) -> None:
    duilian("rubric", "release", "visit@1", "--content", own)
    made = duilian("rubric", "new", "visit", "--content", own)
    assert made.code == 0, made.err
    path = own / "rubrics" / "visit@2.yaml"
    assert str(path) in made.out
    assert path.read_text(encoding="utf-8") == VISIT.read_text(encoding="utf-8").replace("ion: 1", "ion: 2")
    assert duilian("check", own).code == 0
    compare = ("rubric", "diff", "visit@1", "visit@2", "--content", own)
    same = duilian(*compare)
    assert (same.code, same.out) == (0, "visit@1 和 visit@2 没有差别。\n")
    edit(own, "您忙您的，回头看", "您忙，回头再看", version=2)
    assert duilian(*compare).out.splitlines() == [
        "visit@1 → visit@2：评分项加 0 项、去 0 项、改 1 项（例句 +1 -1）。",
        "",
        "评分项（items）",
        "~ 先答应（skill:brief）",
        "    - 例句：您忙您的，回头看",
        "    + 例句：您忙，回头再看",
    ]
    assert duilian("rubric", "release", "visit@2", "--content", own).code == 0
    assert [r.split()[0] for r in locked(own)] == ["visit@1", "visit@2"]


def test_every_command_that_a_draft_is_told_of_is_there(duilian: Call, own: Path) -> None:
    told = duilian("rubric", "new", "visit@1", "--content", own).out
    commands = [row.partition("duilian ")[2].split() for row in told.splitlines() if "duilian " in row]
    named = [" ".join(words[: 1 + (words[0] in ("rubric", "eval"))]) for words in commands]
    wanted = [
        "check",
        "rubric diff",
        "eval calibrate",
        "eval calibrate",
        "eval run",
        "eval run",
        "eval compare",
        "eval calibrate",
        "rubric release",
    ]
    assert named == wanted
    for words in commands:
        if words[0] != "check":
            usage = duilian(*words[:2], "--help")
            assert usage.code == 0
            assert all(w in usage.out for w in words if w.startswith("--"))


def told_files(told: str) -> dict[str, set[str]]:
    """What each option takes, of the commands told."""
    commands = [shlex.split(row) for row in told.splitlines() if "duilian eval" in row]
    pairs = [pair for words in commands for pair in itertools.pairwise(words)]
    return {name: {value for option, value in pairs if option == name} for name in ("--train", "--cases")}


@pytest.mark.parametrize(
    ("name", "folder"),
    [("service", "."), ("complaint", "complaint"), ("phone", "phone"), ("selling", "selling")],
)
def test_a_draft_is_developed_on_the_replies_of_its_own_pack(
    duilian: Call, own: Path, name: str, folder: str
) -> None:
    result = duilian("rubric", "new", f"{name}@1", "--content", own)
    assert result.code == 0, result.err
    cases = Path(__file__).parents[2] / "eval" / "cases" / folder
    files = told_files(result.out)
    for option, split in (("--train", "train"), ("--cases", "calibration")):
        [file] = files[option]
        assert Path(file).resolve() == cases / f"{split}.jsonl"
        assert {case.request.situation for case in read_cases([Path(file)])} & load(ContentSource()).rubric(
            f"{name}@1"
        ).situations
    last = result.out.splitlines()[-2]
    assert "test.jsonl" in last
    assert "只这一次" in last
    assert result.out.count("test.jsonl") == 1


@pytest.mark.parametrize("ref", ["visit@1", "service@1"])
def test_without_labelled_replies_the_names_are_to_be_filled_in(duilian: Call, top: Path, ref: str) -> None:
    """`top` holds what an installed program does: no cases."""
    result = duilian("rubric", "new", ref)
    assert result.code == 0, result.err
    assert told_files(result.out) == {"--train": {"你的回复-学.jsonl"}, "--cases": {"你的回复-改.jsonl"}}
    assert "eval/cases" not in result.out
    assert "留着的 你的回复-留.jsonl" in result.out


def test_rounds_learn_apart_in_a_folder_for_trial_and_the_release_does_not(duilian: Call, own: Path) -> None:
    told = duilian("rubric", "new", "visit@1", "--content", own).out
    *rounds, last = [shlex.split(row) for row in told.splitlines() if "duilian eval calibrate" in row]
    trial = f"{own}-trial"
    assert [words[words.index("--rubric") + 1] for words in rounds] == ["visit@1", "visit@2"]
    for words in rounds:
        assert "--apart" in words
        assert words[words.index("--out") + 1] == f"{trial}/models/calibration"
    assert "--apart" not in last
    assert last[last.index("--out") + 1] == f"{own}/models/calibration"
    runs = [shlex.split(row) for row in told.splitlines() if "duilian eval run" in row]
    assert [words[words.index("--content") + 1] for words in runs] == [trial, trial]
    assert ["cp", "-r", f"{own}/.", trial] in [row.split() for row in told.splitlines()]


def test_a_draft_is_of_the_newest_release_and_other_drafts_are_told(duilian: Call, own: Path) -> None:
    second(own)
    edit(own, "title: 上门", "title: 没发布的", version=2)
    duilian("rubric", "release", "visit@1", "--content", own)
    made = duilian("rubric", "new", "visit", "--content", own)
    assert "起草了 visit@3，照抄 visit@1" in made.out
    assert "visit@2 也还没有发布" in made.out
    assert "title: 上门" in (own / "rubrics" / "visit@3.yaml").read_text(encoding="utf-8")
    duilian("rubric", "new", "visit@2", "--content", own)
    assert "title: 没发布的" in (own / "rubrics" / "visit@4.yaml").read_text(encoding="utf-8")


def test_a_draft_can_begin_a_family_of_its_own(duilian: Call, own: Path) -> None:
    made = duilian("rubric", "new", "service@1", "--as", "our_service", "--content", own)
    assert made.code == 0, made.err
    assert "标题 title 还是“服务与异议处理”" in made.out
    text = (own / "rubrics" / "our_service@1.yaml").read_text(encoding="utf-8")
    assert "\nrubric: our_service\nversion: 1\n" in text
    assert duilian("check", own).code == 0
    assert "没有差别" in duilian("rubric", "diff", "service@1", "our_service@1", "--content", own).out
    assert "改 0 项" in duilian("rubric", "diff", "visit@1", "our_service@1", "--content", own).out


def test_a_draft_of_a_shipped_rubric_lies_in_the_folder_that_was_named(
    duilian: Call, tmp_path: Path, top: Path
) -> None:
    folder = tmp_path / "我的 内容"
    folder.mkdir()
    made = duilian("rubric", "new", "service@1", "--content", folder)
    assert made.code == 0, made.err
    assert [p.name for p in (folder / "rubrics").iterdir()] == ["service@3.yaml"]
    assert f"--content '{folder}'" in made.out
    assert sorted(p.name for p in (top / "rubrics").glob("service@*")) == ["service@1.yaml", "service@2.yaml"]


def test_without_a_folder_it_lies_beside_the_shipped_ones(duilian: Call, top: Path) -> None:
    made = duilian("rubric", "new", "service@1")
    assert made.code == 0, made.err
    assert (top / "rubrics" / "service@3.yaml").is_file()
    assert "--content" not in made.out.replace("--content trial", "")


def test_nothing_is_drafted_inside_an_installed_program(
    duilian: Call, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.content.places.PACKAGE", top.parent)
    before = sorted((top / "rubrics").iterdir())
    result = duilian("rubric", "new", "service")
    assert result.code == 2
    assert "--content" in result.err
    assert sorted((top / "rubrics").iterdir()) == before


WRONG = [
    (("new",), "缺少 REF"),
    (("new", ""), "visit@1"),
    (("new", "visit@"), "少了版本号"),
    (("new", "visit@9"), "是不是想写 visit@1"),
    (("new", "vist"), "是不是想写 visit@1"),
    (("new", "visit@01"), "visit@1"),
    (("new", "visit", "--as", "visit"), "已经有 visit@1 了"),
    (("new", "visit", "--as", "上门"), "只用小写字母"),
    (("new", "visit", "--as", "../x"), "只用小写字母"),
    (("diff", "visit@1"), "缺少 NEW"),
    (("diff", "visit@1", "visit@2"), "是不是想写 visit@1"),
    (("diff", "visti@1", "visit@1"), "是不是想写 visit@1"),
    (("diff", "visit@1", "visit@1", "visit@1"), "visit@1"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG)
def test_what_cannot_be_drafted_or_compared_is_told(
    duilian: Call, own: Path, arguments: tuple[str, ...], told: str
) -> None:
    result = duilian("rubric", *arguments, "--content", own)
    assert result.code == 2
    assert told in result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    assert [p.name for p in (own / "rubrics").iterdir()] == ["visit@1.yaml"]


def test_a_draft_never_takes_the_place_of_a_file(
    duilian: Call, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone else's draft appears after everything was read."""
    second(own)
    before = (own / "rubrics" / "visit@2.yaml").read_bytes()
    monkeypatch.setattr("simulator.content.drafting.next_ref", lambda *_: "visit@2")
    result = duilian("rubric", "new", "visit@1", "--content", own)
    assert result.code == 2
    assert "visit@2.yaml 了，没有动它" in result.err
    assert (own / "rubrics" / "visit@2.yaml").read_bytes() == before


def test_a_draft_that_does_not_fit_on_the_disk_leaves_nothing(duilian: Call, own: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        result = duilian("rubric", "new", "visit", "--content", own)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.code == 2
    assert "写不了" in result.err
    assert "Traceback" not in result.err
    assert [p.name for p in (own / "rubrics").iterdir()] == ["visit@1.yaml"]


def test_a_folder_that_cannot_hold_a_draft_is_told(duilian: Call, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "rubrics").write_text("不是文件夹", encoding="utf-8")
    result = duilian("rubric", "new", "service", "--content", folder)
    assert result.code == 2
    assert "要放它的文件夹是一个文件" in result.err


def test_a_difference_is_readable(duilian: Call) -> None:
    result = duilian("rubric", "diff", "visit@1", "visit@2", "--content", TWO)
    assert (result.code, result.err) == (0, "")
    assert result.out == (TWO / "difference.txt").read_text(encoding="utf-8")


def test_a_difference_as_json(duilian: Call) -> None:
    result = duilian("rubric", "diff", "visit@1", "visit@2", "--json", "--content", TWO)
    assert result.code == 0
    told = json.loads(result.out)
    assert (told["old"], told["new"], told["same"]) == ("visit@1", "visit@2", False)
    assert told["title"] == {"field": "title", "old": "上门", "new": "上门拜访"}
    assert told["scoring"] == [{"field": "negative", "old": 8, "new": 10}]
    [added], [removed], [changed] = (told["items"][k] for k in ("added", "removed", "changed"))
    assert (added["keys"], removed["keys"], changed["keys"]) == (
        ["skill:leave"], ["negative:pushy"], ["skill:brief"],
    )  # fmt: skip
    assert {"field": "requires", "old": [], "new": ["day"]} in changed["fields"]
    assert {"text": "就五分钟", "old": "contrast", "new": "examples"} in changed["texts"]
    assert [b["id"] for b in told["banned"]["removed"]] == ["b002"]
    assert told["prescribed"] == {"added": [], "removed": [], "changed": []}


def test_steps_and_prescribed_lines_are_compared_too(duilian: Call, own: Path) -> None:
    made = duilian("rubric", "new", "service@1", "--as", "our", "--content", own)
    assert made.code == 0
    path = own / "rubrics" / "our@1.yaml"
    text = path.read_text(encoding="utf-8")
    before = "too_expensive: {order: 1}"
    path.write_text(
        text.replace(before, "too_expensive: {order: 3, weight: 2, any_of: plan_b}"), encoding="utf-8"
    )
    result = duilian("rubric", "diff", "service@1", "our@1", "--content", own)
    assert "情境 too_expensive：第 1 步 → 第 3 步，权重 2，plan_b 组任选" in result.out
    back = duilian("rubric", "diff", "our@1", "visit@1", "--content", own)
    assert "规定的说法（prescribed）" in back.out
    assert "- 先认下贵（step:too_expensive.acknowledge）" in back.out
    assert "- 爽快答应（step:agree，情境 think_about_it、leave_material_only、" in back.out


def test_the_guide_shows_what_is_said(duilian: Call, own: Path, top: Path) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    [item] = re.findall(r"^```yaml new_item.txt\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    [promised] = re.findall(r"^```text\n(service@2 → .*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert duilian("rubric", "new", "service@2", "--content", own).code == 0
    path = own / "rubrics" / "service@3.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nitems:\n", f"\nitems:\n{item}"), encoding="utf-8")
    assert duilian("rubric", "diff", "service@2", "service@3", "--content", own).out == promised
