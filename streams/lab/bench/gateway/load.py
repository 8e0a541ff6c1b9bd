"""The load: events at a steady rate, each waited for by the stream of its session; or all at once.

A latency begins when an event was due, not when there was time to send it: what is slow does not
hide itself by being asked less. It is in microseconds by the clock of this process alone.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, NamedTuple

from streams.lab.bench.gateway.connections import Connection, StreamReader, open_streams
from streams.lab.quantiles import quantile

CONNECTIONS = 64
"""That post at a steady rate."""
CROWD = 16
"""That post one batch after another."""
BATCH = 10
GRACE_S = 5.0
"""So long a prompt may take before it counts as lost."""


class Asked(NamedTuple):
    """How a server is asked: what differs between the gateway and the bare stream."""

    port: int
    stream: Callable[[str], bytes]
    """The request for the stream of a session."""
    credential: Callable[[str], str]
    """The headers of what a session posts."""
    key: str
    """The headers of what the shop's server posts."""


class Steady(NamedTuple):
    """What came of a steady rate."""

    sent: int
    answered: int
    """Requests that were answered with 200 and an accepted event."""
    prompts: dict[str, float]
    """When the prompt of an event first came, by the event's id."""
    repeated: int
    latencies_us: list[int]
    """From when it was due to its prompt on the stream, or in the answer."""

    def figures(self) -> dict[str, Any]:
        """Counts, and quantiles in ms."""
        return {
            "events": self.sent,
            "accepted": self.answered,
            "prompts": len(self.prompts),
            "unanswered": self.sent - len(self.prompts),
            "repeated": self.repeated,
            **quantiles_ms(self.latencies_us),
        }


def quantiles_ms(latencies_us: list[int]) -> dict[str, float | None]:
    """p50, p99 and the largest, in ms to a hundredth.

    >>> quantiles_ms([1_000, 2_000, 9_004])
    {'p50_ms': 2.0, 'p99_ms': 9.0, 'max_ms': 9.0}
    """
    found = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    spent = {name: quantile(latencies_us, share) for name, share in found.items()}
    return {name: None if us is None else round(us / 1000, 2) for name, us in spent.items()}


class PromptArrivals:
    """Prompts as they come on any stream."""

    def __init__(self) -> None:
        self.at_s: dict[str, float] = {}
        self.repeated = 0

    def came(self, cause: str, now_s: float) -> None:
        """Note the first prompt of an event; another one is a repeat."""
        if cause in self.at_s:
            self.repeated += 1
        else:
            self.at_s[cause] = now_s


@asynccontextmanager
async def listening(
    asked: Asked, sessions: list[str], arrivals: PromptArrivals
) -> AsyncIterator[list[StreamReader]]:
    """A stream of each session, open."""
    readers = await open_streams(
        asked.port, [asked.stream(session) for session in sessions], arrivals.came
    )
    try:
        yield readers
    finally:
        for reader in readers:
            if reader.transport is not None:
                reader.transport.abort()


class Posts:
    """What is posted on kept connections, an event each, and what came back."""

    def __init__(self, asked: Asked, wait_ms: int) -> None:
        self._asked = asked
        self._address = f"/v1/events?wait_ms={wait_ms}" if wait_ms else "/v1/events"
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        self.accepted = 0
        self.prompts: dict[str, float] = {}
        """When the answer came that has an event's prompt in it, by the event's id."""

    async def connect(self) -> None:
        """Open the connections."""
        for _ in range(CONNECTIONS):
            self._free.put_nowait(await Connection.to(self._asked.port))

    async def post(self, session: str, cause: str, number: int) -> None:
        """Post an event once a connection is free."""
        connection = await self._free.get()
        try:
            body = json.dumps([viewed(session, cause, number)]).encode()
            credential = self._asked.credential(session)
            answer = await connection.post(self._address, body, credential)
        finally:
            self._free.put_nowait(connection)
        self.accepted += answer.status == HTTPStatus.OK and b'"accepted":1' in answer.body
        if f'"caused_by":"{cause}"'.encode() in answer.body:
            self.prompts[cause] = time.perf_counter()

    def close(self) -> None:
        """Hang up."""
        while not self._free.empty():
            self._free.get_nowait().close()


async def steady(
    asked: Asked,
    sessions: list[str],
    *,
    rate_per_s: float,
    seconds: float,
    name: str,
    arrivals: PromptArrivals | None,
    wait_ms: int = 0,
) -> Steady:
    """Post an event of each session in turn, at this rate.

    Its prompt is waited for on the stream (`arrivals`), or in the answer (`wait_ms`).
    """
    posts, tasks, due_s = Posts(asked, wait_ms), [], {}
    await posts.connect()
    begin_s = time.perf_counter()
    for number in range(round(rate_per_s * seconds)):
        cause, session = f"{name}-{number}", sessions[number % len(sessions)]
        due_s[cause] = begin_s + number / rate_per_s
        if (early_s := due_s[cause] - time.perf_counter()) > 0:
            await asyncio.sleep(early_s)
        tasks.append(asyncio.create_task(posts.post(session, cause, number)))
    await asyncio.gather(*tasks)
    if arrivals is not None:
        await _all_there(arrivals, due_s)
    posts.close()
    at_s = posts.prompts if arrivals is None else arrivals.at_s
    came = {cause: at_s[cause] for cause in due_s if cause in at_s}
    return Steady(
        len(due_s),
        posts.accepted,
        came,
        arrivals.repeated if arrivals is not None else 0,
        [round((there_s - due_s[cause]) * 1e6) for cause, there_s in came.items()],
    )


async def crowded(asked: Asked, sessions: list[str], *, seconds: float) -> dict[str, Any]:
    """Post batches of ten one after another, on several connections; events a second."""
    latencies_us: list[int] = []
    accepted, refused, until_s = 0, 0, time.perf_counter() + seconds

    async def post(place: int) -> None:
        nonlocal accepted, refused
        connection, number = await Connection.to(asked.port), 0
        while (begin_s := time.perf_counter()) < until_s:
            session = sessions[(place + number * CROWD) % len(sessions)]
            batch = [viewed(session, f"b{place}-{number}-{at}", at) for at in range(BATCH)]
            answer = await connection.post("/v1/events", json.dumps(batch).encode(), asked.key)
            latencies_us.append(round((time.perf_counter() - begin_s) * 1e6))
            number += 1
            if answer.status == HTTPStatus.OK and b'"accepted":%d' % BATCH in answer.body:
                accepted += BATCH
            else:
                refused += BATCH
        connection.close()

    begin_s = time.perf_counter()
    await asyncio.gather(*(post(place) for place in range(CROWD)))
    taken_s = time.perf_counter() - begin_s
    return {
        "events_per_s": round(accepted / taken_s),
        "refused": refused,
        **quantiles_ms(latencies_us),
    }


def viewed(session_id: str, event_id: str, number: int) -> dict[str, Any]:
    """Somebody looks at an item."""
    now_ms = time.time_ns() // 1_000_000
    return {
        "type": "item_viewed",
        "schema_version": 2,
        "event_id": event_id,
        "session_id": session_id,
        "occurred_at_ms": now_ms,
        "sent_at_ms": now_ms,
        "item_id": f"item-{number % 7}-{number % 60}",
        "price_minor": 249,
        "currency": "EUR",
    }


async def _all_there(arrivals: PromptArrivals, due_s: dict[str, float]) -> None:
    """Wait for what still comes, for a while."""
    until_s = time.perf_counter() + GRACE_S
    while not due_s.keys() <= arrivals.at_s.keys() and time.perf_counter() < until_s:
        await asyncio.sleep(0.05)
