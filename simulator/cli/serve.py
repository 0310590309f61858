"""`duilian serve`: opens the practice page."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli import options


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
    from simulator.cli import wiring

    room = wiring.open_room(
        model=model,
        encoder=encoder,
        rubric=rubric,
        content=content,
        data=data,
        deadline=deadline,
        settle=second_opinion,
    )
    with room.store:
        app.launch(room, host, port)
