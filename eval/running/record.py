"""What a run is of, and where it came from: the run record, as JSON beside the rows.

Knows nothing of grading or of the rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simulator import __version__
from simulator.domain.grade import BANNED_KEY
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError

FORMAT = 1
FILE = "record.json"
# What may sway a number of a grade, besides this package itself.
_PACKAGES = ("numpy", "scipy", "scikit-learn", "tokenizers", "sentence-transformers", "torch", "pyarrow")
# Fields that a continued run must share with its beginning, and what each is called.
_SAME = {
    "rubric_hash": "评分标准",
    "encoder": "编码器",
    "calibration": "校准",
    "cases_hash": "要评的回复",
    "count": "抽取的条数",
    "seed": "随机种子",
    "program": "程序",
    "versions": "程序或依赖的版本",
}


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A file of cases as it was read: `sha256` of its bytes (hex), number of cases."""

    path: str
    sha256: str
    count: int


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run is of a rubric, an encoder and a calibration, over cases.

    `status`: `running` until every row is there, then `done`; `calibrated`: whether the calibration was made
    for this very rubric; `item_names`: by item key; `left_out`: cases of situations that the rubric does not
    score; `count`, `failed`, `labelled`: of the rows; `labels_by`: `human`, `model`, `mixed`, `unknown` (not
    said) or `none`; `program`: hash of this program's files; `commit`, `dirty`: of its repository, empty and None
    outside one; `seconds`: wall time over all starts; `resumed`: how often it was continued.
    """

    rubric: str
    rubric_hash: str
    rubric_title: str
    encoder: str
    calibration: str
    calibrated: bool
    item_names: dict[str, str]
    cases: tuple[CaseFile, ...]
    cases_hash: str
    count: int
    left_out: int
    labelled: int
    labels_by: str
    seed: int
    program: str
    commit: str
    dirty: bool | None
    versions: dict[str, str]
    engine: str
    started: str
    status: str = "running"
    failed: int = 0
    seconds: float = 0.0
    resumed: int = 0
    format: int = FORMAT


def item_names(rubric: Rubric) -> dict[str, str]:
    """Item key → name, for every situation the rubric scores."""
    names = {i.key_in(situation): i.name for i in rubric.items for situation in [*i.placements] or [""]}
    return names | {BANNED_KEY: "禁语"}


def write(record: RunRecord, folder: Path) -> None:
    """Writes the record, whole or not at all. Raises OSError."""
    path = folder / FILE
    part = path.with_name(f".{FILE}.part{os.getpid()}")
    try:
        part.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(folder: Path) -> RunRecord:
    """The record of a run folder. Raises UsageError when there is none that can be read."""
    path = folder / FILE
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise UsageError(f"{path} 的格式版本是 {data['format']}，本程序只认识 {FORMAT}。请重新评一遍。")
        found = TypeAdapter(RunRecord).validate_python(data, strict=False)
    except FileNotFoundError as error:
        raise UsageError(f"{folder} 不是一次评估的结果（里面没有 {FILE}）") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path} 坏了：{place} 写的是 {str(first['input'])[:60]}") from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} 坏了，读不出来：{error}") from error
    if found.count < 1:
        raise UsageError(f"{path} 坏了：count 写的是 {found.count}")
    return found


def check_same(before: RunRecord, now: RunRecord, folder: Path) -> None:
    """Raises UsageError unless `now` would go on with just what `before` began."""
    differ = [name for field, name in _SAME.items() if getattr(before, field) != getattr(now, field)]
    if differ:
        raise UsageError(
            f"{folder} 里已经有一次没跑完（或跑完了）的评估，{'、'.join(differ)}和这次不同，接不上。"
            "换一个 --out，或者先把那个目录删掉。"
        )


def continued(before: RunRecord, now: RunRecord) -> RunRecord:
    """`before`, begun again with the engine of `now`."""
    return replace(before, engine=now.engine, resumed=before.resumed + 1)


def versions() -> dict[str, str]:
    """Of this program, Python, the kind of machine and the packages that grading rests on."""
    found = {"duilian": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def program() -> str:
    """Hash of the files of this program that say how a reply is graded: what is graded by another one is not
    joined to it, committed or not."""
    here = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(p for top in ("simulator", "eval") for p in (here / top).rglob("*.py")):
        digest.update(f"{path.relative_to(here)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def commit() -> tuple[str, bool | None]:
    """The commit that this program stands at, and whether its files differ from it; ("", None) when it is not
    of a repository, though it may lie inside somebody's."""
    here = Path(__file__).parent
    if not _git(here, "ls-files", "--error-unmatch", Path(__file__).name):
        return "", None
    return _git(here, "rev-parse", "HEAD"), bool(_git(here, "status", "--porcelain", "--untracked-files=no"))


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def labels_by(said: Sequence[str]) -> str:
    """Who made the labels, of the distinct values of `by` of the labelled cases (empty: not said)."""
    if not said:
        return "none"
    if len(said) > 1:
        return "mixed"
    return said[0] if said[0] in ("human", "model") else "unknown"
