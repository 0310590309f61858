"""`duilian eval`: the commands of offline evaluation, joined to the command line by entry point."""

from __future__ import annotations

import click

from simulator.cli.lazy import LazyGroup

# command: (module, one line of help)
_COMMANDS = {
    "run": ("eval.commands.run", "给一批带标签（或不带）的回复打分，结果存成一个目录"),
    "compare": ("eval.commands.compare", "比两次（或几次）结果：哪一版好，改了什么"),
    "regrade": ("eval.commands.regrade", "拿另一版评分标准，把存着的对练重新打一遍分"),
    "calibrate": ("eval.commands.calibrate", "为一份评分标准和编码器做校准"),
    "fidelity": ("eval.commands.fidelity", "让几种学员和一个模型扮的客户谈，量它像不像真人"),
    "label": ("eval.commands.label", "请人来标回复，或者算标注之间有多一致"),
}


@click.command(name="eval", cls=LazyGroup, commands_at=_COMMANDS)
def command() -> None:
    """离线评估。"""
