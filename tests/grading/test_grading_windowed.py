"""The window models: what a window adds up to, and that nothing around it matters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from simulator.domain.grade import Span
from simulator.grading.models import placed
from simulator.grading.stored import load_models, save_models
from simulator.grading.windowed import WindowModels, grams_within
from simulator.language.text import windows

NAMES = ("negative:argue", "banned")
CLAUSES = ("真的抱歉", "您吼我也快不了", "系统该几分钟就几分钟", "您问我我问谁？", "我这就去查")
REPLY = "真的抱歉，您吼我也快不了，您问我我问谁？我这就去查"


@pytest.fixture
def models() -> WindowModels:
    """Two columns over every n-gram of the reply and the clauses, of any weight."""
    chance = np.random.default_rng(3)
    known = {gram for text in (*CLAUSES, REPLY) for gram, _, _ in grams_within(text)}
    vocabulary = tuple(sorted(known))
    return WindowModels(
        names=NAMES,
        vocabulary=vocabulary,
        idf=(1 + chance.random(len(vocabulary))).astype(np.float32),
        words=sparse.csr_matrix(chance.normal(size=(len(NAMES), len(vocabulary))).astype(np.float32)),
        biases=np.array([-2.0, 1.0], dtype=np.float32),
    )


def of(text: str) -> Span:
    start = REPLY.index(text.rstrip("？"))
    return Span(start=start, end=start + len(text.rstrip("？")))


def test_a_window_is_its_ngrams_weighed_and_of_unit_length(models: WindowModels) -> None:
    text = "我这就去查"
    known = {g for g, _ in placed(text) if not g.startswith("^^") and not g.endswith("$$")}
    place = {g: i for i, g in enumerate(models.vocabulary)}
    values = np.array([models.idf[place[g]] for g in known])
    weights = np.array([models.words.toarray()[:, place[g]] for g in known])
    expected = values @ weights / np.sqrt((values**2).sum()) + models.biases
    told = models.judge(text, (Span(start=0, end=len(text)),))
    assert [told[n][0] for n in NAMES] == pytest.approx(expected.tolist(), rel=1e-4)


@pytest.mark.parametrize("clause", ["真的抱歉", "您吼我也快不了", "您问我我问谁？", "我这就去查"])
def test_a_clause_is_judged_alike_wherever_it_stands(models: WindowModels, clause: str) -> None:
    alone = models.judge(clause, (Span(start=0, end=len(clause.rstrip("？"))),))
    within = models.judge(REPLY, (of(clause),))
    for name in NAMES:
        assert within[name].tolist() == pytest.approx(alone[name].tolist(), rel=1e-5)


def test_what_spans_a_break_belongs_to_both_sides_together(models: WindowModels) -> None:
    start, end = of("真的抱歉").start, of("您吼我也快不了").end
    both = models.judge(REPLY, (Span(start=start, end=end),))
    alone = models.judge("真的抱歉，您吼我也快不了", (Span(start=0, end=end - start),))
    other = models.judge("真的抱歉您吼我也快不了", (Span(start=0, end=end - start - 1),))
    assert both[NAMES[0]].tolist() == pytest.approx(alone[NAMES[0]].tolist(), rel=1e-5)
    assert both[NAMES[0]][0] != pytest.approx(other[NAMES[0]][0], rel=1e-3), "the break itself is heard"


def test_saying_it_again_and_again_says_no_more(models: WindowModels) -> None:
    """哈哈哈哈哈哈 once weighed six times as much as 哈."""
    once, often = (
        models.judge(t, (Span(start=0, end=len(t)),))[NAMES[0]][0] for t in ("真的真的", "真的" * 9)
    )
    assert often == pytest.approx(once, rel=1e-5)


def test_a_question_mark_belongs_to_the_clause_it_ends(models: WindowModels) -> None:
    asked = models.judge("您问我我问谁？", (Span(start=0, end=6),))
    told = models.judge("您问我我问谁。", (Span(start=0, end=6),))
    assert asked[NAMES[1]][0] != pytest.approx(told[NAMES[1]][0], rel=1e-3)


def test_nothing_said_nothing_told(models: WindowModels) -> None:
    assert models.judge("……", ()) == {}
    unknown = models.judge("αβγ", (Span(start=0, end=3),))
    assert [unknown[n][0] for n in NAMES] == models.biases.tolist(), "no n-gram that anybody knows"


def test_every_window_of_a_long_reply_is_judged(models: WindowModels) -> None:
    long = "您吼我也快不了，" * 600
    spans = windows(long)
    told = models.judge(long, spans)
    alone = models.judge("您吼我也快不了", (Span(start=0, end=7),))
    single = [n for n, s in enumerate(spans) if s.end - s.start == 7]
    assert len(single) > 100
    for name in NAMES:
        assert told[name][single] == pytest.approx(np.repeat(alone[name], len(single)), rel=1e-4)


def test_the_disk_keeps_them(models: WindowModels, tmp_path: Path) -> None:
    save_models({"windows": models}, tmp_path / "m.npz")
    kept = load_models(tmp_path / "m.npz")["windows"]
    spans = windows(REPLY)
    before, after = models.judge(REPLY, spans), kept.judge(REPLY, spans)
    for name in NAMES:
        assert after[name].tolist() == pytest.approx(before[name].tolist(), rel=0.01, abs=0.01)
