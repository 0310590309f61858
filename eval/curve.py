"""`python -m eval.curve`: the learning curve, quality of the item models against the number of training replies.

Measured on the calibration split with models that learned from a share of the training replies (drawn with a
seed); thresholds are the best on that split, so the figures compare sizes and flatter a little.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval import calibrate
from eval.cases import read_cases
from eval.fitting.items import held_out
from eval.fitting.shared import fit_all_shared, related, shared_logits
from eval.fitting.tables import KINDS
from simulator.cli import wiring
from simulator.grading import calibration
from simulator.grading.grader import Grader

CASES = Path(__file__).parent / "cases"
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)


def best_f1(chances: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Micro-F1 at the threshold where it is best."""
    hits = np.cumsum(labels[np.argsort(-chances, kind="stable")])
    return float((2 * hits / (np.arange(1, len(labels) + 1) + labels.sum())).max())


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m eval.curve")
    parser.add_argument("--encoder", default="builtin")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    train = read_cases([CASES / "train.jsonl", CASES / "offtopic.jsonl"])
    cases = read_cases([CASES / "calibration.jsonl"])
    rubric = wiring.open_catalog(None).content.rubric("service@1")
    encoder = wiring.open_encoder(options.encoder)
    grader = Grader(rubric, encoder, calibration.blank(encoder.hash, rubric.hash))
    prepared = calibrate.prepare(grader, cases, train)
    table, judged = prepared.table, prepared.judged
    rows = table.of(judged)
    print("| training replies | " + " | ".join(KINDS) + " |\n|---" + "|---" * len(KINDS) + "|")
    order = np.random.default_rng(options.seed).permutation(len(train))
    for share in SHARES:
        seen = np.sort(order[: round(share * len(train))])
        table = related(prepared.table, grader.fewshot.examples, seen)
        logits = shared_logits(table, fit_all_shared(table, table.of(seen)))
        held = held_out(table, logits, seen, judged)
        figures = [
            best_f1(held[mine], table.label[mine])
            for kind in KINDS
            for mine in [rows[table.kind[rows] == kind]]
        ]
        print(f"| {len(seen)} | " + " | ".join(f"{f:.3f}" for f in figures) + " |", flush=True)


if __name__ == "__main__":
    main()
