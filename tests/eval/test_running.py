"""`duilian eval run`: bad cases are told before anything is written, broken runs go on, failures are rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

import eval as evaluation
from eval import endurance
from eval.running import record, rows, runner
from eval.running.engines import LocalEngine
from simulator.cli import wiring
from simulator.domain.grade import Grade, GradeRequest
from simulator.errors import UsageError
from simulator.grading.grader import Grader
from tests.conftest import Result
from tests.eval.runs import lines, write

Call = Callable[..., Result]
GOOD = lines(3)


def edited(**change: Any) -> bytes:
    """Two sound lines and a third with `change`."""
    third = {k: v for k, v in (GOOD[2] | change).items() if v is not None}
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in (*GOOD[:2], third)).encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(edited(id=None), "缺少字段 id", id="no id"),
        pytest.param(edited(steps=["acknowlege"]), "没有这样的标签：acknowlege", id="unknown step"),
        pytest.param(edited(id=GOOD[0]["id"]), f"编号 {GOOD[0]['id']} 前面已经有了", id="doubled id"),
        pytest.param(edited(quality=7), "quality", id="quality out of range"),
        pytest.param(edited(skills=None), "缺少字段 skills", id="half labelled"),
        pytest.param(edited(situation="too_expensve"), "too_expensive", id="unknown situation"),
        pytest.param(edited(style="drivr"), "driver", id="unknown style"),
        pytest.param(edited().replace(b'"id"', b'"id', 3), "不是合法的 JSON", id="broken JSON"),
        pytest.param(edited()[:-40] + "太贵了".encode("gbk") + b'"}\n', "不是 UTF-8 编码", id="GBK"),
        pytest.param(
            edited() + b'{"id": "x", "reply": "' + b"a" * 50_000_000 + b'"}\n', "这一行太长", id="50 MB"
        ),
    ],
)
def test_a_bad_case_is_one_message_with_its_line_and_nothing_is_written(
    content: bytes,
    told: str,
    duilian: Call,
    tmp_path: Path,
) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "run"
    cases.write_bytes(content)
    bad = 4 if told == "这一行太长" else 1 if told == "不是合法的 JSON" else 3
    result = duilian("eval", "run", "--cases", cases, "--out", out)
    assert result.code == 2
    assert f"{cases}:{bad}: " in result.err
    assert told in result.err
    assert result.err.count("\n") == 1
    assert not out.exists()


def test_an_id_of_another_file_counts_as_doubled(duilian: Call, tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.jsonl", GOOD), write(tmp_path / "other.jsonl", GOOD[:1])
    result = duilian("eval", "run", "--cases", one, "--cases", other, "--out", tmp_path / "run")
    assert result.code == 2
    assert f"{other}:1: 编号" in result.err


@pytest.fixture(scope="module")
def grader() -> Grader:
    rubric = wiring.open_catalog(None).content.rubric("service@1")
    return wiring.make_grader(rubric, wiring.open_encoder("builtin"))


def test_rows_carry_grade_and_labels(tmp_path: Path, grader: Grader) -> None:
    unlabelled = {k: GOOD[2][k] for k in ("id", "situation", "reply")}
    cases = write(tmp_path / "cases.jsonl", [*GOOD[:2], unlabelled])
    run = evaluation.run(cases=cases, out=tmp_path / "run", rubric="service@1")
    assert run.record.count == 3
    assert (run.record.labelled, run.record.labels_by) == (2, "model")
    assert run.record.calibration == grader.calibration.hash
    found = run.table().to_pylist()
    grade = grader.grade(
        GradeRequest(
            situation=GOOD[0]["situation"],
            style=GOOD[0]["style"],
            customer=GOOD[0]["customer"],
            reply=GOOD[0]["reply"],
        )
    )
    assert [i["key"] for i in found[0]["items"]] == [i.key for i in grade.items]
    assert found[0]["steps"] == list(grade.steps)
    assert found[0]["label_steps"] == sorted(GOOD[0]["steps"])
    assert found[0]["source"] == f"{cases}:1"
    assert found[2]["label_steps"] is None
    assert run.to_pandas().shape == (3, len(rows.SCHEMA))


def test_a_case_that_cannot_be_graded_is_a_row(
    duilian: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Grader.grade_many

    def fails(self: Grader, requests: list[GradeRequest]) -> list[Grade]:
        if any(r.reply == GOOD[1]["reply"] for r in requests):
            raise ZeroDivisionError("so it goes")
        return whole(self, requests)

    monkeypatch.setattr(Grader, "grade_many", fails)
    cases, out = write(tmp_path / "cases.jsonl", GOOD), tmp_path / "run"
    result = duilian("eval", "run", "--cases", cases, "--out", out)
    assert result.code == 1
    assert "1 条没能打分" in result.out
    found = evaluation.open_run(out).table().to_pylist()
    assert [row["error"] for row in found] == [None, "ZeroDivisionError: so it goes", None]
    assert found[1]["items"] is None
    assert found[2]["quality"] is not None


class Broken:
    """An engine that dies after some batches."""

    name = "broken"

    def __init__(self, after: int) -> None:
        self.after = after

    def grade(self, work: Any, batches: Any) -> Any:
        for number, batch in enumerate(batches):
            if number == self.after:
                raise KeyboardInterrupt
            yield work(batch)


def test_a_broken_run_goes_on_where_it_was_and_equals_an_unbroken_one(
    tmp_path: Path, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PART", 128)
    content = wiring.open_catalog(None).content
    cases = [write(tmp_path / "cases.jsonl", lines(300))]
    unbroken = runner.run(grader, content, cases, tmp_path / "unbroken", LocalEngine(1))
    out = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        runner.run(grader, content, cases, out, Broken(3))
    with pytest.raises(UsageError, match="还没跑完（128 / 300 条）"):
        evaluation.open_run(out)
    graded: list[int] = []
    whole = Grader.grade_many
    monkeypatch.setattr(
        Grader, "grade_many", lambda self, requests: (graded.append(len(requests)), whole(self, requests))[1]
    )
    run = runner.run(grader, content, cases, out, LocalEngine(1))
    assert sum(graded) == 300 - 128
    assert run.record.resumed == 1
    assert run.table().equals(unbroken.table())
    graded.clear()
    again = runner.run(grader, content, cases, out, LocalEngine(1))
    assert again.record == run.record
    assert not graded


def test_what_is_not_the_same_is_not_continued(tmp_path: Path, grader: Grader) -> None:
    content = wiring.open_catalog(None).content
    cases = write(tmp_path / "cases.jsonl", GOOD)
    runner.run(grader, content, [cases], tmp_path / "run", LocalEngine(1))
    write(cases, lines(4))
    with pytest.raises(UsageError, match="要评的回复、抽取的条数和这次不同"):
        runner.run(grader, content, [cases], tmp_path / "run", LocalEngine(1))


def test_two_do_not_write_to_one_folder(duilian: Call, tmp_path: Path) -> None:
    cases, out = write(tmp_path / "cases.jsonl", GOOD), tmp_path / "run"
    out.mkdir()
    with FileLock(out / ".lock"):
        result = duilian("eval", "run", "--cases", cases, "--out", out)
    assert result.code == 2
    assert "正有另一个评估在写" in result.err


def test_a_folder_of_other_things_is_left_alone(duilian: Call, tmp_path: Path) -> None:
    cases, out = write(tmp_path / "cases.jsonl", GOOD), tmp_path / "run"
    out.mkdir()
    (out / "thesis.txt").write_text("dear", encoding="utf-8")
    result = duilian("eval", "run", "--cases", cases, "--out", out)
    assert result.code == 2
    assert "里有别的东西" in result.err
    assert [p.name for p in out.iterdir() if p.name != ".lock"] == ["thesis.txt"]


def test_a_full_disk_is_told_and_what_is_written_stays(
    duilian: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases, out = write(tmp_path / "cases.jsonl", GOOD), tmp_path / "run"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rows, "write_part", full)
    result = duilian("eval", "run", "--cases", cases, "--out", out)
    assert result.code == 2
    assert "No space left on device" in result.err
    assert not list(out.rglob("*.parquet*"))


def test_a_sample_is_drawn_by_the_seed(tmp_path: Path, grader: Grader) -> None:
    content = wiring.open_catalog(None).content
    cases = [write(tmp_path / "cases.jsonl", lines(40))]
    drawn = [
        runner.run(grader, content, cases, tmp_path / str(n), LocalEngine(1), sample=7, seed=seed)
        .table(["id"])
        .column("id")
        .to_pylist()
        for n, seed in enumerate((1, 1, 2))
    ]
    assert len(set(drawn[0])) == 7
    assert drawn[0] == drawn[1] != drawn[2]


def test_situations_that_the_rubric_does_not_score_are_left_out(duilian: Call, tmp_path: Path) -> None:
    folder = tmp_path / "own" / "rubrics"
    folder.mkdir(parents=True)
    (folder / "small@1.yaml").write_text(
        "rubric: small\nversion: 1\ntitle: 小\ninclude:\n  - {from: service@1, items: [step:too_expensive.*]}\n",
        encoding="utf-8",
    )
    few = [row | {"skills": [], "negatives": [], "banned": []} for row in lines(60)]
    cases, out = write(tmp_path / "cases.jsonl", few), tmp_path / "run"
    result = duilian(
        "eval", "run", "--rubric", "small@1", "--content", tmp_path / "own", "--cases", cases, "--out", out
    )
    assert result.code == 0
    scored = sum(row["situation"] == "too_expensive" for row in few)
    assert evaluation.open_run(out).record.count == scored
    assert f"另有 {60 - scored} 条" in result.out
    assert "还没有自己的校准" in result.out


@pytest.mark.slow
def test_killed_runs_equal_unbroken_ones(tmp_path: Path) -> None:
    assert endurance.kills(tmp_path, times=2, count=1100, seed=int(time.time()))


@pytest.mark.slow
def test_ray_gives_the_same_though_a_worker_is_killed(tmp_path: Path) -> None:
    assert endurance.engines(tmp_path, count=2100)


def test_ray_that_is_not_reached_is_told(tmp_path: Path) -> None:
    cases = write(tmp_path / "cases.jsonl", GOOD)
    words = endurance.command(cases, tmp_path / "run", "--engine", "ray", "--address", "127.0.0.1:1")
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "连不上 Ray 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_eval_loads_nothing_heavy() -> None:
    script = "import sys, eval; print([m for m in ('pyarrow', 'pandas', 'torch', 'ray', 'matplotlib') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_a_damaged_part_is_graded_again(tmp_path: Path, grader: Grader) -> None:
    content = wiring.open_catalog(None).content
    cases = [write(tmp_path / "cases.jsonl", GOOD)]
    out = tmp_path / "run"
    whole = runner.run(grader, content, cases, out, LocalEngine(1)).table()
    part = rows.part_path(out, 0)
    sound = part.read_bytes()
    part.write_bytes(sound[:40] + bytes(200) + sound[240:])
    with pytest.raises(UsageError, match="有一块坏了"):
        evaluation.open_run(out)
    assert runner.run(grader, content, cases, out, LocalEngine(1)).table().equals(whole)


@pytest.mark.parametrize(
    ("field", "value"), [("count", "many"), ("item_names", None), ("started", None), ("count", -5)]
)
def test_a_damaged_record_is_told(field: str, value: object, tmp_path: Path, grader: Grader) -> None:
    content = wiring.open_catalog(None).content
    out = tmp_path / "run"
    runner.run(grader, content, [write(tmp_path / "cases.jsonl", GOOD)], out, LocalEngine(1))
    given = json.loads((out / "record.json").read_text(encoding="utf-8"))
    (out / "record.json").write_text(json.dumps(given | {field: value}), encoding="utf-8")
    with pytest.raises(UsageError, match=rf"record.json 坏了：{field}"):
        evaluation.open_run(out)


def test_a_pipe_is_refused(duilian: Call, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = duilian("eval", "run", "--cases", tmp_path / "pipe", "--out", tmp_path / "run")
    assert result.code == 2
    assert "要写普通文件" in result.err


def test_another_program_does_not_go_on(
    tmp_path: Path, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = wiring.open_catalog(None).content
    cases = [write(tmp_path / "cases.jsonl", GOOD)]
    runner.run(grader, content, cases, tmp_path / "run", LocalEngine(1))
    monkeypatch.setattr(record, "program", lambda: "another")
    with pytest.raises(UsageError, match="程序和这次不同"):
        runner.run(grader, content, cases, tmp_path / "run", LocalEngine(1))


def test_the_customers_line_is_that_of_the_talk_as_for_grade(tmp_path: Path) -> None:
    talk = {k: v for k, v in GOOD[0].items() if k != "customer"}
    talk |= {"history": [["customer", "贵得离谱"], ["trainee", "您好"], ["customer", "贵。说个理由"]]}
    run = evaluation.run(cases=write(tmp_path / "cases.jsonl", [talk]), out=tmp_path / "run")
    [row] = run.table().to_pylist()
    assert row["customer"] == "贵。说个理由"
    other = write(tmp_path / "other.jsonl", [talk | {"customer": "贵。说个理由", "history": []}])
    with pytest.raises(UsageError, match="前面聊的或客户的情况不一样"):
        evaluation.compare(run, evaluation.run(cases=other, out=tmp_path / "other"))
