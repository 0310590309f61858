"""Text for the encoder: public dialogues and the rubric's examples. Knows nothing of models."""

from __future__ import annotations

import json
import lzma
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

from simulator.domain.rubric import Rubric
from simulator.language.text import clauses, normalise


def smile_turns(path: Path, dialogues: int) -> Iterator[list[str]]:
    """The turns of the first `dialogues` chats of smile.jsonl.xz (CC0), normalised."""
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        for number, row in enumerate(rows):
            if number >= dialogues:
                return
            yield [normalise(text) for _, text in json.loads(row)["turns"]]


def crosswoz_turns(folder: Path) -> Iterator[list[str]]:
    """The turns of the CrossWOZ validation and test dialogues (Apache-2.0), normalised."""
    for name in ("val", "test"):
        with zipfile.ZipFile(folder / f"data_crosswoz_{name}.json.zip") as archive:
            for inner in archive.namelist():
                if inner.endswith(".json") and not inner.startswith("__"):
                    for talk in json.loads(archive.read(inner)).values():
                        yield [normalise(m["content"]) for m in talk["messages"]]


def pieces(turn: str) -> list[str]:
    """The clauses of a turn that are long enough to mean something."""
    return [turn[c.start : c.end] for c in clauses(turn) if c.end - c.start >= 4]


def neighbour_pairs(talks: list[list[str]], rng: random.Random, limit: int) -> list[tuple[str, str]]:
    """Pairs of texts that stand near each other: halves of one turn, or a turn and its reply. What is
    said in like contexts means like things (the distributional hypothesis)."""
    pairs: list[tuple[str, str]] = []
    for talk in talks:
        for position, turn in enumerate(talk):
            parts = pieces(turn)
            if len(parts) >= 2:
                cut = rng.randrange(1, len(parts))
                pairs.append(("".join(parts[:cut])[:60], "".join(parts[cut:])[:60]))
            if position + 1 < len(talk) and parts and rng.random() < 0.3:
                pairs.append((turn[-60:], talk[position + 1][:60]))
    rng.shuffle(pairs)
    return pairs[:limit]


def example_groups(rubric: Rubric) -> list[tuple[str, list[str], list[str]]]:
    """(name, positives, hard negatives) of every item and banned phrase."""
    groups = [
        (f"{i.kind}:{i.id}:{min(i.placements, default='')}", list(i.examples), list(i.contrast))
        for i in rubric.items
        if i.examples
    ]
    groups += [(f"banned:{b.id}", [b.phrase, *b.paraphrases], list(b.neighbours)) for b in rubric.banned]
    return [(n, [normalise(t) for t in p], [normalise(t) for t in h]) for n, p, h in groups]
