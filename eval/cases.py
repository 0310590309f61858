"""Labelled replies: reading and checking them. Knows nothing of graders.

One JSON object a line: `id, situation, style, customer, reply, steps, skills, negatives, banned, quality`
(docs/architecture.md, section 3.2, plus labels), and who labelled it (`by`: `human` or `model`), what sort
of reply its writer meant (`kind`) and which clauses commit a fault (`spans`: by label, `banned` for banned things,
the code points [from, to) of each), where that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import Field, NonNegativeInt

from simulator.cli import jsonl, records
from simulator.domain.grade import GradeRequest, Span
from simulator.domain.rubric import Rubric
from simulator.errors import InputError


class _Reply(records.GradeLine):
    by: str | None = None
    kind: str | None = None
    spans: dict[str, tuple[tuple[NonNegativeInt, NonNegativeInt], ...]] | None = None


class _Labels(records.Lenient):
    steps: tuple[str, ...]
    skills: tuple[str, ...]
    negatives: tuple[str, ...]
    banned: tuple[str, ...] = ()
    quality: float | None = Field(default=None, ge=1, le=5)


_NAMES = frozenset(_Labels.model_fields)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One reply and its labels. `labels`: bare ids by kind, empty where there are none (`labelled` is False);
    `where`: file and line; `by`: who labelled it, None when the file does not say; `kind`: what its writer
    meant it to be (`strong`, `trap`, …); `spans`: the clauses that commit a fault, by bare id or `banned`, where they were
    marked; `unjudged`: items (`kind:id`) that its labellers did not look for."""

    id: str
    request: GradeRequest
    labels: dict[str, frozenset[str]]
    banned: tuple[str, ...]
    quality: float | None
    labelled: bool = True
    where: str = ""
    by: str | None = None
    kind: str | None = None
    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    unjudged: frozenset[str] = frozenset()

    @property
    def says_banned(self) -> bool:
        """Whether the labellers found any banned thing."""
        return bool(self.banned) or "banned_phrase" in self.labels["negative"]


def read_cases(paths: Iterable[Path]) -> list[Case]:
    """Every case of every file, all of them labelled. Raises InputError naming file and line of the first bad
    one."""
    return list(iterate(paths, labelled=True))


def iterate(paths: Iterable[Path], labelled: bool = False) -> Iterator[Case]:
    """Case by case, so that long files need not be held. `labelled`: whether each must have labels. Raises
    InputError as `read_cases`."""
    seen: set[str] = set()
    for path in paths:
        for number, row in jsonl.rows(str(path)):
            where = f"{path}:{number}"
            case = _case(jsonl.parse(str(path), number, row), where, labelled)
            if case.id in seen:
                raise InputError(f"{where}: 编号 {case.id} 前面已经有了，一个编号只能用一次")
            seen.add(case.id)
            yield case


def check_labels(cases: Iterable[Case], versions: Sequence[Rubric]) -> None:
    """Raises InputError naming the first case whose situation the first of `versions` does not score, or with a
    label that none of them knows: it would not count. A label of an item that only another version has is
    no mistake."""
    for case in cases:
        if not versions[0].steps_of(case.request.situation):
            raise InputError(
                f"{case.where}: {case.id}: 评分标准 {versions[0].ref} 里没有情境“{case.request.situation}”"
            )
        check_case(case, versions)


def check_case(case: Case, versions: Sequence[Rubric]) -> None:
    """`check_labels` of the labels of one case."""
    situation = case.request.situation
    items = {(i.kind.value, i.id) for rubric in versions for i in rubric.items_for(situation)}
    items.add(("negative", "banned_phrase"))
    given = {(kind, label) for kind, labels in case.labels.items() for label in labels}
    strange = sorted(label for _, label in given - items)
    strange += [b for b in case.banned if all(rubric.banned_phrase(b) is None for rubric in versions)]
    if strange:
        raise InputError(
            f"{case.where}: {case.id}: 情境 {situation} 里没有这样的标签：{'、'.join(strange)}"
            f"（评分标准 {versions[0].name}）"
        )


def borrowed(cases: Sequence[Case], rubric: Rubric, taken: Iterable[Case]) -> list[Case]:
    """Of `cases`, labelled under another rubric, those that can teach `rubric` the items it shares with that one:
    in situations it scores, and not among `taken` (by id). An item that none of `cases` has was not looked for."""
    found = {f"{kind}:{i}" for c in cases for kind, labels in c.labels.items() for i in labels}
    unjudged = frozenset({f"{i.kind.value}:{i.id}" for i in rubric.items} - found)
    known = {c.id for c in taken}
    return [
        replace(c, unjudged=unjudged)
        for c in cases
        if c.id not in known and rubric.steps_of(c.request.situation)
    ]


def _case(given: dict[str, Any], where: str, labelled: bool) -> Case:
    record = records.read(_Reply, given, f"{where}: ")
    has_labels = labelled or any(given.get(name) is not None for name in _NAMES)
    labels = records.read(_Labels, given, f"{where}: ") if has_labels else None
    return Case(
        id=str(record.id),
        request=record.request(),
        labels={
            "step": frozenset(labels.steps if labels else ()),
            "skill": frozenset(labels.skills if labels else ()),
            "negative": frozenset(labels.negatives if labels else ()),
        },
        banned=labels.banned if labels else (),
        quality=labels.quality if labels else None,
        labelled=has_labels,
        where=where,
        by=record.by,
        kind=record.kind,
        spans=_spans(record, labels, where),
    )


def _spans(record: _Reply, labels: _Labels | None, where: str) -> dict[str, tuple[Span, ...]]:
    """The marked clauses. Raises InputError for one outside the reply or of a label that the reply has not."""
    given = record.spans or {}
    faults = (
        {*labels.negatives, *(["banned"] if labels.banned or "banned_phrase" in labels.negatives else [])}
        if labels
        else set()
    )
    strange = sorted(set(given) - faults)
    if strange:
        raise InputError(f"{where}: spans 里的 {'、'.join(strange)} 不是这条回复的负面标签（禁语写 banned）")
    length = len(record.reply)
    if any(not start < end <= length for pairs in given.values() for start, end in pairs):
        raise InputError(f"{where}: spans 里的位置不对：要从小到大，不超过回复的长度（{length}）")
    return {name: tuple(Span(start=s, end=e) for s, e in pairs) for name, pairs in given.items()}
