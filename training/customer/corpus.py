"""Public dialogues as talks between a customer and somebody who answers.

A talk is a list of chat messages (`{"role": "assistant" | "user", "content": …}`); the one who brings a trouble or a
wish is `assistant`, since that is the side our model speaks. Knows nothing of models or of our own content.
"""

from __future__ import annotations

import json
import lzma
import random
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from eval.cases import Case
from simulator.errors import UsageError

Talk = list[dict[str, str]]

_CUSTOMERS = {"client": "assistant", "counselor": "user", "usr": "assistant", "sys": "user"}
_LABELS = {"来访者": "assistant", "心理咨询师": "user"}


def dialogues(data: Path, share: float, seed: int) -> list[Talk]:
    """CrossWOZ and CPsyCoun whole, and of SMILE, which is far larger, a seeded `share` (0-1), in seeded order.

    Raises UsageError naming what is missing below `data`."""
    names = ("smile.jsonl.xz", "cpsycound.jsonl.xz", "crosswoz")
    missing = [name for name in names if not (data / name).exists()]
    if missing:
        raise UsageError(f"--data {data} 里少了：{'、'.join(missing)}。要有：{'、'.join(names)}。")
    talks = [*smile(data / names[0], share, seed), *cpsycound(data / names[1]), *crosswoz(data / names[2])]
    random.Random(seed).shuffle(talks)
    return talks


def smile(path: Path, share: float, seed: int) -> Iterator[Talk]:
    """Emotional support chats (CC0), each drawn with chance `share`. Read as a stream."""
    chance = random.Random(f"{seed}:smile")
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        for row in rows:
            if chance.random() < share:
                yield [_message(_CUSTOMERS[role], text) for role, text in json.loads(row)["turns"]]


def cpsycound(path: Path) -> Iterator[Talk]:
    """Counselling talks (CC BY 4.0): paragraphs that begin with who speaks."""
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        for row in rows:
            parts = [p.partition("：") for p in json.loads(row)["text"].split("\n\n")]
            talk = [
                _message(_LABELS[label.strip()], said) for label, _, said in parts if label.strip() in _LABELS
            ]
            if talk:
                yield talk


def crosswoz(folder: Path) -> Iterator[Talk]:
    """A user and a service agent about hotels, sights and restaurants (Apache-2.0)."""
    for name in ("val", "test"):
        with zipfile.ZipFile(folder / f"data_crosswoz_{name}.json.zip") as archive:
            for inner in archive.namelist():
                if inner.endswith(".json") and not inner.startswith("__"):
                    for talk in json.loads(archive.read(inner)).values():
                        yield [_message(_CUSTOMERS[m["role"]], m["content"]) for m in talk["messages"]]


def labelled_talks(cases: Iterable[Case]) -> list[Talk]:
    """What the customer said and the reply to it, of every labelled reply that answers something."""
    return [
        [_message("assistant", c.request.customer), _message("user", c.request.reply)]
        for c in cases
        if c.request.customer
    ]


def _message(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": " ".join(text.split())}
