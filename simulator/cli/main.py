"""The command group: names and help at once, each command's code only when it is called.

Knows what commands there are, not what they do. `duilian --help` imports neither torch nor gradio.
Evaluation adds its commands by entry point (`duilian.commands`), so nothing here imports it.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

import click

from simulator import __version__
from simulator.cli.lazy import LazyGroup
from simulator.cli.usage import in_chinese
from simulator.errors import DuilianError

_GROUP = "duilian.commands"
# command: (module, one line of help)
_COMMANDS = {
    "serve": ("simulator.cli.serve", "打开练习网页"),
    "chat": ("simulator.cli.chat", "在终端里练"),
    "grade": ("simulator.cli.grade", "给一批回复打分（JSON 行）"),
    "play": ("simulator.cli.play", "按脚本演完整场对话（JSON 行）"),
    "check": ("simulator.cli.check", "检查人物、评分标准、提示词和台词"),
    "rubric": ("simulator.cli.rubric", "起草、比较、发布评分标准的版本"),
    "bench": ("simulator.cli.bench", "量一量打分和客户回话有多快"),
}


class Commands(LazyGroup):
    """The commands of this package, and those that others add by entry point."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order users meet them, evaluation last."""
        return [*super().list_commands(ctx), *sorted(e.name for e in entry_points(group=_GROUP))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported; None when there is none of that name."""
        found = entry_points(group=_GROUP, name=cmd_name)
        loaded: click.Command | None = next((e.load() for e in found), None)
        return loaded or super().get_command(ctx, cmd_name)

    def rows(self) -> list[tuple[str, str]]:
        """Names and lines of help."""
        return [*super().rows(), *((e.name, "离线评估") for e in entry_points(group=_GROUP))]


@click.command(cls=Commands, commands_at=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="duilian")
def cli() -> None:
    """对练：和难缠的客户先练一遍。"""


def main() -> None:
    """Runs the command. Exit codes: 0 done; 1 a check found something or some lines failed; 2 bad input
    or usage, told in one message without a traceback."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        # not `cli.main`: click's own answer to a reader that has gone is exit code 1
        with cli.make_context("duilian", sys.argv[1:]) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        click.echo(f"错误：{in_chinese(error)}", err=True)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("停了。", err=True)
        code = 130
    except DuilianError as error:
        click.echo(f"错误：{error}", err=True)
        code = 2
    except BrokenPipeError:  # the reader of a pipe has gone: nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
