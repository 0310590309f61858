"""Options that several commands share. Knows nothing of what they are used for."""

from __future__ import annotations

from pathlib import Path

import click

model = click.option(
    "--model", default="builtin", show_default=True,
    help="扮演客户的模型：builtin、bank、hf:目录或编号、openai:模型@地址，或 LangChain 认得的名字",
)  # fmt: skip
encoder = click.option("--encoder", default="builtin", show_default=True, help="编码器：builtin、目录或编号")
rubric = click.option("--rubric", default="service", show_default=True, help="评分标准：名字或 名字@版本")
content = click.option(
    "--content",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="自己的人物、评分标准等所在目录",
)
data = click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="练习记录存在哪个目录")
second_opinion = click.option(
    "--second-opinion", is_flag=True, help="编码器判不准的点，请 --model 的模型裁定（默认不请）"
)
seed = click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="随机种子"
)
deadline = click.option(
    "--deadline",
    type=click.FloatRange(0.1, 600),
    default=20.0,
    show_default=True,
    help="客户一句话最多等几秒",
)
