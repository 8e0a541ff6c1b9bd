"""Many runs of one kind, side by side in processes, or one after the other in this one."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Work = TypeVar("Work")
Done = TypeVar("Done")


def in_processes(
    run: Callable[[Work], Done], work: Sequence[Work], jobs: int, *, chunk: int = 1
) -> Iterator[Done]:
    """What each piece of work comes to, in their order; `chunk`: so many are handed out at a time.

    With one job everything runs here: a debugger sees it, and nothing has to be pickled.

    >>> list(in_processes(abs, [-1, 2], jobs=1))
    [1, 2]
    """
    if jobs == 1:
        yield from map(run, work)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run, work, chunksize=chunk)
