"""A shop that is open while its workers come and go.

They run in processes of their own, shoppers keep coming, and in the end the books must balance.
"""

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from streams.clients.connection.addresses import free_port
from streams.clients.log_reader import Partition, RawRecord, committed_offsets, open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.events import Event, ItemViewed, decode, encode
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.settings import Settings
from streams.operations.topics import create_topics
from streams.shop.shop import Shop
from tests.scenarios.storefront import Worker
from tests.stories import OPEN

PATIENCE_S = 90.0
"""How long we wait for what must come; only a failure takes so long."""
ITEMS = 40
SESSIONS = 60


class Staff:
    """The workers of one shop, by name; each restarts under the name that it had."""

    def __init__(self, kafka: str, prefix: str, folder: Path, **more: Any) -> None:
        self.common: dict[str, Any] = {
            **OPEN,
            "kafka_bootstrap": kafka,
            "topic_prefix": prefix,
            "group_id": prefix,
            "session_timeout_s": 6.0,
            "clock_skew_s_max": 1e10,
            "prompt_ttl_s": 3_600.0,
            **more,
        }
        self.settings = Settings(**self.common)
        self.folder = folder
        self.workers: dict[str, Worker] = {}
        self.ports: dict[str, int] = {}

    def start(self, name: str, **other: Any) -> None:
        """Start a worker, or start it again; `other` settings are its own."""
        port = self.ports.setdefault(name, free_port())
        settings = {**self.common, **other, "worker_name": name, "web_port": port}
        self.workers[name] = Worker(settings, self.folder / f"{name}.log")

    def state(self, name: str, query: str = "") -> dict[str, Any]:
        """What a worker's page says; nothing while it has none."""
        url = f"http://127.0.0.1:{self.ports[name]}/state{query}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
                state: dict[str, Any] = json.load(page)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {}
        return state

    def ready(self, name: str) -> bool | None:
        """Whether a worker says that it is ready; None while it says nothing."""
        url = f"http://127.0.0.1:{self.ports[name]}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
                return bool(json.load(page)["ready"])
        except urllib.error.HTTPError as refused:
            refused.close()
            return False
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def health(self, name: str) -> dict[str, Any]:
        """What a worker's page for readiness says; nothing while it has none."""
        url = f"http://127.0.0.1:{self.ports[name]}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
                return dict(json.load(page))
        except urllib.error.HTTPError as refused:
            return dict(json.load(refused))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {}

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition; fails after a long while, with what the workers said."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            said = {name: worker.said() for name, worker in self.workers.items()}
            assert time.monotonic() < deadline, f"not in {PATIENCE_S:g} s: {what}; workers: {said}"
            time.sleep(0.1)

    def until_at_work(self, *names: str) -> None:
        """Wait until each of these workers has partitions to answer for."""
        self.until(lambda: all(self.state(name).get("assigned") for name in names), "at work")

    def until_answered(self) -> None:
        """Wait until everything in the log is answered and folded by everyone."""
        with open_reader(self.settings, self.settings.topics.events) as reader:
            ends = {at: end for at, end in reader.ends().items() if end}
        self.until(lambda: self._committed(ends) == ends, "everything answered")
        folded = {at.number: end for at, end in ends.items()}
        for name in self.workers:
            self.until(partial(self._has_folded, name, folded), f"folded by {name}")

    def read(self, topic: str) -> list[RawRecord]:
        """All records of a topic."""
        with open_reader(self.settings, topic) as reader:
            return list(reader.between(reader.begins(), reader.ends()))

    def prompts(self) -> list[Prompt]:
        """All prompts that were published, repeats and all; not what was withdrawn of them."""
        records = self.read(self.settings.topics.prompts)
        published = [ANY_PUBLISHED.validate_json(record.value or b"") for record in records]
        return [prompt for prompt in published if isinstance(prompt, Prompt)]

    def recomputed(self) -> str:
        """The digest of a shop that folds the log from its beginning, partition by partition."""
        shop = Shop(self.settings)
        with open_reader(self.settings, self.settings.topics.events) as reader:
            for at, begin in reader.begins().items():
                shop.start(at.number, begin)
        for record in self.read(self.settings.topics.events):
            event = decode(
                record.key,
                record.value,
                timestamp_ms=record.timestamp_ms,
                settings=self.settings,
            )
            assert "folded" == shop.learn(record.at.number, record.offset, event)
        return shop.digest()

    def digests(self) -> set[str]:
        """What the workers have folded, each as a digest."""
        return {self.state(name, "?digest")["digest"] for name in self.workers}

    def go_home(self) -> None:
        """End whoever is still there."""
        for worker in self.workers.values():
            worker.kill()

    def _committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, int | None]:
        with open_admin(self.settings) as admin:
            return committed_offsets(self.settings, admin, partitions)

    def _has_folded(self, name: str, position: Mapping[int, int]) -> bool:
        said = self.state(name).get("position", {})
        return {int(number): offset for number, offset in said.items() if offset} == position


@contextmanager
def staffed(kafka: str, prefix: str, folder: Path, **more: Any) -> Iterator[Staff]:
    """The staff of a shop with its topics, of two partitions; in the end all go home."""
    staff = Staff(kafka, prefix, folder, partitions=2, **more)
    create_topics(staff.settings)
    try:
        yield staff
    finally:
        staff.go_home()


def views(number: int) -> Iterator[ItemViewed]:
    """So many views of many items by many shoppers, now."""
    run = uuid.uuid4().hex[:6]
    for at in range(number):
        yield ItemViewed(
            event_id=f"{run}-{at}",
            session_id=f"{run}-{at % SESSIONS}",
            occurred_at_ms=int(time.time() * 1000),
            item_id=f"item-{at * 7 % ITEMS}",
        )


def send(settings: Settings, events: Iterable[Event], per_s: float = 1e6) -> None:
    """Send events at this rate; returns when the broker has them, however long it was away."""
    asyncio.run(_send(settings, events, per_s))


async def _send(settings: Settings, events: Iterable[Event], per_s: float) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        enable_idempotence=True,
        request_timeout_ms=int(PATIENCE_S * 1000),
    )
    async with producer:
        for event in events:
            key = event.session_id.encode()
            await producer.send(settings.topics.events, encode(event), key=key)
            await asyncio.sleep(1 / per_s)
        await producer.flush()


@contextmanager
def shoppers(settings: Settings, per_s: float) -> Iterator[list[Event]]:
    """Shoppers who look at items all the while; all that they did, complete after the block."""
    seen: list[Event] = []
    closed = threading.Event()

    def keep_coming() -> Iterator[Event]:
        for event in views(1_000_000):
            if closed.is_set():
                return
            seen.append(event)
            yield event

    crowd = threading.Thread(target=send, args=(settings, keep_coming(), per_s))
    crowd.start()
    try:
        yield seen
    finally:
        closed.set()
        crowd.join()
