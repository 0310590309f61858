"""`duilian serve`: opens the practice page."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli import options
from simulator.errors import UsageError


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址")
@click.option("--port", type=click.IntRange(1, 65535), default=7860, show_default=True, help="端口")
@options.model
@options.second_opinion
@options.encoder
@options.rubric
@options.content
@options.data
@options.deadline
def command(
    host: str,
    port: int,
    model: str,
    second_opinion: bool,
    encoder: str,
    rubric: str,
    content: Path | None,
    data: Path | None,
    deadline: float,
) -> None:
    """打开练习网页。"""
    from simulator.cli import ports

    ports.check_free(host, port)
    click.echo("正在准备（第一次要几秒）……")
    from simulator import app
    from simulator.app import health, pages
    from simulator.cli import wiring
    from simulator.content.places import default_data_dir

    known = wiring.open_catalog(content).content
    chosen = known.rubric(rubric)
    if not known.under(chosen).personas:  # told before seconds of loading
        raise UsageError(f"评分标准 {chosen.ref} 打分的情境还没有人物来演，开了也没有客户可挑。")
    practice = wiring.open_practice(
        model=model,
        encoder=encoder,
        rubric=rubric,
        content=content,
        data=data,
        deadline=deadline,
        settle=second_opinion,
    )
    room = practice.room
    place = pages.Place(
        content=content,
        data=data or default_data_dir(),
        encoder=encoder,
        encoder_hash=room.encoder.rpartition("#")[2],
    )
    report = health.Health(practice.actor, room, asked_for=model)
    with room.store:
        app.launch(room, host, port, pages.added(place), health.routes(report))
