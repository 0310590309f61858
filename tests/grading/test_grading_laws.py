"""Laws of the grader: the same in, the same out; batches change nothing; evidence lies in the reply."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.content.catalog import Catalog
from simulator.domain.grade import GradeRequest, Verdict
from simulator.errors import EncoderError, GradingError
from simulator.grading import calibration
from simulator.grading.encoder import Encoder, load_encoder
from simulator.grading.grader import Grader
from simulator.grading.models import Turn

CASES = Path(__file__).parents[2] / "eval" / "cases" / "calibration.jsonl"
TEXTS = st.text(alphabet="您好对不起贵是因为我这就查周三元38，。！？ \n😀aA１Ｂ繁體", max_size=80)


def requests(count: int) -> list[GradeRequest]:
    rows = [json.loads(r) for r in CASES.read_text(encoding="utf-8").splitlines()[:count]]
    return [
        GradeRequest(situation=r["situation"], style=r["style"], customer=r["customer"], reply=r["reply"])
        for r in rows
    ]


def test_a_batch_grades_like_single_replies(grader: Grader) -> None:
    asked = requests(40)
    together = grader.grade_many(asked)
    assert together == [grader.grade(r) for r in asked]
    assert grader.grade_many(asked[::-1])[::-1] == together


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reply=TEXTS)
def test_any_text_gets_a_grade_with_evidence_inside_it(grader: Grader, reply: str) -> None:
    result = grader.grade(GradeRequest(situation="suspension_anger", reply=reply))
    assert result.quality is None or 1 <= result.quality <= 5
    for item in result.items:
        assert 0 <= item.score <= 1
        assert item.score == round(item.score, 4)
        if item.span is not None:
            assert 0 <= item.span.start < item.span.end <= len(reply)
    for hit in result.banned:
        assert reply[hit.span.start : hit.span.end] == hit.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("真对不起，我马上给您查！", "真對不起，我馬上給您查！"),
        ("周三上午10点给您回电话，您看行吗?", "周三上午１０点给您回电话，您看行吗？"),
    ],
)
def test_script_and_width_change_no_verdict(grader: Grader, one: str, other: str) -> None:
    first, second = (grader.grade(GradeRequest(situation="suspension_anger", reply=t)) for t in (one, other))
    assert first.steps == second.steps
    assert first.quality == second.quality


def test_a_met_item_names_its_nearest_example(grader: Grader) -> None:
    result = grader.grade(GradeRequest(situation="too_expensive", reply="贵是因为装机、维护和备件都含在里头"))
    reason = next(i for i in result.items if i.key == "step:too_expensive.reason")
    assert reason.verdict is Verdict.MET
    assert reason.nearest is not None
    known = grader.rubric.item(reason.key)
    assert known is not None
    assert reason.nearest.text in known.examples


def test_the_grade_says_what_it_rests_on(grader: Grader) -> None:
    result = grader.grade(GradeRequest(situation="too_expensive", reply="您好"))
    assert (result.rubric, result.rubric_hash) == ("service@1", grader.rubric.hash)
    assert result.encoder == f"builtin#{grader.encoder.hash}"
    assert result.calibrated


class OtherEncoder:
    """Hashes characters into 16 numbers: some encoder that nobody calibrated."""

    name, hash = "other", "00000000"

    def encode(self, texts: list[str]) -> np.ndarray:
        rows = np.ones((len(texts), 16), dtype=np.float32)
        for n, text in enumerate(texts):
            for char in text:
                rows[n, ord(char) % 16] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_an_encoder_without_calibration_is_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="duilian eval calibrate --encoder other"):
        calibration.find([tmp_path], OtherEncoder.hash, "abc", OtherEncoder.name)


def test_a_calibration_of_another_encoder_is_refused(catalog: Catalog) -> None:
    blank = calibration.blank("ffffffff", "x")
    with pytest.raises(GradingError, match="另一个编码器"):
        Grader(catalog.content.rubric("service@1"), OtherEncoder(), blank)


def test_a_changed_rubric_falls_back_to_the_shared_calibration(
    grader: Grader, encoder: Encoder, tmp_path: Path
) -> None:
    from simulator.cli import wiring

    shared = calibration.find(wiring.calibration_folders(), encoder.hash, "changed", encoder.name)
    assert shared.rubric_hash == ""
    other = Grader(grader.rubric, encoder, shared)
    result = other.grade(GradeRequest(situation="too_expensive", reply="贵是因为装机和维护都含在里头"))
    assert not result.calibrated
    assert "reason" in result.steps


def test_a_broken_calibration_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / calibration.file_name("aa", "bb")
    path.write_text('{"format": 3}', encoding="utf-8")
    with pytest.raises(EncoderError, match="校准文件坏了"):
        calibration.find([tmp_path], "aa", "bb", "x")
    path.write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(EncoderError, match="格式版本"):
        calibration.find([tmp_path], "aa", "bb", "x")


def test_in_an_older_calibration_newer_inputs_weigh_nothing(grader: Grader, tmp_path: Path) -> None:
    path = calibration.save(grader.calibration, tmp_path)
    record = json.loads(path.read_text(encoding="utf-8"))
    for line in record["shared"].values():
        line["weights"] = line["weights"][:-2]
    path.write_text(json.dumps(record), encoding="utf-8")
    read, known = calibration.load(path).shared["step"], grader.calibration.shared["step"]
    own = np.arange(len(calibration.SHARED_INPUTS), dtype=np.float32)
    assert read.weights == (*known.weights[:-2], 0.0, 0.0)
    assert read(own) == pytest.approx(known(np.concatenate([own[:-2], [0, 0]])), rel=1e-4)
    record["shared"]["step"]["weights"] += [1.0] * 9
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(EncoderError, match="坏了"):
        calibration.load(path)


def test_calibrations_survive_the_disk(grader: Grader, tmp_path: Path) -> None:
    calibration.save(grader.calibration, tmp_path)
    read = calibration.find([tmp_path], grader.encoder.hash, grader.rubric.hash, "builtin")
    # a calibration made before the newest shared inputs is written with them
    without = {"items": None, "relatives": None, "hash": ""}
    assert replace(read, **without) == replace(grader.calibration, **without)
    said = [Turn("too_expensive", "您先消消气，我这就查账单", "怎么又扣我钱")]
    whole = np.zeros((1, len(grader.calibration.items.centre)), dtype=np.float32)
    assert read.items.learned(whole, said) == grader.calibration.items.learned(whole, said)


def test_models_of_another_writing_are_refused(grader: Grader, tmp_path: Path) -> None:
    path = calibration.save(grader.calibration, tmp_path)
    models = path.with_suffix(".npz")
    models.write_bytes(models.read_bytes() + b"x")  # a process killed between the two files
    with pytest.raises(EncoderError, match="不是一起写出来的"):
        calibration.load(path)


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere", "nonsense"])
def test_a_missing_encoder_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="没有编码器"):
        load_encoder(name, tmp_path)


def test_a_folder_that_holds_no_encoder_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EncoderError, match="编码器装不起来"):
        load_encoder(str(tmp_path), tmp_path)


def test_the_builtin_encoder_is_small(encoder: Encoder) -> None:
    from simulator.content.places import shipped

    size = sum(p.stat().st_size for p in (shipped("models") / "encoder").rglob("*") if p.is_file())
    assert size < 30_000_000
    vectors = encoder.encode(["您好", "", "对不起"])
    assert vectors.shape[0] == 3
    assert np.allclose(np.linalg.norm(vectors[[0, 2]], axis=1), 1, atol=1e-4)


def test_static_vectors_are_what_sentence_transformers_computes(encoder: Encoder) -> None:
    from sentence_transformers import SentenceTransformer

    from simulator.content.places import shipped

    texts = ["您好，我马上帮您查", "", "😊", "wifi 6 多少钱", "理解" * 300]
    theirs = SentenceTransformer(str(shipped("models") / "encoder"), device="cpu").encode(texts)
    assert np.allclose(encoder.encode(texts)[[0, 2, 3, 4]], theirs[[0, 2, 3, 4]], atol=1e-6)
    assert not encoder.encode([""]).any()
    assert encoder.encode([]).shape == (0, theirs.shape[1])


def test_an_encoder_of_other_modules_goes_through_sentence_transformers(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    tokens = Tokenizer(WordLevel({"您好": 0, "再见": 1}, unk_token="您好"))
    SentenceTransformer(modules=[StaticEmbedding(tokens, embedding_dim=4), Dense(4, 3)]).save(str(tmp_path))
    assert load_encoder(str(tmp_path), tmp_path).encode(["您好", "再见"]).shape == (2, 3)


@pytest.mark.parametrize(
    "reply", ["38元", "宽带", "彩铃", "大姐", "倒歉", "道歉", "李女士", "集团彩铃、视频彩铃、移动办公室"]
)
def test_a_short_answer_is_something_said(grader: Grader, reply: str) -> None:
    assert grader.grade(GradeRequest(situation="offer_choice", reply=reply)).features.meaningful


def test_a_calibration_of_an_earlier_format_gives_way_to_the_shipped_one(
    grader: Grader, encoder: Encoder, tmp_path: Path
) -> None:
    from simulator.cli import wiring

    old = tmp_path / calibration.file_name(encoder.hash, grader.rubric.hash)
    old.write_text('{"format": 2}', encoding="utf-8")
    folders = [tmp_path, *wiring.calibration_folders()]
    found = calibration.find(folders, encoder.hash, grader.rubric.hash, "builtin")
    assert found.rubric_hash == grader.rubric.hash
    with pytest.raises(EncoderError, match="删掉它"):
        calibration.find([tmp_path], encoder.hash, grader.rubric.hash, "builtin")


def test_what_a_rubric_says_of_itself_holds(grader: Grader) -> None:
    """An example typed as it stands counts, a near miss does not, a polite neighbour is never accused."""
    asked: list[GradeRequest] = []
    wanted: list[tuple[str, bool]] = []
    for item in grader.rubric.items:
        situation = min(item.placements, default="service_dissatisfied")
        if item.examples and not item.form_only:
            for text, counts in [(t, True) for t in item.examples] + [(t, False) for t in item.contrast]:
                asked.append(GradeRequest(situation=situation, reply=text))
                wanted.append((item.key_in(situation), counts))
    found = [
        any(i.key == key and i.verdict is Verdict.MET for i in result.items)
        for (key, _), result in zip(wanted, grader.grade_many(asked), strict=True)
    ]
    missed = [a.reply for a, (_, w), f in zip(asked, wanted, found, strict=True) if w and not f]
    wrong = [a.reply for a, (_, w), f in zip(asked, wanted, found, strict=True) if not w and f]
    assert not missed
    assert len(wrong) <= 0.02 * len(wanted), wrong


def test_banned_phrases_are_found_and_their_polite_neighbours_are_not(grader: Grader) -> None:
    def flagged(texts: list[str]) -> list[str]:
        asked = [GradeRequest(situation="service_dissatisfied", reply=t) for t in texts]
        return [t for t, g in zip(texts, grader.grade_many(asked), strict=True) if g.banned]

    phrases = [b.phrase for b in grader.rubric.banned]
    assert len(phrases) == 54
    assert flagged(phrases) == phrases
    paraphrases = [t for b in grader.rubric.banned for t in b.paraphrases]
    assert len(flagged(paraphrases)) >= 0.99 * len(paraphrases)
    assert flagged([t for b in grader.rubric.banned for t in b.neighbours]) == []
