"""A grade as a person reads it. Knows only the output record, the rubric and what made the quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.domain.grade import BANNED_KEY, GradeRequest
from simulator.domain.rubric import Rubric
from simulator.grading.quality import Reason

_REASONS = 6  # the weightiest that are told
_MARKS = {"met": "✓", "unsure": "?", "not_met": "·"}


def explain(
    rubric: Rubric, record: dict[str, Any], request: GradeRequest | None, reasons: Sequence[Reason] = ()
) -> str:
    """Several lines of text about one output record, ending in a blank line. `reasons`: what made its quality."""
    head = f"── {record['id']}"
    if "error" in record or request is None:
        return f"{head}\n没能打分：{record.get('error')}\n\n"
    quality = "判不了" if record["quality"] is None else f"{record['quality']:g} 分（满分 5）"
    lines = [f"{head}  质量 {quality}", f"回复：{request.reply}"]
    if record["quality"] is None:
        lines.append("  不是中文，判不了。")
        return "\n".join(lines) + "\n\n"
    for hit in record["banned"]:
        phrase = rubric.banned_phrase(hit["id"])
        said = phrase.phrase if phrase else hit["id"]
        lines.append(f"  ✗ 禁语 {hit['id']}（{said}）：说的是“{hit['text']}”  把握 {hit['score']:.2f}")
        if phrase:
            lines.append(f"      换成：{phrase.better}")
    for item in record["items"]:
        told = item["verdict"] != "not_met" or "settled_by" in item
        if told and item["key"] != BANNED_KEY:
            lines += _item(rubric, item, request.reply)
    return "\n".join(lines + _summary(rubric, record, reasons)) + "\n\n"


def _summary(rubric: Rubric, record: dict[str, Any], reasons: Sequence[Reason]) -> list[str]:
    """What was not done, and what made the quality."""
    lines = []
    missed = [i["key"] for i in record["items"] if i["key"].startswith("step:") and i["verdict"] == "not_met"]
    names = [found.name for found in map(rubric.item, missed) if found]
    if names:
        lines.append(f"  这一句没做的步骤：{'、'.join(names)}")
    if reasons:
        lines.append("  质量分怎么来的：" + "；".join(_reason(rubric, r) for r in reasons[:_REASONS]))
    return lines


def _reason(rubric: Rubric, reason: Reason) -> str:
    known = rubric.item(reason.key)
    name = known.name if known else reason.key
    points = f"{reason.points:+.1f}".replace("-", "−")
    return f"{'' if reason.done else '没有'}“{name}” {points}"


def _item(rubric: Rubric, item: dict[str, Any], reply: str) -> list[str]:
    known = rubric.item(item["key"])
    bad = item["key"].startswith("negative:")
    mark = "✗" if bad and item["verdict"] == "met" else _MARKS[item["verdict"]]
    name = known.name if known else item["key"]
    line = f"  {mark} {name}（{item['key']}）把握 {item['score']:.2f}"
    if "settled_by" in item:
        line += f"（由 {item['settled_by']} 裁定）"
    if item["verdict"] == "not_met":
        return [line]
    if "span" in item:
        start, end = item["span"]
        line += f"：凭“{reply[start:end]}”"
    lines = [line]
    if "nearest" in item:
        lines.append(
            f"      最像的例句：{item['nearest']['text']}（相似 {item['nearest']['similarity']:.2f}）"
        )
    if bad and known and item["verdict"] == "met":
        lines.append(f"      建议：{known.advice}")
    return lines
