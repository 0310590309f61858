"""What regrading changed, as JSON records and as tables for a terminal.

Knows nothing of databases, graders or how a session is graded again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from eval.regrading import Comparison, Tally, changed, passed, tally
from simulator.content.contents import Content
from simulator.domain.session import Ending, Grading, Outcome
from simulator.report import OUTCOME_NAMES

_NOBODY = "（没写名字）"
_NONE = "－"


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything one run found. `content`: whose names are shown; `mark`: the pass mark."""

    grading: Grading
    comparisons: Sequence[Comparison]
    content: Content
    mark: float


def session_record(comparison: Comparison, mark: float) -> dict[str, Any]:
    """One session, as JSON: what is known of it, then and now. One that could not be graded again has
    `error` in place of `now`."""
    record: dict[str, Any] = {"session": comparison.session_id}
    if comparison.session is not None:
        setup = comparison.session.setup
        record |= {
            "started": comparison.session.started.isoformat(),
            "trainee": setup.trainee,
            "persona": setup.persona,
            "situation": setup.situation,
            "style": setup.style,
            "difficulty": setup.difficulty.value,
        }
        if comparison.then is not None:
            by = {"rubric": setup.rubric, "rubric_hash": setup.rubric_hash, "encoder": setup.encoder}
            record["then"] = by | _ending_record(comparison.then, mark)
    if comparison.now is None:
        return record | {"error": comparison.error}
    now = _ending_record(comparison.now, mark)
    return record | {"now": now, "changed": changed(comparison), "kept": comparison.kept}


def report_record(report: Report) -> dict[str, Any]:
    """The whole, as JSON: by what, the counts, the counts of each trainee, every session that changed and
    every one that could not be graded again."""
    g = report.grading
    return {
        "rubric": g.rubric,
        "rubric_hash": g.rubric_hash,
        "encoder": g.encoder,
        "calibration": g.calibration,
        "calibrated": g.calibrated,
        "pass_mark": report.mark,
        **_tally_record(tally(report.comparisons, report.mark)),
        "trainees": [
            {"trainee": name, **_tally_record(tally(own, report.mark))}
            for name, own in _by_trainee(report.comparisons)
        ],
        "changed": [session_record(c, report.mark) for c in report.comparisons if changed(c)],
        "errors": [session_record(c, report.mark) for c in report.comparisons if c.error],
    }


def show(report: Report, console: Console) -> None:
    """The whole, as tables: the counts, outcomes, trainees, then the sessions that changed, those first that
    no longer pass or now do."""
    total = tally(report.comparisons, report.mark)
    for line in _head(report, total):
        console.print(line)
    if total.sessions > total.failed:
        console.print(_totals(total))
        console.print(_outcomes(total))
        console.print(_trainees(report))
    turned = [c for c in report.comparisons if _verdict(c, report.mark)]
    others = [c for c in report.comparisons if changed(c) and not _verdict(c, report.mark)]
    if turned:
        console.print(_sessions(f"及不及格变了的 {len(turned)} 场", report, turned))
    if others:
        console.print(_sessions(f"及不及格没变，分数或结果变了的 {len(others)} 场", report, others))
    if total.failed:
        console.print(_errors([c for c in report.comparisons if c.error]))


def _head(report: Report, total: Tally) -> list[str]:
    made = total.sessions - total.kept - total.failed
    lines = [
        f"按 {report.grading.rubric}（{report.grading.rubric_hash}）重新打分，共 {total.sessions} 场："
        f"这次打了 {made} 场，已有 {total.kept} 场，没打成 {total.failed} 场。",
        f"及格：{report.mark:g} 分以上（含），而且客户没有走、没有去投诉。",
    ]
    if not report.grading.calibrated:
        lines.append("这份标准还没有自己的校准，用的是共用的：先 duilian eval calibrate，结果会准得多。")
    return lines


def _totals(total: Tally) -> Table:
    table = _table("总的", ("", "left"), ("原来", "right"), ("现在", "right"))
    table.add_row("平均分", _score(total.mean_then), _score(total.mean_now))
    table.add_row("及格", str(total.passed_then), str(total.passed_now))
    table.add_row("及格 → 不及格", "", str(total.fell))
    table.add_row("不及格 → 及格", "", str(total.rose))
    return table


def _outcomes(total: Tally) -> Table:
    """Rows: then; columns: now."""
    names = [(OUTCOME_NAMES[o], "right") for o in Outcome]
    table = _table("结果怎么变（竖着是原来的，横着是现在的）", ("原来＼现在", "left"), *names)
    for then in Outcome:
        counts = [total.outcomes.get((then, now), 0) for now in Outcome]
        table.add_row(OUTCOME_NAMES[then], *(str(n) if n else _NONE for n in counts))
    return table


def _trainees(report: Report) -> Table:
    table = _table(
        "每个学员",
        ("学员", "left"),
        ("场数", "right"),
        ("原来平均", "right"),
        ("现在平均", "right"),
        ("原来及格", "right"),
        ("现在及格", "right"),
    )
    for name, own in _by_trainee(report.comparisons):
        t = tally(own, report.mark)
        table.add_row(
            name or _NOBODY,
            str(t.sessions - t.failed),
            _score(t.mean_then),
            _score(t.mean_now),
            str(t.passed_then),
            str(t.passed_now),
        )
    return table


def _sessions(title: str, report: Report, comparisons: Iterable[Comparison]) -> Table:
    table = _table(
        title,
        ("日期", "left"),
        ("学员", "left"),
        ("客户", "left"),
        ("情境", "left"),
        ("得分", "right"),
        ("结果", "left"),
    )
    content = report.content
    for c in comparisons:
        if c.session is None or c.then is None or c.now is None:
            continue
        setup = c.session.setup
        persona, situation = content.personas.get(setup.persona), content.situations.get(setup.situation)
        table.add_row(
            f"{c.session.started.astimezone():%Y-%m-%d}",
            setup.trainee or _NOBODY,
            persona.name if persona else setup.persona,
            situation.name if situation else setup.situation,
            f"{_score(c.then.score)} → {_score(c.now.score)}",
            _outcome_change(c.then, c.now) + _verdict(c, report.mark),
        )
    return table


def _errors(comparisons: Iterable[Comparison]) -> Table:
    table = _table("没能重新打分的", ("练习编号", "left"), ("原因", "left"))
    for c in comparisons:
        table.add_row(c.session_id, c.error)
    return table


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(
        title=f"\n{title}", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False
    )
    for name, side in columns:  # Chinese has no spaces to break at: what is too wide goes on below
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    return table


def _verdict(comparison: Comparison, mark: float) -> str:
    """How passing changed; empty when it did not."""
    then, now = comparison.then, comparison.now
    if then is None or now is None or passed(then, mark) == passed(now, mark):
        return ""
    return "，及格了" if passed(now, mark) else "，不及格了"


def _outcome_change(then: Ending, now: Ending) -> str:
    if then.outcome is now.outcome:
        return OUTCOME_NAMES[now.outcome]
    return f"{OUTCOME_NAMES[then.outcome]} → {OUTCOME_NAMES[now.outcome]}"


def _by_trainee(comparisons: Iterable[Comparison]) -> list[tuple[str, list[Comparison]]]:
    """The sessions of each trainee, by name; a session that cannot be read is nobody's."""
    found: dict[str, list[Comparison]] = {}
    for c in comparisons:
        if c.session is not None:
            found.setdefault(c.session.setup.trainee, []).append(c)
    return sorted(found.items())


def _score(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}"


def _ending_record(ending: Ending, mark: float) -> dict[str, Any]:
    return {
        "score": ending.score,
        "outcome": ending.outcome.value,
        "replies": ending.replies,
        "passed": passed(ending, mark),
    }


def _tally_record(total: Tally) -> dict[str, Any]:
    def rounded(mean: float | None) -> float | None:
        return None if mean is None else round(mean, 2)

    return {
        "sessions": total.sessions,
        "kept": total.kept,
        "failed": total.failed,
        "mean_then": rounded(total.mean_then),
        "mean_now": rounded(total.mean_now),
        "passed_then": total.passed_then,
        "passed_now": total.passed_now,
        "pass_to_fail": total.fell,
        "fail_to_pass": total.rose,
        "outcomes": [
            {"then": then.value, "now": now.value, "sessions": n}
            for (then, now), n in sorted(total.outcomes.items(), key=_best_first)
        ],
    }


def _best_first(row: tuple[tuple[Outcome, Outcome], int]) -> tuple[int, int]:
    (then, now), _ = row
    return -then.rank, -now.rank
