"""A console beside topics in memory, asked as a browser asks, without a socket in between."""

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import orjson

from streams.clients.log_reader import GroupMember
from streams.contract.errors import NotEnough
from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.lab.bench.console.made_outcomes import MadeLog, MadeShop, made
from streams.operations.console.access import Door
from streams.operations.console.app import create_app
from streams.operations.console.watching.checkpoints import CheckpointsSeen
from streams.operations.console.watching.controls import ControlTail
from streams.operations.console.watching.experiments.outcomes import OutcomeFold
from streams.operations.console.watching.experiments.plans import Plans
from streams.operations.console.watching.lag import LagTrail
from streams.operations.console.watching.letters import LetterFold
from streams.operations.console.watching.lookups.lookups import Lookups
from streams.operations.console.watching.poller import Poller
from streams.operations.console.watching.prompts import NEWEST, PromptTail
from streams.operations.console.watching.sources import Pollers
from streams.operations.lag.figures import GroupLag, PartitionLag

TOKEN = "asked by a benchmark, and by nobody else"  # noqa: S105  # it opens a console in memory
PARTITIONS = 64
PAGES = (
    *("/", "/lag", "/experiments", "/prompts", "/operations"),
    *("/api/start", "/api/lag", "/api/experiments", "/api/prompts", "/api/operations"),
    *("/experiments/arms.csv", "/experiments/uplift.csv", "/experiments/plan"),
)
"""All that shows what is known."""


class PageAnswer(NamedTuple):
    """What a page said."""

    status: int
    body: bytes
    took_s: float


class AskedConsole:
    """A console whose outcomes come as they are written.

    Parameters
    ----------
    shop
        Whose outcomes they are.
    rng
        By which they are drawn.
    always
        Whether what follows is reckoned at every look, however long that takes.
    """

    def __init__(self, shop: MadeShop, rng: np.random.Generator, *, always: bool) -> None:
        settings = Settings(console_token=TOKEN, holdout_share=shop.held_out, experiment="holdout")
        topics = settings.topics
        self.log = MadeLog(topics.outcomes, made(shop, rng), settings)
        fold = OutcomeFold(settings, (lambda: 0.0) if always else time.monotonic)
        prompts = MadeLog(topics.prompts, [PROMPT.to_json()] * NEWEST, settings)
        letters = MadeLog(topics.dead_letters, [], settings)
        controls = MadeLog(topics.control, [], settings)
        prompts.write(NEWEST)
        tail, buried, trail, ruled = PromptTail(), LetterFold(), LagTrail(60.0), ControlTail()
        now_ms = int(1000 * time.time())
        self.sources = Pollers(
            _poller("lag", lambda: trail.seen(_group(), time.monotonic())),
            _poller("prompts", lambda: tail.look(prompts, time.monotonic())),
            _poller("outcomes", lambda: fold.look(self.log)),
            _poller("dead letters", lambda: buried.look(letters, now_ms)),
            _poller("workers", tuple),
            _poller("checkpoints", lambda: CheckpointsSeen("", listed=False)),
            _poller("controls", lambda: ruled.look(controls)),
            Lookups(_no_answer, time.time),
            Plans(),
        )
        self.app = create_app(settings, self.sources, Door(settings))

    def look(self) -> None:
        """Read what is there of all topics."""
        for source in self.sources:
            if isinstance(source, Poller):
                source.look()

    def ask(self, path: str) -> PageAnswer:
        """A page, and how long the server took for it."""
        return asyncio.run(self._asked(path))

    def values(self, path: str) -> dict[str, Any]:
        """What a page for programs says."""
        said: dict[str, Any] = orjson.loads(self.ask(path).body)
        return said

    async def _asked(self, path: str) -> PageAnswer:
        status, body = 0, b""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {TOKEN}".encode()), (b"host", b"console")],
            "client": ("127.0.0.1", 4711),
            "server": ("console", 80),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, body
            status = message.get("status", status)
            body += message.get("body", b"")

        began_s = time.perf_counter()
        await self.app(scope, receive, send)
        return PageAnswer(status, body, time.perf_counter() - began_s)


def _group() -> GroupLag:
    """A group that has many partitions, and keeps up."""
    parts = tuple(
        PartitionLag(n, 1_000, 1_000, 0, 0.0, owner="worker-1") for n in range(PARTITIONS)
    )
    members = (GroupMember("worker-1", "10.0.0.1", tuple(range(PARTITIONS))),)
    return GroupLag("goeswith", "goeswith.events", parts, members)


def _poller(name: str, look: Callable[[], Any]) -> Poller[Any]:
    return Poller(name, lambda: nullcontext(look), 2.0)


def _no_answer(*_: Any) -> Any:
    raise NotEnough("what is asked here is on no log: there is no story to tell")
