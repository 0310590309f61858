"""Fits calibrations on labelled replies (`duilian eval calibrate`). Knows nothing of how grades are shown.

The models learn from the replies to train on; how far to trust them is fitted on other replies, written by other
hands; the models that are kept then learn from both. With nothing to train on, the replies are split: each fold is
judged by models that have not seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.cases import Case
from eval.clauses import Clause
from eval.fitting.bands import fit_scaling, scaled, set_bands
from eval.fitting.items import fit_models, held_out
from eval.fitting.shared import fit_all_shared, fit_relatives, related, shared_logits
from eval.fitting.tables import Array, Rows, Table, tabulate
from eval.fitting.windows import Blend, Marked, Windows, fit_blend, fit_windows, peaks_of
from eval.marking import fit_marking
from simulator.domain.rubric import RubricItem
from simulator.grading import quality as marking
from simulator.grading.calibration import BANNED, Calibration
from simulator.grading.evidence import Evidence, gather
from simulator.grading.examples import column_name
from simulator.grading.grader import Grader


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Labelled replies with all that is looked at: read once, however many calibrations are fitted. `judged`:
    the replies that calibrate; those before them teach."""

    cases: Sequence[Case]
    evidence: Sequence[Evidence]
    table: Table
    judged: Rows
    windows: Windows | None


def prepare(
    grader: Grader, cases: Sequence[Case], train: Sequence[Case] = (), clauses: Sequence[Clause] = ()
) -> Prepared:
    """`train` and `clauses` teach the models, `cases` calibrate. Raises ValueError without `cases`."""
    if not cases:
        raise ValueError("没有用来校准的回复")
    every = [*train, *cases]
    evidence = gather([c.request for c in every], grader.fewshot)
    table = tabulate(grader, every, evidence)
    marked = [
        Marked(reply=c.request.reply, spans=e.spans, marks=c.spans)
        for c, e in zip(every, evidence, strict=True)
    ]
    return Prepared(
        cases=every,
        evidence=evidence,
        table=table,
        judged=np.arange(len(train), len(every)),
        windows=Windows(marked, clauses) if clauses or any(m.marks for m in marked) else None,
    )


def fit(
    grader: Grader, prepared: Prepared, note: str = "", *, apart: bool = False
) -> tuple[Calibration, Calibration]:
    """The calibrations of `grader`'s encoder, for its rubric and shared by all rubrics. `apart`: the models that
    are kept learn from the replies that teach only, so that figures on those that calibrate are flattered little (the
    scales, bands, blend and quality model and the window models' vocabulary still come from them): for the
    development of a rubric. Raises ValueError when there are too few replies or all labels of a kind are
    alike."""
    judged = prepared.judged
    learning = np.arange(judged[0]) if judged[0] else judged
    every = learning if apart else np.arange(len(prepared.cases))
    examples = grader.fewshot.examples
    table = related(prepared.table, examples, learning)
    relatives = fit_relatives(table, every)
    shared = fit_all_shared(table, table.of(learning))
    logits = shared_logits(table, shared)
    held = held_out(table, logits, np.arange(judged[0]), judged)
    models = fit_models(table, logits, every)
    blend, windows = Blend(gains={}, offsets={}), None
    if prepared.windows:
        peaks = peaks_of(prepared.windows, table, np.arange(judged[0]), judged, models.names)
        blend = fit_blend(table, held, peaks)
        held = blend.add(table, held, peaks)
        windows = fit_windows(prepared.windows, table, every, blend.gains)
    scaling = fit_scaling(table, blend.gains, held, judged)

    def made(own: bool) -> Calibration:
        found = scaled(table, blend.gains, held, scaling) if own else logits
        chances = np.asarray(1 / (1 + np.exp(-np.clip(found, -30, 30))))
        return Calibration(
            encoder_hash=grader.encoder.hash,
            rubric_hash=grader.rubric.hash if own else "",
            shared=shared,
            scaling=scaling if own else {},
            bands=set_bands(table, chances, table.of(judged), alike=not own),
            marking=fit_marking(*_marks(grader, prepared, chances)),
            items=models if own else None,
            relatives=relatives,
            windows=blend.scale(windows) if own and windows else None,
            note=note,
        )

    return made(True), made(False)


def _marks(grader: Grader, prepared: Prepared, chances: Array) -> tuple[Array, Array]:
    """(inputs of the quality model, labelled qualities) of the judged replies that have one."""
    table, cases = prepared.table, prepared.cases
    by_reply: list[dict[str, float]] = [{} for _ in cases]
    items: dict[str, RubricItem] = {column_name(i): i for i in grader.fewshot.examples.items}
    for row in table.of(prepared.judged):
        name, number = str(table.column[row]), int(table.reply[row])
        key = items[name].key_in(cases[number].request.situation) if name in items else BANNED
        by_reply[number][key] = float(chances[row])
    rows, marks = [], []
    for number in prepared.judged:
        case, found = cases[number], by_reply[number]
        if case.quality is not None:
            length = prepared.evidence[number].features.length
            values = marking.inputs(grader.rubric, found, found[BANNED], case.request.situation, length)
            rows.append([values[name] for name in marking.INPUTS])
            marks.append(case.quality)
    return np.array(rows), np.array(marks)
