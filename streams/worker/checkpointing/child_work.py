"""Copy-on-write snapshots by fork: long work on a copy of our memory, while the process goes on.

`os.fork` gives the child all memory as it is at this moment, and copies a page only when one side
writes to it: the one moment that the event loop waits is that of the fork, which copies tables of
pages, made short before by `streams.worker.checkpointing.large_pages`. Measured at 100,000 items
and a million pairs (440 MB): 4 ms of the processor, 11 ms with long tables; serialising would be 5
s.

What a forked child may not do, and what is done about it:

- hold on to our sockets (a successor could not listen on our port): it closes every file but the
  pipe on which it answers;
- take our signals, or wake our loop with them: they are blocked until it has handlers of its own;
- wait for locks that another thread held: it is left to plain Python and connections of its own;
- run what ends a process in order (`atexit`, buffers, the loop): it leaves by `os._exit`;
- touch every object by collecting garbage: it collects none. Still, looking at an object changes
  its count of references, so that the child in the end has copied much of what it looks at;
- take the processor from us: it is nice.
"""

import asyncio
import gc
import os
import signal
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from streams.contract.errors import GoeswithError

NICE = 10
FILES_MAX = 1 << 20
CHUNK_BYTES = 1 << 16


class ChildFailed(GoeswithError):
    """The work in the child failed; the message is what it said."""


class ChildResult(NamedTuple):
    """What came of the work, and how long our own process was held for it."""

    answer: bytes
    stalled_ms: float


async def in_child(work: Callable[[], bytes], *, seconds_max: float) -> ChildResult:
    """Do some work in a child; raises `ChildFailed` with the words of its exception, or its death.

    The work sees the memory of the moment of the call. It is killed when it takes too long, or when
    we are cancelled.
    """
    began = time.perf_counter()
    pid, pipe = _fork(work)
    stalled_ms = 1000 * (time.perf_counter() - began)
    try:
        async with asyncio.timeout(seconds_max):
            said = await _all_of(pipe)
    except BaseException as error:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)  # noqa: ASYNC222  # it is dead
        if isinstance(error, TimeoutError):
            raise ChildFailed(f"it took more than {seconds_max:g} s") from None
        raise
    finally:
        os.close(pipe)
    _, status = os.waitpid(pid, 0)  # noqa: ASYNC222  # its pipe is closed: it has ended
    if status:
        code = os.waitstatus_to_exitcode(status)
        raise ChildFailed(said.decode(errors="replace") or f"it ended with {code}")
    return ChildResult(said, stalled_ms)


async def _all_of(pipe: int) -> bytes:
    """What comes out of a pipe, until nobody holds its other end."""
    loop, said = asyncio.get_running_loop(), bytearray()
    ended = loop.create_future()

    def readable() -> None:
        chunk = os.read(pipe, CHUNK_BYTES)
        said.extend(chunk)
        if not chunk and not ended.done():
            ended.set_result(None)

    loop.add_reader(pipe, readable)
    try:
        await ended
    finally:
        loop.remove_reader(pipe)
    return bytes(said)


def _fork(work: Callable[[], bytes]) -> tuple[int, int]:
    """The child's process id, and the pipe from it."""
    ours, its = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: see above
            pid = os.fork()
        if not pid:
            _be_child(work, its, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(its)
    return pid, ours


def _be_child(work: Callable[[], bytes], pipe: int, mask: set[int | signal.Signals]) -> NoReturn:
    code = 1
    try:
        gc.disable()
        _forget_our_parent(pipe, mask)
        said = work()
        code = 0
    except BaseException as error:  # noqa: BLE001  # it is told to the parent, which counts it
        said = (str(error) or type(error).__name__).encode(errors="replace")
    finally:
        try:
            while said:
                said = said[os.write(pipe, said) :]
        finally:
            os._exit(code)


def _forget_our_parent(pipe: int, mask: set[int | signal.Signals]) -> None:
    os.nice(NICE)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, FILES_MAX)
