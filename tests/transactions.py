"""Somebody else's producer: librdkafka's, which compresses, and sends in transactions."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Producer

from streams.contract.events import Event, encode
from streams.contract.settings import Settings

ANSWER_S_MAX = 60.0


def foreign(settings: Settings, **more: Any) -> Producer:
    """A producer of librdkafka's, with settings of its own."""
    common = {"bootstrap.servers": settings.kafka_bootstrap, "log_level": 0}
    return Producer({**common, **more})


def send(settings: Settings, events: Iterable[Event], **more: Any) -> None:
    """Send events, as a producer with these settings does; they are there when this returns."""
    producer = foreign(settings, **more)
    produce(settings, producer, events)


def produce(settings: Settings, producer: Producer, events: Iterable[Event]) -> None:
    """Send events to partition 0, in order; they are there when this returns."""
    for event in events:
        topic, key = settings.topics.events, event.session_id.encode()
        producer.produce(topic, encode(event), key, partition=0)
    assert not producer.flush(ANSWER_S_MAX)


@contextmanager
def transaction(
    settings: Settings, events: Iterable[Event], *, commit: bool, **more: Any
) -> Iterator[None]:
    """A transaction that has sent these events, and is open for the length of the block."""
    name = f"till-{settings.topic_prefix}"
    producer = foreign(settings, **{"transactional.id": name}, **more)
    producer.init_transactions(ANSWER_S_MAX)
    producer.begin_transaction()
    produce(settings, producer, events)
    yield
    (producer.commit_transaction if commit else producer.abort_transaction)(ANSWER_S_MAX)


def transact(settings: Settings, events: Iterable[Event], *, commit: bool, **more: Any) -> None:
    """A transaction from beginning to end."""
    with transaction(settings, events, commit=commit, **more):
        pass
