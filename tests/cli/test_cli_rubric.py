"""`duilian rubric release`: a version is locked once, in the folder it lies in, and then holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.content.catalog import load
from simulator.content.source import ContentSource
from tests.cli.rubrics import edit, locked, second
from tests.conftest import Result

Call = Callable[..., Result]
pytestmark = pytest.mark.usefixtures("untouched")


def test_a_release_is_written_beside_the_rubric(duilian: Call, own: Path) -> None:
    result = duilian("rubric", "release", "visit@1", "--content", own)
    assert result.code == 0, result.err
    [row] = locked(own)
    ref, digest = row.split()
    assert ref == "visit@1"
    assert digest in result.out
    assert sorted(p.name for p in (own / "rubrics").iterdir()) == ["LOCK", "visit@1.yaml"]
    assert duilian("check", own).code == 0


def test_releasing_twice_is_harmless(duilian: Call, own: Path) -> None:
    assert duilian("rubric", "release", "visit@1", "--content", own).code == 0
    before = locked(own)
    again = duilian("rubric", "release", "visit@1", "--content", own)
    assert again.code == 0
    assert "没有变化" in again.out
    assert locked(own) == before


@pytest.mark.parametrize("end", ["", "\n"])
def test_another_version_is_added_below(duilian: Call, own: Path, end: str) -> None:
    second(own)
    duilian("rubric", "release", "visit@1", "--content", own)
    [first] = locked(own)
    (own / "rubrics" / "LOCK").write_text(first + end, encoding="utf-8")
    assert duilian("rubric", "release", "visit@2", "--content", own).code == 0
    rows = locked(own)
    assert rows[0] == first
    assert [r.split()[0] for r in rows] == ["visit@1", "visit@2"]
    assert duilian("check", own).code == 0


def test_a_released_rubric_that_was_changed_is_refused(duilian: Call, own: Path) -> None:
    duilian("rubric", "release", "visit@1", "--content", own)
    edit(own, "name: 先答应\n", "name: 答应\n")
    result = duilian("check", own)
    assert result.code == 1
    assert "visit@1 已经发布，不能再改" in result.err
    [digest] = [row.split()[1] for row in locked(own)]
    assert digest in result.err
    again = duilian("rubric", "release", "visit@1", "--content", own)
    assert again.code == 2, "what is wrong is not released again"
    assert [row.split()[1] for row in locked(own)] == [digest]
    edit(own, "name: 答应\n", "name: 先答应\n")
    assert duilian("check", own).code == 0


def test_one_that_was_not_released_and_comments_may_change(duilian: Call, own: Path) -> None:
    second(own)
    duilian("rubric", "release", "visit@1", "--content", own)
    edit(own, "name: 先答应\n", "name: 答应\n", version=2)
    edit(own, "title: 上门\n", "title: 上门  # 只改注释\n")
    result = duilian("check", own)
    assert result.code == 0, result.err


BAD = [
    ("visit", "名字@版本"),
    ("visit@", "名字@版本"),
    ("@1", "名字@版本"),
    ("visit@one", "名字@版本"),
    ("visit@1.0", "名字@版本"),
    ("", "名字@版本"),
    ("visit@9", "visit@1"),
    ("visti@1", "是不是想写 visit@1"),
    ("visit@01", "visit@1"),
    ("visit@²", "visit@1"),
]


@pytest.mark.parametrize(("ref", "told"), BAD)
def test_what_is_no_version_is_refused_and_nothing_written(
    duilian: Call, own: Path, ref: str, told: str
) -> None:
    result = duilian("rubric", "release", ref, "--content", own)
    assert result.code == 2
    assert told in result.err
    assert "Traceback" not in result.err
    assert locked(own) == []


def test_a_rubric_that_cannot_be_read_is_not_released(duilian: Call, own: Path) -> None:
    edit(own, "kind: skill", "kind: skil")
    result = duilian("rubric", "release", "visit@1", "--content", own)
    assert result.code == 2
    assert "skil" in result.err
    assert locked(own) == []


def test_a_missing_folder_or_argument_is_told(duilian: Call, tmp_path: Path) -> None:
    assert duilian("rubric", "release", "visit@1", "--content", tmp_path / "nowhere").code == 2
    assert duilian("rubric", "release").code == 2


def test_a_shipped_rubric_is_released_where_it_is_shipped(duilian: Call, tmp_path: Path, top: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    before = locked(top)
    result = duilian("rubric", "release", "visit@1", "--content", folder)
    assert result.code == 0, result.err
    assert [r.split()[0] for r in locked(top)[len(before) :]] == ["visit@1"]
    assert locked(top)[: len(before)] == before
    assert list(folder.iterdir()) == []


def test_a_disk_that_takes_nothing_is_told(duilian: Call, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = duilian("rubric", "release", "visit@1", "--content", own)
    assert result.code == 2
    assert "写不了" in result.err
    assert "磁盘满了" in result.err
    assert [p.name for p in (own / "rubrics").iterdir()] == ["visit@1.yaml"], "no part of it is left"


def test_a_release_without_own_calibration_is_warned_of(duilian: Call, own: Path) -> None:
    second(own)
    first = duilian("rubric", "release", "visit@1", "--content", own)
    assert first.code == 0
    assert "visit@1 还没有自己的校准" in first.err
    assert f"duilian eval calibrate --content {own} --rubric visit@1" in first.err
    folder = own / "models" / "calibration"
    folder.mkdir(parents=True)
    (folder / f"0123456789abcdef-{load(ContentSource(overlay=own)).rubrics['visit@2'].hash}.json").touch()
    calibrated = duilian("rubric", "release", "visit@2", "--content", own)
    assert (calibrated.code, calibrated.err) == (0, "")
