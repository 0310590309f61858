"""Labelling by people: the queue of replies, the file of labels, where one labeller stands.

A labeller's file is the only state: one JSON line a saved reply, the last line of an id wins. The labels that
cases may carry are dropped while reading, so nothing here can show them. Knows nothing of the page.
"""

from __future__ import annotations

import errno
import os
import random
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from eval.cases import Case
from eval.metrics import KINDS, LEFT_OUT, Reading, of_case
from simulator.cli import jsonl, records
from simulator.domain.grade import GradeRequest
from simulator.domain.rubric import Rubric
from simulator.errors import InputError, UsageError

QUALITIES = tuple(n / 2 for n in range(2, 11))
FIELDS = {"step": "steps", "skill": "skills", "negative": "negatives"}  # kind: field of a record
NAMES = {"step": "步骤", "skill": "技能", "negative": "负面", "banned": "禁语", "quality": "质量"}
_LONGEST_NAME = 60
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')


# ---- what is labelled ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Question:
    """A reply to be labelled, without any label. `style`, `customer`: empty when the case has none."""

    id: str
    situation: str
    style: str
    customer: str
    reply: str


def read_questions(paths: Iterable[Path], rubric: Rubric) -> dict[str, Question]:
    """Every reply of the files by its id; what labels they have is not looked at. Raises InputError naming
    file and line for a bad record, a doubled id, a situation that `rubric` has not, or an empty file."""
    found: dict[str, Question] = {}
    for path in paths:
        for number, row in jsonl.rows(str(path)):
            place = f"{path}:{number}: "
            line: records.GradeLine = records.read(
                records.GradeLine, jsonl.parse(str(path), number, row), place
            )
            name = str(line.id)
            if name in found:
                raise InputError(f"{place}编号 {name} 出现了两次")
            if not rubric.steps_of(line.situation):
                raise InputError(f"{place}评分标准 {rubric.ref} 里没有情境“{line.situation}”")
            asked = line.request()
            found[name] = Question(
                id=name,
                situation=line.situation,
                style=line.style or "",
                customer=asked.customer,
                reply=line.reply,
            )
    if not found:
        raise InputError(f"{'、'.join(str(p) for p in paths) or '--cases'} 里一条回复也没有")
    return found


def shuffled(questions: Iterable[Question], labeller: str) -> list[Question]:
    """The order in which `labeller` meets the replies: their own, and the same every time."""
    order = sorted(questions, key=lambda q: q.id)
    random.Random(labeller).shuffle(order)
    return order


def choices(rubric: Rubric, situation: str, kind: str) -> dict[str, tuple[str, str]]:
    """What a labeller may tick in `situation`: id → (name, meaning). Items judged by form are left out."""
    items = (
        rubric.steps_of(situation)
        if kind == "step"
        else [i for i in rubric.items_for(situation) if i.kind.value == kind]
    )
    return {i.id: (i.name, i.meaning) for i in items if not i.form_only and i.id not in LEFT_OUT}


# ---- labels and their file -------------------------------------------------------------------------


class _Line(records.Lenient):
    id: records.Id
    situation: str | None = None
    steps: tuple[str, ...]
    skills: tuple[str, ...]
    negatives: tuple[str, ...]
    banned: tuple[str, ...] = ()
    quality: float | None = Field(default=None, ge=1, le=5)
    labeller: str | None = None
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Label:
    """What one labeller found in one reply. `case.request` carries no reply, and a situation only where the
    record names one; `human`: whether the record says so itself."""

    case: Case
    labeller: str
    human: bool

    @property
    def reading(self) -> Reading:
        """The label as `eval.metrics` takes it."""
        return of_case(self.case)


@dataclass(frozen=True, kw_only=True)
class LabelFile:
    """A file of labels, by id in the order of their last saving. `half`: how many bytes of an unfinished
    line stand at its end."""

    path: Path
    labels: Mapping[str, Label]
    half: int = 0

    @property
    def maker(self) -> str:
        """Who made the labels. Only records that say `"by": "human"` are called human."""
        parts = []
        for human, called in ((True, "人工标注"), (False, "模型标注")):
            mine = [label for label in self.labels.values() if label.human is human]
            names = "、".join(sorted({label.labeller for label in mine if label.labeller}))
            if mine:
                parts.append(f"{called} {len(mine)} 条" + (f"（{names}）" if names else ""))
        return "，".join(parts) or "空的"


def read_labels(path: Path) -> LabelFile:
    """The labels of a file; the last line of an id wins. An unfinished last line, left by a program that was
    killed, is counted and not read. Raises UsageError, InputError naming the line of any other bad one."""
    try:
        *rows, tail = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UsageError(f"读不了 {path}：{error.strerror}") from error
    labels: dict[str, Label] = {}
    for number, row in enumerate(rows, 1):
        if row.strip():
            _put(labels, _label(path, number, row))
    half = 0
    if tail.strip():
        try:
            _put(labels, _label(path, len(rows) + 1, tail))
        except InputError:
            half = len(tail)
    return LabelFile(path=path, labels=labels, half=half)


def _put(labels: dict[str, Label], label: Label) -> None:
    labels.pop(label.case.id, None)
    labels[label.case.id] = label


def _label(path: Path, number: int, row: bytes) -> Label:
    try:
        text = row.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}:{number}: 不是 UTF-8 编码（这一行第 {error.start + 1} 个字节）") from error
    line: _Line = records.read(_Line, jsonl.parse(str(path), number, text), f"{path}:{number}: ")
    return Label(
        case=Case(
            id=str(line.id),
            request=GradeRequest(situation=line.situation or "", reply=""),
            labels={kind: frozenset(getattr(line, field)) for kind, field in FIELDS.items()},
            banned=line.banned,
            quality=line.quality,
        ),
        labeller=line.labeller or "",
        human=line.by == "human",
    )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a labeller has entered for one reply. `ticked`: bare ids by kind; `seconds` spent on it."""

    id: str
    ticked: Mapping[str, Sequence[str]]
    banned: Sequence[str]
    quality: float | None
    seconds: float


class Notebook:
    """One labeller's file in a folder that several labellers may share. Thread safe."""

    def __init__(self, folder: Path, labeller: str, cases: Iterable[Path] = ()) -> None:
        """Makes the file where there is none. Raises UsageError for a name that makes no file name, a file
        that cannot be written, holds someone else's labels or is one of `cases`; InputError for a broken one.
        """
        self.labeller = labeller_name(labeller)
        self.path = folder / f"{self.labeller}.jsonl"
        self._guard = threading.Lock()
        if any(self.path.resolve() == case.resolve() for case in cases):
            raise UsageError(f"{self.path} 就是要标的文件，标签不能写进去：换一个 --out 或 --labeller")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path.open("ab").close()
        except OSError as error:
            raise UsageError(f"写不了 {self.path}：{error.strerror}") from error
        kept = self.read()
        others = [i for i, x in kept.labels.items() if not x.human or x.labeller != self.labeller]
        if others:
            raise UsageError(
                f"{self.path} 里有不是“{self.labeller}”标的记录（比如 {others[0]}）：换一个 --out 或 --labeller"
            )
        self.told = (
            f"{self.path} 最后一行没写完（上次大概是突然关掉的），那一条不算，会再请您标一次。"
            if kept.half
            else ""
        )

    def read(self) -> LabelFile:
        """All that has been saved. Raises UsageError, InputError."""
        return read_labels(self.path)

    def save(self, entry: Entry) -> None:
        """Appends one line; it lies on the disk when this returns. Raises UsageError when it cannot be
        written: the file is then as it was."""
        record: dict[str, Any] = {"id": entry.id}
        record |= {field: list(entry.ticked[kind]) for kind, field in FIELDS.items()}
        if entry.banned:
            record["negatives"].append("banned_phrase")
        record |= {"banned": list(entry.banned), "quality": entry.quality, "labeller": self.labeller}
        record |= {"by": "human", "seconds": round(entry.seconds, 1)}
        with self._guard:
            try:
                self._append(jsonl.dump(record).encode())
            except OSError as error:
                full = error.errno in (errno.ENOSPC, errno.EDQUOT)
                why = "磁盘满了" if full else f"写不了 {self.path}（{error.strerror}）"
                raise UsageError(
                    f"没有存上：{why}。填的内容还在页面上，腾出空间后再点一次“保存”。"
                    if full
                    else f"没有存上：{why}。填的内容还在页面上，弄好后再点一次“保存”。"
                ) from error

    def _append(self, line: bytes) -> None:
        half = self.read().half
        with self.path.open("r+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            keep = size - half
            if keep:
                stream.seek(keep - 1)
                line = line if stream.read(1) == b"\n" else b"\n" + line
            stream.truncate(keep)
            stream.seek(keep)
            try:
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
            except OSError:
                with suppress(OSError):  # a line that stays half written is read as such
                    os.ftruncate(stream.fileno(), keep)
                raise


def labeller_name(text: str) -> str:
    """`text` as a file's stem. Raises UsageError."""
    name = unicodedata.normalize("NFC", text).strip()
    good = name and name.isprintable() and not name.startswith(".") and not _NOT_IN_NAMES & set(name)
    if not good or len(name) > _LONGEST_NAME:
        raise UsageError(
            f"--labeller 不对：“{text}”。写一个名字，不超过 {_LONGEST_NAME} 个字，不以点开头，不含 / \\ : * ? 这类符号"
        )
    return name


class Sitting:
    """A labeller before their replies: which comes next, and saving what was entered. Keeps nothing in
    memory that is not in the file, so a kill loses nothing that was saved."""

    def __init__(self, questions: Iterable[Question], notebook: Notebook, rubric: Rubric) -> None:
        """`questions` in any order: the labeller's own is made here."""
        self.notebook, self.rubric = notebook, rubric
        self.order = shuffled(questions, notebook.labeller)
        self._place = {q.id: n for n, q in enumerate(self.order)}

    def done(self) -> dict[str, Label]:
        """The labels of this queue's replies, the last saved last."""
        return {i: x for i, x in self.notebook.read().labels.items() if i in self._place}

    def now(self) -> Question | None:
        """Where the labeller stopped: the first unlabelled reply after the last saved; None when all are."""
        last = list(self.done())[-1:]
        return self.after(last[0]) if last else self.order[0]

    def after(self, question: str) -> Question | None:
        """The next unlabelled reply after `question`, from the start again at the end (a skipped one comes
        back); None when all are labelled."""
        done, start = self.done(), self._place.get(question, -1) + 1
        rest = (q for q in self.order[start:] + self.order[:start] if q.id not in done)
        return next(rest, None)

    def before(self, question: str) -> Question | None:
        """The reply before `question` in the queue; the last one when `question` is none of it."""
        place = self._place.get(question, len(self.order))
        return self.order[place - 1] if place else None

    def save(self, entry: Entry) -> None:
        """Saves what was entered. Raises UsageError when it is not whole, or cannot be written."""
        if entry.id not in self._place:
            raise UsageError("这条回复不在这次要标的里面，请刷新页面")
        if entry.quality not in QUALITIES:
            raise UsageError("还没有选质量分（1 到 5）")
        situation = self.order[self._place[entry.id]].situation
        for kind in KINDS:
            strange = set(entry.ticked[kind]) - set(choices(self.rubric, situation, kind))
            if strange:
                raise UsageError(f"没有这样的{NAMES[kind]}：{'、'.join(sorted(strange))}，请刷新页面")
        if any(self.rubric.banned_phrase(b) is None for b in entry.banned):
            raise UsageError("没有这样的禁语，请刷新页面")
        self.notebook.save(entry)
