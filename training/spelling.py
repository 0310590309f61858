"""`python -m training.spelling`: the counts by which typos are put right (`simulator.language.spelling`).

Runs of one to three Chinese characters in smile (CC0), CrossWOZ (Apache-2.0) and the replies and customers'
lines of the training split. The last are few, and the only ones that speak of bills and numbers, so they
count more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.cases import read_cases
from simulator.language.spelling import COUNTS, sound
from simulator.language.text import normalise
from training.encoder.corpus import crosswoz_turns, smile_turns

_BITS = 21  # of a code point
_OWN_TIMES = 30
_TYPO = 2  # a run that only we write is a typo where another of the same sound is so many times as frequent
_FEWEST = {1: 1, 2: 5, 3: 10}  # of a run of so many characters, or it is left out
Grams = tuple[NDArray[np.uint64], NDArray[np.int64]]


def grams(texts: list[str], size: int) -> Grams:
    """(runs of `size` Chinese characters, each as one number; how often each)."""
    points = np.frombuffer("\n".join(texts).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    count = max(0, len(points) - size + 1)
    keys, inside = np.zeros(count, dtype=np.uint64), np.ones(count, dtype=bool)
    for offset in range(size):
        part = points[offset : offset + count]
        keys = (keys << np.uint64(_BITS)) | part
        inside &= (part >= 0x4E00) & (part <= 0x9FFF)
    found, times = np.unique(keys[inside], return_counts=True)
    return found, times.astype(np.int64)


def written(gram: int) -> str:
    """The run that a number of `grams` stands for."""
    points = (gram >> shift & (2**_BITS - 1) for shift in (2 * _BITS, _BITS, 0))
    return "".join(chr(p) for p in points if p)


def spoken(gram: int) -> tuple[str, ...]:
    """The sounds of a run of `grams`."""
    return tuple(map(sound, written(gram)))


def tally(public: list[str], own: list[str]) -> dict[int, int]:
    """Counts of the runs that are frequent enough in `public` or occur in `own`, but for the typos of
    `own`, where many are meant to be seen."""
    counts: dict[int, int] = {}
    for size, fewest in _FEWEST.items():
        found, times = grams(public, size)
        often = times >= fewest
        here = dict(zip(found[often].tolist(), times[often].tolist(), strict=True))
        public_runs = set(here)
        ours = dict(zip(*map(np.ndarray.tolist, grams(own, size)), strict=True))
        for gram, time in ours.items():
            here[gram] = here.get(gram, 0) + _OWN_TIMES * time
        most: dict[tuple[str, ...], int] = {}
        for gram, time in here.items():
            most[spoken(gram)] = max(most.get(spoken(gram), 0), time)
        doubtful = ours.keys() - public_runs if size > 1 else set()
        counts |= {g: n for g, n in here.items() if g not in doubtful or n * _TYPO > most[spoken(g)]}
    return counts


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m training.spelling")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cases", type=Path, default=Path("eval/cases/train.jsonl"))
    parser.add_argument("--dialogues", type=int, default=16_000)
    parser.add_argument("--out", type=Path, default=COUNTS)
    options = parser.parse_args()
    talks = [*smile_turns(options.data / "smile.jsonl.xz", options.dialogues)]
    talks += crosswoz_turns(options.data / "crosswoz")
    cases = read_cases([options.cases])
    own = [normalise(t) for c in cases for t in (c.request.reply, c.request.customer)]
    counts = tally([turn for talk in talks for turn in talk], own)
    ordered = sorted((written(gram), count) for gram, count in counts.items())
    text = "\n".join(gram for gram, _ in ordered).encode()
    numbers = np.array([count for _, count in ordered], dtype=np.uint32)
    np.savez_compressed(options.out, grams=np.frombuffer(text, dtype=np.uint8), counts=numbers)
    print(f"{options.out}: {len(ordered)} runs, {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
