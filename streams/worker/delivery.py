"""At-least-once delivery: no offset is committed before the broker has all that it caused.

A round's prompts, outcomes and dead letters go out as one record batch a topic and partition, to
the partition of the number that the events came from (same key, same count: no partitioner). Rounds
are delivered in a pipeline and acknowledged in order. What the broker does not take, in two
minutes of trying, fails the worker: nothing of it is acknowledged, and a successor answers again,
under the same ids.

A dead letter may be larger than the topic allows (its record came compressed, or the topic is not
ours): it is cut to fit, rather than stopping the worker for ever; the header `goeswith.value.bytes`
says how long the value was. aiokafka's own `max_request_size` does not apply to batches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from mode import Service

from streams.clients.async_kafka import (
    administration,
    client_options,
    configured,
    limit_metadata_requests,
)
from streams.contract.dead_letters import NAMES, VALUE_BYTES, Header
from streams.contract.errors import DeliveryFailed
from streams.contract.settings import Settings

DELIVERY_S_MAX = 120.0
"""So long a batch is tried: a broker that restarts is survived, one that is gone is not."""
STOP_S_MAX = 10.0
BATCH_BYTES_MAX = 500_000
"""A batch is closed before it gets larger, unless a single record is."""
RECORD_BYTES = "max.message.bytes"
RECORD_BYTES_ASSUMED = 1_000_000
"""What a topic takes when the broker does not tell: just below Kafka's default."""
OVERHEAD_BYTES = 512
"""Of a batch with one record, generously."""
OURS = len(NAMES) + 1
HEADER_BYTES_KEPT = 4096


class OutgoingRecord(NamedTuple):
    """A record to publish."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


class Publisher(Protocol):
    """What the agent needs of a delivery."""

    async def publish(self, records: Iterable[OutgoingRecord], then: Callable[[], object]) -> None:
        """Hand the records of a round over; `then` is called when the broker has all of them."""


class BatchBuilder(Protocol):
    """A record batch under construction: aiokafka's `BatchBuilder`."""

    def append(self, **record: Any) -> object | None:
        """Append a record; None if the batch is full."""


B = TypeVar("B", bound=BatchBuilder)


class Delivery(Service):
    """The worker's producer, and the rounds in flight."""

    def __init__(
        self, settings: Settings, *, open_producer: "OpenProducer | None" = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self._open_producer = open_producer or open_idempotent_producer
        self._producer: Any = None
        self._record_bytes_max: Mapping[str, int] = {}
        self._in_flight: asyncio.Queue[tuple[list[Any], Callable[[], object]]] = asyncio.Queue(
            settings.rounds_in_flight_max
        )

    async def on_start(self) -> None:
        """Start the producer."""
        self._producer, self._record_bytes_max = await self._open_producer(self.settings)

    async def on_stop(self) -> None:
        """Close the producer; by now the consumer has waited for everything under way."""
        if self._producer is not None:
            try:
                await asyncio.wait_for(self._producer.stop(), STOP_S_MAX)
            except TimeoutError:
                self.log.warning("stopped with batches that the broker did not take")

    async def publish(self, records: Iterable[OutgoingRecord], then: Callable[[], object]) -> None:
        """Hand the records of a round over; `then` is called when the broker has all of them.

        Waits while too many rounds are in flight. Raises `DeliveryFailed`.
        """
        fitting = (fitted(record, self._record_bytes_max[record.topic]) for record in records)
        delivered = []
        for (topic, partition), batch in packed(fitting, self._producer.create_batch):
            try:
                sent = await self._producer.send_batch(batch, topic, partition=partition)
            except KafkaError as error:
                raise _failed(error) from error
            delivered.append(sent)
        await self._in_flight.put((delivered, then))

    @Service.task
    async def _acknowledge(self) -> None:
        while not self.should_stop:
            delivered, then = await self._in_flight.get()
            try:
                for sent in delivered:
                    await sent
            except KafkaError as error:
                await self.crash(_failed(error))
                return
            then()


OpenProducer = Callable[[Settings], Awaitable[tuple[Any, Mapping[str, int]]]]


async def open_idempotent_producer(settings: Settings) -> tuple[Any, Mapping[str, int]]:
    """A started producer, and how large a record each topic that we publish to takes."""
    topics = settings.topics
    limits = await record_bytes_max(
        settings, (topics.prompts, topics.outcomes, topics.dead_letters)
    )
    producer = AIOKafkaProducer(
        **client_options(settings),
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=min(BATCH_BYTES_MAX, *limits.values()),
        request_timeout_ms=int(DELIVERY_S_MAX * 1000),
    )
    limit_metadata_requests(producer.client)
    await producer.start()
    return producer, limits


def _failed(error: KafkaError) -> DeliveryFailed:
    return DeliveryFailed(
        f"the broker did not take a batch: {error!r}. Nothing of its round is acknowledged; the "
        "worker stops, and the next one answers again under the same ids"
    )


def packed(
    records: Iterable[OutgoingRecord], create_batch: Callable[[], B]
) -> list[tuple[tuple[str, int], B]]:
    """The records as batches by topic and partition, in order; a full batch is followed by another.

    Relies on an empty batch taking any record, as aiokafka's do.
    """
    batches: list[tuple[tuple[str, int], B]] = []
    is_open: dict[tuple[str, int], B] = {}
    for topic, partition, key, value, headers in records:
        target, own = (topic, partition), [*headers]
        batch = is_open.get(target)
        if batch is None or batch.append(timestamp=None, key=key, value=value, headers=own) is None:
            batch = is_open[target] = create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=own)
            batches.append((target, batch))
    return batches


def fitted(record: OutgoingRecord, bytes_max: int) -> OutgoingRecord:
    """The record, its value cut where the topic takes no more.

    >>> crumbs = fitted(OutgoingRecord("dead-letters", 0, b"k", b"bread" * 1000), bytes_max=1600)
    >>> crumbs.headers, crumbs.value[:8]
    ((('goeswith.value.bytes', b'5000'),), b'breadbre')
    """
    if _bytes(record) <= bytes_max:
        return record
    length = str(len(record.value or b"")).encode()
    small = record._replace(value=None, headers=(*record.headers, (VALUE_BYTES, length)))
    if _bytes(small) > bytes_max:  # key or headers are what is too large: only what we said stays
        small = small._replace(key=None, headers=_ours(small.headers))
    room = max(0, bytes_max - _bytes(small))
    return small._replace(value=(record.value or b"")[:room])


def _bytes(record: OutgoingRecord) -> int:
    _, _, key, value, headers = record
    bytes_ = OVERHEAD_BYTES + len(key or b"") + len(value or b"")
    for name, said in headers:
        bytes_ += len(name.encode()) + len(said or b"") + 10
    return bytes_


def _ours(headers: Sequence[Header]) -> tuple[Header, ...]:
    return tuple((name, value and value[:HEADER_BYTES_KEPT]) for name, value in headers[-OURS:])


async def record_bytes_max(settings: Settings, topics: Sequence[str]) -> Mapping[str, int]:
    """How large a record each topic takes, as its broker says, or else as Kafka's default is."""
    wanted = [
        ConfigResource(ConfigResourceType.TOPIC, topic, dict.fromkeys([RECORD_BYTES]))
        for topic in topics
    ]
    async with administration(settings) as admin:
        told = await configured(admin, wanted)
    return {
        topic: int(told.get(topic, {}).get(RECORD_BYTES, RECORD_BYTES_ASSUMED)) for topic in topics
    }
