"""A gateway on a bus in memory, with a clock of its own; and who asks it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from streams.clients.tracing.tracing import Tracing
from streams.contract.events import Event, ItemAdded
from streams.contract.published.prompts import (
    Evidence,
    Prompt,
    PromptItem,
    PromptWithdrawn,
    Published,
    Reason,
    prompt_id,
)
from streams.contract.settings import Settings
from streams.storefront.gateway.app import create_app
from streams.storefront.gateway.bus.memory_bus import MemoryBus, says_nothing
from streams.storefront.gateway.gateway import Gateway

KEY = "no secret at all and long enough for one"
OLD_KEY = "the key before which is as long as it is"
NOON_S = 1_767_268_800
SHOP = "https://shop.example"
WAIT_S_MAX = 20.0
"""Only a failure takes so long."""


def prompt_for(event: Event, item: str = "butter", lives_ms: int = 120_000) -> Prompt:
    """What a worker would offer after this event."""
    return Prompt(
        prompt_id=prompt_id(event.event_id, event.session_id, "basket"),
        session_id=event.session_id,
        placement="basket",
        anchor=getattr(event, "item_id", "bread"),
        items=(PromptItem(item_id=item, score=0.5, evidence=Evidence(together=41, of=57)),),
        arm="bought_together",
        context="basket/club",
        propensity=0.72,
        propensities={"bought_together": 0.72, "popular": 0.28},
        estimates={"bought_together": 0.1, "popular": 0.05},
        reason=Reason(key="bought_together", text="Often bought together with bread"),
        caused_by=event.event_id,
        occurred_at_ms=event.occurred_at_ms,
        expires_at_ms=event.occurred_at_ms + lives_ms,
        receipt="2.sealed",
    )


def withdrawn(prompt: Prompt) -> PromptWithdrawn:
    """The same, not to be shown any more."""
    return PromptWithdrawn(
        prompt_id=prompt.prompt_id,
        session_id=prompt.session_id,
        because="added",
        caused_by="e9",
        occurred_at_ms=prompt.occurred_at_ms,
    )


def offers_butter(event: Event) -> Iterable[Published]:
    """A worker that answers each add."""
    if isinstance(event, ItemAdded):
        yield prompt_for(event)


class Shopfront:
    """A gateway, its bus and its clock."""

    def __init__(
        self,
        answer: Callable[[Event], Iterable[Published]],
        *,
        tracing: Tracing | None = None,
        **settings: Any,
    ) -> None:
        given = {"gateway_keys": f"{KEY},{OLD_KEY}", "gateway_origins": SHOP, **settings}
        self.now_ms = NOON_S * 1000
        self.bus = MemoryBus(answer)
        self.settings = Settings(**given)
        self.app: FastAPI = create_app(
            self.settings, self.bus, clock_ms=lambda: self.now_ms, tracing=tracing
        )
        self.gateway: Gateway = self.app.state.gateway
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://gateway.example"
        )

    async def token(self, session_id: str = "session-7", **more: Any) -> str:
        """A session token, minted at the shop's word."""
        said = {"session_id": session_id, **more}
        answer = await self.http.post("/v1/sessions", json=said, headers=bearer(KEY))
        assert 201 == answer.status_code, answer.text
        return str(answer.json()["token"])

    async def post(
        self, events: Any, token: str, query: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send events."""
        return await self.http.post(
            f"/v1/events{query}", json=events, headers=bearer(token) | (headers or {})
        )

    @asynccontextmanager
    async def reading(
        self, token: str, last_event_id: str = "", query: str = ""
    ) -> AsyncIterator["Reader"]:
        """A reader of the session's stream, once it listens."""
        headers = bearer(token) | ({"last-event-id": last_event_id} if last_event_id else {})
        reader = Reader(self.app, query, headers)
        try:
            await reader.comes_to(lambda: b"retry:" in reader.text or reader.status not in (0, 200))
            yield reader
        finally:
            await reader.leave()


class Reader:
    """A connection to the stream, as an ASGI server has it: httpx's would wait for its end."""

    def __init__(self, app: FastAPI, query: str, headers: dict[str, str]) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = b""
        self.slow = asyncio.Event()
        """Until it is set, nothing more is read."""
        self.slow.set()
        self._came = asyncio.Event()
        self._gone = asyncio.Event()
        self._asked = False
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/v1/prompts/stream",
            "raw_path": b"/v1/prompts/stream",
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("203.0.113.7", 1234),
            "server": ("gateway.example", 80),
        }
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.slow.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            self.text += message["body"]
        self._came.set()

    @property
    def events(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Kind, id and data of each event that came."""
        found = []
        for block in self.text.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line[1:])
            if "data" in lines:
                found.append((lines["event"], lines.get("id", ""), json.loads(lines["data"])))
        return found

    @property
    def prompts(self) -> list[str]:
        """The ids of the prompts that came, in order."""
        return [data["prompt_id"] for kind, _, data in self.events if kind == "prompt"]

    @property
    def withdrawals(self) -> list[str]:
        """The ids of the prompts that were withdrawn."""
        return [data["prompt_id"] for kind, _, data in self.events if kind == "prompt_withdrawn"]

    @property
    def last_event_id(self) -> str:
        """What a browser would send back."""
        return next((id_ for _, id_, _ in reversed(self.events) if id_), "")

    async def comes_to(self, found: Callable[[], object]) -> None:
        """Wait for what must come."""
        async with asyncio.timeout(WAIT_S_MAX):
            while not found():
                assert not (self.task.done() and self.task.exception()), self.task
                self._came.clear()
                try:
                    await asyncio.wait_for(self._came.wait(), 0.05)
                except TimeoutError:
                    continue

    async def leave(self) -> None:
        """Hang up."""
        self._gone.set()
        self.slow.set()
        await asyncio.wait([self.task], timeout=WAIT_S_MAX)
        assert self.task.done()


def bearer(token: str) -> dict[str, str]:
    """The header of who asks."""
    return {"authorization": f"Bearer {token}"}


def add(event_id: str = "e1", item_id: str = "bread", **more: Any) -> dict[str, Any]:
    """An add, as a page says it."""
    return {"type": "item_added", "event_id": event_id, "item_id": item_id, **more}


__all__ = [
    "KEY",
    "NOON_S",
    "OLD_KEY",
    "SHOP",
    "Reader",
    "Shopfront",
    "add",
    "bearer",
    "offers_butter",
    "prompt_for",
    "says_nothing",
    "withdrawn",
]
