"""A comparison in plain Chinese: the verdict, what it rests on, and how figures are written.

Knows nothing of terminals or of HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eval.comparing.changes import QUALITY
from eval.comparing.contrasts import ALL, GROUPS
from eval.comparing.ruling import Direction, Evidence, Outcome
from simulator.domain.rubric import Kind

if TYPE_CHECKING:
    from eval.comparing.changes import Change, Judgement
    from eval.comparing.comparison import Pair
    from eval.comparing.contrasts import Contrast
    from eval.comparing.statistics import Paired
    from eval.metrics import Interval

Names = Mapping[str, str]  # of situations and styles, by id; an id that is not there stands for itself
RULE = (
    "怎样算好、怎样算差：看四样证据——总的 F1 之差（全部评分项合在一起），质量分和标签的二次加权 kappa 之差，"
    "四类（步骤、技能、负面、禁语）各自的对错，每个评分项各自的对错。前两样看 95% 区间（成对自助法，按回复重抽）是否不含 0，"
    "而且两版至少在 6 条回复上分出过高下；后两样用 McNemar 精确检验，在四类之间、在各评分项之间分别做 Holm 校正，"
    "p 小于 0.05 才算；两版对错不同的回复不到 6 条的评分项怎么都到不了 0.05，不参加。"
    "证据都向好就是“好”，都向坏就是“差”，有好有坏就照实说；没有证据就是“看不出”。"
    "两版其实一样好的时候，这样判也会有一成左右说成好或差。"
    "“判不准”算没做到。分开看的各组没有做多重校正，只用来找线索。"
)
VERDICTS = {"met": "做到", "not_met": "没做到", "unsure": "判不准"}
FAULTS = {"met": "犯了", "not_met": "没犯", "unsure": "判不准"}
CASE_KINDS = {
    "strong": "好的",
    "middling": "一般的",
    "weak": "弱的",
    "harmful": "有害的",
    "trap": "陷阱（像做到了，其实没有）",
}
EFFECTS = {"loss": "改错了", "gain": "改对了", "neither": "说不上对错"}
_MARKS = {
    Outcome.IDENTICAL: "{b} 和 A 判得一模一样",
    Outcome.BETTER: "{b} 比 A 好",
    Outcome.WORSE: "{b} 比 A 差",
    Outcome.MIXED: "{b} 比 A 有好有坏",
    Outcome.INDISTINCT: "看不出 {b} 和 A 哪个好",
    Outcome.UNLABELLED: "没有标签，只能说改了什么，说不出好坏",
}
_DIRECTIONS = {
    Direction.BETTER: "变好的",
    Direction.WORSE: "变差的",
    Direction.BOTH: "判对的多少和 F1 一升一降的",
}
_NAMED = 6  # items that a sentence names


def headline(pair: Pair) -> str:
    """The plain verdict in a few words."""
    told = _MARKS[pair.ruling.outcome].format(b=pair.b.name)
    doubtful = any(caveat.code == "calibrated" for caveat in pair.caveats)
    return f"{told}，但只有一边有自己的校准，先别当真" if doubtful and pair.labelled else told


def basis(pair: Pair, names: Names) -> list[str]:
    """What the verdict rests on, in sentences."""
    outcome = pair.ruling.outcome
    if outcome is Outcome.IDENTICAL:
        return [f"{pair.cases:,} 条回复，每个判断、分数（到四位小数）、禁语和质量分都相同。"]
    if outcome is Outcome.UNLABELLED:
        return [_changed(pair), _agreed(pair)]
    overall = _overall(pair)
    if outcome is Outcome.INDISTINCT:
        return [overall, "质量分、四类和各个评分项，也都没有超出偶然的差别。", _changed(pair), _more(pair)]
    return [overall, *_told(pair, names), _changed(pair)]


def plainly(pair: Pair, names: Names) -> str:
    """The verdict and what it rests on as one text."""
    return "".join((f"{headline(pair)}。", *basis(pair, names)))


def _overall(pair: Pair) -> str:
    whole = pair.contrasts.groups[0]
    interval = whole.f1.difference
    if interval is None:
        return f"{pair.labelled:,} 条有标签的回复里，没有可算 F1 的。"
    return (
        f"{pair.labelled:,} 条有标签的回复，总的 F1 从 {figure(whole.a.f1)} 到 {figure(whole.b.f1)}，"
        f"差 {signed(interval.value)}（95% 区间 {ranged(interval)}）。"
    )


def _told(pair: Pair, names: Names) -> list[str]:
    sentences = []
    for direction, word in _DIRECTIONS.items():
        found = [e for e in pair.ruling.evidence if e.direction is direction]
        whole = [e for e in found if e.key in (QUALITY, *GROUPS)]
        items = [e for e in found if e not in whole]
        more = [f"等 {len(items)} 个评分项"] if len(items) > _NAMED else []
        if found:
            named = [_evidence(e, names) for e in (*whole, *items[:_NAMED])]
            sentences.append(f"{word}：{'；'.join([*named, *more])}。")
    return sentences


def _evidence(evidence: Evidence, names: Names) -> str:
    if evidence.key == ALL:
        return "总的 F1"
    told = []
    if evidence.difference is not None:
        measure = "kappa" if evidence.key == QUALITY else "F1"
        told.append(f"{measure} 差 {signed(evidence.difference.value)}")
    if evidence.p is not None:
        told.append(f"p{'' if evidence.p < 0.001 else '='}{chance(evidence.p)}")
    kind = "这一类" if evidence.key in GROUPS else ""
    return f"{titled(evidence.key, evidence.name, names)}{kind}（{'，'.join(told)}）"


def _changed(pair: Pair) -> str:
    if not pair.changes:
        return f"{pair.cases:,} 条回复里没有一个判断变了，只有分数有出入。"
    counts = {e: sum(c.effect.value == e for c in pair.changes) for e in EFFECTS}
    told = [f"{counts[e]:,} 处{EFFECTS[e]}" for e in ("gain", "loss", "neither") if counts[e]]
    split = f"：{'，'.join(told)}" if pair.labelled else ""
    return f"{pair.cases:,} 条回复里 {pair.changed_cases:,} 条有变化，共 {len(pair.changes):,} 处{split}。"


def _agreed(pair: Pair) -> str:
    whole = pair.contrasts.groups[0]
    return (
        f"两版的 {whole.compared:,} 个判断里 {whole.changed:,} 个不同，"
        f"一致程度（Cohen kappa）{figure(whole.agreement)}。"
    )


def _more(pair: Pair) -> str:
    needed = pair.ruling.labels_needed
    if needed is None:
        return "差别这么小，再标多少条也难分出来。"
    if needed <= pair.labelled:
        return "差别正在分得出的边上，再多标一些就能分清。"
    more = max(10, round((needed - pair.labelled) / 10) * 10)
    return (
        f"真差这么多的话，要分出来一共大约要 {round(needed, -1):,} 条有标签的回复，"
        f"现在有 {pair.labelled:,} 条，还要再标 {more:,} 条左右。"
    )


def titled(key: str, name: str, names: Names) -> str:
    """An item's name, with its situation where it is a step."""
    kind, _, rest = key.partition(":")
    if kind == Kind.STEP.value and rest:
        situation = rest.rpartition(".")[0]
        return f"{names.get(situation, situation)}·{name}"
    return name


def sliced(contrast: Contrast, names: Names) -> str:
    """The name of a slice."""
    known = CASE_KINDS if contrast.kind == "kind" else names
    return known.get(contrast.name, contrast.name)


def kind_of(key: str) -> str:
    """The kind of an item's key in Chinese."""
    return GROUPS.get(key.partition(":")[0], "")


def judged(change: Change, side: Judgement) -> str:
    """What a version said, as a word (of a fault: committed or not), or the quality."""
    if side.verdict is None:
        return "—" if side.score is None else f"{side.score:g} 分"
    return verdict_words(change.item)[side.verdict]


def said(change: Change, side: Judgement) -> str:
    """What a version said with its score and the banned things it heard."""
    score = f" {side.score:.2f}" if side.verdict is not None and side.score is not None else ""
    phrases = f"（{'、'.join(side.phrases)}）" if side.phrases else ""
    return f"{judged(change, side)}{score}{phrases}"


def verdict_words(key: str) -> Mapping[str, str]:
    """What verdicts are called for this item."""
    return FAULTS if key.partition(":")[0] in ("negative", "banned") else VERDICTS


def labelled(change: Change) -> str:
    """What the label says, as a word; a dash without."""
    if change.label_quality is not None:
        return f"{change.label_quality:g} 分"
    if change.label is None:
        return "—"
    return verdict_words(change.item)["met" if change.label else "not_met"]


def figure(value: float | None) -> str:
    """Three decimals; a dash for what is undefined."""
    return "—" if value is None else f"{value:.3f}".replace("-", "−")


def signed(value: float | None) -> str:
    """Three decimals with their sign."""
    if value is None:
        return "—"
    text = f"{value:+.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", "−")


def ranged(interval: Interval) -> str:
    """The bounds of a difference."""
    return f"{signed(interval.low)} 到 {signed(interval.high)}"


def apart(paired: Paired) -> str:
    """A difference with its interval, for tables."""
    if paired.difference is None:
        return "—"
    interval = paired.difference
    return f"{signed(interval.value)} [{signed(interval.low)}, {signed(interval.high)}]"


def chance(p: float | None) -> str:
    """A p-value."""
    if p is None:
        return "—"
    return "<0.001" if p < 0.001 else f"{p:.3f}"
