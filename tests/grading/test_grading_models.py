"""The item models: what they add up to, whom they give credit, and that the disk keeps them."""

from __future__ import annotations

import io
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pytest
from scipy import sparse

from simulator.errors import EncoderError
from simulator.grading.kin import Relatives
from simulator.grading.models import ItemModels, Turn, grams, vectorizer
from simulator.grading.stored import load_models, save_models

SAID = [
    Turn("too_expensive", "真对不起，王先生，我这就给您查，我道歉", "怎么又涨价了"),
    Turn("too_expensive", "贵是因为装机和维护都含在里头，一个月38元"),
    Turn("no_need", "您好，我是小李，我道歉！真的道歉", "不需要，谢谢"),
    Turn("no_need", "好的，不急，您慢慢考虑"),
    Turn("no_need", ""),
]
NAMES = ("step:apologise@too_expensive", "skill:empathy", "banned")
WIDE = 5


@pytest.fixture
def models() -> ItemModels:
    """Three columns over all n-grams of `SAID`, one weight in three of any size."""
    chance = np.random.default_rng(7)
    words = vectorizer(at_least=1).fit(SAID)
    vocabulary = tuple(sorted(words.vocabulary_, key=words.vocabulary_.__getitem__))
    dense = chance.normal(size=(len(NAMES), len(vocabulary))) * (chance.random(len(vocabulary)) < 1 / 3)
    return ItemModels(
        names=NAMES,
        gains=np.array([0.5, 1.25, -0.75], dtype=np.float32),
        biases=np.array([-1.5, 0.25, 2.0], dtype=np.float32),
        weights=chance.normal(size=(len(NAMES), WIDE)).astype(np.float32),
        centre=chance.normal(size=WIDE).astype(np.float32),
        scale=(chance.random(WIDE) + 0.3).astype(np.float32),
        vocabulary=vocabulary,
        idf=words.idf_.astype(np.float32),
        words=sparse.csr_matrix(dense.astype(np.float32)),
    )


def only(models: ItemModels, **weights: float) -> ItemModels:
    """`models` whose second column has just `weights`, by n-gram."""
    dense = np.zeros(models.words.shape, dtype=np.float32)
    for gram, weight in weights.items():
        dense[1, models.vocabulary.index(gram)] = weight
    return replace(models, words=sparse.csr_matrix(dense))


def tfidf(models: ItemModels, said: Turn) -> dict[str, float]:
    """Unit-length TF-IDF with sublinear counts, written out."""
    idf = dict(zip(models.vocabulary, models.idf.tolist(), strict=True))
    raw = {g: (1 + math.log(n)) * idf[g] for g, n in Counter(grams(said)).items() if g in idf}
    length = math.sqrt(sum(v * v for v in raw.values()))
    return {g: v / length for g, v in raw.items()}


def worded(models: ItemModels, said: Turn, column: int) -> dict[str, float]:
    """What each n-gram adds to a column's logit."""
    weight = dict(zip(models.vocabulary, models.words.toarray()[column].tolist(), strict=True))
    return {g: weight[g] * v for g, v in tfidf(models, said).items()}


def test_learned_is_bias_and_standardised_inputs_and_words(models: ItemModels) -> None:
    whole = np.random.default_rng(1).normal(size=(len(SAID), WIDE)).astype(np.float32)
    found = models.learned(whole, SAID)
    assert [tuple(row) for row in found] == [NAMES] * len(SAID)
    for said, inputs, row in zip(SAID, whole, found, strict=True):
        for column, name in enumerate(NAMES):
            parts = [
                models.weights[column, n] * (inputs[n] - models.centre[n]) / models.scale[n]
                for n in range(WIDE)
            ]
            expected = models.biases[column] + sum(parts) + sum(worded(models, said, column).values())
            assert row[name] == pytest.approx(float(expected), abs=1e-4)


def test_the_gain_is_the_columns_own(models: ItemModels) -> None:
    assert [models.gain(name) for name in NAMES] == [0.5, 1.25, -0.75]


@pytest.mark.parametrize("said", [SAID[0], SAID[1], SAID[2], Turn("no_need", "小李道歉，道歉，真对不起")])
@pytest.mark.parametrize("column", range(len(NAMES)))
def test_credit_is_all_that_the_reply_adds(models: ItemModels, said: Turn, column: int) -> None:
    credit = models.credit(said).of(NAMES[column])
    added = {g: v for g, v in worded(models, said, column).items() if g[0] not in "@\u02d1"}
    assert credit.shape == (len(said.reply),)
    assert np.abs(credit).max() > 0
    assert float(credit.sum()) == pytest.approx(sum(added.values()), abs=1e-5)


def test_credit_of_a_letter_that_stands_for_two_is_whole(models: ItemModels) -> None:
    model = only(models, 先生=2.0)
    assert model.credit(Turn("no_need", "哥，您好")).of(NAMES[1]).sum() == pytest.approx(
        worded(model, Turn("no_need", "哥，您好"), 1)["先生"]
    )


def test_credit_points_at_the_words(models: ItemModels) -> None:
    reply = "您好！我，道歉。您慢慢考虑"
    credit = only(models, 道歉=3.0).credit(Turn("no_need", reply)).of(NAMES[1])
    assert [reply[n] for n in np.flatnonzero(credit)] == ["道", "歉"]
    assert credit[5] == credit[6] > 0
    assert not only(models, 道歉=3.0).credit(Turn("no_need", reply)).of(NAMES[0]).any(), (
        "another column's words"
    )


def test_a_typo_of_the_same_sound_gets_credit(models: ItemModels) -> None:
    by_sound = only(models, **{"\u02d0dao qian": 3.0})
    for reply in ("我道歉", "我倒歉"):
        assert np.flatnonzero(by_sound.credit(Turn("no_need", reply)).of(NAMES[1])).tolist() == [1, 2]


def test_words_said_twice_share_the_credit(models: ItemModels) -> None:
    model = only(models, 道歉=3.0)
    credit = model.credit(Turn("no_need", "道歉，真的道歉")).of(NAMES[1])
    assert np.flatnonzero(credit).tolist() == [0, 1, 5, 6]
    assert credit[0] == pytest.approx(credit[5])


def test_words_against_an_item_get_negative_credit(models: ItemModels) -> None:
    assert (only(models, 不急=-1.0).credit(Turn("no_need", "不急")).of(NAMES[1]) < 0).all()


def test_a_column_without_a_model_gives_no_credit(models: ItemModels) -> None:
    credit = models.credit(SAID[0]).of("skill:nobody")
    assert credit.shape == (len(SAID[0].reply),)
    assert not credit.any()


@pytest.mark.parametrize("reply", ["", "，。", "😀", "qqq"])
def test_nothing_known_gives_no_credit(models: ItemModels, reply: str) -> None:
    assert models.credit(Turn("nowhere", reply)).of(NAMES[0]).tolist() == [0.0] * len(reply)


def test_grams_are_of_levelled_letters_their_sounds_their_marks_and_edges() -> None:
    assert set(grams(Turn("s", "歉，ab"))) == {
        "@s", "歉", "a", "b", "歉a", "ab", "歉ab", "\u02d0qian a", "\u02d0a b", "\u02d0qian a b",
        "歉,", ",a", "歉,a", ",ab", "^ab", "ab$", "ab$$", "^ab$", "^歉$",
    }  # fmt: skip
    assert grams(Turn("s", "王先生 您好")) == grams(Turn("s", "李女士，您好！"))
    plain = [g for g in grams(Turn("s", "好的我马上查")) if not set(g) & set("@\u02d0^$")]
    assert max(map(len, plain)) == 4


def test_the_customers_line_is_counted_apart_and_gets_no_credit(models: ItemModels) -> None:
    heard = set(grams(Turn("s", "好", "嗯查"))) - set(grams(Turn("s", "好")))
    assert heard == {"\u02d1嗯", "\u02d1查", "\u02d1嗯查"}
    model = only(models, **{"\u02d1需要": 5.0})
    asked, unasked = Turn("no_need", "好的", "不需要"), Turn("no_need", "好的", "")
    said = [m[NAMES[1]] for m in model.learned(np.zeros((2, WIDE), dtype=np.float32), [asked, unasked])]
    assert said[0] > said[1]
    assert not model.credit(asked).of(NAMES[1]).any()


def test_models_survive_the_disk_within_half_precision(models: ItemModels, tmp_path: Path) -> None:
    save_models({"items": models}, tmp_path / "m.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["m.npz"], "no part of it is left"
    read = load_models(tmp_path / "m.npz")["items"]
    assert (read.names, read.vocabulary) == (models.names, models.vocabulary)
    for name in ("centre", "scale"):
        assert getattr(read, name).tolist() == getattr(models, name).tolist()
    for name in ("gains", "biases", "weights", "idf"):
        assert getattr(read, name).dtype == np.float32
        np.testing.assert_allclose(getattr(read, name), getattr(models, name), rtol=2**-10)
    np.testing.assert_allclose(read.words.toarray(), models.words.toarray(), rtol=2**-10, atol=1e-7)
    whole = np.ones((len(SAID), WIDE), dtype=np.float32)
    for before, after in zip(models.learned(whole, SAID), read.learned(whole, SAID), strict=True):
        assert after == pytest.approx(before, abs=0.02)


def test_relatives_survive_the_disk_beside_the_items(models: ItemModels, tmp_path: Path) -> None:
    relatives = Relatives(
        names=("a", "b"),
        vocabulary=("道", "歉", "道歉"),
        idf=np.array([1.0, 1.5, 2.0], dtype=np.float32),
        words=sparse.csr_matrix(np.array([[1.0, 0.0, -0.5], [0.0, 2.0, 0.0]], dtype=np.float32)),
        usual=np.array([0.1, -0.2], dtype=np.float32),
        spread=np.array([0.3, 0.7], dtype=np.float32),
    )
    save_models({"items": models, "relatives": relatives}, tmp_path / "m.npz")
    read = load_models(tmp_path / "m.npz")
    assert set(read) == {"items", "relatives"}
    assert read["relatives"].say(["道歉", "别的"]).tolist() == relatives.say(["道歉", "别的"]).tolist()
    assert read["relatives"].spread.tolist() == relatives.spread.tolist()


def test_what_was_saved_once_is_saved_the_same_again(models: ItemModels, tmp_path: Path) -> None:
    save_models({"items": models}, tmp_path / "1.npz")
    once = load_models(tmp_path / "1.npz")["items"]
    save_models({"items": once}, tmp_path / "2.npz")
    again = load_models(tmp_path / "2.npz")["items"]
    assert again.weights.tolist() == once.weights.tolist()
    assert (again.words != once.words).nnz == 0


def saved(models: ItemModels, path: Path, leave_out: str) -> None:
    """A file without one of its arrays."""
    save_models({"items": models}, path)
    with np.load(path) as arrays:
        kept = {n: arrays[n] for n in arrays.files if n != leave_out}
    stream = io.BytesIO()
    np.savez_compressed(stream, **kept)
    path.write_bytes(stream.getvalue())


@pytest.mark.parametrize("missing", ["names", "vocabulary", "gains", "idf", "words.data", "words.indptr"])
def test_a_file_without_an_array_is_told(models: ItemModels, tmp_path: Path, missing: str) -> None:
    path = tmp_path / "m.npz"
    saved(models, path, f"items.{missing}")
    with pytest.raises(EncoderError, match=r"校准文件坏了：.*m\.npz"):
        load_models(path)


def test_words_that_do_not_fit_the_vocabulary_are_told(models: ItemModels, tmp_path: Path) -> None:
    save_models({"items": replace(models, vocabulary=models.vocabulary[:3])}, tmp_path / "m.npz")
    with pytest.raises(EncoderError, match="校准文件坏了"):
        load_models(tmp_path / "m.npz")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="校准文件坏了"):
        load_models(tmp_path / "nothing.npz")


def test_a_file_that_is_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(b"half a thought")
    with pytest.raises(EncoderError, match="校准文件坏了"):
        load_models(tmp_path / "m.npz")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_a_file_cut_short_is_told(models: ItemModels, tmp_path: Path, share: float) -> None:
    path = tmp_path / "m.npz"
    save_models({"items": models}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    try:
        load_models(path)
    except (EncoderError, BadZipFile, EOFError) as error:
        told = str(error)
    assert "校准文件坏了" in told
