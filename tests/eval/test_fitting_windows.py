"""What marked clauses teach: the window that commits a fault, whatever stands around it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from eval import calibrate
from eval.calibrate import fit, prepare
from eval.cases import read_cases
from eval.clauses import Clause, read_clauses
from eval.fitting import windows as fitting
from eval.fitting.bands import fit_scaling, scaled
from eval.fitting.tables import KINDS, Table
from eval.fitting.windows import Blend, Marked, Windows, fit_blend, peaks_of
from simulator.cli import wiring
from simulator.domain.grade import Span
from simulator.domain.rubric import Rubric
from simulator.errors import InputError
from simulator.grading import calibration
from simulator.grading.calibration import scale_of
from simulator.grading.grader import Grader
from simulator.grading.models import Turn
from simulator.language.text import windows

KIND = ("真的抱歉", "我理解您", "我这就查", "给您添麻烦了", "谢谢您提醒")
RUDE = ("您吼也没用", "急也没用呀", "催也没用的", "哭也没用哈", "闹也没用哦")
COLUMN = "negative:argue"


def whole(reply: str, part: str) -> Span:
    start = reply.index(part)
    return Span(start=start, end=start + len(part))


def marked(reply: str, *parts: str, label: str = "argue") -> Marked:
    return Marked(
        reply=reply,
        spans=windows(reply),
        marks={label: tuple(whole(reply, p) for p in parts)} if parts else {},
    )


def replies() -> list[Marked]:
    """Fifty replies of three clauses; the odd ones have something rude in the middle, marked."""
    out = []
    for n in range(50):
        first, last, rude = KIND[n % 5], KIND[(n + 2) % 5], RUDE[n % 5]
        out.append(
            marked(f"{first}，{rude}，{last}", rude)
            if n % 2
            else marked(f"{first}，{KIND[(n + 1) % 5]}，{last}")
        )
    return out


def labels(count: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {COLUMN: (np.ones(count, dtype=bool), np.arange(count) % 2 == 1)}


def test_the_clause_is_found_in_any_company() -> None:
    made = Windows(replies(), ())
    models = made.fit(np.arange(50), labels(50))
    assert models is not None
    assert models.names == (COLUMN,)
    text = "真的抱歉，我理解您，给您添麻烦了，您骂也没用，谢谢您提醒"
    spans = windows(text)
    told = models.judge(text, spans)[COLUMN]
    best = spans[int(np.argmax(told))]
    assert "您骂也没用" in text[best.start : best.end]
    alone = told[spans.index(whole(text, "您骂也没用"))]
    decent = [t for s, t in zip(spans, told, strict=True) if "没用" not in text[s.start : s.end]]
    assert alone > 0 > max(decent)


def test_only_what_teaches_is_learned_from() -> None:
    made = Windows(replies(), ())
    assert made.fit(np.arange(30), labels(50)) is None, "too few were marked"
    unmarked = [Marked(reply=m.reply, spans=m.spans, marks={}) for m in replies()]
    assert Windows(unmarked, ()).fit(np.arange(50), labels(50)) is None, "which clause it was is not known"


def test_written_clauses_teach_too_but_not_what_is_in_doubt() -> None:
    argue = frozenset({"argue"})
    decent = [Clause(text=f"{k}{n}", labels=frozenset(), judged=argue) for n, k in enumerate(KIND * 5)]
    rude = [Clause(text=f"{r}{n}", labels=argue, judged=argue) for n, r in enumerate(RUDE * 5)]
    doubtful = [Clause(text=r.text, labels=r.labels, judged=frozenset()) for r in rude]
    nobody = [marked("我这就查")]
    judged = {COLUMN: (np.ones(1, dtype=bool), np.zeros(1, dtype=bool))}
    models = Windows(nobody, [*decent, *rude]).fit(np.arange(1), judged)
    assert models is not None
    span = (Span(start=0, end=5),)
    assert models.judge("骂也没用呀", span)[COLUMN][0] > models.judge("真的抱歉呀", span)[COLUMN][0]
    assert Windows(nobody, [*decent, *doubtful]).fit(np.arange(1), judged) is None


def committing(reply: str, *parts: str, both: bool = False) -> dict[str, bool | None]:
    """Of each window of `reply`, by its words: whether it commits the fault, None where that is not known."""
    spans = windows(reply)
    known, does = fitting._committing(spans, [whole(reply, p) for p in parts], both)
    return {
        reply[s.start : s.end]: bool(d) if k else None for s, k, d in zip(spans, known, does, strict=True)
    }


def test_a_window_commits_the_fault_when_it_holds_a_mark() -> None:
    assert committing("真的抱歉，您吼也没用，我这就查", "您吼也没用") == {
        "真的抱歉": False, "您吼也没用": True, "我这就查": False,
        "真的抱歉，您吼也没用": True, "您吼也没用，我这就查": True, "真的抱歉，您吼也没用，我这就查": True,
    }  # fmt: skip


def test_of_a_fault_of_two_halves_only_both_commit_it() -> None:
    assert committing("我理解您，但是规定就这样，我去查", "我理解您", "但是规定就这样", both=True) == {
        "我理解您": False, "但是规定就这样": False, "我去查": False,
        "我理解您，但是规定就这样": True, "但是规定就这样，我去查": False, "我理解您，但是规定就这样，我去查": True,
    }  # fmt: skip
    apart = committing("我理解您，一，二，三，但是规定就这样", "我理解您", "但是规定就这样", both=True)
    assert apart["二"] is False
    assert apart["我理解您，一，二"] is None, "too far apart for any window: nothing is known of either half"
    three = committing(
        "我理解您，但是规定就这样，真没办法", "我理解您", "但是规定就这样", "真没办法", both=True
    )
    assert three["我理解您，但是规定就这样"] is True, "the first and any other do"
    assert three["但是规定就这样，真没办法"] is False


def test_a_part_of_a_mark_is_not_known() -> None:
    found = committing("您吼，也没用，我去查", "您吼，也没用")
    assert found["您吼"] is None
    assert found["您吼，也没用"] is True
    assert found["我去查"] is False


def table_of(does: np.ndarray) -> Table:
    count = len(does)
    return Table(
        own=np.zeros((count, 1)), label=does, reply=np.arange(count), column=np.repeat(COLUMN, count),
        kind=np.repeat("negative", count), whole=np.zeros((count, 1)),
        said=[Turn("too_expensive", m.reply) for m in replies()[:count]], pieces=[],
    )  # fmt: skip


def test_each_reply_is_judged_by_models_that_have_not_seen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made, table = Windows(replies(), ()), table_of(np.arange(50) % 2 == 1)
    taught: list[set[int]] = []
    fit = made.fit
    monkeypatch.setattr(
        made, "fit", lambda rows, labels: taught.append(set(rows.tolist())) or fit(rows, labels)
    )
    monkeypatch.setattr(fitting, "_FEWEST_CLAUSES", 10)
    peaks = peaks_of(made, table, np.arange(40), np.arange(40, 50), {COLUMN})
    assert taught == [set(range(40))]
    assert np.isnan(peaks[:40]).all()
    assert peaks[40:][table.label[40:]].min() > peaks[40:][~table.label[40:]].max()
    taught.clear()
    assert not np.isnan(peaks_of(made, table, np.arange(0), np.arange(50), {COLUMN})).any()
    assert len(taught) == 5
    assert set.intersection(*taught) == set()
    assert np.isnan(peaks_of(made, table, np.arange(40), np.arange(40, 50), {"skill:empathy"})).all(), (
        "no fault"
    )


@pytest.mark.parametrize(("told", "gain"), [(1.0, True), (-1.0, False), (0.0, False)])
def test_windows_count_where_they_tell_the_truth(told: float, gain: bool) -> None:
    chance = np.random.default_rng(5)
    does = np.arange(50) % 2 == 1
    logits, peaks = does + chance.normal(size=50), told * does + chance.normal(size=50) * (0.2 if told else 0)
    table = table_of(does)
    blend = fit_blend(table, logits, peaks)
    assert bool(blend.gains) is gain
    added = blend.add(table, logits, peaks)
    if gain:
        assert roc_auc_score(does, added) > roc_auc_score(does, logits)
    else:
        assert added.tolist() == logits.tolist()


def test_gains_and_offsets_are_kept_in_the_models() -> None:
    models = Windows(replies(), ()).fit(np.arange(50), labels(50))
    assert models is not None
    span = (Span(start=0, end=5),)
    plain = models.judge("您吼也没用", span)[COLUMN][0]
    doubled = Blend(gains={COLUMN: 2.0}, offsets={COLUMN: 0.5}).scale(models)
    assert doubled is not None
    assert doubled.judge("您吼也没用", span)[COLUMN][0] == pytest.approx(2 * plain + 0.5, rel=1e-5)
    assert Blend(gains={}, offsets={}).scale(models) is None


def test_columns_with_and_without_windows_have_lines_of_their_own() -> None:
    """Blended logits are larger: one line for both made faults without windows two to three times too likely."""
    chance = np.random.default_rng(1)
    does = chance.random(4000) < 0.3
    column = np.repeat([COLUMN, "negative:leak"], 2000)
    logits = (2 * does - 1 + chance.normal(size=4000)) * np.where(column == COLUMN, 5.0, 1.0)
    every = Table(
        own=np.zeros((16000, 1)), label=np.tile(does, 4), reply=np.tile(np.arange(4000), 4), column=np.tile(column, 4),
        kind=np.repeat(KINDS, 4000), whole=np.zeros((4000, 1)), said=[], pieces=[],
    )  # fmt: skip
    scaling = fit_scaling(every, {COLUMN}, np.tile(logits, 4), np.arange(4000))
    honest = 1 / (1 + np.exp(-scaled(every, {COLUMN}, np.tile(logits, 4), scaling)))
    for name in (COLUMN, "negative:leak"):
        mine = (every.column == name) & (every.kind == "negative")
        assert honest[mine].sum() == pytest.approx(every.label[mine].sum(), rel=0.02)
        assert log_loss(every.label[mine], honest[mine]) < 0.4
    assert scale_of("negative", True) in scaling


def test_a_fault_that_only_clauses_teach_breaks_no_grade(
    rubric: Rubric, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no item model to be added to: every reply with text once raised KeyError."""
    alike: list[bool] = []
    bands = calibrate.set_bands
    monkeypatch.setattr(
        calibrate, "set_bands", lambda *given, **how: alike.append(how["alike"]) or bands(*given, **how)
    )
    cases = [
        c for c in read_cases([Path("eval/cases/calibration.jsonl")]) if "leak" not in c.labels["negative"]
    ]
    clauses = read_clauses([Path("eval/cases/clauses/service.jsonl")], [rubric])[::8]
    encoder = wiring.open_encoder("builtin")
    blank = Grader(rubric, encoder, calibration.blank(encoder.hash, rubric.hash))
    made = fit(blank, prepare(blank, cases[500:], cases[:500], clauses))[0]
    assert alike == [False, True], "in the shared calibration every item weighs alike"
    assert made.windows is not None
    assert "negative:leak" not in made.windows.names
    grade = Grader(rubric, encoder, made).grade(cases[0].request)
    assert any(i.key == "negative:leak" for i in grade.items)


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return wiring.open_catalog(None).content.rubric("service")


def test_shipped_clauses_are_all_known(rubric: Rubric) -> None:
    clauses = read_clauses(sorted(Path("eval/cases/clauses").glob("*.jsonl")), [rubric])
    texts = [c.text for c in clauses]
    assert len(texts) == len(set(texts)) > 10_000
    assert sum(bool(c.labels) for c in clauses) > 5_000
    assert all(windows(text) for text in texts)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"negatives": ["argu"]}, "argu"),
        ({"banned": ["b999"]}, "b999"),
        ({"unsure": ["rude"]}, "rude"),
        ({"text": 5}, "text"),
        ({"text": ""}, "text"),
        ({"negatives": None}, "negatives"),
        ({"negatives": ["banned"]}, "banned"),
        ({"id": "a"}, "编号 a"),
    ],
)
def test_a_bad_clause_is_told_with_its_line(
    record: dict[str, object], told: str, rubric: Rubric, tmp_path: Path
) -> None:
    path = tmp_path / "clauses.jsonl"
    sound = {"id": "a", "text": "急也没用", "negatives": ["argue"], "banned": []}
    rows = [sound, {**sound, "id": "b", **record}]
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    with pytest.raises(InputError, match=rf"clauses.jsonl:2: .*{told}"):
        read_clauses([path], [rubric])


def test_a_label_that_a_file_does_not_look_for_is_not_judged(rubric: Rubric, tmp_path: Path) -> None:
    path = tmp_path / "clauses.jsonl"
    rows = [
        {"id": 1, "text": "急也没用", "negatives": ["argue"], "banned": ["b048"]},
        {"id": 2, "text": "我这就查", "negatives": [], "banned": [], "unsure": ["argue"]},
    ]
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    rude, decent = read_clauses([path], [rubric])
    assert rude.judged == {"argue", "banned"} == rude.labels
    assert decent.judged == {"banned"}


@pytest.mark.parametrize(
    "spans",
    [
        {"argue": [[3, 3]]},
        {"argue": [[4, 2]]},
        {"argue": [[0, 99]]},
        {"argu": [[0, 2]]},
        {"banned": [[0, 2]]},
    ],
)
def test_a_mark_outside_the_reply_or_of_no_label_is_told(spans: dict[str, object], tmp_path: Path) -> None:
    case = {
        "id": "a", "situation": "too_expensive", "reply": "您吼也没用", "steps": [], "skills": [],
        "negatives": ["argue"], "spans": spans,
    }  # fmt: skip
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(case, ensure_ascii=False) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"cases.jsonl:1: spans"):
        read_cases([path])
