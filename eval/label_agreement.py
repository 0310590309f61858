"""How far labellers agree, and what they agree on: pairs of files of labels compared, settled and reported.

Says who made the labels; what no person labelled is never called human. Knows nothing of the labelling page.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from eval.labelling import FIELDS, NAMES, Label, LabelFile, Question, choices
from eval.metrics import KINDS, kappas, quadratic_kappa
from simulator.domain.rubric import Rubric
from simulator.errors import InputError, UsageError

_NEVER = "?"  # an item that nobody finds


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
