"""The load generator: shoppers at a steady rate, who take some of what they are offered.

A few dozen of them are there at any time. Each looks at items, adds some, and buys in the end. The
storefront beside them reads the prompts and sends back what shoppers do with them, receipts and
all: it shows three in five, of these half are clicked, and half of those end up in the basket. What
is done with a prompt depends on its id alone, so a repeat of it changes nothing.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.deduplication import SeenIds
from streams.contract.errors import GoeswithError
from streams.contract.events import (
    Event,
    ItemAdded,
    ItemViewed,
    OrderLine,
    OrderPlaced,
    PromptClicked,
    PromptShown,
    encode,
)
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.settings import Settings

ITEMS = [f"item-{number:02}" for number in range(60)]
VISITS_AT_ONCE = 48
VISIT_EVENTS = (4, 16)
SHARE_ADDED = 0.3
SHARE_SHOWN, SHARE_CLICKED, SHARE_TAKEN = 0.6, 0.3, 0.15
"""Of all prompts; who clicks has seen, and who takes has clicked."""
SHARE_KEPT = 0.85
"""Of the adds from prompts, those that bring their receipt."""
PATIENCE_S = 180.0
"""So long a shopper's event waits for a broker that is away."""
TICK_S = 0.01
QUIET_S = 2.0
"""When so long nothing new was said to anyone, everyone has reacted to everything."""
Times = Callable[[str], dict[str, Any]]
"""What an event of a session says of its time."""


def now_ms() -> int:
    """Shoppers live now."""
    return time.time_ns() // 1_000_000


def visit(session_id: str, dice: random.Random) -> Iterator[Event]:
    """What one shopper does by herself, an event whenever asked for the next."""
    basket: list[str] = []
    for number in range(dice.randint(*VISIT_EVENTS)):
        item = dice.choice(ITEMS)
        kind = ItemAdded if dice.random() < SHARE_ADDED else ItemViewed
        if kind is ItemAdded:
            basket.append(item)
        yield kind(
            event_id=f"{session_id}-{number}",
            session_id=session_id,
            occurred_at_ms=now_ms(),
            item_id=item,
        )
    if basket:
        yield OrderPlaced(
            event_id=f"{session_id}-order",
            session_id=session_id,
            occurred_at_ms=now_ms(),
            order_id=f"order-{session_id}",
            lines=tuple(OrderLine(item_id=item) for item in dict.fromkeys(basket)),
        )


def warm_up() -> Iterator[Event]:
    """So much that there is something to say to everyone: each item is seen and added by some."""
    for number, item in enumerate(ITEMS * 5):
        for kind in (ItemViewed, ItemAdded):
            yield kind(
                event_id=f"warm-{number}-{kind.__name__}",
                session_id=f"warm-{number // 4}",
                occurred_at_ms=now_ms(),
                item_id=item,
            )


def true_times(_session_id: str) -> dict[str, Any]:
    """What an event says of its time, where all clocks are right."""
    return {"occurred_at_ms": now_ms()}


def reaction(prompt: Prompt, times: Times = true_times) -> Iterator[Event]:
    """What the shopper does with a prompt: the same for every copy of it.

    `times` says what the session's clock says. Some adds have lost their receipt on the way.
    """
    dice = random.Random(prompt.prompt_id)
    draw = dice.random()
    about: dict[str, Any] = {"session_id": prompt.session_id, "schema_version": 2}
    receipt: dict[str, Any] = {"receipt": prompt.receipt}
    item = prompt.items[0].item_id
    if draw < SHARE_SHOWN:
        identity = f"{prompt.prompt_id}-shown"
        yield PromptShown(event_id=identity, **times(prompt.session_id), **about, **receipt)
    if draw < SHARE_CLICKED:
        identity = f"{prompt.prompt_id}-clicked"
        said = about | receipt | {"item_id": item}
        yield PromptClicked(event_id=identity, **times(prompt.session_id), **said)
    if draw < SHARE_TAKEN:
        identity = f"{prompt.prompt_id}-added"
        said = about | (receipt if dice.random() < SHARE_KEPT else {}) | {"item_id": item}
        yield ItemAdded(event_id=identity, **times(prompt.session_id), **said)


class Shoppers(Protocol):
    """Who comes, and what of prompts comes back to them."""

    def visit(self) -> Iterator[Event]:
        """The next visit."""

    def times(self, session_id: str) -> dict[str, Any]:
        """What the clock of a session says of what is done with a prompt."""

    def sees(self, prompt: Prompt) -> bool:
        """Whether a prompt that is new is looked at."""

    def taken(self, event: Event) -> None:
        """An event that was done with a prompt."""


class PlainShoppers:
    """Those of a tidy world."""

    times = staticmethod(true_times)

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def visit(self) -> Iterator[Event]:
        """The next visit."""
        return visit(f"visit-{self._dice.getrandbits(48):012x}", self._dice)

    def sees(self, prompt: Prompt) -> bool:
        """Each of them."""
        return True

    def taken(self, event: Event) -> None:
        """They do not look at what is in the basket."""


class LoadGenerator:
    """Shoppers and a storefront in a thread of their own, for the length of a `with` block.

    After the block everyone has gone, everything said is reacted to, and the broker has all of it.
    Raises `GoeswithError` then, if the broker refused something.
    """

    def __init__(
        self,
        settings: Settings,
        events_per_s: float,
        seed: int,
        shoppers: Shoppers | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._settings = settings
        self._patience_ms = round(1000 * patience_s)
        self._events_per_s = events_per_s
        self._dice = random.Random(seed)
        self._shoppers = shoppers or PlainShoppers(random.Random(seed))
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: Exception | None = None
        self._said_s = 0.0
        self.sent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        if error is not None:
            return  # the thread is a daemon, and whoever failed has more to say
        self._thread.join()
        if self._error is not None:
            raise GoeswithError(f"the shoppers had to leave: {self._error!r}") from self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._open())
        except (KafkaError, OSError) as error:
            self._error = error

    async def _open(self) -> None:
        options: dict[str, Any] = {
            "bootstrap_servers": self._settings.kafka_bootstrap,
            "retry_backoff_ms": 200,
        }
        producer = AIOKafkaProducer(
            **options, enable_idempotence=True, linger_ms=2, request_timeout_ms=self._patience_ms
        )
        consumer = AIOKafkaConsumer(
            **options, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        # private_names.py has looked
        for client in (producer.client, consumer._client):  # noqa: SLF001
            limit_metadata_requests(client, 0.2)
        async with producer, consumer:
            storefront = asyncio.create_task(self._react(consumer, producer))
            shoppers = asyncio.create_task(self._come(producer))
            await asyncio.wait({storefront, shoppers}, return_when="FIRST_EXCEPTION")
            for task in (shoppers, storefront):
                task.result()
            await producer.flush()

    async def _come(self, producer: Any) -> None:
        """Shoppers come at a steady rate; one that was held up is not made up for in a rush."""
        visits: list[Iterator[Event]] = []
        due_s = time.monotonic()
        while not self._closed.is_set():
            while len(visits) < VISITS_AT_ONCE:
                visits.append(self._shoppers.visit())
            at = self._dice.randrange(len(visits))
            event = next(visits[at], None)
            if event is None:
                del visits[at]
                continue
            await self._send(producer, event)
            due_s = max(due_s + 1 / self._events_per_s, time.monotonic() - TICK_S)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    async def _react(self, consumer: Any, producer: Any) -> None:
        """Show prompts to shoppers, until all have gone and nothing more is said."""
        topic = self._settings.topics.prompts
        consumer.assign([TopicPartition(topic, n) for n in range(self._settings.partitions)])
        seen = SeenIds()
        self._said_s = time.monotonic()
        while not (self._closed.is_set() and time.monotonic() - self._said_s > QUIET_S):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    published = ANY_PUBLISHED.validate_json(record.value)
                    if isinstance(published, Prompt) and not seen.before(published.prompt_id):
                        self._said_s = time.monotonic()
                        if not self._shoppers.sees(published):
                            continue
                        for event in reaction(published, self._shoppers.times):
                            self._shoppers.taken(event)
                            await self._send(producer, event)

    async def _send(self, producer: Any, event: Event) -> None:
        key = event.session_id.encode()
        await producer.send(self._settings.topics.events, encode(event), key=key)
        self.sent += 1
