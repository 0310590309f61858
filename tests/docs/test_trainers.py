"""docs/trainers.md followed literally in a fresh folder.

A fence with a path after its language is a file to save; a ```bash fence is typed as it stands, in a
shell whose home holds the project as `~/duilian`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from simulator.content import schemas
from simulator.content.readers import SLOTS

REPOSITORY = Path(__file__).parents[2]
GUIDE = (REPOSITORY / "docs" / "trainers.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Followed:
    """The folder after the last step; `printed`: of each bash fence, in order."""

    folder: Path
    printed: list[str]

    def rows(self, name: str) -> list[dict[str, Any]]:
        text = (self.folder / name).read_text(encoding="utf-8")
        return [json.loads(row) for row in text.splitlines()]


def shell(script: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"HOME": str(home), "PATH": path, "DUILIAN_DATA": str(home / "data")}
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=900
    )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A fresh folder, and a home where the project lies."""
    home = tmp_path_factory.mktemp("home")
    (home / "duilian").symlink_to(REPOSITORY)
    return tmp_path_factory.mktemp("我的内容"), home


@pytest.fixture(scope="module")
def followed(places: tuple[Path, Path]) -> Followed:
    folder, home = places
    printed = []
    # the guide's own files take minutes a calibration, of which there are three: every eighth line does
    for name in ("train", "clauses/service"):
        lines = (REPOSITORY / "eval" / "cases" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines(True)
        few = home / "few" / f"{name}.jsonl"
        few.parent.mkdir(parents=True, exist_ok=True)
        few.write_text("".join(lines[::8]), encoding="utf-8")
    for language, name, body in FENCE.findall(GUIDE):
        if name:
            (folder / name).write_text(body, encoding="utf-8")
        elif language == "bash":
            typed = re.sub(r"~/duilian/eval/cases/(train|clauses/service)\.jsonl", r"~/few/\1.jsonl", body)
            result = shell(typed, folder, home)
            assert result.returncode == 0, f"{body}\n{result.stdout}\n{result.stderr}"
            printed.append(result.stdout)
    return Followed(folder, printed)


@pytest.mark.slow
def test_every_check_finds_nothing(followed: Followed) -> None:
    checks = [b for language, _, b in FENCE.findall(GUIDE) if language == "bash"]
    said = [text for body, text in zip(checks, followed.printed, strict=True) if "duilian check" in body]
    assert len(said) == 6
    assert all("没有发现问题。" in text for text in said)


@pytest.mark.slow
def test_the_own_person_plays_a_whole_session(followed: Followed) -> None:
    [played] = followed.rows("played.jsonl")
    script = json.loads((followed.folder / "script.jsonl").read_text(encoding="utf-8"))
    assert played["persona"] == "zhou_min"
    assert played["opening"] in ("哎呀，你们这个价是不是高了点呀？", "七百九十二？我这小店一个月才多少利润。")
    assert 1 <= len(played["turns"]) <= len(script["turns"])
    assert all({"grade", "state", "move", "customer"} <= set(turn) for turn in played["turns"])
    assert played["outcome"] in ("won", "advanced", "stalled", "lost", "escalated")


@pytest.mark.slow
def test_the_own_item_is_judged_with_the_shared_calibration(followed: Followed) -> None:
    first, second = followed.rows("graded.jsonl")
    assert first["rubric"] == second["rubric"] == "service@3"
    assert "invite_demo" in first["skills"]
    assert "invite_demo" not in second["skills"]
    assert not first["calibrated"]
    assert not second["calibrated"]
    explained = (followed.folder / "explained.txt").read_text(encoding="utf-8")
    assert "请客户来看样机（skill:invite_demo）" in explained
    assert "最像的例句：您哪天路过营业厅，我拿样机给您试一试" in explained


@pytest.mark.slow
def test_the_own_rubric_scores_by_its_own_steps(followed: Followed) -> None:
    [played] = followed.rows("visited.jsonl")
    assert {step for turn in played["turns"] for step in turn["grade"]["steps"]} == {"side_with", "per_head"}
    assert any(turn["grade"]["skills"] for turn in played["turns"])
    assert played["score"] >= 70


@pytest.mark.slow
def test_calibrating_makes_it_calibrated(followed: Followed) -> None:
    assert [row["calibrated"] for row in followed.rows("calibrated.jsonl")] == [True, True]
    digest = followed.rows("graded.jsonl")[0]["rubric_hash"]
    assert list((followed.folder / "models" / "calibration").glob(f"*-{digest}.json"))


def test_the_test_split_is_opened_once_after_all_rounds() -> None:
    """Rounds of development learn apart and look at the calibration split."""
    typed = [
        row for language, _, body in FENCE.findall(GUIDE) if language == "bash" for row in body.splitlines()
    ]
    evaluated = [row for row in typed if row.startswith("duilian eval")]
    shape = [
        (row.split()[2], "--apart" in row, re.findall(r"--cases \S+/(\w+)\.jsonl", row)) for row in evaluated
    ]
    assert shape == [
        *[("calibrate", True, ["calibration"])] * 2,
        *[("run", False, ["calibration"])] * 2,
        ("compare", False, []),
        ("calibrate", False, ["calibration"]),
        *[("run", False, ["test"])] * 2,
        ("compare", False, []),
    ]


def test_the_example_of_a_mistake_is_what_check_says(places: tuple[Path, Path], tmp_path: Path) -> None:
    files = {name: body for _, name, body in FENCE.findall(GUIDE) if name}
    person = tmp_path / "personas" / "cast" / "zhou_min.yaml"
    person.parent.mkdir(parents=True)
    text = files["personas/cast/zhou_min.yaml"].replace("style: amiable ", "style: amiabel ")
    person.write_text(text, encoding="utf-8")
    result = shell("duilian check personas/cast/zhou_min.yaml", tmp_path, places[1])
    [promised] = re.findall(r"^personas/cast/zhou_min\.yaml:.*$", GUIDE, re.MULTILINE)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [promised, "共 1 处问题。"]


@pytest.mark.parametrize(
    "model",
    [
        schemas.PersonaFile, schemas.ConcernFile, schemas.AnswerFile, schemas.MoneyFile, schemas.ConditionFile,
        schemas.DeltaFile, schemas.SituationFile, schemas.StyleFile, schemas.LineFile, schemas.ItemFile,
        schemas.PlacementFile, schemas.BannedFile, schemas.PrescribedFile, schemas.ScoringFile,
        schemas.IncludeFile, schemas.RubricFile,
    ],
)  # fmt: skip
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    unknown = [k for k in keys if not re.search(rf"(^|[`\"{{ ]){k}[`\":]", GUIDE, re.M)]
    assert unknown == []


def test_every_slot_is_explained() -> None:
    assert [slot for slot in SLOTS if f"`{{{slot}}}`" not in GUIDE] == []
