"""A raw topic, read by a consumer group: its records become events of ours, or dead letters.

What Kafka has not acknowledged is not committed, so no record is passed over. After a crash, or
when a partition moves, some are read again: they become the same events under the same ids, which
change nothing a second time. Records of a session that share a partition stay in order: events go
to the partition of their session, by Kafka's own partitioner (murmur2).

Only what is committed is read. A sender's clock is set right here, by the time that the raw topic
gave the record: however late it is read, that says how wrong the clock is.
"""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, NamedTuple

from kafka.errors import CommitFailedError, RebalanceInProgressError

from streams.clients.sync_kafka import (
    open_admin,
    open_consumer,
    open_producer,
    partition_count,
    partition_counts,
    translating_errors,
)
from streams.contract.dead_letters import VALUE_BYTES, Header, dead_letter_headers
from streams.contract.errors import InvalidEvent, Misconfigured, TopicsWrong
from streams.contract.events import encode
from streams.contract.receipts import YEAR_2015_MS
from streams.contract.settings import Settings
from streams.contract.topics import RECORD_BYTES_MAX
from streams.storefront.intake.adapter import Adapter, set_right
from streams.storefront.intake.counts import Counts
from streams.storefront.intake.drafts import Intake, Rejection

POLL_MS = 500
ROUND_RECORDS_MAX = 500
LETTER_BYTES_MAX = RECORD_BYTES_MAX - 65_536
"""A dead letter's value is cut to this: its headers need room, too."""
TOLD_MAX = 5
"""So many rejections are in the message of a dead letter."""
FIELDS = frozenset({"price"})
"""Rejections of a field alone: the item is there without it, and the record no dead letter."""


class Outgoing(NamedTuple):
    """What is to be sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: tuple[Header, ...] = ()


class RawTopic:
    """Makes of each record what is to be sent for it, and counts; `letters`: their partitions."""

    def __init__(self, adapter: Adapter, settings: Settings, counts: Counts, letters: int) -> None:
        self._counts = counts
        self._adapter = adapter._replace(secret=None)  # a header of the topic is not of HTTP
        self._settings = settings
        self._letters = letters

    def outgoing(self, record: Any) -> list[Outgoing]:
        """The events of a record, and its dead letter, if it is one."""
        at_ms = record.timestamp if (record.timestamp or 0) >= YEAR_2015_MS else None
        headers = {name: _text(value) for name, value in record.headers or ()}
        if record.value is None:
            became = Intake((), (), {"record without a value": 1})
        else:
            became = self._adapter.read(
                record.value, headers, self._settings, received_at_ms=at_ms, logged_at_ms=at_ms
            )
        self._counts.count(became)
        events = self._settings.topics.events
        sent = [
            Outgoing(events, event.session_id.encode(), encode(set_right(event, at_ms)))
            for event in became.events
        ]
        if lost := [one for one in became.rejections if one.reason not in FIELDS]:
            sent.append(self._letter(record, lost))
        return sent

    def _letter(self, record: Any, lost: list[Rejection]) -> Outgoing:
        headers = dead_letter_headers(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp or 0,
            error=InvalidEvent("intake", told(lost)),
            original=record.headers or (),
        )
        value = record.value
        if len(value) > LETTER_BYTES_MAX:
            headers.append((VALUE_BYTES, str(len(value)).encode()))
        return Outgoing(
            self._settings.topics.dead_letters,
            record.key,
            value[:LETTER_BYTES_MAX],
            record.partition % self._letters,
            tuple((name, said or b"") for name, said in headers),
        )


def told(lost: list[Rejection]) -> str:
    """What was left out of a record, for people.

    >>> told([Rejection("", "invalid_json", "it is no JSON")])
    'invalid_json: it is no JSON'
    """
    said = [f"{one.place} {one.reason}: {one.message}".strip() for one in lost[:TOLD_MAX]]
    more = len(lost) - TOLD_MAX
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")


def group_of(settings: Settings, adapter: Adapter) -> str:
    """The consumer group of an intake: its own, whatever the workers' is called.

    >>> from streams.storefront.intake.adapters import adapters
    >>> group_of(Settings(), adapters()["ga4"])
    'goeswith-intake-ga4'
    """
    return f"{settings.group_id}-intake-{adapter.name}"


def follow(
    adapter: Adapter,
    settings: Settings,
    topic: str,
    counts: Counts,
    ready: Callable[[], None],
    *,
    idle_s: float | None = None,
) -> None:
    """Read a raw topic, until nothing came for `idle_s` seconds; None: for ever.

    `ready` is called when it begins. Raises a `GoeswithError` when Kafka did not take something:
    nothing of that round is committed.
    """
    with open_admin(settings) as admin:
        if topic not in partition_counts(admin, [topic]):
            raise TopicsWrong(
                f"there is no topic {topic} at {settings.kafka_bootstrap}: the raw topic is yours, "
                "whoever writes to it makes it"
            )
        partition_count(admin, settings.topics.events, settings)
        letters = partition_count(admin, settings.topics.dead_letters, settings)
    if topic in settings.topics.all():
        raise Misconfigured(f"{topic} is a topic of goeswith's own: --topic is the raw one")
    raw = RawTopic(adapter, settings, counts, letters)
    with (
        open_consumer(settings, group_of(settings, adapter)) as consumer,
        open_producer(settings) as producer,
    ):
        consumer.subscribe([topic])
        ready()
        busy_s = monotonic()
        while idle_s is None or monotonic() - busy_s < idle_s:
            with translating_errors(settings):
                polled = consumer.poll(timeout_ms=POLL_MS, max_records=ROUND_RECORDS_MAX)
                records = [record for of in polled.values() for record in of]
                if records:
                    sent = (one for record in records for one in raw.outgoing(record))
                    send(producer, sent, settings)
                    commit(consumer, settings)
            if records or not consumer.assignment():
                busy_s = monotonic()


def send(producer: Any, outgoing: Iterable[Outgoing], settings: Settings) -> None:
    """Send all, and wait until Kafka has it; raises what kafka-python says."""
    futures = [
        producer.send(
            one.topic,
            key=one.key,
            value=one.value,
            partition=one.partition,
            headers=list(one.headers),
        )
        for one in outgoing
    ]
    for future in futures:
        future.get(timeout=settings.kafka_timeout_s + 2)


def commit(consumer: Any, settings: Settings) -> None:
    """Commit what was read; where the partitions are another's by now, that one reads it again."""
    try:
        consumer.commit(timeout_ms=int(settings.kafka_timeout_s * 1000))
    except (CommitFailedError, RebalanceInProgressError):
        return


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
