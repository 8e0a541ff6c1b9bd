"""A progress bar on stderr, for people who wait: nothing where nobody looks."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")
EVERY = 500
"""Items between two steps of the bar: a step costs as much as some records."""


def progressed(
    items: Iterable[Item], total: int, what: str, *, console: Console | None = None
) -> Iterator[Item]:
    """The items as they come, with a bar on stderr that is gone when they are through.

    `total` may be too high: what is asked for by offsets includes what is not handed out. Where
    stderr is no terminal nothing is shown.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield from items
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        for done, item in enumerate(items, start=1):
            yield item
            if done % EVERY == 0:
                progress.update(task, completed=done)
        progress.update(task, completed=total)
