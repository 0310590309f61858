"""Broken trainers' files and what is said about them.

Each folder of `bad/` is a content folder with something broken in it, and `message.txt`: exactly what
`duilian check .` prints there. After a change of wording, read the new text as a trainer would before
putting it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from simulator.cli.check import command
from simulator.content import schemas
from simulator.content.readers import read
from simulator.errors import UsageError

BAD = Path(__file__).parent / "bad"
CASES = sorted(p for p in BAD.iterdir() if p.is_dir())
# Cases about a file that is no content by itself.
NO_CONTENT = ("file_in_wrong_place", "rubric_lock_broken")
# Words of pydantic, ruamel and Python that must not reach a trainer.
FOREIGN = re.compile(
    r"input|should|valid|expected|found|while|Error|Traceback|\bmust\b|ordereddict", re.IGNORECASE
)


def check(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_there_are_enough_kinds_of_broken_files() -> None:
    kinds = {case.name.partition("_")[0] for case in CASES}
    assert {"persona", "situation", "style", "rubric", "prompt", "moves", "lines"} <= kinds
    assert len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_all_errors_of_a_broken_file_are_told_at_once(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    result = check(".")
    golden = (case / "message.txt").read_text(encoding="utf-8")
    assert result.stderr == golden
    assert result.stdout == ""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "a traceback would reach the trainer"


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in NO_CONTENT], ids=lambda c: c.name)
def test_a_file_checked_alone_is_told_the_same(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    rows = (case / "message.txt").read_text(encoding="utf-8").splitlines()[:-1]
    by_file: dict[str, list[str]] = {}
    for row in rows:
        by_file.setdefault(re.split(r"[: ]", row)[0], []).append(row)
    for name, expected in by_file.items():
        result = check(name)
        assert result.stderr.splitlines()[:-1] == expected
        assert result.exit_code == 1


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_messages_are_in_the_trainers_language(case: Path) -> None:
    for row in (case / "message.txt").read_text(encoding="utf-8").splitlines():
        assert re.search(r"[\u4e00-\u9fff]", row)
        assert not FOREIGN.search(row)


def test_a_file_of_no_kind_is_refused_with_the_places_there_are(tmp_path: Path) -> None:
    stray = tmp_path / "wang.yaml"
    stray.write_text("id: wang\n", encoding="utf-8")
    result = check(str(stray))
    assert isinstance(result.exception, UsageError)
    assert "认不出" in str(result.exception)
    assert "personas/cast/" in str(result.exception)


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    result = check(str(tmp_path / "personas" / "cast" / "wang.yaml"))
    assert isinstance(result.exception, UsageError)
    assert "没有这个文件" in str(result.exception)


def test_a_folder_named_like_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "personas" / "cast" / "wang.yaml").mkdir(parents=True)
    result = check(str(tmp_path))
    assert "wang.yaml 读不了：这是一个文件夹，不是文件。" in result.stderr
    assert result.exit_code == 1


def test_brackets_without_end_are_told(tmp_path: Path) -> None:
    for kind in ("persona", "lines"):
        path = tmp_path / kind
        path.write_text("[" * 20_000, encoding="utf-8")
        [problem] = read(kind, path).problems
        assert "套得太深" in problem.message


WRONG = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    float("inf"),
    "",
    "x",
    "词" * 3000,
    [],
    [None],
    {},
    {"x": 1},
    {1: {}},
]
SHAPES: dict[str, tuple[type[BaseModel], str]] = {
    "style": (schemas.StyleFile, "styles/driver.yaml"),
    "situation": (schemas.SituationFile, "situations/s.yaml"),
    "persona": (schemas.PersonaFile, "cast/p.yaml"),
    "rubric": (schemas.RubricFile, "rubrics/r@1.yaml"),
}


def _wrong_files() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, (model, _) in SHAPES.items():
        for name in model.model_fields:
            for value in WRONG:
                yield kind, {name: value}
    nested: list[tuple[str, str, type[BaseModel]]] = [
        ("rubric", "include", schemas.IncludeFile),
        ("rubric", "items", schemas.ItemFile),
        ("rubric", "banned", schemas.BannedFile),
        ("rubric", "prescribed", schemas.PrescribedFile),
        ("persona", "answers", schemas.AnswerFile),
    ]
    for kind, field, model in nested:
        for name, key in model.model_fields.items():
            for value in WRONG:
                yield kind, {field: [{key.alias or name: value}, value]}


@pytest.mark.slow
def test_no_wrong_value_anywhere_brings_out_a_foreign_word(tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    for number, (kind, data) in enumerate(_wrong_files()):
        path = tmp_path / f"{number}.yaml"
        with path.open("w", encoding="utf-8") as stream:
            YAML(typ="safe").dump(data, stream)
        problems = read(kind, path).problems
        assert problems
        for problem in problems:
            assert "写法不对，写的是" not in problem.message, f"no words yet for {problem} in {data}"
            words = re.sub(r"“[^”]*”|[a-z_]+、|、[a-z_]+|[a-z_]+：", "", problem.message)
            assert not FOREIGN.search(words), problem


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(alphabet="ab:- \n\t'\"[]{}#&*!|>%@`,?0.是", max_size=40),
    kind=st.sampled_from([*SHAPES, "moves"]),
)
def test_nothing_that_can_be_typed_is_a_crash(
    tmp_path_factory: pytest.TempPathFactory, text: str, kind: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "typed.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    problems = read(kind, path).problems
    assert problems
    assert all(re.search(r"[\u4e00-\u9fff]", p.message) for p in problems)


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=60), kind=st.sampled_from(["lines", "prompt", "persona"]))
def test_no_bytes_are_a_crash(tmp_path_factory: pytest.TempPathFactory, raw: bytes, kind: str) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(raw)
    reading = read(kind, path)
    assert reading.problems or kind == "lines"
    if kind == "lines" and raw.strip(b" \n\r\t\x0b\x0c\x1c\x1d\x1e\x1f"):
        assert reading.problems
