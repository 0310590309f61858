"""Click's messages about wrong calls, in Chinese. Knows nothing of the commands."""

from __future__ import annotations

import click


def in_chinese(error: click.ClickException) -> str:
    """One line that names what is wrong, and where the help is."""
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "duilian"
    return f"{_what(error, context)}。用法见：{where} --help"


def _what(error: click.ClickException, context: click.Context | None) -> str:
    if isinstance(error, click.NoSuchOption):
        near = f"，是不是 {'、'.join(sorted(error.possibilities))}" if error.possibilities else ""
        return f"没有 {error.option_name} 这个选项{near}"
    if isinstance(error, click.MissingParameter):
        return f"缺少 {_name(error)}"
    if isinstance(error, click.BadParameter):
        return f"{_name(error)} 不对（{error.message.rstrip('.')}）"
    if isinstance(error, click.BadOptionUsage):
        return f"{error.option_name} 后面要写一个值"
    command = _unknown_command(error, context)
    if command is not None and isinstance(context, click.Context):
        group = context.command
        known = "、".join(group.list_commands(context)) if isinstance(group, click.Group) else ""
        return f"没有 {command} 这个命令，可以用：{known}"
    return error.format_message().rstrip(".")


def _unknown_command(error: click.ClickException, context: click.Context | None) -> str | None:
    if (
        not isinstance(error, click.UsageError)
        or context is None
        or not error.message.startswith("No such command")
    ):
        return None
    return error.message.split("'")[1] if "'" in error.message else None


def _name(error: click.BadParameter) -> str:
    parameter = error.param
    if parameter is None:
        return str(error.param_hint or "参数")
    return (
        parameter.opts[-1]
        if isinstance(parameter, click.Option)
        else parameter.make_metavar(error.ctx or click.Context(click.Command("duilian")))
    )
