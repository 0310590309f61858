"""`python -m eval.table`: the figures of docs/grading.md, measured on the blind test split.

Columns: the grader with the builtin encoder; four baselines (keyword rules, a bag of character n-grams, the
nearest example with one threshold, the shared calibration, which knows no label of the item it judges); the two
labellers against each other; and the grader with any other encoder (`--encoder`, calibrated on the spot). `--write FILE` replaces what
stands in FILE between the table's markers.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from eval import baselines, calibrate, metrics
from eval.cases import Case, read_cases
from eval.clauses import read_clauses
from eval.robustness import robustness
from eval.unseen import FOLDS, judge_unseen
from simulator.cli import wiring
from simulator.content.places import shipped
from simulator.domain.grade import Grade, Verdict
from simulator.domain.rubric import Rubric
from simulator.grading import calibration
from simulator.grading.encoder import Encoder
from simulator.grading.grader import Grader

HERE = Path(__file__).parent
CASES, READINGS = HERE / "cases", HERE / "readings"
_MARKS = ("<!-- figures -->", "<!-- end of figures -->")
_NAMES = {
    "step F1": "steps, micro-F1",
    "skill F1": "skills, micro-F1",
    "negative F1": "negatives, micro-F1",
    "banned F1": "banned things, F1",
    "false alarms on clean": "false banned alarms on clean replies",
    "quality Spearman": "quality, Spearman",
    "quality quadratic kappa": "quality, quadratic kappa",
}


@dataclass(kw_only=True)
class Column:
    """One grader's figures, as printed, by row."""

    name: str
    cells: dict[str, str] = field(default_factory=dict)


def compared(name: str, labels: Sequence[metrics.Reading], readings: Sequence[metrics.Reading]) -> Column:
    """The agreement rows of a column."""
    found = metrics.agreement(labels, readings)
    cells = {_NAMES[k]: _cell(v, percent="alarms" in k) for k, v in found.items()}
    return Column(name=name, cells=cells)


def _cell(interval: metrics.Interval, percent: bool = False) -> str:
    if percent:
        return f"{interval.value:.1%} ({interval.low:.1%}–{interval.high:.1%})"
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def contested(cases: Sequence[Case], grades: Sequence[Grade]) -> tuple[metrics.Array, np.ndarray, float]:
    """(probability, label) of the verdicts that are positive by label or lie in 0.05-0.95, and the share of
    them left unsure."""
    chances, labels, unsure = [], [], 0
    for case, grade in zip(cases, grades, strict=True):
        for item in grade.items:
            kind, bare = item.key.partition(":")[0], item.bare
            if bare in metrics.LEFT_OUT - {"banned_phrase"}:
                continue
            true = case.says_banned if bare == "banned_phrase" else bare in case.labels[kind]
            if true or 0.05 <= item.score <= 0.95:
                chances.append(item.score)
                labels.append(true)
                unsure += item.verdict is Verdict.UNSURE
    return np.array(chances), np.array(labels), unsure / max(1, len(chances))


def calibrated_rows(cases: Sequence[Case], grades: Sequence[Grade]) -> tuple[dict[str, str], list[str]]:
    """Calibration error and share unsure, and the reliability diagram as text."""
    chances, labels, unsure = contested(cases, grades)
    bars = metrics.reliability(chances, labels)
    picture = [
        f"{b.predicted:.2f}  {b.actual:.2f}  {'█' * round(30 * b.actual):<30s}  {b.count}" for b in bars
    ]
    error = f"{metrics.calibration_error(bars):.3f}"
    return {"expected calibration error": error, "share unsure": f"{unsure:.1%}"}, picture


def shipped_grader(rubric: Rubric, encoder: Encoder) -> Grader:
    """The grader as shipped, whatever calibrations the user has made."""
    folder = shipped("models") / "calibration"
    return Grader(rubric, encoder, calibration.find([folder], encoder.hash, rubric.hash, encoder.name))


def fitted(rubric: Rubric, encoder: Encoder, train: Sequence[Case], judged: Sequence[Case]) -> Grader:
    """A grader with `encoder`, calibrated here and now."""
    blank = Grader(rubric, encoder, calibration.blank(encoder.hash, rubric.hash))
    known = wiring.open_catalog(None).content.versions(rubric)
    clauses = read_clauses([CASES / "clauses" / "service.jsonl"], known)
    return Grader(rubric, encoder, calibrate.fit(blank, calibrate.prepare(blank, judged, train, clauses))[0])


def grader_column(name: str, grader: Grader, test: Sequence[Case]) -> tuple[Column, list[str]]:
    """All rows that need only a grader."""
    grades = grader.grade_many([c.request for c in test])
    column = compared(name, [metrics.of_case(c) for c in test], [metrics.of_grade(g) for g in grades])
    rows, picture = calibrated_rows(test, grades)
    column.cells |= rows
    changes = robustness(grader, test)
    tried, moved = sum(c.tried for c in changes), sum(c.changed for c in changes)
    column.cells["met items change with a change that must not matter"] = f"{moved / tried:.1%}"
    for change in changes:
        share = change.changed / max(1, change.tried)
        column.cells[f"· {change.kind}"] = f"{share:.1%} of {change.tried}"
    return column, picture


def unseen_row(
    column: Column, rubric: Rubric, encoders: Sequence[Encoder], seen: Sequence[Case], test: Sequence[Case]
) -> None:
    """Adds the figure of the items that were held out."""
    scores = judge_unseen(rubric, encoders, seen, test)
    kinds = {k: [s.f1 for s in scores if s.name.startswith(k)] for k in metrics.KINDS}
    column.cells["items never seen, macro-F1"] = (
        f"{np.mean([s.f1 for s in scores]):.3f} ({len(scores)} items)"
    )
    for kind, values in kinds.items():
        column.cells[f"· unseen {kind}s"] = f"{np.mean(values):.3f} ({len(values)})" if values else "–"


def labellers(cases: Sequence[Case]) -> tuple[Column, list[str]]:
    """The two blind labellers against each other, and their kappas."""
    files = [READINGS / f"test-{n}.jsonl" for n in (1, 2)]
    readings = [_readings(f) for f in files]
    pairs = [[r[c.id] for c in cases] for r in readings]
    column = compared("labellers", pairs[0], pairs[1])
    rubric = wiring.open_catalog(None).content.rubric("service")
    applies = [
        {
            k: frozenset(i.id for i in rubric.items_for(c.request.situation) if i.kind.value == k)
            for k in metrics.KINDS
        }
        for c in cases
    ]
    found = metrics.kappas(pairs[0], pairs[1], applies)
    return column, [f"| {kind} | {kappa:.3f} | {count} |" for kind, (kappa, count) in found.items()]


def _readings(path: Path) -> dict[str, metrics.Reading]:
    import json

    out = {}
    for row in path.read_text(encoding="utf-8").splitlines():
        r = json.loads(row)
        found = {k: frozenset(r[f"{k}s"]) - metrics.LEFT_OUT for k in metrics.KINDS}
        out[r["id"]] = metrics.Reading(found=found, banned=frozenset(r["banned"]), quality=r["quality"])
    return out


def printed(columns: Sequence[Column]) -> str:
    """A Markdown table."""
    rows = list(dict.fromkeys(row for c in columns for row in c.cells))
    lines = ["| | " + " | ".join(c.name for c in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | " + " | ".join(c.cells.get(row, "–") for c in columns) + " |" for row in rows]
    return "\n".join(lines)


def write_between(path: Path, text: str) -> None:
    """Replaces what stands between the markers in `path`."""
    begin, end = map(re.escape, _MARKS)
    page = path.read_text(encoding="utf-8")
    new, found = re.subn(f"{begin}.*?{end}", lambda _: f"{_MARKS[0]}\n{text}\n{_MARKS[1]}", page, flags=re.S)
    if not found:
        raise SystemExit(f"{path}: no markers {_MARKS}")
    path.write_text(new, encoding="utf-8")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m eval.table")
    parser.add_argument("--encoder", action="append", default=[], help="another encoder: folder or hub id")
    parser.add_argument(
        "--untuned",
        help="an encoder tuned on no item, for the items never seen (python -m training.encoder --steps 0)",
    )
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    train = read_cases([CASES / "train.jsonl", CASES / "offtopic.jsonl"])
    judged, test = read_cases([CASES / "calibration.jsonl"]), read_cases([CASES / "test.jsonl"])
    rubric = wiring.open_catalog(None).content.rubric("service")
    builtin = wiring.open_encoder("builtin")
    labels = [metrics.of_case(c) for c in test]
    main_column, picture = grader_column("Duilian", shipped_grader(rubric, builtin), test)
    if options.untuned:
        encoders = [wiring.open_encoder(options.untuned)] * FOLDS
        unseen_row(main_column, rubric, encoders, [*train, *judged], test)
    columns = [main_column]
    for name, predict in (
        ("keywords", baselines.keyword_rules(rubric)),
        ("n-grams", baselines.bag_of_ngrams(rubric, [*train, *judged])),
        ("nearest example", baselines.nearest_example(rubric, builtin, [*train, *judged])),
    ):
        columns.append(compared(name, labels, predict(test)))
    shared = calibration.find([shipped("models") / "calibration"], builtin.hash, "", "builtin")
    alone = Grader(rubric, builtin, shared).grade_many([c.request for c in test])
    columns.append(compared("shared calibration", labels, [metrics.of_grade(g) for g in alone]))
    for name in options.encoder:
        other = fitted(rubric, wiring.open_encoder(name), train, judged)
        columns.append(grader_column(name, other, test)[0])
    theirs, kappas = labellers(test)
    columns.append(theirs)
    text = "\n".join(
        [
            printed(columns), "", "Kappa of the two labellers, and how often either found something:", "",
            "| | kappa | found |", "|---|---|---|", *kappas, "",
            "Reliability of the verdicts (predicted, actual, number):", "", "```", *picture, "```",
        ]
    )  # fmt: skip
    print(text)
    if options.write:
        write_between(options.write, text)


if __name__ == "__main__":
    main()
