"""Labelling by people: what is saved stays, kills lose nothing that was saved, agreement is as scikit-learn says."""

from __future__ import annotations

import errno
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from eval import label_agreement, labelling
from eval.cli import command
from eval.label_agreement import Comparison
from eval.labelling import Entry, Notebook, Sitting, read_labels
from simulator.cli import wiring
from simulator.domain.rubric import Rubric
from simulator.errors import InputError, UsageError

Rows = list[dict[str, Any]]
CASE: dict[str, Any] = {"situation": "too_expensive", "style": "driver", "customer": "太贵", "reply": "我懂"}


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return wiring.open_catalog(None).content.rubric("service")


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return path


def cases(folder: Path, count: int) -> Path:
    return write(folder / "cases.jsonl", [CASE | {"id": f"r{n}"} for n in range(count)])


def entry(question: str, **changes: Any) -> Entry:
    given = {"ticked": {"step": ["reason"], "skill": ["empathy"], "negative": []}, "banned": []}
    return Entry(**{"id": question, "quality": 3.5, "seconds": 2.04, **given, **changes})


def sit(folder: Path, rubric: Rubric, name: str = "张三", count: int = 5) -> Sitting:
    path = cases(folder, count)
    questions = labelling.read_questions([path], rubric)
    return Sitting(questions.values(), Notebook(folder / "out", name, [path]), rubric)


def test_an_entry_becomes_a_labelled_record(tmp_path: Path, rubric: Rubric) -> None:
    sitting = sit(tmp_path, rubric)
    sitting.save(entry("r1", banned=["b001"]))
    assert json.loads(sitting.notebook.path.read_text(encoding="utf-8")) == {
        "id": "r1", "steps": ["reason"], "skills": ["empathy"], "negatives": ["banned_phrase"],
        "banned": ["b001"], "quality": 3.5, "labeller": "张三", "by": "human", "seconds": 2.0,
    }  # fmt: skip


def test_the_queue_goes_on_after_a_restart_and_skipped_replies_come_back(
    tmp_path: Path, rubric: Rubric
) -> None:
    sitting = sit(tmp_path, rubric)
    order = [q.id for q in sitting.order]
    assert sitting.now() == sitting.order[0]
    skipped = sitting.after(order[0])
    assert skipped is not None
    assert skipped.id == order[1]
    sitting.save(entry(order[1]))
    again = sit(tmp_path, rubric)
    assert [q.id for q in again.order] == order
    assert again.now() == again.order[2]
    for question in order[2:]:
        again.save(entry(question))
    assert again.now() == again.order[0]
    again.save(entry(order[0]))
    assert again.now() is None
    assert again.before("") == again.order[-1]
    assert again.before(order[0]) is None


def test_labellers_meet_the_replies_in_orders_of_their_own(tmp_path: Path, rubric: Rubric) -> None:
    one, other = sit(tmp_path, rubric, "甲", 30), sit(tmp_path, rubric, "乙", 30)
    assert one.order != other.order
    assert {q.id for q in one.order} == {q.id for q in other.order}
    one.save(entry("r1"))
    other.save(entry("r2"))
    assert (list(one.done()), list(other.done())) == (["r1"], ["r2"])


def test_a_correction_wins(tmp_path: Path, rubric: Rubric) -> None:
    sitting = sit(tmp_path, rubric)
    sitting.save(entry("r1"))
    sitting.save(entry("r2"))
    sitting.save(entry("r1", quality=5))
    assert len(sitting.notebook.path.read_text(encoding="utf-8").splitlines()) == 3
    assert sitting.done()["r1"].case.quality == 5
    assert len(sitting.done()) == 2


@pytest.mark.parametrize("cut", [1, 20, 70, 117])
def test_a_line_half_written_by_a_kill_is_told_and_its_reply_asked_again(
    cut: int, tmp_path: Path, rubric: Rubric
) -> None:
    sitting = sit(tmp_path, rubric)
    sitting.save(entry("r1"))
    whole = sitting.notebook.path.read_bytes()
    sitting.notebook.path.write_bytes(whole + whole.replace(b"r1", b"r2")[:cut])
    again = sit(tmp_path, rubric)
    assert "没写完" in again.notebook.told
    assert list(again.done()) == ["r1"]
    again.save(entry("r3"))
    assert list(sit(tmp_path, rubric).done()) == ["r1", "r3"]
    assert sit(tmp_path, rubric).notebook.told == ""


def test_a_whole_last_line_without_its_end_counts(tmp_path: Path, rubric: Rubric) -> None:
    sitting = sit(tmp_path, rubric)
    sitting.save(entry("r1"))
    sitting.notebook.path.write_bytes(sitting.notebook.path.read_bytes().rstrip(b"\n"))
    sitting.save(entry("r2"))
    assert list(sitting.done()) == ["r1", "r2"]


def test_a_full_disk_is_told_and_the_file_stays_as_it_was(
    tmp_path: Path, rubric: Rubric, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = sit(tmp_path, rubric)
    sitting.save(entry("r1"))
    before = sitting.notebook.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"没有存上：磁盘满了.*还在页面上"):
        sitting.save(entry("r2"))
    assert sitting.notebook.path.read_bytes() == before
    monkeypatch.undo()
    sitting.save(entry("r2"))
    assert list(sitting.done()) == ["r1", "r2"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "elsewhere"}, "不在这次"),
        ({"quality": None}, "质量分"),
        ({"quality": 3.3}, "质量分"),
        ({"ticked": {"step": ["apologise"], "skill": [], "negative": []}}, "apologise"),
        ({"ticked": {"step": [], "skill": ["plain_words"], "negative": []}}, "plain_words"),
        ({"banned": ["b999"]}, "禁语"),
    ],
)
def test_an_entry_that_is_not_whole_is_not_saved(
    changes: dict[str, Any], told: str, tmp_path: Path, rubric: Rubric
) -> None:
    sitting = sit(tmp_path, rubric)
    with pytest.raises(UsageError, match=told):
        sitting.save(entry("r1", **changes))
    assert sitting.done() == {}


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", "x" * 61, "a\nb", "a:b"])
def test_a_name_that_makes_no_file_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--labeller"):
        Notebook(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_neither_cases_nor_others_labels_are_written_into(tmp_path: Path) -> None:
    path = cases(tmp_path, 1)
    with pytest.raises(UsageError, match="要标的文件"):
        Notebook(tmp_path, "cases", [path])
    label = {"id": "r1", "steps": [], "skills": [], "negatives": [], "labeller": "model"}
    write(tmp_path / "model.jsonl", [label])
    with pytest.raises(UsageError, match="不是“model”标的"):
        Notebook(tmp_path, "model")


def test_labels_of_cases_are_not_even_read(tmp_path: Path, rubric: Rubric) -> None:
    labels = {"steps": ["nonsense"], "skills": 5, "quality": 99, "kind": "strong"}
    [question] = labelling.read_questions([write(tmp_path / "c.jsonl", [CASE | {"id": 1} | labels])], rubric)
    assert question == "1"


def test_form_items_are_not_offered(rubric: Rubric) -> None:
    skills = labelling.choices(rubric, "too_expensive", "skill")
    assert "empathy" in skills
    assert not {"polite_address", "plain_words", "match_style"} & set(skills)
    assert list(labelling.choices(rubric, "too_expensive", "step")) == [
        "acknowledge",
        "reason",
        "recalculate",
    ]


# ---- agreement -------------------------------------------------------------------------------------

STEPS, SKILLS, NEGATIVES = (
    ("acknowledge", "reason", "recalculate"),
    ("empathy", "solution"),
    ("argue", "leak"),
)


def labels_at_random(seed: int, count: int, **more: Any) -> list[dict[str, Any]]:
    chance = random.Random(seed)

    def some(ids: tuple[str, ...]) -> list[str]:
        return [i for i in ids if chance.random() < 0.4]

    return [
        {
            "id": f"r{n}", "situation": "too_expensive", "steps": some(STEPS), "skills": some(SKILLS),
            "negatives": some(NEGATIVES), "banned": some(("b001",)), "quality": chance.randint(2, 10) / 2, **more,
        }
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def two(tmp_path: Path, rubric: Rubric) -> tuple[Comparison, Rows, Rows]:
    a, b = labels_at_random(1, 80, by="human", labeller="甲"), labels_at_random(2, 80)
    files = [read_labels(write(tmp_path / f"{n}.jsonl", rows)) for n, rows in (("a", a), ("b", b))]
    return Comparison(files, rubric), a, b


def test_agreement_is_as_scikit_learn_says(two: tuple[Comparison, Rows, Rows], rubric: Rubric) -> None:
    comparison, a, b = two
    [found] = comparison.agreements()
    groups = {f.name: f for f in found.groups}
    for kind, field in labelling.FIELDS.items():
        offered = labelling.choices(rubric, "too_expensive", kind)
        table = [[i in row[field] for row in rows for i in offered] for rows in (a, b)]
        assert groups[kind].kappa == pytest.approx(cohen_kappa_score(*table))
        assert groups[kind].n == len(table[0])
        assert groups[kind].both == sum(x and y for x, y in zip(*table, strict=True))
        for item in {"step": STEPS, "skill": SKILLS, "negative": NEGATIVES}[kind]:
            key = f"step:too_expensive.{item}" if kind == "step" else f"{kind}:{item}"
            [figure] = [f for f in found.items if f.name == key]
            one, other = ([item in row[field] for row in rows] for rows in (a, b))
            assert figure.kappa == pytest.approx(cohen_kappa_score(one, other))
            assert (figure.n, figure.both) == (80, sum(x and y for x, y in zip(one, other, strict=True)))
    banned = [[bool(row["banned"]) for row in rows] for rows in (a, b)]
    assert groups["banned"].kappa == pytest.approx(cohen_kappa_score(*banned))
    marks = [[row["quality"] for row in rows] for rows in (a, b)]
    assert found.spearman == pytest.approx(spearmanr(*marks).statistic)
    halves = [[int(2 * q) for q in row] for row in marks]
    assert found.quadratic == pytest.approx(
        cohen_kappa_score(*halves, weights="quadratic", labels=list(range(2, 11)))
    )
    unseen = next(f for f in found.items if f.name == "skill:spin")
    assert (unseen.kappa, unseen.n, unseen.either) == (None, 80, 0)


def test_only_labels_that_say_so_are_human(two: tuple[Comparison, Rows, Rows]) -> None:
    told = label_agreement.report(two[0])
    assert told[0].endswith("a.jsonl：人工标注 80 条（甲）")
    assert told[1].endswith("b.jsonl：模型标注 80 条")


def test_without_situations_steps_do_not_count(tmp_path: Path, rubric: Rubric) -> None:
    rows = [{k: v for k, v in r.items() if k != "situation"} for r in labels_at_random(1, 9)]
    files = [read_labels(write(tmp_path / f"{n}.jsonl", rows)) for n in "ab"]
    [found] = Comparison(files, rubric).agreements()
    groups = {f.name: f for f in found.groups}
    assert (found.unplaced, groups["step"].kappa, groups["step"].n) == (9, None, 0)
    assert groups["skill"].kappa == 1
    [placed] = Comparison(files, rubric, labelling.read_questions([cases(tmp_path, 9)], rubric)).agreements()
    assert (placed.unplaced, placed.groups[0].kappa) == (0, 1)


def row(question: str, quality: float, skills: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"id": question, "steps": [], "skills": skills, "negatives": [], "quality": quality, **more}


def test_settled_records_come_from_agreement_or_the_third(tmp_path: Path) -> None:
    human = {"by": "human", "labeller": "甲"}
    a = [
        row("r0", 3, **human),
        row("r1", 3, **human),
        row("r2", 3, ("empathy",), **human),
        row("r3", 1, **human),
    ]
    b = [row("r0", 3, by="human", labeller="乙"), row("r1", 3.5), row("r2", 3), row("r4", 1)]
    c = [row("r2", 4, ("solution",))]
    files = [str(write(tmp_path / f"{n}.jsonl", rows)) for n, rows in (("a", a), ("b", b), ("c", c))]
    out = tmp_path / "settled.jsonl"
    args = ["label", "--agreement", *files, "--settled", str(out), "--cases", str(cases(tmp_path, 5))]
    done = CliRunner().invoke(command, args, catch_exceptions=False)
    assert done.exit_code == 0
    assert "定下来 2 条（一致 1 条，以第三个文件为准 1 条）" in done.output
    assert "没写的 1 条" in done.output
    first, second = (json.loads(x) for x in out.read_text(encoding="utf-8").splitlines())
    assert first | {"id": "r0", "by": "human", "labeller": "甲、乙", "settled": "agreed"} == first
    assert first["reply"] == CASE["reply"]
    assert (second["id"], second["skills"], second["quality"]) == ("r2", ["solution"], 4)
    assert second["settled"] == "third"
    assert "by" not in second
    CliRunner().invoke(command, [*args, "--tolerance", "0.5"], catch_exceptions=False)
    qualities = {r["id"]: r["quality"] for r in map(json.loads, out.read_text(encoding="utf-8").splitlines())}
    assert qualities == {"r0": 3, "r1": 3.25, "r2": 4}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "缺少 --cases、--labeller、--out"),
        (["--agreement"], "至少要有两个"),
        (["--agreement", "a.jsonl", "a.jsonl"], "写了两次"),
        (["--agreement", "a.jsonl", "b.jsonl"], "没有都标过的回复"),
        (["--agreement", "a.jsonl", "none.jsonl"], "读不了 none.jsonl"),
        (["--agreement", "a.jsonl", "typo.jsonl"], "empaty"),
        (["--agreement", "a.jsonl", "broken.jsonl"], "broken.jsonl:1"),
        (["--agreement", "a.jsonl", "b.jsonl", "--labeller", "甲"], "--labeller"),
        (["--agreement", "a.jsonl", "b.jsonl", "--settled", "a.jsonl"], "--settled"),
        (["a.jsonl"], "要和 --agreement 一起用"),
        (["--cases", "a.jsonl", "--labeller", "甲", "--out", "o"], "situation"),
    ],
)
def test_wrong_arguments_are_told_in_one_message(
    args: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.jsonl"), [row("r0", 3)])
    write(Path("b.jsonl"), [row("r1", 3)])
    write(Path("typo.jsonl"), [row("r0", 3, ("empaty",))])
    Path("broken.jsonl").write_text('{"id": \n{}\n', encoding="utf-8")
    failed = CliRunner().invoke(command, ["label", *args])
    assert isinstance(failed.exception, UsageError | InputError)
    assert told in str(failed.exception)
    assert "\n" not in str(failed.exception)
