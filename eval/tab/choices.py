"""What can be chosen on the page: versions of rubrics, and files of replies; an uploaded file is kept.

Knows nothing of Gradio or of runs.
"""

from __future__ import annotations

import itertools
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import eval as evaluation
from eval.cases import iterate
from simulator.content.contents import Content
from simulator.content.places import writable_folder
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError

_SHIPPED = Path(evaluation.__file__).parent / "cases"
# file: (name, what to know before it is chosen)
_SETS = {
    "calibration.jsonl": (
        "校准集",
        "平时的校准把这些回复也学进去了，校准过的版本在这里几乎全对，比不出高下（校准时加了 --apart 的才行）："
        "只宜看改了什么，别拿它定好坏。",
    ),
    "test.jsonl": (
        "测试集",
        "测试集只留着最后验证：照着它改过一次，它就不再说明别的回复会怎样。改的时候请用自己的回复。",
    ),
}
NONE_CHOSEN = "最好用自己的、标好了的回复：上传一个 .jsonl 文件。自带的两份各有各的限制，选了会说。"
_OWN = "cases"  # folder below the user's data
_MAIN = "service"  # the rubric whose versions are chosen at first


@dataclass(frozen=True, kw_only=True)
class CaseSet:
    """A file of replies. `key`: stands for it in requests; `note`: what to know before it is chosen."""

    key: str
    label: str
    path: Path
    note: str = ""


def versions(content: Content) -> list[tuple[str, str]]:
    """(label, ref) of every version of every rubric, the newest of each first."""
    ordered = sorted(content.rubrics.values(), key=lambda r: (r.name != _MAIN, r.name, -r.version))
    return [(_label(rubric, content), rubric.ref) for rubric in ordered]


def _label(rubric: Rubric, content: Content) -> str:
    return f"{rubric.ref}（{'已发布' if rubric.ref in content.released else '草稿'}）{rubric.title}"


def first_choice(content: Content) -> tuple[str, str]:
    """The two newest versions, the older one first; the newest twice when there is only one."""
    refs = [ref for _, ref in versions(content)]
    family = [r for r in refs if content.rubrics[r].name == content.rubrics[refs[0]].name]
    return family[min(1, len(family) - 1)], family[0]


def case_sets(data: Path) -> list[CaseSet]:
    """The user's own files (`<data>/cases/*.jsonl`) by name, then the shipped ones that are there."""
    shipped = [
        _shipped(folder / name, title, note)
        for folder in (_SHIPPED, *sorted(p for p in _SHIPPED.glob("*/") if p.is_dir()))
        for name, (title, note) in _SETS.items()
        if (folder / name).is_file()
    ]
    return [*(_own(path) for path in sorted((data / _OWN).glob("*.jsonl"))), *shipped]


def _shipped(path: Path, title: str, note: str) -> CaseSet:
    """`path`: below a folder of the rubric's name for any other rubric than the main one."""
    below = path.relative_to(_SHIPPED)
    whose = _MAIN if below.parent == Path() else below.parent.name
    return CaseSet(key=f"shipped/{below.as_posix()}", label=f"{whose} {title}（自带）", path=path, note=note)


def _own(path: Path) -> CaseSet:
    return CaseSet(key=f"own/{path.name}", label=path.name, path=path)


def case_set(key: object, data: Path) -> CaseSet:
    """The file that `key` stands for. Raises UsageError."""
    for one in case_sets(data):
        if one.key == key:
            return one
    raise UsageError("先选一份要评的回复，或者上传一个 .jsonl 文件。")


def first_set(sets: list[CaseSet]) -> CaseSet | None:
    """What is chosen at first: a file of the user's own. The shipped ones want a choice of one's own."""
    return next((s for s in sets if not s.note), None)


def keep(upload: Path, data: Path) -> CaseSet:
    """Keeps an uploaded file with the user's own, under its own name, or a new one when another file has it.
    Raises InputError, naming file and line, for one that holds anything but cases; UsageError when it holds none."""
    if not sum(1 for _ in iterate([upload])):
        raise UsageError(f"{upload.name} 里没有回复。每行要写一条，JSON 格式。")
    folder = writable_folder(data / _OWN)
    stem = re.sub(r"[^\w.-]+", "-", upload.stem).strip("-.") or "cases"
    for number in itertools.count(1):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}.jsonl"
        if not path.exists():
            part = path.with_name(f".{path.name}.part")
            shutil.copyfile(upload, part)
            part.replace(path)
            return _own(path)
        if path.read_bytes() == upload.read_bytes():
            return _own(path)
    raise AssertionError("numbers never end")
