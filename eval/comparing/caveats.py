"""What a reader must know before believing a comparison, in words.

Knows the records of the runs and how they were matched; nothing of figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.comparing.pairing import Matched

if TYPE_CHECKING:
    from eval.running.record import RunRecord

WHO = {
    "human": "人工",
    "model": "标签（模型标的）",
    "mixed": "标签（来源不一）",
    "unknown": "标签（没写是谁标的）",
    "none": "标签",
}
_UNSURE_OF = {
    "model": "标签是语言模型标的，不是人标的：说的“对错”是和模型的看法合不合。",
    "mixed": "标签有人标的，也有模型标的（或没写是谁标的）。",
    "unknown": "没写标签是谁标的（cases 里没有 by）：不能当作人标的。",
}


@dataclass(frozen=True, kw_only=True)
class Caveat:
    """One thing to know. `code`: stable, for programs; `text`: for readers."""

    code: str
    text: str


def caveats(a: RunRecord, b: RunRecord, matched: Matched, labels_by: str, name: str) -> tuple[Caveat, ...]:
    """All that hold for B (called `name`) beside A, the gravest first."""
    found = [*_graders(a, b, name), *_cases(matched, name), *_labels(matched, labels_by)]
    return tuple(Caveat(code=code, text=text) for code, text in found)


def _graders(a: RunRecord, b: RunRecord, name: str) -> Iterator[tuple[str, str]]:
    if a.calibrated != b.calibrated:
        with_own, without = ("A", name) if a.calibrated else (name, "A")
        yield (
            "calibrated",
            f"{with_own} 有自己的校准，{without} 没有，用的是编码器共用的：差别可能只是这个带来的。"
            f"先给 {without} 的评分标准做校准（duilian eval calibrate），再评一遍。",
        )
    elif not a.calibrated:
        yield "uncalibrated", f"A 和 {name} 都没有自己的校准，用的是编码器共用的，判得会粗些。"
    if a.encoder != b.encoder:
        yield "encoder", f"编码器不同（A：{a.encoder}；{name}：{b.encoder}）：差别不只来自评分标准。"
    elif a.rubric_hash == b.rubric_hash:
        yield from _same_rubric(a, b, name)
    dirty = [side for side, record in (("A", a), (name, b)) if record.dirty]
    if dirty:
        yield "dirty", f"{'、'.join(dirty)} 评的时候，程序有没提交的改动：别人照提交重跑，结果可能不同。"


def _same_rubric(a: RunRecord, b: RunRecord, name: str) -> Iterator[tuple[str, str]]:
    if a.calibration != b.calibration:
        yield (
            "calibration",
            f"评分标准和编码器都一样，校准不同（A：{a.calibration}；{name}：{b.calibration}）：比的是两份校准。",
        )
        return
    differ = [k for k in {**a.versions, **b.versions} if a.versions.get(k) != b.versions.get(k)]
    if a.program != b.program:
        differ.append(f"程序文件 {a.program[:7]} → {b.program[:7]}")
    cause = f"有差别也只会来自程序：{'、'.join(differ)}" if differ else "本来就该一模一样"
    yield "same_grader", f"评分标准、编码器、校准都一样，{cause}。"


def _cases(matched: Matched, name: str) -> Iterator[tuple[str, str]]:
    if matched.only_a or matched.only_b:
        sides = [(matched.only_a, "A"), (matched.only_b, name)]
        alone = "，".join(f"只有 {side} 评了的 {count:,} 条" for count, side in sides if count)
        yield "cases", f"两次评的不全是同样的回复：只比都有的，{alone}没算。"
    if matched.failed:
        yield "failed", f"有 {matched.failed:,} 条至少一边没评成，没算。"
    if matched.added or matched.removed:
        words = [(matched.added, f"只有 {name} 有"), (matched.removed, "只有 A 有")]
        told = "，".join(f"{which}的 {len(keys)} 项" for keys, which in words if keys)
        yield "items", f"评分项不全相同：{told}，没有比，也没算进总数。"


def _labels(matched: Matched, labels_by: str) -> Iterator[tuple[str, str]]:
    if matched.relabelled:
        yield (
            "relabelled",
            f"有 {matched.relabelled:,} 条的标签在两次之间改过：两边都按后评的那次的标签算。",
        )
    missing = matched.size - int(matched.known.sum())
    if 0 < missing < matched.size:
        yield "unlabelled", f"{missing:,} 条没有标签：只列改了什么，不算对错。"
    if labels_by in _UNSURE_OF:
        yield "labels_by", _UNSURE_OF[labels_by]
