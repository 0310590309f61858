"""A click group whose commands are imported only when they run. Knows nothing of what they do."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Lists its commands, with a line of help each, without importing them."""

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **more: Any) -> None:
        """`commands_at`: by name, the module that holds it as `command`, and its line of help."""
        super().__init__(*args, **more)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order users meet them."""
        return [*self._at]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported; None when there is none of that name."""
        if cmd_name not in self._at:
            return None
        command: click.Command = import_module(self._at[cmd_name][0]).command
        return command

    def rows(self) -> list[tuple[str, str]]:
        """Names and lines of help."""
        return [(name, text) for name, (_, text) in self._at.items()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Short help without importing the commands."""
        with formatter.section("命令"):
            formatter.write_dl(self.rows())
