"""Work in a forked child: what it does to this process is gone when it ends, and so is its output.

Time is the child's own, on the processor: on a busy machine the wall clock says nothing.
"""

import os
import pickle
import resource
import signal
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

MEMORY_BYTES = 6 << 30
"""What a child may take: a fault in a loop may fill a list for ever."""


class Ended(NamedTuple, Generic[T]):
    """How a child ended."""

    result: T | None
    """What it found; nothing, if it ended before."""
    too_long: bool
    """Whether its time was up."""


def forked(work: Callable[[], T]) -> Ended[T]:
    """What this work finds, done in a child, which may `allow` itself so much time."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_child(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        found = answer.read()
    _, status = os.waitpid(child, 0)
    too_long = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF
    whole = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
    return Ended(pickle.loads(found) if whole else None, too_long)  # noqa: S301  # from our child


def allow(cpu_s: float) -> None:
    """End this process unless it says so again within so many seconds of its processor time."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)


def _in_child(work: Callable[[], T], writing: int) -> None:
    code = 1
    try:
        silence = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(silence, standard)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        with os.fdopen(writing, "wb") as answer:
            answer.write(pickle.dumps(work()))
        code = 0
    finally:
        os._exit(code)
