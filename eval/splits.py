"""`python -m eval.splits`: how near the test replies lie to the replies that were learned from.

A test reply that paraphrases a training reply would flatter the grader. For each test and calibration reply, the
largest character-trigram Jaccard similarity to any reply of the earlier splits and to any example of the rubric; for
each part of a test reply, that to any of the clauses written to be learned from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.cases import read_cases
from eval.clauses import read_clauses
from simulator.cli import wiring
from simulator.language.text import jaccard, normalise, trigrams, windows

CASES = Path(__file__).parent / "cases"


def nearest(texts: Sequence[str], among: Sequence[str]) -> list[tuple[float, str]]:
    """For each of `texts`, (similarity, text) of the nearest of `among`; 0 where no trigram is shared."""
    known = [trigrams(t) for t in among]
    by_gram: dict[str, set[int]] = defaultdict(set)
    for number, grams in enumerate(known):
        for gram in grams:
            by_gram[gram].add(number)
    out = []
    for text in texts:
        own = trigrams(text)
        sharing = set().union(*(by_gram[g] for g in own if g in by_gram))
        best = max(((jaccard(own, known[n]), n) for n in sharing), default=(0.0, -1))
        out.append((best[0], among[best[1]] if best[1] >= 0 else ""))
    return out


def main() -> None:
    """See the module."""
    replies = {
        name: [c.request.reply for c in read_cases([CASES / f"{name}.jsonl"])]
        for name in ("train", "calibration", "test")
    }
    replies["train"] += [c.request.reply for c in read_cases([CASES / "offtopic.jsonl"])]
    known = wiring.open_catalog(None).content
    rubric = known.rubric("service")
    examples = [t for i in rubric.items for t in (*i.examples, *i.contrast)]
    examples += [t for b in rubric.banned for t in (b.phrase, *b.paraphrases, *b.neighbours)]
    pairs = (("test", "train"), ("test", "calibration"), ("calibration", "train"))
    rows = [(f"{one} against {other}", replies[one], replies[other]) for one, other in pairs]
    rows += [("test against the rubric's examples", replies["test"], examples)]
    clauses = [c.text for c in read_clauses([CASES / "clauses" / "service.jsonl"], known.versions(rubric))]
    parts = [normalise(r)[s.start : s.end] for r in replies["test"] for s in windows(normalise(r))]
    rows += [("parts of test replies against the clauses", sorted(set(parts)), clauses)]
    print(
        "| trigram Jaccard to the nearest | mean | 95th percentile | largest | 0.6 and more |\n|---|---|---|---|---|"
    )
    for name, texts, among in rows:
        values = np.array([v for v, _ in nearest(texts, among)])
        print(
            f"| {name} | {values.mean():.3f} | {np.percentile(values, 95):.3f} | {values.max():.3f} "
            f"| {(values >= 0.6).sum()} of {len(values)} |"
        )


if __name__ == "__main__":
    main()
