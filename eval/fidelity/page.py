"""A fidelity report as one HTML file that opens without a network: styles and plots are all in it.

Knows nothing of how the figures were made. What models and trainees said is escaped by the template; `Markup` is only
our own files and plots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval import comparing
from eval.fidelity import plots, wording
from eval.fidelity.bars import Bar, bars, reached
from eval.fidelity.breaches import Breach, Kind
from eval.fidelity.measuring import Fidelity, Record
from eval.fidelity.speech import AtTurn
from eval.fidelity.talks import Talk

Names = Mapping[str, str]  # of situations and styles, by id
_HERE = Path(__file__).parent
_BASE = Path(comparing.__path__[0]) / "page.css"
_MOST = 100  # breaches of a kind that the page lists; the JSON has all


@dataclass(frozen=True, kw_only=True)
class Sheaf:
    """The breaches of one kind: how many there are, and those shown with their talks."""

    title: str
    count: int
    shown: Sequence[tuple[Breach, Talk]]


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawing with its title."""

    title: str
    drawn: Markup


def render(found: Fidelity, names: Names) -> str:
    """The page. `names`: of situations and styles."""
    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"wording": wording, "names": names}
    listed = bars(found)
    style = _BASE.read_text(encoding="utf-8") + (_HERE / "page.css").read_text(encoding="utf-8")
    return made.get_template("page.html").render(
        found=found,
        record=found.record,
        bars=listed,
        good=reached(listed),
        headline=headline(listed),
        facts=_facts(found.record),
        style=Markup(style),
        passed=_passed(found),
        by_lines=_by_lines(found),
        decays=[_decay(kind, rows) for kind, rows in found.decay.items()],
        sheaves=[s for s in (_sheaf(found, kind) for kind in Kind) if s.count],
    )


def headline(listed: Sequence[Bar]) -> str:
    """How many bars are reached, in a few words."""
    measured = [b for b in listed if b.met is not None]
    missed = [b for b in measured if not b.met]
    if not missed:
        return f"{len(measured)} 条都达到了"
    return f"{len(measured)} 条里 {len(missed)} 条没达到"


def _facts(record: Record) -> list[tuple[str, str]]:
    commit = f"{record.versions.get('duilian', '')} {record.commit[:10]}"
    changed = "（有没提交的改动）" if record.dirty else ""
    calibrated = "" if record.calibrated else "（共用的，不是自己的）"
    return [
        ("模型", f"{record.model}#{record.model_version}"),
        ("评分标准", f"{record.rubric} {record.rubric_hash}"),
        ("编码器", record.encoder),
        ("校准", f"{record.calibration}{calibrated}"),
        ("学员脚本", record.scripts),
        ("情境", "、".join(record.situations)),
        ("风格", "、".join(record.styles)),
        ("种子", f"0 到 {record.seeds - 1}"),
        ("难度", wording.LEVELS.get(record.level, record.level)),
        ("台词库", f"{record.lines:,} 句"),
        ("程序", f"{commit}{changed}"),
        ("时间", f"{record.started}，演了 {record.seconds:g} 秒"),
    ]


def _passed(found: Fidelity) -> Markup | None:
    surely = found.reliability
    if not surely.won:
        return None
    series = {
        "谈成": list(enumerate(surely.won, 1)),
        "谈成或有进展": list(enumerate(surely.advanced, 1)),
    }
    label = f"pass^k 曲线：k=1 时 {surely.won[0]:.3f}，k={len(surely.won)} 时 {surely.won[-1]:.3f}"
    return Markup(plots.lines(series, label=label, ident="passed", x="k（几个种子都要谈成）"))


def _by_lines(found: Fidelity) -> Markup | None:
    if found.styles is None:
        return None
    points = [(float(n), share) for n, share in found.styles.by_lines.items()]
    label = f"听了几句以后猜对风格的比例：一句 {points[0][1]:.2f}，{points[-1][0]:g} 句 {points[-1][1]:.2f}"
    drawn = plots.lines(
        {"猜对的比例": points}, label=label, ident="by-lines", x="听了几句", level=found.styles.chance
    )
    return Markup(drawn)


def _decay(kind: str, rows: Sequence[AtTurn]) -> Plot:
    series = {
        "听得出风格": [(float(r.turn), r.style) for r in rows],
        "被拦下或没词": [(float(r.turn), r.refused) for r in rows],
        "说过的又说": [(float(r.turn), r.repeated) for r in rows],
    }
    title = wording.TRAINEES.get(kind, kind)
    label = f"{title}：一句听得出风格的比例，第 1 轮 {rows[0].style:.2f}，第 {rows[-1].turn} 轮 {rows[-1].style:.2f}"
    return Plot(
        title=title,
        drawn=Markup(plots.lines(series, label=label, ident=f"decay-{kind}", x="第几轮")),
    )


def _sheaf(found: Fidelity, kind: Kind) -> Sheaf:
    talks = {t.id: t for t in found.talks}
    mine = [b for b in found.breaches if b.kind is kind]
    shown = [(b, talks[b.talk]) for b in mine[:_MOST]]
    return Sheaf(title=wording.KINDS[kind], count=len(mine), shown=shown)
