"""Lazy loading of commands: a group knows them by name and help alone."""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from streams.contract.errors import MissingExtra


class Lazy(NamedTuple):
    """A command that is not loaded yet."""

    where: str
    """Module and attribute."""
    help: str
    extra: str = ""
    """The optional dependencies that it needs."""


class LazyGroup(click.Group):
    """Knows its commands by name and help; loads one when it is asked for.

    Parameters
    ----------
    lazily
        The commands, in the order in which they are listed.
    """

    def __init__(self, *given: Any, lazily: Mapping[str, Lazy], **more: Any) -> None:
        super().__init__(*given, **more)
        self.lazily = lazily

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of a day's work."""
        return list(self.lazily)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, loaded."""
        return load(name, self.lazily[name]) if name in self.lazily else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.lazily.items()])


def load(name: str, lazy: Lazy) -> click.Command:
    """Import a command; raises `MissingExtra` when what it needs is not installed."""
    module, _, attribute = lazy.where.partition(":")
    try:
        command: click.Command = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as missing:
        if not lazy.extra or (missing.name or "").split(".")[0] in ("streams", "models"):
            raise
        raise MissingExtra(
            f"`goeswith {name}` needs {missing.name}, which is not installed: "
            f"run `pip install '.[{lazy.extra}]'` in a checkout of goeswith"
        ) from missing
    return command
