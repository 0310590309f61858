"""What the models of other items say of an item: told from examples alone, and without its own model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from simulator.cli import wiring
from simulator.domain.grade import GradeRequest
from simulator.domain.rubric import Kind, RubricItem
from simulator.grading import calibration
from simulator.grading.encoder import Encoder
from simulator.grading.evidence import gather
from simulator.grading.examples import ExampleSet, column_names, example_set
from simulator.grading.grader import Grader
from simulator.grading.kin import Kin, Relatives, vectorizer
from simulator.language.canonical import canonical

SORRY = ("对不起", "抱歉了", "实在对不起", "很抱歉")
LATER = ("明天回您", "周三给您电话", "下周一回您", "后天给您电话")
NEAR = ("以后再说", "没空")


def relatives() -> Relatives:
    """Two models: one hears regret, one hears days."""
    words = vectorizer(at_least=1).fit([*SORRY, *LATER, *NEAR])
    grams = sorted(words.vocabulary_, key=words.vocabulary_.__getitem__)
    heard = [
        [float(g in ("对不起", "抱歉")) for g in grams],
        [float(g in ("明天", "周三", "下周")) for g in grams],
    ]
    return Relatives(
        names=("sorry", "day"),
        vocabulary=tuple(grams),
        idf=words.idf_.astype(np.float32),
        words=sparse.csr_matrix(np.array(heard, dtype=np.float32) * 5),
        usual=np.array([0.5, 0.5], dtype=np.float32),
        spread=np.array([1.0, 1.0], dtype=np.float32),
    )


def examples() -> ExampleSet:
    """Columns `regret` and `later`, no banned phrase but the last column."""
    texts = (*SORRY, *LATER, *NEAR)
    item = RubricItem(id="x", kind=Kind.STEP, name="x", meaning="", advice="", examples=SORRY, contrast=())
    return ExampleSet(
        texts=texts,
        typed=texts,
        owner=np.array([0] * 4 + [1] * 6),
        positive=np.array([True] * 8 + [False] * 2),
        items=(item, item),
        banned=(),
    )


def test_an_item_is_told_by_what_its_examples_do() -> None:
    scores = Kin(relatives(), examples(), ("regret", "later", "banned")).scores(
        ["真对不起您", "明天回您", "嗯"]
    )
    assert scores.shape == (3, 3)
    assert scores[0, 0] > scores[2, 0] > scores[1, 0]
    assert scores[1, 1] > scores[2, 1] > scores[0, 1]


def test_an_items_own_model_is_not_asked() -> None:
    named = Kin(relatives(), examples(), ("sorry", "later", "banned")).scores(["真对不起您", "嗯"])
    free = Kin(relatives(), examples(), ("regret", "later", "banned")).scores(["真对不起您", "嗯"])
    assert named[0, 0] == pytest.approx(named[1, 0], abs=1e-6), (
        "only the model of days is left, and it is silent"
    )
    assert free[0, 0] > free[1, 0]
    assert named[:, 1].tolist() == free[:, 1].tolist()


def test_a_profile_is_in_standard_deviations_and_bounded() -> None:
    model = relatives()
    loud = replace(model, words=model.words * 100)
    assert loud.profiles(["对不起"])[0].tolist() == [6.0, -0.5]
    assert model.profiles([""])[0].tolist() == [-0.5, -0.5]


def test_evidence_has_kin_where_something_was_taught(grader: Grader) -> None:
    request = GradeRequest(situation="too_expensive", reply="实在对不起，让您久等了")
    assert grader.calibration.relatives is not None
    kin = Kin(grader.calibration.relatives, grader.fewshot.examples, column_names(grader.fewshot.examples))
    told, blank = gather([request], grader.fewshot, kin)[0], gather([request], grader.fewshot)[0]
    names = column_names(grader.fewshot.examples)
    assert told.kin == pytest.approx(kin.scores([canonical(request.reply)[0]])[0], abs=1e-5)
    assert told.kin_peak == pytest.approx(kin.scores(told.pieces).max(axis=0), abs=1e-5)
    sorry = names.index("step:apologise@billing_dispute")
    assert told.kin_peak[sorry] > told.kin[sorry], "what follows the apology does not speak against it"
    assert not blank.kin.any()
    assert not blank.kin_peak.any()
    assert told.peaks.tolist() == blank.peaks.tolist()


def test_an_item_is_told_by_its_kin_under_the_shared_calibration(encoder: Encoder, grader: Grader) -> None:
    """Of the rubric's own sentences, an item's examples look more like it than others' do, without its model."""
    shared = calibration.find(wiring.calibration_folders(), encoder.hash, "changed", encoder.name)
    assert shared.items is None
    assert shared.relatives is not None
    table = example_set(grader.rubric)
    scores = Kin(shared.relatives, table, column_names(table)).scores(table.texts)
    better = 0
    for column in range(len(table.items)):
        own = (table.owner == column) & table.positive
        better += bool(np.median(scores[own, column]) > np.quantile(scores[~own, column], 0.9))
    assert better > 0.9 * len(table.items)
