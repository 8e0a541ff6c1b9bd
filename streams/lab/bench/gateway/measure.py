"""The run: a worker that has learned something, a gateway, the load; then the bare stream, too."""

import os
import resource
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from streams.clients.connection.addresses import free_port, open_page
from streams.contract.settings import Settings
from streams.lab.bench.gateway.load import Asked, PromptArrivals, crowded, listening, steady
from streams.lab.bench.stage import tape
from streams.lab.bench.stage.answered import until_answered
from streams.lab.bench.stage.contenders import cpu_s, resident_bytes, until
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.bench.stage.workload import workload
from streams.lab.embedded.worker_process import ProgramProcess, WorkerProcess
from streams.storefront.gateway.access.tokens import SessionOwner, SessionTokens

LEARNED = 20_000
"""Events that the worker has folded before: so there is something to be said of every item."""
WARM_UP_S = 20.0
"""The broker compiles itself while its first events come, on the core that the worker needs."""
WAIT_MS = 2_000
SPARE_FILES = 1_000
NO_LIMIT = 10**9
BARE = ("-m", "streams.lab.bench.gateway.bare_stream")
LOG = "gateway"


class GatewayLoad(NamedTuple):
    """How much is asked."""

    sessions: int
    rate_per_s: float
    seconds: float
    """Of each measurement, after the warm-up."""
    pinned: bool
    """Whether the gateway has a core of its own; the worker and we share the others."""
    warm_up_s: float = WARM_UP_S
    """Before each measurement."""


async def measure(bootstrap: str, load: GatewayLoad, say: Any) -> dict[str, Any]:
    """All figures; raises `WorkerFailed` for a program that ends, `KafkaUnreachable`."""
    allow_files(load.sessions + SPARE_FILES)
    site, key = Site(bootstrap), secrets.token_urlsafe(32)
    port = free_port()
    more = {
        "gateway_keys": key,
        "gateway_port": port,
        "gateway_streams_max": load.sessions + SPARE_FILES,
        "gateway_session_rate": NO_LIMIT,
        "gateway_address_rate": NO_LIMIT,
        "gateway_batch_max": 100,
        "gateway_wait_ms_max": WAIT_MS,
    }
    try:
        await site.make_log(LOG)
        settings = site.settings(LOG, **more)
        await tape.record(
            bootstrap, settings.topics.events, tape.taped(workload(LEARNED), PARTITIONS)
        )
        with ExitStack() as stack:
            with on_cores(load.pinned, gateway=False):
                worker = stack.enter_context(WorkerProcess(settings))
            say("a worker that learns first")
            await until_answered(settings, LEARNED, [worker], "the worker to answer what was there")
            with on_cores(load.pinned, gateway=True):
                door = stack.enter_context(ProgramProcess("gateway", settings))
            await _ready(port, door)
            stack.enter_context(on_cores(load.pinned, gateway=False))
            figures = await _asked(_of_gateway(settings, port, key), door, load, say)
        figures["bare"] = await _bare(load, say)
    finally:
        await site.clear()
    return figures | load._asdict()


async def _bare(load: GatewayLoad, say: Any) -> dict[str, Any]:
    """The same streams and posts, of the bare stream."""
    port = free_port()
    with ExitStack() as stack:
        with on_cores(load.pinned, gateway=True):
            bare = stack.enter_context(
                ProgramProcess("bare stream", Settings(), (*BARE, str(port)))
            )
        await _ready(port, bare)
        stack.enter_context(on_cores(load.pinned, gateway=False))
        asked = Asked(
            port,
            lambda session: _get(f"/v1/prompts/stream?session_id={session}"),
            lambda _: "",
            "",
        )
        return await _asked(asked, bare, load, say, waiting=False)


async def _asked(
    asked: Asked, door: ProgramProcess, load: GatewayLoad, say: Any, *, waiting: bool = True
) -> dict[str, Any]:
    """Streams at a steady rate, waiting posts at the same, and batches as fast as they go."""
    sessions = [f"session-{number}" for number in range(load.sessions)]
    pace: dict[str, Any] = {"rate_per_s": load.rate_per_s}
    which = "the gateway" if waiting else "a bare stream"
    arrivals, before = PromptArrivals(), resident_bytes(door.pid)
    streaming: dict[str, float] = {}
    posting: dict[str, float] = {}
    async with listening(asked, sessions, arrivals) as readers:
        held = resident_bytes(door.pid) - before
        say(f"{load.sessions} streams, {load.rate_per_s:g} events/s: {which}")
        await steady(asked, sessions, seconds=load.warm_up_s, name="w", arrivals=arrivals, **pace)
        with _cores(door, streaming):
            on_streams = await steady(
                asked, sessions, seconds=load.seconds, name="s", arrivals=arrivals, **pace
            )
        ended = sum(reader.ended for reader in readers)
    figures: dict[str, Any] = {
        "stream": on_streams.figures()
        | {"streams_ended": ended, "kb_a_stream": round(held / 1024 / load.sessions, 1)}
        | streaming
    }
    if waiting:
        say(f"?wait_ms={WAIT_MS}, {load.rate_per_s:g} events/s")
        pace |= {"arrivals": None, "wait_ms": WAIT_MS}
        # by then the gateway is over the end of all streams at one moment
        await steady(asked, sessions, seconds=load.warm_up_s, name="v", **pace)
        answered = await steady(asked, sessions, seconds=load.seconds, name="a", **pace)
        figures["wait_ms"] = answered.figures()
    say(f"batches as fast as they are answered: {which}")
    with _cores(door, posting):
        posted = await crowded(asked, sessions, seconds=load.seconds)
    return figures | {"post": posted | posting}


def _of_gateway(settings: Settings, port: int, key: str) -> Asked:
    """By tokens, as the shop's server makes them."""
    tokens = SessionTokens(settings.shop_keys, settings.topic_prefix, settings.gateway_token_s)
    made: dict[str, str] = {}

    def token(session: str) -> str:
        if session not in made:
            made[session] = tokens.mint(SessionOwner(session_id=session), int(time.time()))
        return made[session]

    return Asked(
        port,
        lambda session: _get("/v1/prompts/stream", bearer(token(session))),
        lambda session: bearer(token(session)),
        bearer(key),
    )


def bearer(credential: str) -> str:
    """The header that says who asks."""
    return f"Authorization: Bearer {credential}\r\n"


def _get(address: str, headers: str = "") -> bytes:
    return f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()


async def _ready(port: int, door: ProgramProcess) -> None:
    async def answers() -> bool:
        door.check()
        try:
            with open_page(f"http://127.0.0.1:{port}/readyz", timeout_s=5):
                return True
        except OSError:
            return False

    await until(answers, "the server to be ready")


@contextmanager
def _cores(door: ProgramProcess, spent: dict[str, float]) -> Iterator[None]:
    """Notes how many cores the process took within the block."""
    before_s, begin_s = cpu_s(door.pid), time.perf_counter()
    yield
    spent["cores"] = round((cpu_s(door.pid) - before_s) / (time.perf_counter() - begin_s), 2)


@contextmanager
def on_cores(pinned: bool, *, gateway: bool) -> Iterator[None]:
    """What starts within the block runs on the gateway's core, or on the others.

    With one core alone, or if not `pinned`, wherever the system puts it.
    """
    allowed = os.sched_getaffinity(0)
    last = max(allowed)
    if pinned and len(allowed) > 1:
        os.sched_setaffinity(0, {last} if gateway else allowed - {last})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def allow_files(count: int) -> None:
    """Let this process, and those that it starts, have so many open files, if they may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
