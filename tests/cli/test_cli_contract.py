"""`grade` and `play` keep sections 3.2 and 3.3 of docs/architecture.md to the letter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from simulator.domain.persona import Move
from tests.conftest import Result

Call = Callable[..., Result]
Unit = Annotated[float, Field(ge=0, le=1)]
Span = Annotated[tuple[int, int], Field()]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class Banned(Shape):
    id: Annotated[str, Field(pattern=r"^b\d{3}$")]
    score: Unit
    span: Span
    text: str


class Nearest(Shape):
    text: str
    positive: bool
    similarity: Annotated[float, Field(ge=-1, le=1)]


class Item(Shape):
    key: Annotated[str, Field(pattern=r"^(step:[a-z_]+\.[a-z_]+|skill:[a-z_]+|negative:[a-z_]+)$")]
    verdict: Literal["met", "not_met", "unsure"]
    score: Unit
    span: Span | None = None
    nearest: Nearest | None = None
    settled_by: Annotated[str, Field(min_length=1)] | None = None


class Graded(Shape):
    id: str | int
    rubric: str
    rubric_hash: str
    encoder: str
    calibrated: bool
    steps: list[str]
    skills: list[str]
    negatives: list[str]
    banned: list[Banned]
    quality: Annotated[float, Field(ge=1, le=5)] | None
    unsure: list[str]
    items: list[Item]


class TurnGrade(Shape):
    steps: list[str]
    skills: list[str]
    negatives: list[str]
    banned: list[Banned]
    quality: Annotated[float, Field(ge=1, le=5)] | None
    settled_by: Annotated[dict[str, str], Field(min_length=1)] | None = None


class State(Shape):
    anger: Unit
    trust: Unit
    interest: Unit
    patience: Unit


class Turn(Shape):
    reply: str
    grade: TurnGrade
    state: State
    move: Move
    customer: Annotated[str, Field(min_length=1)]
    source: Literal["model", "bank"]
    seconds: Annotated[float, Field(ge=0)]


class Played(Shape):
    id: str | int
    persona: str
    model: str
    seed: int
    opening: Annotated[str, Field(min_length=1)]
    turns: list[Turn]
    outcome: Literal["won", "advanced", "stalled", "lost", "escalated"]
    score: Annotated[float, Field(ge=0, le=100)]


class Failed(Shape):
    id: str | int | None
    error: str


def write(path: Path, records: list[Any]) -> Path:
    rows = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]


LINES: list[Any] = [
    {"id": "a", "situation": "too_expensive", "reply": "贵是因为装维都包在里头，摊到每人一个月才20块。", "other": 1},
    {"id": 2, "situation": "suspension_anger", "style": None, "customer": None, "reply": "急什么，没看见我忙着吗",
     "history": [["customer", "喂"], ["trainee", "您好"]], "facts": {"bill": 128}},
    {"id": "empty", "situation": "too_expensive", "reply": ""},
    "这不是 JSON",
    {"id": "nowhere", "situation": "nowhere", "reply": "您好"},
    {"id": "noreply", "situation": "too_expensive"},
    ["不是对象"],
    '{"id": NaN, "situation": "too_expensive", "reply": "您好"}',
    '{"id": "half", "situation": "too_expensive", "reply": "\\ud800"}',
    '{"id": %s, "situation": "too_expensive", "reply": "您好"}' % ("9" * 5000),
    {"id": True, "situation": "too_expensive", "reply": "您好"},
    {"id": {"no": "id"}, "situation": "too_expensive", "reply": "您好"},
    {"id": "last", "situation": "think_about_it", "reply": "好的，不急，您慢慢考虑。"},
]  # fmt: skip


def test_grade_keeps_its_shape_and_goes_on_after_bad_lines(duilian: Call, tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.jsonl", LINES), tmp_path / "out.jsonl"
    result = duilian("grade", "--rubric", "service@1", "--input", source, "--output", target)
    assert result.code == 1
    assert "9 行没能打分" in result.err
    rows = read(target)
    assert [r["id"] for r in rows] == ["a", 2, "empty", None, "nowhere", "noreply", *[None] * 6, "last"]
    for row in rows:
        TypeAdapter(Failed if "error" in row else Graded).validate_python(row)
    assert "in.jsonl:4" in rows[3]["error"]
    assert "in.jsonl:5" in rows[4]["error"]
    assert "nowhere" in rows[4]["error"]
    assert "reply" in rows[5]["error"]


def test_lists_agree_with_items(duilian: Call, tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.jsonl", LINES[:3]), tmp_path / "out.jsonl"
    assert duilian("grade", "--rubric", "service@1", "--input", source, "--output", target).code == 0
    for row in read(target):
        met = {i["key"] for i in row["items"] if i["verdict"] == "met"}
        situation = {"a": "too_expensive", 2: "suspension_anger", "empty": "too_expensive"}[row["id"]]
        listed = {f"step:{situation}.{s}" for s in row["steps"]}
        listed |= {f"skill:{s}" for s in row["skills"]} | {f"negative:{s}" for s in row["negatives"]}
        assert listed == met
        assert set(row["unsure"]) == {i["key"] for i in row["items"] if i["verdict"] == "unsure"}
        assert bool(row["banned"]) == ("banned_phrase" in row["negatives"])
        assert all(i["score"] == round(i["score"], 4) for i in row["items"])


def test_the_same_input_gives_the_same_bytes(duilian: Call, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", LINES)
    once, twice = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    for target in (once, twice):
        duilian("grade", "--rubric", "service@1", "--input", source, "--output", target)
    assert once.read_bytes() == twice.read_bytes()


def test_explain_is_readable(duilian: Call, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", LINES[:2])
    result = duilian("grade", "--rubric", "service@1", "--explain", "--input", source, "--output", "-")
    assert result.code == 0
    assert "回复：贵是因为" in result.out
    assert "最像的例句" in result.out
    assert "禁语" in result.out
    assert "换成：" in result.out


SCRIPTS = [
    {"id": "s1", "situation": "suspension_anger", "style": "driver", "level": "x",
     "turns": ["真对不起，我马上给您查", "半小时内我亲自给您回电话，您看行吗"]},
    {"id": "s2", "situation": "too_expensive", "turns": ["嫌贵就别买", "少啰嗦，有完没完", "别在这里吵", "随便你"]},
    {"id": "s3", "situation": "phone_answer", "style": "amiable", "turns": ["您好，移动公司小陈，请问有什么可以帮您？"]},
    {"id": "s4", "situation": "no_need", "turns": []},
]  # fmt: skip


def test_play_keeps_its_shape(duilian: Call, tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.jsonl", SCRIPTS), tmp_path / "out.jsonl"
    result = duilian("play", "--script", source, "--output", target, "--seed", 3)
    assert result.code == 0, result.err
    rows = read(target)
    assert [r["id"] for r in rows] == ["s1", "s2", "s3", "s4"]
    played = [Played.model_validate(r) for r in rows]
    assert all(p.seed == 3 for p in played)
    assert [t.reply for t in played[0].turns] == SCRIPTS[0]["turns"][: len(played[0].turns)]
    assert played[1].outcome in ("lost", "escalated")
    assert len(played[1].turns) < 4, "later turns are dropped when the customer has left"
    assert played[3].outcome == "stalled"
    assert played[3].turns == []


def test_play_repeats_itself_but_for_time(duilian: Call, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", SCRIPTS)
    results = []
    for name in ("1", "2"):
        duilian("play", "--script", source, "--output", tmp_path / name)
        rows = read(tmp_path / name)
        for row in rows:
            for turn in row["turns"]:
                turn.pop("seconds")
        results.append(rows)
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"id": "x", "situation": "nowhere", "turns": ["您好"]}, "nowhere"),
        ({"id": "x", "situation": "no_need", "style": "funny", "turns": ["您好"]}, "funny"),
        ({"id": "x", "situation": "no_need", "persona": "nobody", "turns": ["您好"]}, "nobody"),
        ({"id": "x", "situation": "no_need"}, "turns"),
        ({"id": "x", "situation": "no_need", "turns": "您好"}, "turns"),
    ],
)
def test_a_bad_script_line_is_told_and_the_run_goes_on(
    duilian: Call, tmp_path: Path, line: dict[str, Any], why: str
) -> None:
    source, target = write(tmp_path / "in.jsonl", [line, SCRIPTS[2]]), tmp_path / "out.jsonl"
    assert duilian("play", "--script", source, "--output", target).code == 1
    bad, good = read(target)
    assert why in Failed.model_validate(bad).error
    Played.model_validate(good)
