"""Tables and lines in the terminal, once or kept up to date."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from streams.cli.printable import in_columns, printable
from streams.contract.errors import GoeswithError, Misconfigured

EVERY_S_MAX = 86_400.0
TERMINATED = 128 + signal.SIGTERM
"""Exit code after SIGTERM, as shells have it."""


def show(table: RenderableType) -> None:
    """Print a table."""
    Console(highlight=False, markup=False).print(table)


def say(text: str) -> None:
    """Print lines: a terminal gets those that are too long folded, a pipe or a file all whole."""
    console = Console()
    click.echo(in_columns(text, console.width) if console.is_terminal else text)


def watched(
    draw: Callable[[], RenderableType],
    every_s: float,
    *,
    line: Callable[[], str] | None = None,
    always_lines: bool = False,
) -> None:
    """Keep what `draw` returns on the screen until Ctrl-C or SIGTERM.

    Where nothing can be redrawn (a pipe), or lines are wanted, `line` is printed each time instead,
    or else the whole table; an empty line says nothing. A broker that is away is said, and asked
    again: only what an operator has to change ends it. Both are called every `every_s` seconds, and
    may take their time.
    """
    if not 0 < every_s <= EVERY_S_MAX:
        raise click.UsageError(f"--every: seconds above 0, and up to {EVERY_S_MAX:,.0f}")
    console = Console(highlight=False, markup=False)
    with sigterm_unwinds():
        if console.is_terminal and not console.is_dumb_terminal and not always_lines:
            _redraw(console, draw, every_s)
        else:
            _print_lines(console, draw, line, every_s)


def _redraw(console: Console, draw: Callable[[], RenderableType], every_s: float) -> None:
    last: RenderableType = Text("")
    with Live(last, console=console, auto_refresh=False) as live:
        while True:
            try:
                last = shown = draw()
            except Misconfigured:
                raise
            except GoeswithError as error:
                shown = Group(last, Text(trying_again(error), style="red"))
            live.update(shown, refresh=True)
            time.sleep(every_s)


def _print_lines(
    console: Console,
    draw: Callable[[], RenderableType],
    line: Callable[[], str] | None,
    every_s: float,
) -> None:
    while True:
        try:
            if line is None:
                console.print(draw())
            elif said := line():
                click.echo(said)
        except Misconfigured:
            raise
        except GoeswithError as error:
            click.echo(f"goeswith: {trying_again(error)}", err=True)
        time.sleep(every_s)


def trying_again(error: GoeswithError) -> str:
    """What is said of a failure that may pass."""
    return f"{printable(str(error), chars_max=500)}; trying again"


@contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """SIGTERM leaves the block as an exit: the cursor comes back, and clients are closed."""

    def leave(*_: object) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
