"""Tables in the terminal, once or kept up to date."""

import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from streams.contract.errors import KafkaUnreachable


def show(table: RenderableType) -> None:
    """Print a table."""
    Console(highlight=False, markup=False).print(table)


def watched(draw: Callable[[], RenderableType], every_s: float) -> None:
    """Keep what `draw` returns on the screen until Ctrl-C; a broker that is away is said below it.

    `draw` is called every `every_s` seconds, and may take its time.
    """
    console = Console(highlight=False, markup=False)
    last: RenderableType = Text("")
    with Live(last, console=console, auto_refresh=False) as live:
        while True:
            try:
                last = shown = draw()
            except KafkaUnreachable as error:
                shown = Group(last, Text(f"{error}; trying again", style="red"))
            live.update(shown, refresh=True)
            time.sleep(every_s)
