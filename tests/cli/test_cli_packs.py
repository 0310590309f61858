"""Practising under a rubric that scores a few situations only: anything else is one clear message."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.content.places import shipped
from tests.app.server import free_port
from tests.conftest import Result

Call = Callable[..., Result]
STEP = """  - id: own_way
    kind: step
    name: 先稳住
    meaning: 先让客户消气
    advice: 先道歉
    situations: {SITUATION: {order: 1}}
    examples: [对不起，让您多花钱了, 真抱歉给您添麻烦了, 您消消气，这事怪我们, 让您着急了，不好意思, 我先给您赔个不是]
    contrast: [您先别急, 这跟我没关系, 系统就是这么扣的]
"""
ABLE = "可以练：billing_dispute（如 qiao_manli）。"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A trainer's folder with a rubric of one situation, one that takes steps from service, and one that
    scores nothing anybody plays."""
    folder = tmp_path / "own" / "rubrics"
    folder.mkdir(parents=True)
    head = "rubric: {}\nversion: 1\ntitle: 标题\n"
    one = head.format("one") + "items:\n" + STEP.replace("SITUATION", "billing_dispute")
    (folder / "one@1.yaml").write_text(one, encoding="utf-8")
    taken = 'include:\n  - {from: service@1, items: ["skill:*", "step:phone_answer.*"]}\n'
    (folder / "taken@1.yaml").write_text(head.format("taken") + taken, encoding="utf-8")
    scenes = tmp_path / "own" / "personas" / "situations"
    scenes.mkdir(parents=True)
    known = (shipped("personas") / "situations" / "phone_answer.yaml").read_text(encoding="utf-8")
    (scenes / "empty_room.yaml").write_text(
        known.replace("id: phone_answer", "id: empty_room"), encoding="utf-8"
    )
    skills = "items:\n" + STEP.replace("SITUATION", "empty_room")
    (folder / "skills@1.yaml").write_text(head.format("skills") + skills, encoding="utf-8")
    return tmp_path / "own"


def test_chat_says_what_can_be_practised(duilian: Call, own: Path, tmp_path: Path) -> None:
    place = ("--content", own, "--data", tmp_path / "chat")
    result = duilian("chat", "--rubric", "one", "--persona", "shen_yanqiu", *place)
    assert (result.code, result.err) == (
        2,
        f"错误：评分标准 one@1 不给情境 too_expensive 打分，{ABLE}\n",
    )
    none = duilian("chat", "--rubric", "skills", "--persona", "shen_yanqiu", *place)
    assert none.err == "错误：评分标准 skills@1 不给情境 too_expensive 打分，能练的一个也没有。\n"
    assert not (tmp_path / "chat").exists(), "told before anything is opened"


def test_serve_is_not_opened_with_nobody_to_choose(duilian: Call, own: Path, tmp_path: Path) -> None:
    result = duilian(
        "serve", "--port", free_port(), "--rubric", "skills", "--content", own, "--data", tmp_path
    )
    assert result.code == 2
    assert "错误：评分标准 skills@1 打分的情境还没有人物来演" in result.err


def test_play_tells_it_of_each_line_and_plays_the_others(duilian: Call, own: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    scripts = [
        {"id": "other", "situation": "too_expensive", "turns": []},
        {
            "id": "good",
            "situation": "billing_dispute",
            "turns": ["对不起，让您多花钱了，您消消气，我这就给您查"],
        },
    ]
    source.write_text("\n".join(map(json.dumps, scripts)), encoding="utf-8")
    result = duilian("play", "--rubric", "one", "--content", own, "--script", source, "--output", target)
    assert result.code == 1
    other, good = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    assert other == {"id": "other", "error": f"评分标准 one@1 不给情境 too_expensive 打分，{ABLE}"}
    [turn] = good["turns"]
    assert turn["grade"]["steps"] == ["own_way"]
    assert good["score"] == 70


def test_a_drill_is_won_by_steps_that_were_taken(duilian: Call, own: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    turns = ["您好，移动公司小陈，请问有什么可以帮您？", "谢谢您的来电，再见"]
    script = {"id": 1, "situation": "phone_answer", "turns": turns}
    source.write_text(json.dumps(script), encoding="utf-8")
    result = duilian("play", "--rubric", "taken", "--content", own, "--script", source, "--output", target)
    assert result.code == 0, result.err
    played = json.loads(target.read_text(encoding="utf-8"))
    assert played["outcome"] == "won"
    assert set(played["turns"][0]["grade"]["steps"]) == {"greet", "company", "own_name", "offer_help"}
