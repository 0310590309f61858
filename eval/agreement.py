"""`python -m eval.agreement --cases F.jsonl`: how well the grader agrees with labels, as one JSON object.

Micro-F1 of steps, skills and negatives (form items and `banned_phrase` left out), precision and recall of
“says a banned thing” and its false alarms on replies without any fault, Spearman's rho of quality. Who made
the labels decides what the figures mean: those shipped were made by language models.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from scipy.stats import spearmanr

from eval.cases import Case, read_cases
from simulator.domain.grade import Grade

_LEFT_OUT = frozenset({"banned_phrase", "polite_address", "plain_words", "match_style"})


def agreement(cases: list[Case], grades: list[Grade]) -> dict[str, Any]:
    """The figures, rounded to three decimals."""
    found: dict[str, Any] = {"replies": len(cases)}
    for kind, got in (("step", "steps"), ("skill", "skills"), ("negative", "negatives")):
        pairs = [
            (c.labels[kind] - _LEFT_OUT, set(getattr(g, got)) - _LEFT_OUT)
            for c, g in zip(cases, grades, strict=True)
        ]
        hits = sum(len(want & have) for want, have in pairs)
        found[got] = _figures(hits, sum(len(h) for _, h in pairs), sum(len(w) for w, _ in pairs))
    said = [(c.says_banned, bool(g.banned)) for c, g in zip(cases, grades, strict=True)]
    found["banned"] = _figures(
        sum(a and b for a, b in said), sum(b for _, b in said), sum(a for a, _ in said)
    )
    clean = [bool(g.banned) for c, g in zip(cases, grades, strict=True) if not c.labels["negative"]]
    found["banned"]["false_alarms_on_clean"] = round(sum(clean) / max(1, len(clean)), 4)
    marks = [
        (c.quality, g.quality or 3.0) for c, g in zip(cases, grades, strict=True) if c.quality is not None
    ]
    rho = spearmanr([a for a, _ in marks], [b for _, b in marks]).statistic
    found["quality"] = {"spearman": round(float(rho), 3), "n": len(marks)}
    return found


def _figures(hits: int, have: int, want: int) -> dict[str, float]:
    precision, recall = hits / have if have else 0.0, hits / want if want else 0.0
    f1 = 2 * hits / (have + want) if have + want else 0.0
    return {"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3), "support": want}


def main() -> None:
    """See the module."""
    from simulator.cli import wiring

    parser = argparse.ArgumentParser(prog="python -m eval.agreement")
    parser.add_argument("--cases", type=Path, action="append", required=True)
    parser.add_argument("--rubric", default="service")
    parser.add_argument("--encoder", default="builtin")
    options = parser.parse_args()
    cases = read_cases(options.cases)
    rubric = wiring.open_catalog(None).content.rubric(options.rubric)
    grader = wiring.make_grader(rubric, wiring.open_encoder(options.encoder))
    print(json.dumps(agreement(cases, grader.grade_many([c.request for c in cases])), indent=1))


if __name__ == "__main__":
    main()
