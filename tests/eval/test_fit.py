"""What is fitted on labels: the quality model, the bands, and models that never judge what they have seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from eval import unseen
from eval.fitting import items
from eval.fitting.bands import set_band, set_bands
from eval.fitting.items import held_out
from eval.fitting.shared import related
from eval.fitting.tables import Table
from eval.marking import fit_marking
from simulator.domain.rubric import Kind, Placement, Rubric, RubricItem, Scoring
from simulator.grading.calibration import SHARED_INPUTS
from simulator.grading.examples import example_set
from simulator.grading.models import ItemModels, Turn
from simulator.grading.quality import INPUTS, LEVELS

FAULT, FIRST, SKILLS = (INPUTS.index(n) for n in ("fault", "first_step", "skills"))


def marked(count: int = 240, levels: tuple[float, ...] = LEVELS) -> tuple[np.ndarray, np.ndarray]:
    """Inputs, and qualities that rise with first_step and (half as much) skills and fall with fault."""
    chance = np.random.default_rng(2)
    inputs = np.zeros((count, len(INPUTS)))
    inputs[:, [FIRST, SKILLS, FAULT]] = chance.random((count, 3))
    worth = (
        4 * inputs[:, FIRST] + 2 * inputs[:, SKILLS] - 4 * inputs[:, FAULT] + chance.logistic(size=count) / 3
    )
    place = np.searchsorted(np.quantile(worth, np.linspace(0, 1, len(levels) + 1)[1:-1]), worth)
    return inputs, np.array(levels)[place]


def expected(inputs: np.ndarray, qualities: np.ndarray) -> tuple[Any, np.ndarray]:
    marking = fit_marking(inputs, qualities)
    found = [marking.expected(dict(zip(INPUTS, row, strict=True))) for row in inputs.tolist()]
    return marking, np.array(found)


def test_the_quality_model_recovers_what_quality_rises_and_falls_with() -> None:
    inputs, qualities = marked()
    marking, found = expected(inputs, qualities)
    weights = marking.weights
    assert weights["first_step"] > 1.5 * weights["skills"] > 0 > weights["fault"]
    assert {n for n, w in weights.items() if w == 0} == set(INPUTS) - {"first_step", "skills", "fault"}
    assert spearmanr(found, qualities).statistic > 0.9
    assert np.abs(found - qualities).mean() < 0.5
    assert abs(found.mean() - qualities.mean()) < 0.1
    assert len(marking.cuts) == len(LEVELS) - 1
    assert list(marking.cuts) == sorted(set(marking.cuts))


def test_levels_that_nobody_gave_are_not_given() -> None:
    inputs, qualities = marked(levels=(2.0, 3.0, 4.0))
    marking, found = expected(inputs, qualities)
    assert found.min() >= 2 - 1e-6
    assert found.max() <= 4 + 1e-6
    assert spearmanr(found, qualities).statistic > 0.85
    low, lower, half, three, half_more, _, top, _ = marking.cuts
    assert low == lower == -30
    assert half == three < half_more
    assert top == 30


def test_two_levels_are_enough() -> None:
    inputs, qualities = marked(levels=(1.5, 4.5))
    _, found = expected(inputs, qualities)
    assert 1.5 - 1e-3 <= found.min() < found.max() <= 4.5 + 1e-3
    assert found[qualities == 4.5].mean() - found[qualities == 1.5].mean() > 1.5


def test_one_level_teaches_nothing() -> None:
    inputs, _ = marked(30)
    with pytest.raises(ValueError, match="两档"):
        fit_marking(inputs, np.full(30, 3.0))


BETA = {"step": 1.0, "skill": 1.0, "negative": 1.0, "banned": 0.8}
OPEN_FROM = {"step": 1 / 3, "skill": 1 / 3, "negative": 0.25, "banned": 0.2}  # most that `not_met` can be


@pytest.mark.parametrize("kind", BETA)
def test_the_band_of_well_parted_labels(kind: str) -> None:
    chances = np.array([0.05, 0.7, 0.1, 0.8, 0.15, 0.9])
    band = set_band(chances, chances > 0.5, kind)
    assert band.met == pytest.approx(1 / (1 + BETA[kind] ** 2), abs=1e-4), "the best F-beta is 1"
    assert band.not_met == pytest.approx(OPEN_FROM[kind], abs=1e-4)


def test_a_band_stays_within_bounds() -> None:
    rare = np.linspace(0.01, 0.02, 200)
    labels = np.zeros(200, dtype=bool)
    labels[[3, 90]] = True
    low = set_band(rare, labels, "step")
    assert (low.not_met, low.met) == (0.1, 0.1), "never unsure above met"


def f_beta(chances: np.ndarray, labels: np.ndarray, met: float, beta: float) -> float:
    found = chances >= met
    right = int((found & labels).sum())
    if not right:
        return 0.0
    precision, recall = right / int(found.sum()), right / int(labels.sum())
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


@pytest.mark.parametrize("kind", BETA)
@pytest.mark.parametrize("seed", range(4))
def test_of_honest_probabilities_no_other_threshold_serves_better(kind: str, seed: int) -> None:
    chance = np.random.default_rng(seed)
    p = chance.beta(0.3, 1.5, size=20_000)
    y = chance.random(20_000) < p
    met = set_band(p, y, kind).met
    fresh = chance.beta(0.3, 1.5, size=20_000)
    labels = chance.random(20_000) < fresh
    best = max(f_beta(fresh, labels, m, BETA[kind]) for m in np.linspace(0.1, 0.9, 81))
    assert f_beta(fresh, labels, met, BETA[kind]) > best - 0.01


def test_a_rare_item_has_as_much_say_in_a_shared_band_as_a_common_one() -> None:
    """90 replies meet the first item and are found from 0.6 on; 10 meet the second, hardly ever found."""
    common, rare = np.linspace(0.6, 0.9, 90), np.linspace(0.1, 0.25, 10)
    chances = np.concatenate([common, np.full(910, 0.05), rare, np.full(990, 0.3)])
    table = Table(
        own=np.zeros((2000, 1)), label=np.isin(np.arange(2000), [*range(90), *range(1000, 1010)]),
        reply=np.tile(np.arange(1000), 2), column=np.repeat(["skill:often", "skill:seldom"], 1000),
        kind=np.repeat("skill", 2000), whole=np.zeros((1000, 1)), said=[], pieces=[],
    )  # fmt: skip
    rows = np.arange(2000)
    each, alike = (set_bands(table, chances, rows, alike=a)["skill"].met for a in (False, True))
    assert each == pytest.approx(0.9 / (0.9 + 1), abs=0.03)
    assert alike == pytest.approx(1 / (1 + 2), abs=0.05)
    assert set_band(chances, table.label, "skill", np.full(2000, 7.0)) == set_band(
        chances, table.label, "skill"
    )


REPLIES = 40


def labelled() -> Table:
    """Two columns over 40 replies; the first is met where 抱歉 is said, the second by a number of `whole`."""
    chance = np.random.default_rng(3)
    whole = chance.normal(size=(REPLIES, 3))
    sorry = np.arange(REPLIES) % 2 == 0
    replies = [f"{'实在抱歉' if s else '就是这样'}{'啊哦嗯呀吧'[n % 5]}" for n, s in enumerate(sorry)]
    return Table(
        own=chance.normal(size=(2 * REPLIES, len(SHARED_INPUTS))),
        label=np.concatenate([sorry, whole[:, 0] > 0]),
        reply=np.tile(np.arange(REPLIES), 2),
        column=np.repeat(["skill:apology", "negative:argue"], REPLIES),
        kind=np.repeat(["skill", "negative"], REPLIES),
        whole=whole,
        said=[Turn("too_expensive", r) for r in replies],
        pieces=[(r[:4], r) for r in replies],
    )


class Spy:
    """Remembers which replies each models were fitted on, and which rows they judged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, table: Table) -> None:
        self.table = table
        self.seen: list[tuple[ItemModels, set[int]]] = []
        self.judged: list[tuple[ItemModels, set[int]]] = []
        self._fit, self._ask = items.fit_models, items.model_logits
        monkeypatch.setattr(items, "fit_models", self.fit)
        monkeypatch.setattr(items, "model_logits", self.ask)

    def fit(self, table: Table, logits: np.ndarray, replies: np.ndarray) -> ItemModels:
        models = self._fit(table, logits, replies)
        self.seen.append((models, set(replies.tolist())))
        return models

    def ask(self, table: Table, models: ItemModels, logits: np.ndarray, rows: np.ndarray) -> np.ndarray:
        self.judged.append((models, set(rows.tolist())))
        return self._ask(table, models, logits, rows)

    def pairs(self) -> list[tuple[set[int], set[int]]]:
        """(replies learned from, replies judged) of each models."""
        by_models = {id(m): seen for m, seen in self.seen}
        return [(by_models[id(m)], set(self.table.reply[sorted(rows)])) for m, rows in self.judged]


def test_without_other_replies_each_fold_is_judged_by_models_that_have_not_seen_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = labelled()
    spy = Spy(monkeypatch, table)
    logits = np.zeros(len(table.label))
    out = held_out(table, logits, np.arange(0), np.arange(REPLIES))
    assert len(spy.pairs()) == 5
    for seen, judged in spy.pairs():
        assert judged
        assert not seen & judged
        assert seen | judged == set(range(REPLIES))
    rows = [row for _, rows in spy.judged for row in rows]
    assert sorted(rows) == list(range(len(table.label))), "every row once"
    assert (out != 0).all()
    assert not logits.any(), "what is given stays as it is"
    apology = slice(0, REPLIES)
    assert out[apology][table.label[apology]].min() > out[apology][~table.label[apology]].max()


def test_with_other_replies_only_those_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    table = labelled()
    spy = Spy(monkeypatch, table)
    logits = np.random.default_rng(0).normal(size=len(table.label))
    train, judged = np.arange(24), np.arange(24, REPLIES)
    out = held_out(table, logits, train, judged)
    assert spy.pairs() == [(set(range(24)), set(range(24, REPLIES)))]
    before, after = table.of(train), table.of(judged)
    assert out[before].tolist() == logits[before].tolist()
    assert (out[after] != logits[after]).all()


def test_the_fold_itself_does_not_leak_into_its_figures() -> None:
    """A word that one reply alone has, with a label of chance, must not be known when it is judged."""
    table = labelled()
    logits = np.zeros(len(table.label))
    plain = held_out(table, logits, np.arange(0), np.arange(REPLIES))
    flipped = table.label.copy()
    flipped[0] = not flipped[0]
    changed = Table(**{**vars(table), "label": flipped})
    other = held_out(changed, logits, np.arange(0), np.arange(REPLIES))
    assert other[0] == plain[0], "a reply's own label decides nothing about it"
    assert not np.array_equal(other, plain), "other folds learn from it"


def test_a_column_with_few_labels_keeps_the_shared_logit() -> None:
    table = labelled()
    label = table.label.copy()
    label[REPLIES:] = False
    label[REPLIES : REPLIES + 3] = True
    few = Table(**{**vars(table), "label": label})
    logits = np.random.default_rng(0).normal(size=len(label))
    models = items.fit_models(few, logits, np.arange(REPLIES))
    assert models.names == ("skill:apology",)
    out = items.model_logits(few, models, logits, np.arange(len(label)))
    assert out[REPLIES:].tolist() == logits[REPLIES:].tolist()
    assert (out[:REPLIES] != logits[:REPLIES]).all()


def test_kin_are_asked_about_the_whole_reply_and_its_likeliest_window() -> None:
    """Every reply is one of its own windows here, so that no window's best is below the whole's."""
    table = labelled()
    table = replace(table, pieces=[(turn.reply[:4], turn.reply) for turn in table.said])
    table.pieces[7] = ()
    sorry = replace(item("apology", Kind.SKILL), examples=("实在抱歉啊", "抱歉呀"), contrast=("就是这样",))
    plain = replace(item("argue", Kind.NEGATIVE), examples=("就是这样哦", "是这样"), contrast=("抱歉",))
    rubric = replace(small(0), items=(sorry, plain))
    found = related(table, example_set(rubric), np.arange(24))
    whole, peak = (found.own[:, SHARED_INPUTS.index(name)] for name in ("kin", "kin_peak"))
    cut = table.reply != 7
    assert (peak[cut] >= whole[cut] - 1e-6).all()
    assert (peak[cut] > whole[cut] + 1e-6).any()
    assert not peak[~cut].any(), "nothing is said of no window"
    assert table.own is not found.own


def item(name: str, kind: Kind, examples: int = 20, **changes: Any) -> RubricItem:
    return RubricItem(
        id=name, kind=kind, name=name, meaning=name, advice=name, contrast=tuple(f"不{n}" for n in range(10)),
        examples=tuple(f"例{n}" for n in range(examples)), **changes,
    )  # fmt: skip


def small(count: int = 10) -> Rubric:
    steps = [item(f"s{n}", Kind.STEP, placements={"no_need": Placement(order=n + 1)}) for n in range(count)]
    rest = [item("empathy", Kind.SKILL), item("plain_words", Kind.SKILL), item("bare", Kind.SKILL, 0)]
    return Rubric(
        name="small", version=1, title="小", items=(*steps, *rest), banned=(), scoring=Scoring(), hash="0f" * 8
    )  # fmt: skip


def test_every_judged_item_is_held_out_once() -> None:
    folds = unseen.folds(small())
    assert len(folds) == unseen.FOLDS
    names = [name for fold in folds for name in fold]
    assert sorted(names) == sorted([*(f"step:s{n}@no_need" for n in range(10)), "skill:empathy"])
    assert max(map(len, folds)) - min(map(len, folds)) <= 1


def test_a_held_out_item_keeps_what_a_trainer_would_write_and_others_all() -> None:
    rubric = small()
    cut = unseen.trimmed(rubric, frozenset({"step:s1@no_need"}))
    for before, after in zip(rubric.items, cut.items, strict=True):
        if before.id == "s1":
            assert after.examples == before.examples[: unseen.EXAMPLES]
            assert after.contrast == before.contrast[: unseen.NEAR_MISSES]
        else:
            assert after == before
