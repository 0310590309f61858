"""Wrong arguments and broken files: one message that names place and value, exit code 2, no traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result

Call = Callable[..., Result]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["grade"], "--rubric"),
        (["grade", "--rubric", "service@1", "--input", "/no/such.jsonl", "--output", "-"], "/no/such.jsonl"),
        (["grade", "--rubric", "servise@1", "--input", "-", "--output", "-"], "service@1"),
        (["grade", "--rubric", "service@99", "--input", "-", "--output", "-"], "service@2"),
        (["play", "--script", "/no/such.jsonl", "--output", "-"], "/no/such.jsonl"),
        (["play", "--script", os.devnull, "--output", "-", "--seed", "-1"], "--seed"),
        (["play", "--script", os.devnull, "--output", "-", "--model", "hf:"], "hf:"),
        (["play", "--script", os.devnull, "--output", "-", "--model", "nonsense"], "nonsense"),
        (["chat"], "--persona"),
        (["chat", "--persona", "nobody"], "nobody"),
        (["serve", "--port", "0"], "--port"),
        (["serve", "--host", "no.such.host.invalid"], "no.such.host.invalid"),
        (["serve", "--host", "a..b"], "a..b"),
        (["play", "--script", os.devnull, "--output", ""], "--output"),
        (["check", "/no/such.yaml"], "/no/such.yaml"),
        (["serve", "--content", "/no/such/folder"], "/no/such/folder"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(duilian: Call, arguments: list[str], said: str) -> None:
    result = duilian(*arguments)
    assert result.code == 2
    assert said in result.err
    assert "Traceback" not in result.err + result.out


def test_an_unwritable_target_is_told(duilian: Call, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "situation": "no_need", "reply": "您好"}\n', encoding="utf-8")
    result = duilian("grade", "--rubric", "service@1", "--input", source, "--output", tmp_path / "no" / "out")
    assert result.code == 2
    assert "写不了" in result.err


def test_a_full_disk_is_told(duilian: Call, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "situation": "no_need", "turns": []}\n', encoding="utf-8")
    link = tmp_path / "link"
    link.symlink_to("/dev/full")
    result = duilian("play", "--script", source, "--output", link)
    assert result.code == 2
    assert "写不了" in result.err
    assert link.is_symlink()
    assert not Path("/dev/full").is_file(), "a device is written to, never replaced"


def test_an_output_that_is_a_link_stays_one(duilian: Call, tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    assert duilian("play", "--script", os.devnull, "--output", link).code == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == ""


def test_a_reader_that_has_gone_is_no_failure() -> None:
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" -m simulator.cli.main --help | true', sys.executable],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unwritable_data_folder_is_told(duilian: Call, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    result = duilian("chat", "--persona", "feng_dakui", "--data", in_the_way / "below")
    assert result.code == 2
    assert "数据目录不可写" in result.err


def test_bytes_that_are_no_text_name_the_line_and_leave_no_output(duilian: Call, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes('{"id": "a", "situation": "no_need", "reply": "您好"}\n'.encode() + b"\xff\xfe\n")
    target.write_text("old", encoding="utf-8")
    result = duilian("grade", "--rubric", "service@1", "--input", source, "--output", target)
    assert result.code == 2
    assert "in.jsonl:2" in result.err
    assert target.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".out")] == []


def test_a_port_in_use_is_told_at_once(duilian: Call) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = duilian("serve", "--port", port)
    assert result.code == 2
    assert f"端口 {port}" in result.err
    assert f"--port {port + 1}" in result.err


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['duilian', '--help']\n"
        "from simulator.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'gradio', 'sentence_transformers', 'sqlalchemy', 'langchain'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("serve", "chat", "grade", "play", "check", "bench", "eval"):
        assert f"  {command} " in done.stdout


def test_check_finds_nothing_in_what_is_shipped(duilian: Call) -> None:
    result = duilian("check")
    assert result.code == 0
    assert "空着 0 格" in result.out
    assert "没有发现问题" in result.out


def test_bench_prints_a_table_and_json(duilian: Call) -> None:
    import json

    result = duilian("bench", "--rounds", 1)
    assert result.code == 0
    record = json.loads(result.out.splitlines()[-1])
    assert {"grade one reply", "customer line"} <= set(record["milliseconds"])
