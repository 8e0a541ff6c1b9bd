"""A shop as its shoppers have it: the example's page, a gateway that can be killed, a browser."""

import asyncio
import importlib.util
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

import uvicorn
from playwright.async_api import BrowserContext, Page

from streams.clients.connection.addresses import free_port
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
from streams.shop.decision.languages.messages import reason
from streams.storefront.gateway.app import create_app
from streams.storefront.gateway.bus.bus import EventRecord
from streams.storefront.gateway.bus.memory_bus import MemoryBus, says_nothing
from streams.storefront.gateway.command import config

KEY = "no secret at all and long enough for one"
EXAMPLE = Path(__file__).parents[4] / "examples" / "shop_page" / "server.py"
NO_REDIS = "redis://127.0.0.1:1/0"
WAIT_S_MAX = 20.0
"""Only a failure takes so long."""
TELLS = """
window.told = [];
for (const type of ["show", "shown", "click", "add", "dismiss"]) {
  document.addEventListener(`goes-with:${type}`, (e) => told.push([type, e.detail.item_id ?? ""]));
}
document.addEventListener("securitypolicyviolation", (e) => told.push(["policy", e.blockedURI]));
"""


def offers(*items: str, lives_ms: int = 120_000) -> Callable[[Event], Iterable[Published]]:
    """A worker that answers each add of bread with these, and withdraws what was taken."""

    def answer(event: Event) -> Iterable[Published]:
        if isinstance(event, ItemAdded) and event.receipt is not None:
            yield withdrawn(event.session_id, event.receipt.removeprefix("2."), "added")
        elif isinstance(event, ItemAdded) and event.item_id == "bread":
            at_ms, locale = event.occurred_at_ms, event.locale
            who = event.session_id, event.event_id
            yield offer(*who, at_ms, *items, ms=lives_ms, locale=locale)

    return answer


def offer(
    session: str,
    cause: str,
    now_ms: int,
    *items: str,
    ms: int = 120_000,
    locale: str | None = None,
) -> Prompt:
    """What a worker offers."""
    id_ = prompt_id(cause, session, "basket")
    return Prompt(
        prompt_id=id_,
        session_id=session,
        placement="basket",
        anchor="bread",
        items=tuple(
            PromptItem(item_id=item, score=0.5, evidence=Evidence(together=41, of=57))
            for item in items
        ),
        arm="bought_together",
        context="basket/new",
        propensity=1.0,
        propensities={"bought_together": 1.0},
        reason=Reason.model_validate(_said(locale)),
        locale=locale,
        caused_by=cause,
        occurred_at_ms=now_ms,
        expires_at_ms=now_ms + ms,
        receipt=f"2.{id_}",
    )


def _said(locale: str | None) -> dict[str, str]:
    return reason("bought_together", anchor="bread", locale=locale, counted=(41, 57))


def withdrawn(
    session: str, id_: str, because: Literal["added", "ordered"] = "ordered"
) -> PromptWithdrawn:
    """What is no longer to be shown."""
    return PromptWithdrawn(
        prompt_id=id_, session_id=session, because=because, caused_by="e9", occurred_at_ms=1
    )


class StickyBus(MemoryBus):
    """Keeps waiting who sends an event of one kind."""

    stuck = ""
    waiting = 0

    async def send(self, records: Sequence[EventRecord]) -> None:
        """Keep them, unless one is of that kind."""
        stuck = self.stuck.encode()
        self.waiting += 1
        while stuck and self.stuck and any(stuck in record.value for record in records):
            await asyncio.sleep(0.01)
        self.waiting -= 1
        await super().send(records)


class Server(uvicorn.Server):
    """Leaves signals alone; is killed without a word to who is connected."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: pytest has them."""
        yield

    def kill(self) -> None:
        """No answer, no end of a stream: connections are reset."""
        for each in self.servers:
            each.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        self.should_exit = self.force_exit = True


class ShopWithGateway:
    """The example's shop, and a gateway on a bus in memory, each at an address of its own."""

    def __init__(self) -> None:
        self.bus = StickyBus()
        self.gateway_at = free_port()
        self.gateway = f"http://127.0.0.1:{self.gateway_at}"
        self.page_server = example().ShopPage(0, self.gateway, KEY)
        self.url = f"http://127.0.0.1:{self.page_server.server_port}"
        self.server: Server | None = None
        self._serving: asyncio.Task[None] | None = None
        threading.Thread(target=self.page_server.serve_forever, args=(0.05,), daemon=True).start()

    async def open(self, **settings: Any) -> None:
        """Start a gateway, which knows nothing of those before it."""
        given = {"gateway_keys": KEY, "gateway_origins": self.url, "redis_url": NO_REDIS}
        settings_ = Settings(**{**given, **settings})
        served = config(settings_, create_app(settings_, self.bus))
        served.port, served.log_level = self.gateway_at, "critical"
        self.server = Server(served)
        self._serving = asyncio.create_task(self.server.serve())
        async with asyncio.timeout(WAIT_S_MAX):
            while not self.server.started:
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """Kill the gateway."""
        assert self.server is not None
        assert self._serving is not None
        self.server.kill()
        await asyncio.wait([self._serving], timeout=WAIT_S_MAX)
        await self.server.lifespan.shutdown()  # or it ends in the midst of a later test

    async def close(self) -> None:
        """End all of it."""
        if self.server is not None and self.server.started:
            await self.kill()
        await asyncio.to_thread(self.page_server.shutdown)
        self.page_server.server_close()

    def empty(self) -> None:
        """Nothing has been sold yet, and there is nothing to offer."""
        self.bus.records.clear()
        self.bus.answer, self.bus.away, self.bus.stuck = says_nothing, "", ""

    def said(self, kind: str, session: str | None = None) -> list[Any]:
        """The events of a kind that Kafka has, repeats under one id once, as workers have it."""
        found: Mapping[str, Any] = {
            event.event_id: event
            for event in self.bus.events
            if event.type == kind and session in (None, event.session_id)
        }
        return list(found.values())

    async def comes_to(self, found: Callable[[], object]) -> None:
        """Wait for what must come."""
        async with asyncio.timeout(WAIT_S_MAX):
            while not found():
                await asyncio.sleep(0.01)

    def publish_all(self, said: Iterable[Published]) -> None:
        """What a worker says."""
        for each in said:
            self.bus.publish(each)

    @asynccontextmanager
    async def shopper(
        self, context: BrowserContext, path: str = "/", **more: Any
    ) -> AsyncIterator["Shopper"]:
        """A shopper on a page of the shop's, once it listens."""
        shopper = Shopper(self, await context.new_page())
        await shopper.go(path, **more)
        try:
            yield shopper
        finally:
            await shopper.page.close()


class Shopper:
    """Somebody on a page."""

    def __init__(self, shop: ShopWithGateway, page: Page) -> None:
        self.shop = shop
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.prompt = page.locator("goes-with section")

    async def go(self, path: str, *, script: str = TELLS) -> None:
        """Open a page."""
        await self.page.add_init_script(script)
        await self.page.goto(self.shop.url + path)
        await self.page.wait_for_function("() => document.querySelector('goes-with')?.client")

    async def add_bread(self) -> None:
        """Put bread into the basket."""
        await self.page.click("#add")

    async def told(self, kind: str) -> list[str]:
        """The items of the DOM events of a kind, one each."""
        all_ = await self.page.evaluate("told")
        return [item for each, item in all_ if each == kind]

    async def session(self) -> str:
        """Who it is to the gateway."""
        cookies = await self.page.context.cookies(self.shop.url)
        return next(str(cookie["value"]) for cookie in cookies if cookie["name"] == "visit")

    async def with_items(self, **items: Any) -> None:
        """The shop tells this of its items, whatever else it would."""
        await self.page.evaluate(
            "(said) => { document.querySelector('goes-with').resolve = () => JSON.parse(said) }",
            json.dumps(items),
        )


def example() -> Any:
    """The example's server."""
    spec = importlib.util.spec_from_file_location("shop_page_server", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
