"""Runs with known verdicts, written as real runs are: every reply labelled, every verdict wrong by chance."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.running import record, rows
from eval.running.record import CaseFile, RunRecord
from eval.running.run import Run

STEPS = {
    "too_expensive": {"acknowledge": "先认下贵", "reason": "说清贵在哪", "recalculate": "帮着算细账"},
    "phone_answer": {"greet": "先打招呼", "firm": "报单位", "ask_need": "主动问需要"},
}
SKILLS = {
    "empathy": "同理心",
    "evidence": "拿证据说话",
    "we_language": "说我们",
    "polite_address": "称呼得体",
}
NEGATIVES = {"argue": "跟客户争", "overpromise": "乱许诺"}
NAMES = {
    **{f"step:{s}.{i}": n for s, steps in STEPS.items() for i, n in steps.items()},
    **{f"skill:{i}": n for i, n in SKILLS.items()},
    **{f"negative:{i}": n for i, n in NEGATIVES.items()},
    "negative:banned_phrase": "禁语",
}
STYLES = ("driver", "amiable", "analytical", "expressive")
KINDS = ("strong", "middling", "weak", "harmful", "trap")
SENTENCES = (
    "您说得对，这个价是高一些。",
    "贵在单独拉的光缆和四小时到场。",
    "好的。",
    "我给您细算一遍：一年下来合每天七块钱，",
)
Row = dict[str, Any]
Edit = Callable[[Row, random.Random], None]


def planted(count: int = 300, seed: int = 0, wrong: float = 0.1) -> list[Row]:
    """Rows whose verdicts are the labels, each turned with probability `wrong`."""
    chance = random.Random(seed)
    return [_row(number, chance, wrong) for number in range(count)]


def _row(number: int, chance: random.Random, wrong: float) -> Row:
    situation = ("too_expensive", "phone_answer")[number % 2]
    reply = "".join(chance.choice(SENTENCES) for _ in range(chance.randint(1, 6)))
    keys = [k for k in NAMES if k.partition(":")[0] != "step" or situation in k]
    true = {k for k in keys if chance.random() < 0.4}
    label_banned = ["b001"] if chance.random() < 0.1 else []
    banned = bool(label_banned) != (chance.random() < wrong / 3)
    quality = chance.choice((1.0, 2.0, 3.0, 4.0, 5.0))
    items = [_item(k, (k in true) != (chance.random() < wrong), chance) for k in keys]
    return {
        "index": number, "id": f"q{number:04d}", "source": f"cases.jsonl:{number + 1}", "situation": situation,
        "style": STYLES[number % 4], "customer": "你们这也太贵了", "reply": reply, "error": None,
        "banned": [_hit(reply)] if banned else [],
        "quality": min(5.0, max(1.0, quality + chance.choice((-1.0, -0.5, 0.0, 0.0, 0.5, 1.0)))),
        "items": items, "steps": _met(items, "step"), "skills": _met(items, "skill"),
        "negatives": _met(items, "negative"), "unsure": [],
        "label_steps": _bare(true, "step"), "label_skills": _bare(true, "skill"),
        "label_negatives": [b for b in _bare(true, "negative") if b != "banned_phrase"],
        "label_banned": label_banned, "label_quality": quality, "by": "human", "kind": KINDS[number % 5],
    }  # fmt: skip


def _item(key: str, met: bool, chance: random.Random) -> Row:
    return {
        "key": key, "verdict": "met" if met else "not_met",
        "score": round(chance.uniform(0.55, 0.99) if met else chance.uniform(0.01, 0.45), 4),
        "start": 0 if met else None, "end": 5 if met else None, "nearest": "是不便宜", "similarity": 0.8,
    }  # fmt: skip


def _hit(reply: str) -> Row:
    return {"id": "b001", "category": "推诿", "score": 0.93, "start": 0, "end": 3, "text": reply[:3]}


def _met(items: Sequence[Row], kind: str) -> list[str]:
    return [_name(i["key"]) for i in items if i["verdict"] == "met" and i["key"].startswith(kind)]


def _bare(keys: set[str], kind: str) -> list[str]:
    return sorted(_name(k) for k in keys if k.startswith(kind))


def _name(key: str) -> str:
    return key.partition(":")[2].rpartition(".")[2]


def item_of(row: Row, key: str) -> Row | None:
    """A row's item, if it applies."""
    return next((i for i in row["items"] if i["key"] == key), None)


def is_true(row: Row, key: str) -> bool:
    """What the labels say of an item."""
    return _name(key) in row[f"label_{key.partition(':')[0]}s"]


def set_verdict(row: Row, key: str, met: bool, score: float | None = None) -> None:
    """Turns an item's verdict, with a score that fits."""
    item = item_of(row, key)
    assert item is not None
    at = score if score is not None else (0.9 if met else 0.1)
    item |= {"verdict": "met" if met else "not_met", "score": at}


def edited(base: Sequence[Row], edit: Callable[[Row], None]) -> list[Row]:
    """A copy of `base`, each row of which `edit` changed."""
    new = copy.deepcopy(list(base))
    for row in new:
        edit(row)
    return new


def failed(row: Row) -> None:
    """Makes of a row one that could not be graded."""
    row |= dict.fromkeys(("banned", "items", "steps", "skills", "negatives", "unsure", "quality"))
    row["error"] = "太长了"


def unlabelled(row: Row) -> None:
    """Takes a row's labels away."""
    row |= dict.fromkeys(c for c in row if c.startswith("label_"))
    row["by"] = None


RECORD = RunRecord(
    rubric="service@1", rubric_hash="aaaa", rubric_title="服务与异议处理", encoder="builtin#11", calibration="c1",
    calibrated=True, item_names=NAMES, cases=(CaseFile(path="cases.jsonl", sha256="00", count=1),), cases_hash="h",
    count=0, left_out=0, labelled=0, labels_by="human", seed=0, program="0123456789abcdef", commit="abcdef1234", dirty=False,
    versions={"duilian": "0.4.0"}, engine="local", started="2026-11-01T00:00:00+00:00", status="done",
)  # fmt: skip


def write_run(folder: Path, made: Sequence[Row], **changes: Any) -> Run:
    """A finished run of `made` in `folder`, opened; `changes`: of its record."""
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, len(made), rows.PART)):
        rows.write_part(folder, number, [rows.batch_of(made[start : start + rows.PART])])
    known = {
        "count": len(made),
        "failed": sum(row["error"] is not None for row in made),
        "labelled": sum(row["label_steps"] is not None for row in made),
    }
    record.write(replace(RECORD, **(known | changes)), folder)
    return Run.open(folder)
