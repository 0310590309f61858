"""`python -m eval.polite --data smile.jsonl.xz`: false banned alarms on counsellors' turns, all of them listed.

Counsellors are polite by trade, so a banned phrase found in one of their turns is, until read, a false alarm.
The turns are not part of the product; the file is given on the command line. With `--out` every flagged
turn is written with the ids it was taken for and the words that decided, to be read.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

from rich.progress import track

from eval.table import shipped_grader
from simulator.cli import wiring
from simulator.domain.grade import GradeRequest

SITUATIONS = ("service_dissatisfied", "suspension_anger", "billing_dispute", "doubts_understanding")
_AT_ONCE = 500


def counsellor_turns(path: Path) -> Iterator[str]:
    """Every counsellor's turn that says something."""
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        for row in rows:
            yield from (
                t for role, t in json.loads(row)["turns"] if role == "counselor" and len(t.strip()) >= 2
            )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m eval.polite")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="where the flagged turns are listed, one JSON object a line")
    options = parser.parse_args()
    turns = list(counsellor_turns(options.data))
    chance = random.Random(options.seed)
    drawn = chance.sample(turns, min(options.count, len(turns)))
    rubric = wiring.open_catalog(None).content.rubric("service")
    grader = shipped_grader(rubric, wiring.open_encoder("builtin"))
    flagged = []
    for start in track(range(0, len(drawn), _AT_ONCE), description="polite turns"):
        part = drawn[start : start + _AT_ONCE]
        requests = [GradeRequest(situation=chance.choice(SITUATIONS), reply=t) for t in part]
        for text, grade in zip(part, grader.grade_many(requests), strict=True):
            if grade.banned:
                hits = [{"id": h.id, "score": h.score, "text": h.text} for h in grade.banned]
                flagged.append({"turn": text, "banned": hits})
    if options.out:
        rows = (json.dumps(f, ensure_ascii=False) + "\n" for f in flagged)
        options.out.write_text("".join(rows), encoding="utf-8")
    print(
        f"{len(flagged)} of {len(drawn)} turns flagged ({len(turns)} in all): 1 in {len(drawn) / max(1, len(flagged)):.0f}"
    )


if __name__ == "__main__":
    main()
