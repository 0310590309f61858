"""`duilian eval fidelity` from end to end, and a customer who does everything wrong."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.outputs import ChatResult
from pydantic import Field

from eval.fidelity import bars, measuring, page, playing, report, scripts
from eval.fidelity.breaches import Kind
from eval.fidelity.measuring import Fidelity
from eval.fidelity.playing import Plan, Stage
from eval.remembering import Remembering, by_place
from simulator.actor.actor import Actor
from simulator.actor.breaker import FAILURES
from simulator.cli import wiring
from simulator.domain.grade import Grade, GradeRequest
from simulator.domain.persona import Persona, Situation, Style
from simulator.domain.session import CustomerLine, Direction

SITUATIONS, STYLES = ("too_expensive", "suspension_anger"), ("driver", "amiable")
NAMES = {"too_expensive": "嫌贵", "driver": "驾驭型"}


@lru_cache
def stage() -> Stage:
    catalog = wiring.open_catalog(None)
    content = catalog.content
    rubric = content.rubric("service")
    return Stage(
        content=content,
        rubric=rubric,
        grader=Remembering(wiring.make_grader(rubric, wiring.open_encoder("builtin")), by_place),
        model=wiring.open_model(catalog, "builtin"),
        voice=lambda model: Actor(lambda: content, model),
        scripts=scripts.read(scripts.HERE, SITUATIONS),
    )


def figures(made: Stage, plan: Plan) -> Fidelity:
    record = measuring.Record(
        model="fake", model_version="0", is_bank=False, rubric="service@2", rubric_hash="", encoder="", calibration="",
        calibrated=True, scripts="", situations=plan.situations, styles=plan.styles, kinds=plan.kinds, seeds=plan.seeds,
        level="normal", lines=0, program="", commit="", dirty=None, versions={}, started="", seconds=0.0,
    )  # fmt: skip
    return measuring.measure(made.play(plan), made.content, record)


class Faulty:
    """An actor who says the same forbidden things whatever the director wants."""

    def opening(self, persona: Persona, situation: Situation, style: Style, seed: int) -> CustomerLine:
        return CustomerLine(text="<script>alert(1)</script>太贵了", source="model")

    def speak(
        self, persona: Persona, situation: Situation, style: Style, history: Any, direction: Direction
    ) -> CustomerLine:
        said = (
            "行，就按你说的办，签吧",
            "作为一个AI语言模型，我没有意见",
            "你应该先向我表示一下歉意",
            f"我就怕{persona.concern.short}",
            "别家只要八百五十块",
            "不说了，再见",
        )
        return CustomerLine(text=said[direction.turn % len(said)], source="model", seconds=0.5)


@pytest.mark.slow
def test_a_customer_who_does_everything_wrong_is_caught(tmp_path: Path) -> None:
    sound = stage()
    model = replace(sound.model, is_bank=False)
    faulty: Any = Faulty()
    plan = Plan(
        situations=SITUATIONS, styles=STYLES, seeds=1, kinds=("expert", "average", "rude", "long_average")
    )
    found = figures(replace(sound, model=model, voice=lambda _: faulty), plan)
    missing = {k for k, n in found.counts.items() if not n} - {Kind.UNEARNED_STATE.value}
    assert not missing, "the state is the director's own, all else the customer's"
    assert found.counts[Kind.UNEARNED_STATE.value] == 0
    assert (found.endings.right or 0.0) < 0.5
    assert found.styles is not None
    assert found.styles.f1.value < 0.75, "who always says the same has no style"
    assert {r.repeated for r in found.decay["long_average"][6:]} == {1.0}
    assert found.speed is not None
    assert (found.speed.median, found.own_words) == (0.5, 1.0)
    missed = {b.name for b in bars.bars(found) if b.met is False}
    assert {"出戏", "教对方怎么说", "提前露出心事", "一场里说两遍"} <= missed
    report.write(found, tmp_path, NAMES)
    html = (tmp_path / report.PAGE).read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html


class Dead(BaseChatModel):
    """A model that always fails; counts how often it was asked."""

    asked: list[int] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "dead"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        self.asked.append(1)
        raise RuntimeError("没有电了")


@pytest.mark.slow
def test_a_dead_model_is_asked_in_every_talk_and_passes_no_run(tmp_path: Path) -> None:
    sound, dead = stage(), Dead()
    model = replace(sound.model, chat=dead, is_bank=False)
    plan = Plan(situations=SITUATIONS[:1], styles=STYLES, seeds=1, kinds=("average",))
    found = figures(replace(sound, model=model), plan)
    assert [len(t.exchanges) >= FAILURES for t in found.talks] == [True, True]
    assert len(dead.asked) == FAILURES * len(found.talks), "each talk has a breaker of its own"
    assert (found.own_words, found.speed, found.to_json()["own_words"]) == (0.0, None, 0.0)
    missed = {b.name for b in bars.bars(found) if b.met is False}
    assert "模型自己说的话" in missed
    report.write(found, tmp_path, NAMES)
    html = (tmp_path / report.PAGE).read_text(encoding="utf-8")
    assert "模型自己说的话占 0.0%" in html
    table = html.split('<table class="confusion">')[1].split("</table>")[0]
    rows = [row.count("<th") + row.count("<td") for row in table.split("<tr>")[1:]]
    assert rows == [1 + len(sound.content.styles)] * 3, "every cell stands under the name of a style"
    bank = replace(found, record=replace(found.record, is_bank=True))
    assert "模型自己说的话" not in {b.name for b in bars.bars(bank)}


@pytest.mark.slow
def test_talks_do_not_depend_on_how_they_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(situations=SITUATIONS[:1], styles=STYLES, seeds=1, kinds=("expert", "attack"))
    untimed = [[replace(e, seconds=0.0) for e in t.exchanges] for t in stage().play(plan)]
    monkeypatch.setattr(playing, "cores", lambda: 1)
    assert [[replace(e, seconds=0.0) for e in t.exchanges] for t in stage().play(plan)] == untimed


@pytest.mark.slow
def test_a_grade_depends_on_no_more_of_the_past_than_is_remembered() -> None:
    grader = stage().grader
    asked: list[GradeRequest] = []

    class Asking:
        rubric, encoder, calibrated = grader.rubric, grader.encoder, grader.calibrated

        def grade(self, request: GradeRequest) -> Grade:
            asked.append(request)
            return grader.grade(request)

    plan = Plan(situations=SITUATIONS[:1], styles=STYLES[:1], seeds=1, kinds=("average",))
    watched: Any = Asking()
    replace(stage(), grader=watched).play(plan)
    fresh = wiring.make_grader(grader.rubric, wiring.open_encoder("builtin"))
    assert len(asked) > 3
    assert [fresh.grade(r) for r in asked] == [grader.grade(r) for r in asked]


def test_a_talk_that_breaks_off_is_told(tmp_path: Path) -> None:
    class Broken(Faulty):
        def opening(self, *_: Any) -> CustomerLine:
            raise RuntimeError("没有电了")

    sound = stage()
    broken: Any = Broken()
    model = replace(sound.model, is_bank=False)
    plan = Plan(situations=SITUATIONS[:1], styles=STYLES[:1], seeds=1, kinds=("average",))
    found = figures(replace(sound, model=model, voice=lambda _: broken), plan)
    assert found.broken == {"too_expensive/driver/average/0": "RuntimeError: 没有电了"}
    assert found.order.share is None
    assert not bars.reached(bars.bars(found))
    report.write(found, tmp_path, NAMES)
    assert "没有电了" in (tmp_path / report.PAGE).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_command_writes_a_report_that_bears_looking_at(
    duilian: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "fidelity"
    chosen = [word for s in SITUATIONS for word in ("--situations", s)]
    chosen += [word for s in STYLES for word in ("--styles", s)]
    result = duilian("eval", "fidelity", *chosen, "--seeds", 2, "--out", out, "--bars")
    figures_made = json.loads((out / report.FIGURES).read_text(encoding="utf-8"))
    talks = [json.loads(row) for row in (out / report.TRANSCRIPTS).read_text(encoding="utf-8").splitlines()]
    assert len(talks) == len(figures_made["talks"]) == 2 * 2 * 2 * 7
    assert figures_made["record"]["model"] == "bank"
    assert figures_made["record"]["seeds"] == 2
    assert figures_made["order"]["share"] >= 0.95
    assert figures_made["counts"]["unearned_state"] == 0
    assert figures_made["styles"]["f1"]["value"] >= 0.75
    assert figures_made["broken"] == {}
    assert {t["trainee"] for t in talks} == set(figures_made["record"]["kinds"])
    missed = "✗" in result.out
    assert result.code == (1 if missed else 0)
    html = (out / report.PAGE).read_text(encoding="utf-8")
    assert html.count("<svg") >= 4
    assert "http://" not in html.replace("http://www.w3.org/", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--situations", "no_such"), "no_such"),
        (("--styles", "shy"), "shy"),
        (("--model", "hf:"), "hf:"),
        (("--model", "nonsense"), "没有这个模型"),
    ],
)
def test_what_cannot_be_done_is_told_at_once(
    words: tuple[str, ...], told: str, duilian: Callable[..., Any], tmp_path: Path
) -> None:
    result = duilian("eval", "fidelity", *words, "--out", tmp_path / "out")
    assert result.code == 2
    assert told in result.err
    assert "Traceback" not in result.err


def test_an_out_that_cannot_be_made_is_told(duilian: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    result = duilian("eval", "fidelity", "--out", tmp_path / "file" / "out")
    assert result.code == 2
    assert "--out" in result.err


def test_an_out_that_cannot_be_written_is_told_before_the_run(
    duilian: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)  # root, as whom tests may run, may write anywhere
    result = duilian("eval", "fidelity", "--situations", "no_such", "--out", tmp_path)
    assert result.code == 2
    assert f"--out 目录里写不了文件 {tmp_path}" in result.err


def test_missing_scripts_are_told(duilian: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = duilian("eval", "fidelity", "--trainees", tmp_path / "empty", "--out", tmp_path / "out")
    assert result.code == 2
    assert "too_expensive" in result.err


def test_headline_counts_the_bars() -> None:
    listed = [
        bars.Bar(name="a", measured="1", wanted="0", met=False),
        bars.Bar(name="b", measured="0", wanted="0", met=True),
        bars.Bar(name="c", measured="—", wanted="0", met=None),
    ]
    assert page.headline(listed) == "2 条里 1 条没达到"
    assert page.headline(listed[1:]) == "1 条都达到了"
