"""`/health` and `/health.json`: which model answers, how it does, and what grades.

Read only, from figures that are kept anyway: looking at it never runs the model. One line may be asked for by
button, one at a time and not often. Knows the actor, not how it gets its lines; nothing of Gradio.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.actor.breaker import BreakerState
from simulator.app.markup import esc
from simulator.app.sheets import style_sheet
from simulator.domain.session import CustomerLine
from simulator.errors import UsageError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from simulator.actor import Actor
    from simulator.session import PracticeRoom

PAUSE = 10.0  # seconds between two lines that are asked for here
_STATES = {
    BreakerState.CLOSED: "正常，在用",
    BreakerState.OPEN: "接连失败，先不问它",
    BreakerState.HALF_OPEN: "歇够了，下一句试它",
}
_HELLO = "您好，您先说说具体是哪里不满意？"


class Health:
    """What there is to say. Thread safe."""

    def __init__(
        self,
        actor: Actor,
        room: PracticeRoom,
        *,
        asked_for: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`asked_for`: the model's name as the operator gave it; `clock`: in seconds."""
        self._actor = actor
        self._room = room
        self._asked_for = asked_for
        self._clock = clock
        self._next = float("-inf")
        self._trying = threading.Lock()

    def data(self) -> dict[str, Any]:
        """Everything, as `/health.json` gives it. Seconds, characters a second and shares are None where there
        is nothing to measure yet."""
        model, figures = self._actor.model, self._actor.vitals.figures()
        rubric = self._room.content.rubric(self._room.rubric_name)
        failure = figures.failure
        return {
            "model": {
                "asked_for": self._asked_for,
                "name": model.name,
                "version": model.version,
                "dtype": getattr(model.chat, "dtype", None),
                "bank": model.is_bank,
            },
            "breaker": {"state": model.breaker.state.value, "seconds_left": round(model.breaker.wait, 1)},
            "lines": {
                "last": figures.lines,
                "from_model": _share(figures.from_model, figures.lines),
                "from_bank": _share(figures.from_bank, figures.lines),
                "failed": figures.failed,
                "median_seconds": _rounded(figures.seconds),
            },
            "answers": {
                "count": figures.answers,
                "median_seconds_to_first_token": _rounded(figures.first),
                "median_characters_a_second": _rounded(figures.rate),
                "refused": dict(figures.refused),
            },
            "last_error": {"text": failure.text, "at": failure.at.isoformat()} if failure else None,
            "encoder": self._room.encoder,
            "rubric": {"ref": rubric.ref, "hash": rubric.hash},
        }

    def try_line(self) -> CustomerLine:
        """Asks for one line outside any session. Raises UsageError while another one is under way or was asked
        for a moment ago."""
        if not self._trying.acquire(blocking=False):
            raise UsageError("正在试一句，等它说完再试。")
        try:
            left = self._next - self._clock()
            if left > 0:
                raise UsageError(f"刚试过，{math.ceil(left)} 秒后再试。")
            try:
                return self._speak()
            finally:
                self._next = self._clock() + PAUSE
        finally:
            self._trying.release()

    def _speak(self) -> CustomerLine:
        content = self._room.content
        rubric = content.rubric(self._room.rubric_name)
        persona = min(content.under(rubric).personas.values(), key=lambda p: p.id)
        situation = content.scene(persona, rubric, None)
        return self._actor.sample(persona, situation, content.style(persona.style), _HELLO)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def routes(health: Health) -> list[Route]:
    """What answers at the two addresses."""
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    def show(request: Request) -> Response:
        return HTMLResponse(page(health.data()), headers={"Cache-Control": "no-store"})

    def tell(request: Request) -> Response:
        return JSONResponse(health.data(), headers={"Cache-Control": "no-store"})

    def attempt(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return HTMLResponse("", status_code=403)  # another site's button
        try:
            said, status = _said(health.try_line()), 200
        except UsageError as error:
            said, status = f"<p class='bad' role='status'>{esc(error)}</p>", 429
        return HTMLResponse(page(health.data(), said), status_code=status)

    return [
        Route("/health", show, methods=["GET"]),
        Route("/health", attempt, methods=["POST"]),
        Route("/health.json", tell, methods=["GET"]),
    ]


def page(data: dict[str, Any], said: str = "") -> str:
    """The page over `Health.data`; `said`: HTML of a line that was just tried."""
    title = "运行状况"
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title} · 对练</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style_sheet(('base.css', 'health.css'))}</style></head>"
        f'<body class="saved health"><main><h1>{title}</h1>{"".join(map(_table, _parts(data)))}'
        f'<section><h2>试一句</h2><form method="post" action="health"><button>试一句</button></form>{said}'
        "<p class='faint'>点了才问模型；看这一页不问。结果也算进上面的数。</p></section>"
        '<p class="faint"><a href="health.json">同样内容的 JSON</a></p></main></body></html>'
    )


def _table(part: tuple[str, list[tuple[str, str]]]) -> str:
    name, rows = part
    cells = "".join(f"<dt>{esc(label)}</dt><dd>{esc(value)}</dd>" for label, value in rows)
    return f"<section><h2>{esc(name)}</h2><dl>{cells}</dl></section>"


def _parts(data: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    model, lines, answers, error = data["model"], data["lines"], data["answers"], data["last_error"]
    refused = "，".join(f"{reason} {count} 次" for reason, count in answers["refused"].items())
    return [
        ("客户的模型", [
            ("要的是", model["asked_for"]),
            ("实际用的", "台词库（不用模型）" if model["bank"] else model["name"]),
            ("版本", model["version"]),
            ("精度", model["dtype"] or "不适用或不知道"),
            ("状态", _state(data["breaker"])),
        ]),
        (f"最近 {lines['last']} 句", [
            ("来自模型", _percent(lines["from_model"])),
            ("来自台词库", _percent(lines["from_bank"])),
            ("模型没答上来", f"{lines['failed']} 句"),
            ("一句用时（中位数）", _amount(lines["median_seconds"], "秒")),
            ("等到第一个字（中位数）", _amount(answers["median_seconds_to_first_token"], "秒")),
            ("出字速度（中位数）", _amount(answers["median_characters_a_second"], "字/秒")),
            ("不能用的回答", refused or "没有"),
            ("最近一次出错", f"{error['at'][:19]}（UTC） {error['text']}" if error else "没有"),
        ]),
        ("评分", [
            ("编码器", data["encoder"]),
            ("评分标准", f"{data['rubric']['ref']}（{data['rubric']['hash'][:12]}）"),
        ]),
    ]  # fmt: skip


def _state(breaker: dict[str, Any]) -> str:
    told = _STATES[BreakerState(breaker["state"])]
    return f"{told}，{breaker['seconds_left']:.0f} 秒后再试" if breaker["seconds_left"] else told


def _percent(share: float | None) -> str:
    return "还没有" if share is None else f"{share:.0%}"


def _amount(value: float | None, unit: str) -> str:
    return "还没有" if value is None else f"{value:g} {unit}"


def _said(line: CustomerLine) -> str:
    source = "模型" if line.source == "model" else "台词库"
    rejected = "".join(f"<li>{esc(reason)}</li>" for reason in line.rejected)
    return (
        f"<blockquote role='status'>{esc(line.text)}</blockquote>"
        f"<p>来自{source}，{line.seconds:.2f} 秒</p>{f'<ul>{rejected}</ul>' if rejected else ''}"
    )
