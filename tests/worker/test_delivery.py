"""Verified publishing: batches, sizes, and acknowledgement in order."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError

from streams.contract.dead_letters import dead_letter_headers
from streams.contract.errors import DeliveryFailed, InvalidEvent
from streams.contract.settings import Settings
from streams.worker.delivery import Delivery, OutgoingRecord, fitted, packed


class Basket(list[bytes]):
    """A batch that takes so many records; the first one always."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def append(self, **record: Any) -> object | None:  # type: ignore[override]
        """Append the record's value, if there is room."""
        if len(self) >= max(1, self.room):
            return None
        super().append(record["value"])
        return record


class Broker:
    """A producer whose broker takes each batch when told to."""

    def __init__(self) -> None:
        self.batches: list[asyncio.Future[None]] = []

    def create_batch(self) -> Basket:
        """An empty batch."""
        return Basket(room=10)

    async def send_batch(self, batch: Basket, topic: str, *, partition: int) -> Any:
        """Queue a batch."""
        self.batches.append(asyncio.get_running_loop().create_future())
        return self.batches[-1]

    async def stop(self) -> None:
        """Nothing to close."""

    async def open(self, settings: Settings) -> tuple[Any, Mapping[str, int]]:
        """Itself, and topics that take a kilobyte."""
        return self, dict.fromkeys(settings.topics.declared(), 1000)


def bread(
    partition: int = 0, value: bytes = b"bread", topic: str = "goeswith.prompts"
) -> OutgoingRecord:
    """A record to publish."""
    return OutgoingRecord(topic, partition, b"s1", value)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, at most five seconds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def turns(number: int) -> None:
    """Let everything that is ready run, so many times over."""
    for _ in range(number):
        await asyncio.sleep(0)


def test_a_round_is_one_batch_a_topic_and_partition() -> None:
    """Records keep their order within each."""
    records = [bread(0, b"1"), bread(1, b"2"), bread(0, b"3"), bread(0, b"4", topic="other")]

    assert packed(records, lambda: Basket(10)) == [
        (("goeswith.prompts", 0), [b"1", b"3"]),
        (("goeswith.prompts", 1), [b"2"]),
        (("other", 0), [b"4"]),
    ]


def test_a_full_batch_is_followed_by_another() -> None:
    """Nothing is dropped, nothing overtakes."""
    records = [bread(0, str(n).encode()) for n in range(5)]

    batches = [batch for _, batch in packed(records, lambda: Basket(2))]

    assert batches == [[b"0", b"1"], [b"2", b"3"], [b"4"]]


def test_what_fits_is_published_as_it_is() -> None:
    """Nothing is copied or cut without need."""
    assert fitted(bread(), bytes_max=1000) is not None
    assert fitted(bread(), bytes_max=1000) == bread()


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (b"k", b"v" * 5_000_000, []),
        (b"k" * 5_000_000, b"v", []),
        (b"k", None, [("blob", b"h" * 5_000_000)]),
        (b"k" * 900, b"v" * 500_000, [("none", None)] * 10_000),
    ],
)
def test_a_dead_letter_always_fits(key: bytes, value: bytes | None, headers: Any) -> None:
    """Whatever was too large about the record, what was wrong with it can be said."""
    oversize = InvalidEvent("oversize", "5000000 bytes are more than event_bytes_max=65536")
    headers = dead_letter_headers(
        topic="goeswith.events",
        partition=3,
        offset=41,
        timestamp_ms=0,
        error=oversize,
        original=headers,
    )

    small = fitted(
        OutgoingRecord("goeswith.dead-letters", 3, key, value, headers), bytes_max=100_000
    )

    size = len(small.key or b"") + len(small.value or b"")
    size += sum(len(name) + len(text or b"") for name, text in small.headers)
    assert size < 100_000
    said = dict(small.headers)
    assert said["goeswith.errors.reason"] == b"oversize"
    assert said["goeswith.value.bytes"] == str(len(value or b"")).encode()


async def test_rounds_are_acknowledged_in_order_and_only_when_delivered() -> None:
    """The second round's batch arrives first, and has to wait for the first."""
    broker, done = Broker(), list[str]()
    delivery = Delivery(Settings(), open_producer=broker.open)
    async with delivery:
        await delivery.publish([bread()], lambda: done.append("first"))
        await delivery.publish([bread()], lambda: done.append("second"))
        await delivery.publish([], lambda: done.append("third"))
        broker.batches[1].set_result(None)
        await turns(20)
        before = list(done)
        broker.batches[0].set_result(None)
        await until(lambda: len(done) == 3)

    assert (before, done) == ([], ["first", "second", "third"])


async def test_a_round_is_acknowledged_when_all_of_its_batches_are_delivered() -> None:
    """One batch of two is not enough."""
    broker, done = Broker(), list[str]()
    delivery = Delivery(Settings(), open_producer=broker.open)
    async with delivery:
        await delivery.publish([bread(0), bread(1)], lambda: done.append("both"))
        broker.batches[0].set_result(None)
        await turns(20)
        before = list(done)
        broker.batches[1].set_result(None)
        await until(lambda: bool(done))

    assert (before, done) == ([], ["both"])


async def test_what_the_broker_does_not_take_fails_the_worker() -> None:
    """With a reason, and nothing after it is acknowledged."""
    broker, done = Broker(), list[str]()
    delivery = Delivery(Settings(), open_producer=broker.open)
    async with delivery:
        await delivery.publish([bread()], lambda: done.append("lost"))
        await delivery.publish([bread()], lambda: done.append("next"))
        broker.batches[1].set_result(None)
        broker.batches[0].set_exception(KafkaTimeoutError())
        await until(lambda: delivery.crashed)
        reason = delivery.crash_reason

    assert isinstance(reason, DeliveryFailed)
    assert done == []


async def test_publishing_waits_while_too_many_rounds_are_in_flight() -> None:
    """Back-pressure reaches the agent, and from there the consumer."""
    broker = Broker()
    delivery = Delivery(Settings(rounds_in_flight_max=1), open_producer=broker.open)
    async with delivery:
        for _ in range(2):  # one is being waited for, one is queued
            await delivery.publish([bread()], lambda: None)
        third = asyncio.ensure_future(delivery.publish([bread()], lambda: None))
        await turns(20)
        blocked = not third.done()
        for batch in broker.batches:
            batch.set_result(None)
        await third

    assert blocked
