"""The programs that are measured, each a process of its own, and the CPU time that it has used."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from streams.clients.connection.addresses import free_port, open_page
from streams.contract.errors import Misconfigured, WorkerFailed
from streams.contract.settings import Settings
from streams.lab.bench.stage.stock import Job
from streams.lab.embedded.worker_process import WorkerProcess

PATIENCE_S = 300.0
"""So long we wait for any one thing; only a failure takes so long."""
POLL_S = 0.05
PAGE_POLL_S = 1.0
"""Our worker's own page is asked rarely: what it costs to answer counts against us."""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LINE_BYTES_MAX = 65_536


def cpu_s(pid: int) -> float:
    """User and system time that a process has used, all of its threads, in steps of a tick."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError as missing:
        raise Misconfigured(
            f"no /proc/{pid}/stat: the benchmark reads CPU times of living processes on Linux"
        ) from missing
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_bytes(pid: int) -> int:
    """Memory that a process holds now; raises `FileNotFoundError` when it has ended."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def until(
    holds: Callable[[], Awaitable[bool]], what: str, *, every_s: float = POLL_S
) -> None:
    """Return when it holds; raises `WorkerFailed` when it does not in time."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not await holds():
        if time.monotonic() > deadline_s:
            raise WorkerFailed(f"waited {PATIENCE_S:g} s for {what}")
        await asyncio.sleep(every_s)


class Mark(NamedTuple):
    """A stock agent's own tally: events seen, and the CPU time that its process had used then."""

    seen: int
    cpu_s: float


class Times(NamedTuple):
    """CPU times of our worker: when it began to follow the log, and when it had caught up."""

    follow_s: float
    caught_up_s: float


class Stock:
    """A stock agent's process, read line by line."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def mark(self) -> Mark:
        """Its next mark; raises `WorkerFailed` when it ends or is silent for too long."""
        assert self._process.stdout is not None  # noqa: S101  # for the type checker: a pipe
        while True:
            async with asyncio.timeout(PATIENCE_S):
                line = await self._process.stdout.readline()
            if not line:
                said = self._log.read_text(errors="replace")[-2000:]
                raise WorkerFailed(f"the stock agent ended: {said}")
            if line.startswith(b'{"seen"'):
                return Mark(**json.loads(line))


@asynccontextmanager
async def stock(job: Job) -> AsyncIterator[Stock]:
    """A stock agent at work, for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="goeswith-stock-") as folder:
        job = job._replace(directory=folder)
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "streams.lab.bench.stage.stock",
                *map(str, job),
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                limit=LINE_BYTES_MAX,
            )
        try:
            yield Stock(process, log)
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to finish; Faust's own shutdown may hang, so not for ever."""
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.communicate(), 15.0)
        except TimeoutError:
            process.kill()
            await process.wait()


class WorkerContender:
    """Our worker's process and its page."""

    def __init__(self, worker: WorkerProcess, port: int, settings: Settings) -> None:
        self._worker = worker
        self._port = port
        self._settings = settings

    @property
    def pid(self) -> int:
        """Its process; raises `WorkerFailed` when it has ended."""
        return self._worker.pid

    @property
    def cpu_s(self) -> float:
        """CPU time that it has used so far."""
        return cpu_s(self.pid)

    @property
    def memory_mb(self) -> int:
        """Memory that it holds now (resident), in MB."""
        return resident_bytes(self.pid) >> 20

    def check(self) -> None:
        """Raises `WorkerFailed` when it has ended."""
        self._worker.check()

    async def state(self, query: str = "") -> dict[str, Any] | None:
        """What its page says; None while there is no page yet."""
        self.check()
        url = f"http://127.0.0.1:{self._port}/state{query}"
        try:
            return await asyncio.to_thread(_read_json, url)
        except OSError:
            return None

    async def ready(self) -> bool:
        """Whether it does what it is for: its partitions assigned, or its page answering."""
        state = await self.state()
        if state is None:
            return False
        return not self._settings.answering or len(state["assigned"]) == self._settings.partitions

    async def mark(self) -> Times:
        """The CPU times that it notes itself; zeros while there is no page yet."""
        state = await self.state()
        told = state["telemetry"] if state else {}
        return Times(told.get("follow_cpu_s", 0.0), told.get("caught_up_cpu_s", 0.0))

    async def folded(self) -> int:
        """How many records it has folded."""
        state = await self.state()
        return sum(state["position"].values()) if state else 0


@contextmanager
def ours(settings: Settings) -> Iterator[WorkerContender]:
    """Our worker under these settings, for the length of the block."""
    port = free_port()
    settings = settings.model_copy(update={"web_port": port})
    with WorkerProcess(settings) as worker:
        yield WorkerContender(worker, port, settings)


def _read_json(url: str) -> dict[str, Any]:
    with open_page(url, 60.0) as answer:
        state: dict[str, Any] = json.load(answer)
        return state
