"""A comparison on the terminal and as a command: golden text, files written, wrong calls."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from eval.comparing.comparison import Comparison, compare
from eval.comparing.terminal import show
from eval.comparing.wrapping import wrapped
from tests.conftest import Result
from tests.eval.planted_runs import (
    Row,
    edited,
    failed,
    is_true,
    item_of,
    planted,
    set_verdict,
    unlabelled,
    write_run,
)

GOLDEN = Path(__file__).with_name("test_comparing_terminal.txt")
NAMES = {"too_expensive": "嫌贵", "phone_answer": "接电话", "driver": "主观型", "amiable": "随和型"}
BASE = planted(80, seed=4)
Call = Callable[..., Result]


def worse(row: Row) -> None:
    """A lost item, a gained one, a failed reply."""
    for key in ("step:too_expensive.reason", "skill:empathy"):
        if item_of(row, key) and is_true(row, key):
            set_verdict(row, key, key.startswith("skill"))
    if row["index"] == 3:
        failed(row)


def printed(comparison: Comparison, width: int = 80, everything: bool = False) -> str:
    stream = io.StringIO()
    show(comparison, NAMES, Console(file=stream, width=width, highlight=False), everything)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    monkeypatch.chdir(tmp_path)
    return compare(
        write_run(Path("runs/旧"), BASE),
        write_run(Path("runs/新"), edited(BASE, worse), rubric="service@2", rubric_hash="bbbb"),
        write_run(Path("runs/再"), BASE),
        draws=500,
    )


def test_the_terminal_shows_just_this(small: Comparison) -> None:
    assert printed(small) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("everything", [False, True])
def test_no_line_is_wider_than_the_terminal(small: Comparison, width: int, everything: bool) -> None:
    lines = printed(small, width, everything).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert all("…" not in line for line in lines if "[" in line)  # no name in a table is cut


def test_everything_is_listed_when_asked_for(small: Comparison) -> None:
    told = printed(small, everything=True)
    assert all(change.case in told for change in small.pairs[0].changes)
    assert "接电话·先打招呼" in told  # no verdict of it changed
    assert "接电话·先打招呼" not in printed(small)
    assert "客户风格：随和型" in told


def test_what_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    def odd(row: Row) -> None:
        row["reply"] = "[bold]好[/nothing]的"

    base = edited(BASE, odd)
    changed = edited(base, lambda row: set_verdict(row, "skill:empathy", False))
    named = {k: "[red]名[/x]" for k in ("skill:empathy",)}
    found = compare(
        write_run(tmp_path / "a", base), write_run(tmp_path / "b", changed, item_names=named), draws=100
    )
    told = printed(found)
    assert "[bold]好[/nothing]的" in told
    assert "[red]名[/x]" in told


def test_unlabelled_runs_show_what_changed(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", edited(BASE, unlabelled))
    b = write_run(tmp_path / "b", edited(edited(BASE, worse), unlabelled))
    told = printed(compare(a, b, draws=100))
    assert "没有标签，只能说改了什么，说不出好坏" in told
    assert "F1" not in told
    assert "人工" not in told
    assert "嫌贵·说清贵在哪" in told


def test_lines_break_between_chinese_characters_and_not_inside_words() -> None:
    text = "注意：先给 B 的评分标准做校准（duilian eval calibrate），差 −0.014（95% 区间 −0.020 到 −0.008），p <0.001。"
    for width in range(16, 60):
        lines = wrapped(text, width)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(cell_len(line) <= width for line in lines)
        assert all(line[0] not in "，。；：、）" for line in lines)
        for word in ("calibrate", "−0.014", "−0.020", "<0.001"):
            assert any(word in line for line in lines)


def test_the_command_writes_json_and_page(duilian: Call, tmp_path: Path) -> None:
    write_run(tmp_path / "a", BASE)
    write_run(tmp_path / "b", edited(BASE, worse))
    page, data = tmp_path / "out.html", tmp_path / "out.json"
    result = duilian(
        "eval", "compare", tmp_path / "a", tmp_path / "b", "--draws", "100", "--html", page, "--json", data
    )
    assert (result.code, result.err) == (0, "")
    assert "有好有坏" in result.out
    assert "嫌贵·说清贵在哪" in result.out  # the situation has its name
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(data.read_text(encoding="utf-8"))["pairs"][0]["verdict"]["outcome"] == "mixed"


def test_the_command_writes_json_alone_to_a_pipe(duilian: Call, tmp_path: Path) -> None:
    write_run(tmp_path / "a", BASE)
    write_run(tmp_path / "b", BASE)
    result = duilian("eval", "compare", tmp_path / "a", tmp_path / "b", "--draws", "100", "--json", "-")
    assert result.code == 0
    assert json.loads(result.out)["pairs"][0]["verdict"]["outcome"] == "identical"


def test_wrong_calls_are_told(duilian: Call, tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", BASE).folder
    write_run(tmp_path / "b", BASE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(Exception, match="还没跑完"):
        write_run(tmp_path / "half", BASE, status="running")
    for folders, said in (
        ([a], "至少得有两次"),
        ([a, a], "写了两次"),
        ([a, tmp_path / "no"], "没有这个目录"),
        ([a, tmp_path / "empty"], "不是一次评估的结果"),
        ([a, tmp_path / "half"], "接着跑"),
        ([a, tmp_path / "b", "--html", tmp_path / "no" / "x.html"], "写不了"),
        ([a, tmp_path / "b", "--draws", "1"], "--draws"),
        ([a, tmp_path / "b", "--json", "-", "--html", "-"], "同一个地方"),
    ):
        result = duilian("eval", "compare", *folders)
        assert result.code == 2, folders
        assert said in result.err
        assert "Traceback" not in result.err
