"""A group of commands one of which is meant where none is named: `cuntu check FILE` beside `cuntu check recheck …`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

DEFAULT = "run"


class DefaultGroup(TyperGroup):
    """Takes the command `run` where the first word is no command; the group's help shows that command's options too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front where it was left out."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [DEFAULT, *args]
        return list(super().parse_args(ctx, args))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write how the default command is called."""
        default = self.commands[DEFAULT]
        formatter.write_usage(ctx.command_path, " ".join(default.collect_usage_pieces(ctx)))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """List the default command's options, then the other commands."""
        self.commands[DEFAULT].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands beside the default one."""
        return [name for name in super().list_commands(ctx) if name != DEFAULT]
