"""The reference topics, for commands: all that they hold, the latest of a key, and new records."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from streams.cli.progress import progressed_between
from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin, open_producer, partition_count
from streams.contract.errors import InvalidReference
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import decode_reference, encode_reference, key_of
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.shop.decision.controls.registry import check

IN_FLIGHT_MAX = 5_000
Record = TypeVar("Record", CatalogItem, ControlRecord)


class Kept(NamedTuple, Generic[Record]):
    """A record of a topic, as it was read."""

    key: str
    record: Record | None
    """None: a tombstone, or what is refused."""
    timestamp_ms: int
    refused: str = ""
    """Why workers refuse it; empty: they take it."""


def kept(
    settings: Settings, topic: str, kind: type[Record], *, quiet: bool
) -> Iterator[Kept[Record]]:
    """All that the topic holds, oldest first. Raises `TopicsWrong` where there is none."""
    with open_reader(settings, topic) as reader:
        begins, ends = reader.begins(), reader.ends()
        records = progressed_between(reader.between, begins, ends, f"reading {topic}", quiet=quiet)
        for raw in records:
            key = (raw.key or b"").decode("utf-8", "replace")
            try:
                key, record = decode_reference(kind, raw.key, raw.value)
                if isinstance(record, ControlRecord):
                    check(record)  # as workers do, whatever another producer wrote
            except InvalidReference as error:
                yield Kept(key, None, raw.timestamp_ms, f"{error.reason}: {error}")
            else:
                yield Kept(key, record, raw.timestamp_ms)


def latest(
    settings: Settings,
    topic: str,
    kind: type[Record],
    *,
    quiet: bool,
    advance: Callable[[int], object] = lambda _: None,
) -> dict[str, Record]:
    """What stands of each key, as workers have it; `advance` is told of each record."""
    found: dict[str, Record] = {}
    for one in kept(settings, topic, kind, quiet=quiet):
        advance(1)
        if one.refused:
            continue
        if one.record is None:
            found.pop(one.key, None)
        else:
            found[one.key] = one.record
    return found


def send(settings: Settings, topic: str, records: Iterable[CatalogItem | ControlRecord]) -> int:
    """Write records, and return how many when Kafka has all; raises a `GoeswithError` otherwise.

    A topic that is not there is not made by that: a broker would make one that is not compacted.
    """
    with open_admin(settings) as admin:
        partition_count(admin, topic, settings)
    wait_s, sent, in_flight = settings.kafka_timeout_s + 2, 0, deque[object]()
    with open_producer(settings) as producer:
        for record in records:
            key, value = key_of(record).encode(), encode_reference(record)
            in_flight.append(producer.send(topic, key=key, value=value))
            sent += 1
            if len(in_flight) >= IN_FLIGHT_MAX:
                in_flight.popleft().get(timeout=wait_s)  # type: ignore[attr-defined]
        for future in in_flight:
            future.get(timeout=wait_s)  # type: ignore[attr-defined]
    return sent
