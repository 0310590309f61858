"""`python -m training.offtopic`: replies that do nothing a rubric asks for, for calibrating against.

Real sentences about other things: what users of CrossWOZ (Apache-2.0) ask about hotels and sights, and
what clients of smile (CC0) tell of themselves, put into random situations and labelled “nothing met,
nothing wrong, quality 2”. Without them a grader that has only seen replies on the matter finds something in
anything. Written to `eval/cases/offtopic.jsonl`.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

# Words that would make the label wrong: greetings, thanks, regrets, questions after the other's wishes.
_DOES_SOMETHING = re.compile(
    r"谢|謝|再见|您好|你好|抱歉|对不起|不好意思|拜拜|理解|没问题|好的|请问|电话|客服|投诉|贵|便宜|元|价|您"
)


def _crosswoz(folder: Path) -> Iterator[str]:
    with zipfile.ZipFile(folder / "data_crosswoz_val.json.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".json") and not name.startswith("__"):
                for talk in json.loads(archive.read(name)).values():
                    yield from (m["content"] for m in talk["messages"])


def _smile(path: Path, dialogues: int) -> Iterator[str]:
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        for _, row in zip(range(dialogues), rows, strict=False):
            yield from (text for role, text in json.loads(row)["turns"] if role == "client")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m training.offtopic")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("eval/cases/offtopic.jsonl"))
    parser.add_argument("--count", type=int, default=200, help="of each source")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    situations = sorted(p.stem for p in Path("personas/situations").glob("*.yaml"))
    records = []
    sources = {
        "crosswoz": list(_crosswoz(options.data / "crosswoz")),
        "smile": list(_smile(options.data / "smile.jsonl.xz", 3000)),
    }
    for source, texts in sources.items():
        fit = sorted({t for t in texts if 5 <= len(t) <= 60 and not _DOES_SOMETHING.search(t)})
        for number, text in enumerate(chance.sample(fit, options.count)):
            empty: dict[str, list[str]] = {k: [] for k in ("steps", "skills", "negatives", "banned")}
            records.append(
                {
                    "id": f"off-{source}-{number:03d}",
                    "situation": chance.choice(situations),
                    "style": None,
                    "customer": "",
                    "reply": text,
                    **empty,
                    "quality": 2.0,
                    "source": source,
                }
            )
    rows = (json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    options.out.write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
