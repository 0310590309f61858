"""Makes a report: plays, measures, and writes it as JSON, transcripts and a page.

The one place that joins playing, measuring and showing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from eval.fidelity import measuring, page
from eval.fidelity.measuring import Fidelity, Record
from eval.fidelity.playing import Plan, Stage
from eval.fidelity.talks import transcript
from eval.running import record as running
from simulator.cli import jsonl
from simulator.grading.grader import Grader

FIGURES, TRANSCRIPTS, PAGE = "fidelity.json", "sessions.jsonl", "fidelity.html"


def make(
    stage: Stage, grader: Grader, plan: Plan, folder: Path, told: Callable[[int], None] | None = None
) -> Fidelity:
    """Plays `plan` on `stage` and measures what was played. `grader`: the stage's own, whose calibration is recorded;
    `folder`: of the trainees' scripts; `told` hears how many talks are done."""
    started, began = datetime.now(UTC), time.monotonic()
    talks = stage.play(plan, told)
    seconds = round(time.monotonic() - began, 1)
    commit, dirty = running.commit()
    model = stage.model
    record = Record(
        model=model.name,
        model_version=model.version,
        is_bank=model.is_bank,
        rubric=stage.rubric.ref,
        rubric_hash=stage.rubric.hash,
        encoder=f"{grader.encoder.name}#{grader.encoder.hash}",
        calibration=grader.calibration.hash,
        calibrated=grader.calibrated,
        scripts=measuring.scripts_hash((folder / f"{s}.jsonl").read_bytes() for s in plan.situations),
        situations=plan.situations,
        styles=plan.styles,
        kinds=plan.kinds,
        seeds=plan.seeds,
        level=plan.level.value,
        lines=len(stage.content.lines),
        program=running.program(),
        commit=commit,
        dirty=dirty,
        versions=running.versions(),
        started=started.isoformat(timespec="seconds"),
        seconds=seconds,
    )
    return measuring.measure(talks, stage.content, record)


def write(found: Fidelity, out: Path, names: Mapping[str, str]) -> None:
    """Writes the report into `out`, each file whole or not at all. `names`: of situations and styles. Raises
    UsageError."""
    with jsonl.output(str(out / TRANSCRIPTS)) as stream:
        stream.writelines(jsonl.dump(transcript(talk)) for talk in found.talks)
    with jsonl.output(str(out / FIGURES)) as stream:
        json.dump(found.to_json(), stream, ensure_ascii=False, indent=1)
        stream.write("\n")
    with jsonl.output(str(out / PAGE)) as stream:
        stream.write(page.render(found, names))
