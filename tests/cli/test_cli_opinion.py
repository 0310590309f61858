"""`--second-opinion`: off by default, refused without a language model, shown and recorded as such.

The encoder is left out (a grader with two open verdicts stands in); the model is a real server's.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulator.actor.models.registry import aside, make_model
from simulator.cli import wiring
from simulator.domain.grade import Grade, GradeRequest, ItemResult, Span, Verdict
from simulator.domain.rubric import Rubric
from simulator.grading.calibration import Band
from simulator.grading.quality import Reason
from tests.actor.conftest import broken_server, tiny  # noqa: F401  (fixtures)
from tests.cli.test_cli_contract import Item, Played, TurnGrade
from tests.conftest import Result
from tests.factories import grade_of
from tests.rooms import catalog

Call = Callable[..., Result]
SITUATION = "too_expensive"
ACKNOWLEDGE, EMPATHY = f"step:{SITUATION}.acknowledge", "skill:empathy"
LINE = {"id": "a", "situation": SITUATION, "customer": "太贵了", "reply": "是不便宜，我们再看看"}


class OpenGrader:
    """Sure of one skill, unsure of a step and of a skill, whatever the reply."""

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self.calibration = SimpleNamespace(
            bands={kind: Band(not_met=0.2, met=0.7) for kind in ("step", "skill", "negative")}
        )

    def grade(self, request: GradeRequest) -> Grade:
        """The one grade it knows."""
        span = Span(start=0, end=min(4, len(request.reply)))
        items = (
            ItemResult(key="skill:restate", verdict=Verdict.MET, score=0.97, span=span),
            ItemResult(key=ACKNOWLEDGE, verdict=Verdict.UNSURE, score=0.6, span=span),
            ItemResult(key=EMPATHY, verdict=Verdict.UNSURE, score=0.5, span=span),
        )
        return replace(grade_of(), items=items)

    def reasons(self, request: GradeRequest, grade: Grade) -> list[Reason]:
        return []

    def grade_many(self, requests: Sequence[GradeRequest]) -> list[Grade]:
        """The same, for each."""
        return [self.grade(r) for r in requests]


@pytest.fixture
def no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "open_encoder", lambda name: SimpleNamespace(name=name, hash="none"))
    monkeypatch.setattr(wiring, "make_grader", lambda rubric, encoder, content=None: OpenGrader(rubric))


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["grade", "--rubric", "service@1", "--input", os.devnull, "--output", "-", "--second-opinion", "bank"],
        ["grade", "--rubric", "service@1", "--input", os.devnull, "--output", "-", "--second-opinion", "builtin"],
        ["play", "--script", os.devnull, "--output", "-", "--second-opinion"],
        ["play", "--script", os.devnull, "--output", "-", "--model", "bank", "--second-opinion"],
        ["chat", "--persona", "shen_yanqiu", "--second-opinion"],
        ["serve", "--port", "17861", "--second-opinion"],
    ],
)  # fmt: skip
def test_without_a_language_model_it_is_refused(duilian: Call, arguments: list[str]) -> None:
    result = duilian(*arguments)
    assert result.code == 2
    assert "第二意见要问一个语言模型" in result.err
    assert "bank" in result.err
    assert "hf:" in result.err
    assert "Traceback" not in result.err + result.out


def test_a_model_that_is_none_is_told(duilian: Call) -> None:
    arguments = ("grade", "--rubric", "service@1", "--input", os.devnull, "--output", "-")
    assert duilian(*arguments, "--second-opinion").code == 2
    unknown = duilian(*arguments, "--second-opinion", "nonsense")
    assert unknown.code == 2
    assert "nonsense" in unknown.err


@pytest.mark.usefixtures("no_encoder")
def test_off_by_default(duilian: Call, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", LINE)
    result = duilian("grade", "--rubric", "service@1", "--input", source, "--output", "-")
    assert result.code == 0
    row = json.loads(result.out)
    assert row["unsure"] == [ACKNOWLEDGE, EMPATHY]
    assert "settled_by" not in result.out


@pytest.mark.usefixtures("no_encoder")
def test_grade_settles_and_says_who_did(duilian: Call, tmp_path: Path, broken_server: str) -> None:  # noqa: F811
    source = write(tmp_path / "in.jsonl", LINE)
    model = f"openai:m@{broken_server}/settles/v1"
    arguments = ("grade", "--rubric", "service@1", "--input", source, "--output", "-")
    row = json.loads(duilian(*arguments, "--second-opinion", model).out)
    items = {i["key"]: i for i in row["items"]}
    assert (row["steps"], row["skills"], row["unsure"]) == (["acknowledge"], ["restate"], [])
    assert "settled_by" not in items["skill:restate"]
    assert items[ACKNOWLEDGE]["settled_by"] == items[EMPATHY]["settled_by"] == f"{model}#remote"
    assert (items[ACKNOWLEDGE]["score"], items[EMPATHY]["score"]) == (0.6, 0.5)
    assert all(Item.model_validate(i) for i in row["items"])
    told = duilian(*arguments, "--explain", "--second-opinion", model).out.splitlines()
    by = [row for row in told if f"（由 {model}#remote 裁定）" in row]
    assert len(by) == 2
    assert by[0].startswith("  ✓ ")
    assert "凭“是不便宜”" in by[0]
    assert by[1].startswith("  · ")
    assert "凭" not in by[1]


@pytest.mark.usefixtures("no_encoder")
def test_play_and_chat_settle_and_say_who_did(
    duilian: Call,
    tmp_path: Path,
    broken_server: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = f"openai:m@{broken_server}/settles/v1"
    script = write(tmp_path / "in.jsonl", {"id": "s", "situation": SITUATION, "turns": [LINE["reply"]]})
    arguments = ("play", "--script", script, "--output", "-", "--model", model)
    plain, settled = duilian(*arguments), duilian(*arguments, "--second-opinion")
    grades = [Played.model_validate_json(r.out).turns[0].grade for r in (plain, settled)]
    assert (grades[0].steps, grades[0].settled_by) == ([], None)
    by = f"{model}#remote"
    assert (grades[1].steps, grades[1].settled_by) == (["acknowledge"], {ACKNOWLEDGE: by, EMPATHY: by})
    assert isinstance(grades[1], TurnGrade)
    typed = iter([LINE["reply"], "/结束"])
    monkeypatch.setattr("rich.console.Console.input", lambda *_: next(typed))
    monkeypatch.setenv("COLUMNS", "200")
    result = duilian("chat", "--persona", "shen_yanqiu", "--model", model, "--second-opinion")
    assert result.code == 0, result.err
    assert f"」有（由 {by} 裁定）" in result.out
    assert f"」没有（由 {by} 裁定）" in result.out


def settled_by(model: str, deadline: float = 5.0) -> Grade:
    """What becomes of the open grade when `model` is asked."""
    rubric = catalog().content.rubric("service@1")
    customer = make_model(model, lambda: catalog().content, deadline=deadline)
    opinion = wiring.second_opinion(catalog(), customer, deadline=deadline)
    request = GradeRequest(situation=SITUATION, reply=LINE["reply"], customer="太贵了")
    return opinion(OpenGrader(rubric)).grade(request)  # type: ignore[arg-type]


OPEN = OpenGrader(catalog().content.rubric("service@1")).grade(
    GradeRequest(situation=SITUATION, reply=LINE["reply"])
)


@pytest.mark.parametrize("fault", ["role", "english", "agrees", "half", "error", "empty", "hang"])
def test_a_server_that_misbehaves_settles_nothing(
    broken_server: str,  # noqa: F811
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="simulator.grading.opinion"):
        assert settled_by(f"openai:m@{broken_server}/{fault}/v1", deadline=1.0) == OPEN
    assert len(caplog.records) == (fault in {"half", "error", "empty", "hang"})


def test_a_local_model_that_babbles_settles_nothing(tiny: Path) -> None:  # noqa: F811
    assert settled_by(f"hf:{tiny}", deadline=20.0) == OPEN


def test_a_model_asked_aside_answers_alike_and_the_customer_as_before(tiny: Path) -> None:  # noqa: F811
    from langchain_core.messages import HumanMessage

    customer = make_model(f"hf:{tiny}", lambda: catalog().content, deadline=20.0)
    quiet = aside(customer)
    once, twice = (quiet.invoke([HumanMessage("有没有")]).text for _ in range(2))
    assert once == twice
    assert (quiet.aside, customer.chat.aside) == (True, False)  # type: ignore[attr-defined]
    assert customer.chat.sampling.temperature > 0  # type: ignore[attr-defined]
    remote = make_model("openai:m@http://127.0.0.1:9/v1", lambda: catalog().content)
    assert aside(remote).temperature == 0  # type: ignore[attr-defined]
    assert remote.chat.temperature > 0  # type: ignore[attr-defined]
