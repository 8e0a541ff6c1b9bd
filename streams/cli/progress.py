"""A progress bar on stderr, for people who wait: nothing where nobody looks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")
Part = TypeVar("Part")
EVERY = 500
"""Records between two steps of the bar: a step costs as much as some records."""


@contextmanager
def progress_bar(
    what: str, total: int | None = None, *, every: int = 1, console: Console | None = None
) -> Iterator[Callable[[int], object]]:
    """A bar on stderr that is gone at the end; a call moves it on by so many items.

    It steps once in `every` items. A `total` may be too high; None: nobody knows. Where stderr is
    no terminal nothing is shown.

    >>> with progress_bar("playing", total=2) as advance:
    ...     for game in range(2):
    ...         advance(1)
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task, waiting = progress.add_task(what, total=total), 0

        def advance(items: int) -> None:
            nonlocal waiting
            waiting += items
            if waiting >= every:
                progress.advance(task, waiting)
                waiting = 0

        yield advance
        progress.advance(task, waiting)


def progressed(
    items: Iterable[Item], total: int, what: str, *, console: Console | None = None
) -> Iterator[Item]:
    """The items as they come, with a bar on stderr that is gone when they are through.

    `total` may be too high: what is asked for by offsets includes what is not handed out. Where
    stderr is no terminal nothing is shown.
    """
    with progress_bar(what, total, every=EVERY, console=console) as advance:
        for item in items:
            yield item
            advance(1)


def progressed_between(
    read: Callable[[Mapping[Part, int], Mapping[Part, int]], Iterable[Item]],
    begins: Mapping[Part, int],
    ends: Mapping[Part, int],
    what: str,
    *,
    quiet: bool = False,
) -> Iterable[Item]:
    """What `read` finds between these offsets of each part of a log, with a bar on stderr.

    None where it is to be `quiet`.

    >>> def read(begins, ends):
    ...     return ["jam"] * (ends["p0"] - begins["p0"])
    >>> list(progressed_between(read, {"p0": 1}, {"p0": 3}, "reading"))
    ['jam', 'jam']
    """
    if quiet:
        return read(begins, ends)
    total = sum(max(0, ends[part] - begin) for part, begin in begins.items())
    return progressed(read(begins, ends), total, what)
