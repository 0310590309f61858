"""`duilian chat`: practise in the terminal, through the very path of the page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from simulator.cli import options
from simulator.domain.grade import Verdict
from simulator.domain.persona import Difficulty
from simulator.domain.rubric import Rubric
from simulator.domain.session import Dimension, Session, Turn
from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.session import PracticeRoom

_NAMES = {
    Dimension.ANGER: "火气",
    Dimension.TRUST: "信任",
    Dimension.INTEREST: "兴趣",
    Dimension.PATIENCE: "耐心",
}
_HELP = "直接打字回复。/提示 看下一步，/结束 看报告，Ctrl-C 离开（以后用 --resume 接着练）。"


@click.command(name="chat")
@click.option("--persona", help="人物编号，见 personas/cast/")
@click.option("--resume", "session_id", help="接着练一场没完的（练习编号）")
@click.option("--situation", help="情境编号，默认是这个人物的第一个")
@click.option("--level", type=click.Choice(["easy", "normal", "hard"]), help="难度，默认按人物")
@options.model
@options.second_opinion
@options.encoder
@options.rubric
@options.content
@options.data
@options.deadline
def command(
    persona: str | None,
    session_id: str | None,
    situation: str | None,
    level: str | None,
    model: str,
    second_opinion: bool,
    encoder: str,
    rubric: str,
    content: Path | None,
    data: Path | None,
    deadline: float,
) -> None:
    """在终端里练。"""
    if (persona is None) == (session_id is None):
        raise UsageError("要么用 --persona 开一场新的，要么用 --resume 接着练。")
    if session_id and level:
        raise UsageError("--level 只用于新的一场：接着练的那场，难度开始时就定了。")
    from simulator.cli import wiring

    if persona:  # a typo is told before seconds of loading
        known = wiring.open_catalog(content).content
        known.scene(known.persona(persona), known.rubric(rubric), situation)
    room = wiring.open_practice(
        model=model,
        encoder=encoder,
        rubric=rubric,
        content=content,
        data=data,
        deadline=deadline,
        settle=second_opinion,
    ).room
    with room.store:
        difficulty = Difficulty(level) if level else None
        session = (
            room.answer(session_id)
            if session_id
            else room.start(persona or "", situation_id=situation, difficulty=difficulty)
        )
        _talk(room, session, Console(highlight=False))


def _talk(room: PracticeRoom, session: Session, console: Console) -> None:
    person = room.content.persona(session.setup.persona)
    console.print(f"[dim]练习编号 {session.id}。{_HELP}[/dim]")
    for role, text in session.history:
        console.print(f"[bold]{person.name if role == 'customer' else '我'}[/bold]：{escape(text)}")
    while session.outcome is None:
        began = time.monotonic()
        try:
            reply = console.input("[green]你说[/green]> ").strip()
        except EOFError:
            reply = "/结束"
        if reply == "/结束":
            session = room.end(session.id)
        elif reply == "/提示":
            hint = room.hint(session)
            advice = f"{hint.item.advice} 比如：{hint.example}" if hint else "该做的都做了，收尾吧。"
            console.print(f"[dim]{escape(advice)}[/dim]")
        elif reply:
            try:
                room.submit(session.id, reply, round(time.monotonic() - began, 1))
            except UsageError as error:
                console.print(f"[red]{escape(str(error))}[/red]")
                continue
            session = room.answer(session.id)
            _show_turn(session.turns[-1], person.name, room.casting(session).rubric, console)
    _show_report(room, session, console)


def _show_turn(turn: Turn, name: str, rubric: Rubric, console: Console) -> None:
    if turn.step is None or turn.line is None or turn.grade is None:
        return
    state = turn.step.state
    mood = "  ".join(f"{_NAMES[d]} {getattr(state, d.value):.2f}" for d in Dimension)
    console.print(f"[dim]  {mood}[/dim]")
    for reason in turn.step.reasons:
        if reason.key != "feature:drift" and abs(reason.amount) >= 0.03:
            changed = f"{_NAMES[reason.dimension]} {reason.amount:+.2f}"
            console.print(f"[dim]  {escape(reason.text)} {changed}[/dim]")
    for item in turn.grade.items:
        if item.settled_by:
            known = rubric.item(item.key)
            found = "有" if item.verdict is Verdict.MET else "没有"
            what = f"「{known.name if known else item.bare}」{found}（由 {item.settled_by} 裁定）"
            console.print(f"[dim]  {escape(what)}[/dim]")
    for hit in turn.grade.banned[:1]:
        console.print(f"  [red]禁语：“{escape(hit.text)}”[/red]")
    console.print(f"[bold]{name}[/bold]：{escape(turn.line.text)}")


def _show_report(room: PracticeRoom, session: Session, console: Console) -> None:
    from simulator.report import OUTCOME_NAMES, report

    result = report(session, room.casting(session))
    outcome = OUTCOME_NAMES[result.outcome] if result.outcome else "还没完"
    console.rule(f"{outcome}  {result.score:g} 分  规定步骤 {result.steps_done}/{result.steps_all}")
    for missed in result.missed:
        console.print(escape(f"没做到「{missed.name}」：{missed.advice} 比如：{missed.example}"))
    for advice in result.next_steps:
        console.print(escape(f"下次：{advice}"))
