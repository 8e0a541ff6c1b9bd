"""The workers' pages, asked again and again: are they ready, what do they say, how fast are they?

What answers at an address may be anything: what is no page of a worker is said to be none.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError

from pydantic import BaseModel, ConfigDict, ValidationError

from streams.clients.connection.addresses import open_page
from streams.contract.wire.numbers import Count
from streams.operations.console.watching.poller import Opening

PAGE_S_MAX = 2.0
PAGE_BYTES_MAX = 4_000_000
AT_ONCE = 8
LENIENT = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Latency(BaseModel):
    """A histogram, as a page has it."""

    model_config = LENIENT

    p50_ms_max: float | None = None
    p99_ms_max: float | None = None


class Counted(BaseModel):
    """What a worker has counted, as far as it is shown."""

    model_config = LENIENT

    answered: Count = 0
    prompts: Count = 0
    delivered_ms: Latency = Latency()


class MemoryHeld(BaseModel):
    """What it takes, in bytes."""

    model_config = LENIENT

    rss_bytes: Count | None = None


class WorkerState(BaseModel):
    """`/state`, as far as it is shown."""

    model_config = LENIENT

    worker: str
    version: str = ""
    memory: MemoryHeld = MemoryHeld()
    assigned: tuple[Count, ...] = ()
    advice: tuple[str, ...] = ()
    telemetry: Counted = Counted()


class Readiness(BaseModel):
    """`/readyz`."""

    model_config = LENIENT

    ready: bool
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class WorkerSeen(NamedTuple):
    """A worker's pages, or why there are none."""

    address: str
    readiness: Readiness | None = None
    state: WorkerState | None = None
    trouble: str = ""

    @property
    def name(self) -> str:
        """Its name; of one that does not tell it, its address."""
        return self.state.worker if self.state else self.address

    @property
    def ready(self) -> bool:
        """Whether it says that it is."""
        return self.readiness is not None and self.readiness.ready


def look_at(address: str) -> WorkerSeen:
    """Ask a worker for its pages; never raises for what is there instead."""
    try:
        readiness = Readiness.model_validate_json(_body(f"{address}/readyz"))
        state = WorkerState.model_validate_json(_body(f"{address}/state"))
    except ValidationError:
        return WorkerSeen(address, trouble="what answers there is no worker of goeswith")
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "reason", None) or error
        return WorkerSeen(address, trouble=f"it does not answer: {why}"[:200])
    return WorkerSeen(address, readiness, state)


def worker_looks(addresses: Sequence[str]) -> Opening[tuple[WorkerSeen, ...]]:
    """What opens looks at these pages, several at a time."""

    @contextmanager
    def opening() -> Iterator[Callable[[], tuple[WorkerSeen, ...]]]:
        with ThreadPoolExecutor(AT_ONCE, "console: worker page") as pool:
            yield lambda: tuple(pool.map(look_at, addresses))

    return opening


def _body(url: str) -> bytes:
    """What a page says, also with a status that is no success."""
    answer: Any
    try:
        answer = open_page(url, PAGE_S_MAX)
    except HTTPError as refused:
        answer = refused
    with answer:
        body: bytes = answer.read(PAGE_BYTES_MAX)
    return body
