"""What the page shows, as HTML. Knows nothing of Gradio or of processes; everything goes through `esc`."""

from __future__ import annotations

from collections.abc import Sequence

from eval.tab.work import State, Step
from simulator.app.markup import attrs, esc

_STATES = {State.WAITING: "等着", State.RUNNING: "正在准备……", State.DONE: "好了", State.KEPT: "用以前评好的"}
HEAD = (
    '<header class="ev-head"><nav><a class="way" href="./">‹ 返回练习</a></nav><h1>评估</h1>'
    "<p>同一批回复，用两版评分标准各评一遍，比一比哪版好、改了什么。"
    "一次只跑一个；关掉这个网页就停，下次从存好的地方接着跑。</p></header>"
)


def note(text: str) -> str:
    """What to know about the chosen file."""
    return f'<p class="ev-note">{esc(text)}</p>' if text else ""


def steps(found: Sequence[Step]) -> str:
    """How far each step is."""
    return f'<ol class="ev-steps" role="status">{"".join(map(_step, found))}</ol>'


def _step(step: Step) -> str:
    known = step.count and step.state is State.RUNNING
    told = f"{step.done:,} / {step.count:,} 条{_left(step.left)}" if known else _STATES[step.state]
    bar = f"<progress{attrs(max=step.count, value=step.done)}></progress>" if known else ""
    return f'<li class="{step.state.value}"><b>{esc(step.title)}</b><span>{told}</span>{bar}</li>'


def _left(seconds: float | None) -> str:
    """Rough, as it is a guess."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"，还要 {max(1, round(seconds))} 秒左右"
    minutes = round(seconds / 60)
    return f"，还要 {minutes} 分钟左右" if minutes < 90 else f"，还要 {seconds / 3600:.1f} 小时左右"


def failed(message: str) -> str:
    """Why it did not work."""
    return f'<p class="ev-failed" role="alert">{esc(message)}</p>'


def told(message: str) -> str:
    """Something to know that is no failure."""
    return f'<p class="ev-told" role="status">{esc(message)}</p>'


def verdict(text: str) -> str:
    """The plain verdict."""
    return f'<p class="ev-verdict" role="status">{esc(text)}</p>'


def framed(html: str) -> str:
    """A page within the page: with its own styles and script, and no way out (an origin of its own)."""
    return f'<iframe title="比较" sandbox="allow-scripts"{attrs(srcdoc=html)}></iframe>'
