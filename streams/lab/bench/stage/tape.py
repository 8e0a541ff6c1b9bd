"""The workload as a tape: topics made, events recorded on it at once or at a pace, and played back.

The benchmark's own Kafka client is aiokafka with whole record batches: feeding costs less than
what is fed, and every contender reads the same batches.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from streams.contract.errors import KafkaUnreachable
from streams.contract.events import Event, encode

BATCH_RECORDS = 1_000
BATCH_BYTES = 1 << 20
TICK_S = 0.004
"""How often the paced feeder sends what is due: the company an event waits for."""


class Taped(NamedTuple):
    """An event ready to be written."""

    partition: int
    key: bytes
    value: bytes


@lru_cache(maxsize=100_000)
def partition_of(session_id: str, partitions: int) -> int:
    """The partition that Kafka's default partitioner (murmur2) gives a session."""
    return int((murmur2(session_id.encode()) & 0x7FFFFFFF) % partitions)


def taping(events: Iterable[Event], partitions: int) -> Iterator[Taped]:
    """Events as records of the events topic, one by one."""
    for event in events:
        key = event.session_id
        yield Taped(partition_of(key, partitions), key.encode(), encode(event))


def taped(events: Iterable[Event], partitions: int) -> list[Taped]:
    """Events as records of the events topic."""
    return list(taping(events, partitions))


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, closed afterwards; raises `KafkaUnreachable`."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await client.start()
    except KafkaConnectionError as error:
        raise KafkaUnreachable(f"no Kafka broker answers at {bootstrap}: {error}") from error
    try:
        yield client
    finally:
        await client.close()


async def make_topics(bootstrap: str, partitions: int, topics: dict[str, dict[str, str]]) -> None:
    """Create topics (name -> configuration), replication factor 1; those that exist stay."""
    new = [NewTopic(name, partitions, 1, topic_configs=config) for name, config in topics.items()]
    async with admin(bootstrap) as client:
        answer = await client.create_topics(new)
    for name, code, *message in answer.topic_errors:
        if code and code != TopicAlreadyExistsError.errno:
            raise for_code(code)(f"topic {name} could not be created: {message}")


async def drop_topics(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins with the prefix."""
    async with admin(bootstrap) as client:
        names = [name for name in await client.list_topics() if name.startswith(prefix)]
        if names:
            await client.delete_topics(names)


@asynccontextmanager
async def _writer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    writer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=BATCH_BYTES)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


async def record(bootstrap: str, topic: str, events: Sequence[Taped]) -> None:
    """Write all events at once, in big batches; returns when the broker has them."""
    by_partition: dict[int, list[Taped]] = {}
    for event in events:
        by_partition.setdefault(event.partition, []).append(event)
    async with _writer(bootstrap) as writer:
        for mine in by_partition.values():
            for start in range(0, len(mine), BATCH_RECORDS):
                await asyncio.gather(
                    *await _send(writer, topic, mine[start : start + BATCH_RECORDS])
                )


async def pace(bootstrap: str, topic: str, events: Iterable[Taped], events_per_s: float) -> None:
    """Write events at a steady rate, those due every few milliseconds together."""
    source, done, due = iter(events), 0, 0
    sent: deque[asyncio.Future[object]] = deque()
    async with _writer(bootstrap) as writer:
        start_s = time.monotonic()
        while done == due:  # less than is due: there are no more
            due = int((time.monotonic() - start_s) * events_per_s)
            by_partition: dict[int, list[Taped]] = {}
            for event in islice(source, due - done):
                by_partition.setdefault(event.partition, []).append(event)
            for mine in by_partition.values():
                sent += await _send(writer, topic, mine)
                done += len(mine)
            while sent and sent[0].done():
                sent.popleft().result()
            await asyncio.sleep(TICK_S)
        await asyncio.gather(*sent)


async def _send(
    writer: AIOKafkaProducer, topic: str, events: Sequence[Taped]
) -> list[asyncio.Future[object]]:
    """Hand events of one partition to the writer; the futures say when the broker has them."""
    sent = []
    batch = writer.create_batch()
    for event in events:
        while batch.append(key=event.key, value=event.value, timestamp=None) is None:
            sent.append(await writer.send_batch(batch, topic, partition=event.partition))
            batch = writer.create_batch()
    sent.append(await writer.send_batch(batch, topic, partition=events[0].partition))
    return sent


async def play(
    bootstrap: str, topic: str, partitions: int, *, only_committed: bool = False
) -> list[ConsumerRecord]:
    """Every record that a topic holds by now, by partition and offset.

    Also what was aborted, unless only what was committed is wanted.
    """
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if only_committed else "read_uncommitted",
    )
    await reader.start()
    try:
        tapes = [TopicPartition(topic, partition) for partition in range(partitions)]
        reader.assign(tapes)
        await reader.seek_to_beginning(*tapes)
        ends = await reader.end_offsets(tapes)
        records: list[ConsumerRecord] = []
        while any([await reader.position(tape) < ends[tape] for tape in tapes]):
            for batch in (await reader.getmany(timeout_ms=500)).values():
                records += batch
    finally:
        await reader.stop()
    return sorted(records, key=lambda record: (record.partition, record.offset))
