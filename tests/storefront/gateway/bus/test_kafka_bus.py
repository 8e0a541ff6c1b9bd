"""The bus on a real Kafka, which may be killed while it is in use."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
from kafka import KafkaProducer

from streams.clients.log_reader import RawRecord, open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import KafkaUnreachable, TopicsWrong
from streams.contract.settings import Settings
from streams.contract.wire.partitioner import partition_of
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.operations.topics import create_topics
from streams.storefront.gateway.bus.bus import EventRecord
from streams.storefront.gateway.bus.kafka_bus import DELIVERY_S_MAX, KafkaBus

PATIENCE_S = 60.0


def records(name: str, count: int) -> list[EventRecord]:
    """Events of as many sessions."""
    return [EventRecord(f"{name}-{n}".encode(), f"{name} {n}".encode()) for n in range(count)]


def in_log(settings: Settings) -> list[RawRecord]:
    """All records of the events topic."""
    with open_reader(settings, settings.topics.events) as reader:
        return list(reader.between(reader.begins(), reader.ends()))


async def until(found: Callable[[], object]) -> None:
    """Wait for what must come."""
    async with asyncio.timeout(PATIENCE_S):
        while not found():
            await asyncio.sleep(0.05)


@pytest.fixture
async def bus(kafka: str, topic_prefix: str) -> AsyncIterator[KafkaBus]:
    """A bus with topics of its own."""
    settings = Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, partitions=3)
    await asyncio.to_thread(create_topics, settings)
    started = KafkaBus(settings)
    await started.start()
    yield started
    await started.stop()


async def test_events_lie_where_other_senders_put_them(bus: KafkaBus) -> None:
    """A session's in order, on the partition that the Java client would choose."""
    sent = [EventRecord(f"session-{n % 7}".encode(), b"%d" % n) for n in range(100)]
    await bus.send(sent)
    found = await asyncio.to_thread(in_log, bus.settings)

    assert Counter((one.key, one.value) for one in sent) == Counter(
        (record.key, record.value) for record in found
    )
    for key in {record.key for record in sent}:
        assert [(key, value) for k, value, _ in sent if k == key] == [
            (record.key, record.value) for record in found if record.key == key
        ]
        assert {partition_of(key, 3)} == {r.at.number for r in found if r.key == key}


async def test_events_say_of_which_trace_they_are(bus: KafkaBus) -> None:
    """By the headers of their records, where the request is traced."""
    headers = (("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),)
    await bus.send([EventRecord(b"ann", b"1", headers), EventRecord(b"ann", b"2")])
    found = await asyncio.to_thread(in_log, bus.settings)

    assert [headers, ()] == [tuple(record.headers) for record in found]


async def test_every_partition_of_prompts_is_followed_from_the_end(
    kafka: str, topic_prefix: str
) -> None:
    """What was there before is not handed over; what comes is, once."""
    settings = Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, partitions=3)
    await asyncio.to_thread(create_topics, settings)
    producer = KafkaProducer(bootstrap_servers=kafka)

    def publish(said: bytes) -> None:
        for number in range(3):
            sent = producer.send(settings.topics.prompts, said, b"s", partition=number)
            sent.get(PATIENCE_S)

    came: list[tuple[bytes | None, bytes | None]] = []
    bus = KafkaBus(settings)
    bus.follow(lambda key, value: came.append((key, value)))
    assert await bus.trouble()
    await asyncio.to_thread(publish, b"before")
    await bus.start()
    await bus.start()
    await asyncio.to_thread(publish, b"after")
    await until(lambda: len(came) >= 3)

    assert [(b"s", b"after")] * 3 == came
    assert not await bus.trouble()
    await bus.stop()
    assert await bus.trouble()
    producer.close()


async def test_a_gateway_without_topics_says_which(kafka: str, topic_prefix: str) -> None:
    """And how they are made."""
    bus = KafkaBus(Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix))
    with pytest.raises(TopicsWrong, match=f"{topic_prefix}.events.*goeswith topics create"):
        await bus.start()


async def test_a_topic_that_is_deleted_is_noticed_though_nobody_sends(bus: KafkaBus) -> None:
    """So a balancer sends nobody there, and its operator reads what is to be done."""
    events = bus.settings.topics.events
    assert not await bus.trouble()
    with open_admin(bus.settings) as admin:
        await asyncio.to_thread(admin.delete_topics, [events])
    async with asyncio.timeout(PATIENCE_S):
        while not (trouble := await bus.trouble()):
            await asyncio.sleep(0.1)

    assert f"{events} is missing: `goeswith topics create` makes it" == trouble


async def test_a_producer_that_is_of_no_use_is_replaced(bus: KafkaBus) -> None:
    """An idempotent one is not, after an error: whoever asks next finds another one."""
    first = bus._producer
    await first.stop()
    with pytest.raises(KafkaUnreachable):
        await bus.send(records("refused", 1))
    await bus.send(records("taken", 3))

    assert first is not bus._producer
    assert not await bus.trouble()
    found = await asyncio.to_thread(in_log, bus.settings)
    assert Counter((r.key, r.value) for r in records("taken", 3)) == Counter(
        (r.key, r.value) for r in found
    )


async def test_while_kafka_is_away_nothing_is_accepted_and_lost(
    own_kafka: RealKafka, topic_prefix: str
) -> None:
    """Who is accepted is in the log; who is refused is told in time, and at once from then on."""
    settings = Settings(
        kafka_bootstrap=own_kafka.bootstrap, topic_prefix=topic_prefix, partitions=2
    )
    await asyncio.to_thread(create_topics, settings)
    came: list[bytes | None] = []
    bus = KafkaBus(settings)
    bus.follow(lambda _, value: came.append(value))
    await bus.start()
    accepted = records("before", 10)
    await bus.send(accepted)

    await asyncio.to_thread(own_kafka.kill)
    began = time.monotonic()
    with pytest.raises(KafkaUnreachable):
        await bus.send(records("away", 10))
    assert time.monotonic() - began < DELIVERY_S_MAX + 5
    assert await bus.trouble()
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(KafkaUnreachable):
            await bus.send(records("at-once", 1))
    assert time.monotonic() - began < 1

    await asyncio.to_thread(own_kafka.start)
    await _taken_again(bus, records("after", 10))
    accepted += records("after", 10)
    found = [(r.key, r.value) for r in await asyncio.to_thread(in_log, settings)]

    assert set() == {(r.key, r.value) for r in accepted} - set(found)
    assert not [value for _, value in found if (value or b"").startswith(b"at-once")]
    assert {1} == set(Counter(found).values())  # by this producer none is sent twice
    await asyncio.to_thread(_publish, settings)
    await until(lambda: came)
    assert [b"prompt"] == came
    await bus.stop()


async def _taken_again(bus: KafkaBus, wanted: list[EventRecord]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await bus.send(wanted)
            except KafkaUnreachable:
                await asyncio.sleep(0.1)
            else:
                break
        while await bus.trouble():
            await asyncio.sleep(0.1)


def _publish(settings: Settings) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap)
    producer.send(settings.topics.prompts, b"prompt", b"s").get(PATIENCE_S)
    producer.close()
