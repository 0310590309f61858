"""Labelling by people: the queue of replies, the file of labels, and how far labellers agree.

A labeller's file is the only state: one JSON line a saved reply, the last line of an id wins. The labels that
cases may carry are dropped while reading, so nothing here can show them. Knows nothing of the page.
"""

from __future__ import annotations

import errno
import os
import random
import threading
import unicodedata
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from eval.cases import Case
from eval.metrics import KINDS, LEFT_OUT, Reading, kappas, of_case, quadratic_kappa
from simulator.cli import jsonl, records
from simulator.domain.grade import GradeRequest
from simulator.domain.rubric import Rubric
from simulator.errors import InputError, UsageError

QUALITIES = tuple(n / 2 for n in range(2, 11))
FIELDS = {"step": "steps", "skill": "skills", "negative": "negatives"}  # kind: field of a record
NAMES = {"step": "步骤", "skill": "技能", "negative": "负面", "banned": "禁语", "quality": "质量"}
_LONGEST_NAME = 60
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
_NEVER = "?"  # an item that nobody finds


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


# ---- agreement -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Agreement on one item or group: Cohen's kappa, None where it is not defined (both found it always or
    never); `n` judgements each, found by `both` of them, by `either` at least."""

    name: str
    kappa: float | None
    n: int
    both: int
    either: int


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement of two files on the `replies` that both have labelled. `spearman`, `quadratic`: of the
    qualities on the `marked` replies; None where not defined. `unplaced`: replies of unknown situation, whose
    steps do not count."""

    one: Path
    other: Path
    replies: int
    groups: tuple[Figure, ...]
    items: tuple[Figure, ...]
    spearman: float | None
    quadratic: float | None
    marked: int
    unplaced: int


class Comparison:
    """Several files of labels of the same replies."""

    def __init__(
        self, files: Sequence[LabelFile], rubric: Rubric, questions: Mapping[str, Question] | None = None
    ) -> None:
        """`questions`: the replies, where known; then only they count. Raises UsageError for fewer than two
        files, InputError for a label that `rubric` has not."""
        if len(files) < 2:
            raise UsageError("--agreement 后面至少要有两个标签文件")
        if len({f.path.resolve() for f in files}) < len(files):
            raise UsageError("--agreement 后面同一个文件写了两次")
        self.files, self.rubric, self.questions = files, rubric, questions
        for file in files:
            for label in file.labels.values():
                self._check(file, label)

    def situation(self, question: str) -> str:
        """The situation of a reply; empty when nothing says it."""
        if self.questions is not None:
            return self.questions[question].situation
        said = (f.labels[question].case.request.situation for f in self.files if question in f.labels)
        return next((s for s in said if self.rubric.steps_of(s)), "")

    def common(self, files: Sequence[LabelFile]) -> list[str]:
        """The ids that all `files` have, in order. Only those of the cases, where these are known."""
        ids = set.intersection(*(set(f.labels) for f in files))
        return sorted(ids if self.questions is None else ids & set(self.questions))

    def title(self, path: Path) -> str:
        """What a file is called in reports: its name, with its folder where another has the same."""
        return path.name if sum(f.path.name == path.name for f in self.files) == 1 else str(path)

    def unknown(self) -> int:
        """How many labelled ids are not among the cases."""
        ids = set[str]().union(*(f.labels for f in self.files))
        return 0 if self.questions is None else len(ids - set(self.questions))

    def agreements(self) -> list[Agreement]:
        """Every file against every other. Raises UsageError when two have no reply in common."""
        return [self._agreement(a, b) for a, b in combinations(self.files, 2)]

    def differing(self, tolerance: float = 0.0) -> list[str]:
        """The ids that at least two files have and that not all of those label alike; qualities may lie
        `tolerance` apart."""
        pairs = [(a, b, self.common((a, b))) for a, b in combinations(self.files, 2)]
        return sorted(
            {i for a, b, ids in pairs for i in ids if not alike(a.labels[i], b.labels[i], tolerance)}
        )

    def settled(self, tolerance: float = 0.0) -> tuple[list[dict[str, Any]], int]:
        """Records of the replies that the first two files have: those on which all files that have them
        agree, with the mean quality, and else the third file's values where there are any. Also how many are
        left out because they are not settled."""
        differing, out = set(self.differing(tolerance)), []
        third = self.files[2].labels if len(self.files) > 2 else {}
        ids = self.common(self.files[:2])
        for i in ids:
            if i not in differing:
                out.append(self._record(i, [f.labels[i] for f in self.files if i in f.labels], "agreed"))
            elif i in third:
                out.append(self._record(i, [third[i]], "third"))
        return out, len(ids) - len(out)

    def _record(self, question: str, labels: Sequence[Label], how: str) -> dict[str, Any]:
        """A record that cases are read from. Human only when all labels are."""
        case = labels[0].case
        record: dict[str, Any] = {"id": question}
        if self.questions is not None:
            asked = self.questions[question]
            record |= {"situation": asked.situation, "style": asked.style or None}
            record |= {"customer": asked.customer, "reply": asked.reply}
        found = labels[0].reading.found
        record |= {field: sorted(found[kind]) for kind, field in FIELDS.items()}
        if case.says_banned:
            record["negatives"].append("banned_phrase")
        marks = [x.case.quality for x in labels if x.case.quality is not None]
        record |= {"banned": sorted(case.banned), "quality": float(np.mean(marks)) if marks else None}
        names = "、".join(dict.fromkeys(x.labeller for x in labels if x.labeller))
        record |= {"labeller": names} if names else {}
        record |= {"by": "human"} if all(x.human for x in labels) else {}
        return record | {"settled": how}

    def _check(self, file: LabelFile, label: Label) -> None:
        question = label.case.id
        if self.questions is not None and question not in self.questions:
            return
        items = self.rubric.items
        situation = self.situation(question)
        if situation:
            items = self.rubric.items_for(situation)
        known = {(i.kind.value, i.id) for i in items} | {("negative", "banned_phrase")}
        strange = sorted(x for kind in KINDS for x in label.case.labels[kind] if (kind, x) not in known)
        strange += [b for b in label.case.banned if self.rubric.banned_phrase(b) is None]
        if strange:
            raise InputError(
                f"{file.path} 的 {question}：评分标准 {self.rubric.ref} 里没有这样的标签：{'、'.join(strange)}"
            )

    def _applies(self, question: str) -> dict[str, frozenset[str]]:
        """What could be found in a reply, by kind."""
        situation = self.situation(question)
        known = {kind: frozenset(choices(self.rubric, situation, kind)) for kind in KINDS}
        return known if situation else known | {"step": frozenset()}

    def _agreement(self, a: LabelFile, b: LabelFile) -> Agreement:
        ids = self.common((a, b))
        if not ids:
            raise UsageError(f"{a.path} 和 {b.path} 没有都标过的回复，比不了")
        one, other = ([f.labels[i].reading for i in ids] for f in (a, b))
        applies = [self._applies(i) for i in ids]
        items: dict[str, list[tuple[bool, bool]]] = {}
        groups: dict[str, list[tuple[bool, bool]]] = {kind: [] for kind in KINDS}
        for i, x, y, known in zip(ids, one, other, applies, strict=True):
            for kind in KINDS:
                for item in sorted(known[kind]):
                    pair = (item in x.found[kind], item in y.found[kind])
                    groups[kind].append(pair)
                    scope = f"{self.situation(i)}." if kind == "step" else ""
                    items.setdefault(f"{kind}:{scope}{item}", []).append(pair)
        groups["banned"] = [(bool(x.banned), bool(y.banned)) for x, y in zip(one, other, strict=True)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a group that nobody found: its kappa is not taken
            empty = {kind: frozenset({_NEVER}) for kind in KINDS if not groups[kind]}
            by_group = kappas(one, other, [known | empty for known in applies])
        marks = [
            (x.quality, y.quality)
            for x, y in zip(one, other, strict=True)
            if x.quality is not None and y.quality is not None
        ]
        spearman, quadratic = _on_quality(marks)
        return Agreement(
            one=a.path,
            other=b.path,
            replies=len(ids),
            groups=tuple(_figure(k, pairs, by_group[k][0]) for k, pairs in groups.items()),
            items=tuple(_figure(k, items[k]) for k in sorted(items)),
            spearman=spearman,
            quadratic=quadratic,
            marked=len(marks),
            unplaced=sum(not self.situation(i) for i in ids),
        )


def alike(one: Label, other: Label, tolerance: float = 0.0) -> bool:
    """Whether two labels say the same; form items do not count, qualities may lie `tolerance` apart."""
    return not difference(one, other, tolerance)


def difference(one: Label, other: Label, tolerance: float = 0.0) -> list[str]:
    """What two labels differ in: kinds, `banned`, `quality`."""
    a, b = one.reading, other.reading
    out = [kind for kind in KINDS if a.found[kind] != b.found[kind]]
    out += ["banned"] if a.banned != b.banned else []
    if a.quality is None or b.quality is None:
        return out + (["quality"] if a.quality != b.quality else [])
    return out + (["quality"] if abs(a.quality - b.quality) > tolerance else [])


def _figure(name: str, pairs: Sequence[tuple[bool, bool]], given: float | None = None) -> Figure:
    """Counts and kappa; `given`: the kappa where it is known already."""
    kappa = given
    if len({x for pair in pairs for x in pair}) < 2:
        kappa = None
    elif given is None:
        kappa = float(cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs]))
    both, either = sum(a and b for a, b in pairs), sum(a or b for a, b in pairs)
    return Figure(name=name, kappa=kappa, n=len(pairs), both=both, either=either)


def _on_quality(marks: Sequence[tuple[float, float]]) -> tuple[float | None, float | None]:
    """Spearman's rank correlation and quadratic kappa; None where not defined."""
    one, other = [a for a, _ in marks], [b for _, b in marks]
    if len(marks) < 2:
        return None, None
    varied = len(set(one)) > 1 and len(set(other)) > 1
    return (float(spearmanr(one, other).statistic) if varied else None), quadratic_kappa(one, other)


# ---- the report ------------------------------------------------------------------------------------


def report(comparison: Comparison, tolerance: float = 0.0) -> list[str]:
    """The agreement as lines of text: who labelled, the figures of each pair, the replies they differ on."""
    out = [f"{f.path}：{f.maker}" for f in comparison.files]
    out += [f"{f.path}：最后一行没写完，没有算" for f in comparison.files if f.half]
    if comparison.unknown():
        out.append(f"有 {comparison.unknown()} 个编号不在 --cases 里，没有算")
    for agreement in comparison.agreements():
        out += ["", *_of_pair(comparison, agreement)]
    differing = comparison.differing(tolerance)
    out += ["", f"标得不一样的回复：{len(differing)} 条"]
    for question in differing:
        out += ["", *_of_reply(comparison, question, tolerance)]
    return out


def _of_pair(comparison: Comparison, agreement: Agreement) -> list[str]:
    rubric, title = comparison.rubric, comparison.title
    out = [f"{title(agreement.one)} 和 {title(agreement.other)}：都标过 {agreement.replies} 条"]
    if agreement.unplaced:
        out.append(
            f"有 {agreement.unplaced} 条不知道是什么情境，它们的步骤没有算（用 --cases 给出原来的回复）"
        )
    out.append(f"  质量：Spearman {_number(agreement.spearman)}，二次加权 kappa {_number(agreement.quadratic)}"
               f"（{agreement.marked} 条）")  # fmt: skip
    out.append("   kappa     判断   都有   有一方有  项目")
    rows = [(NAMES[f.name], f) for f in agreement.groups]
    rows += [(f"{f.name} {_item_name(rubric, f.name)}", f) for f in agreement.items if f.either]
    out += [f"{_number(f.kappa):>8} {f.n:>8} {f.both:>6} {f.either:>10}  {name}" for name, f in rows]
    unseen = sum(not f.either for f in agreement.items)
    return out + ([f"  另有 {unseen} 项两边都没有标过"] if unseen else [])


def _of_reply(comparison: Comparison, question: str, tolerance: float) -> list[str]:
    have = [f for f in comparison.files if question in f.labels]
    pairs = combinations([f.labels[question] for f in have], 2)
    parts = {part for a, b in pairs for part in difference(a, b, tolerance)}
    situation = comparison.situation(question)
    out = [f"{question}  {situation}".rstrip()]
    if comparison.questions is not None:
        asked = comparison.questions[question]
        out += [f"  客户：{asked.customer}", f"  回复：{asked.reply}"]
    for part in (p for p in NAMES if p in parts):
        out.append(f"  {NAMES[part]}")
        out += [
            f"    {f.path.name}：{_said(comparison.rubric, situation, f.labels[question], part)}"
            for f in have
        ]
    return out


def _said(rubric: Rubric, situation: str, label: Label, part: str) -> str:
    """What a label says in one part, in words."""
    reading = label.reading
    if part == "quality":
        return "没有打分" if reading.quality is None else f"{reading.quality:g}"
    if part == "banned":
        phrases = [(b, rubric.banned_phrase(b)) for b in sorted(reading.banned)]
        return "、".join(f"{b} {p.phrase}" if p else "有（没说哪一句）" for b, p in phrases) or "无"
    keys = [(f"{situation}.{x}" if part == "step" and situation else x) for x in sorted(reading.found[part])]
    return "、".join(f"{k.rpartition('.')[2]} {_item_name(rubric, f'{part}:{k}')}" for k in keys) or "无"


def _item_name(rubric: Rubric, key: str) -> str:
    item = rubric.item(key)
    return item.name if item else ""


def _number(value: float | None) -> str:
    return "算不出" if value is None else f"{value:.3f}"
