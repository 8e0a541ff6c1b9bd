"""A raw topic on a real Kafka: its records become events once, and dead letters where they fail."""

import json
from typing import NamedTuple

import pytest
from pydantic import SecretStr

from streams.clients.log_reader import RawRecord, open_reader
from streams.clients.sync_kafka import open_producer
from streams.contract.dead_letters import VALUE_BYTES, cause
from streams.contract.errors import Misconfigured, TopicsWrong
from streams.contract.events import Event, decode
from streams.contract.settings import Settings
from streams.operations.topics import create_topics
from streams.storefront.intake.adapters import adapters
from streams.storefront.intake.counts import Counts
from streams.storefront.intake.raw_topic import LETTER_BYTES_MAX, RawTopic, follow
from tests.integration.operators import ByHand, Operator, create, send
from tests.storefront.intake.samples import BREAD, NOON_MS, ORDER, shop_order, track

LATE_MS = 60_000


class Record(NamedTuple):
    """A record as kafka-python gives it."""

    value: bytes | None
    topic: str = "raw"
    partition: int = 5
    offset: int = 7
    timestamp: int = NOON_MS + LATE_MS
    key: bytes | None = b"k"
    headers: tuple[tuple[str, bytes | None], ...] = (("sender", None),)


def message(name: str, **more: object) -> bytes:
    """A message of Segment's."""
    properties = ORDER if name.startswith("Order") else BREAD
    return json.dumps(track(name, properties, **more)).encode()


def raw() -> RawTopic:
    """Of Segment's messages, with two partitions of dead letters."""
    return RawTopic(adapters()["segment"], Settings(), Counts(), letters=2)


def test_a_clock_is_set_right_by_when_the_raw_topic_got_the_record() -> None:
    """However late it is read: what the broker of events would make of it is another delay."""
    (sent,) = raw().outgoing(Record(message("Checkout Started", sentAt="2026-01-01T12:00:50Z")))
    assert sent.value is not None
    event = decode(sent.key, sent.value, timestamp_ms=NOON_MS + 3_600_000, settings=Settings())

    assert event.sent_at_ms is None
    assert event.occurred_at_ms == NOON_MS + 10_000


def test_records_that_are_alike_are_told_apart_by_when_the_raw_topic_got_them() -> None:
    """Where they say no time: put in, taken out and put in again; read again they are the same."""
    topic = RawTopic(adapters()["ga4"], Settings(), Counts(), letters=2)
    added = json.dumps(["event", "begin_checkout", {"client_id": "1.2"}]).encode()
    first, again, later = (
        topic.outgoing(Record(added, timestamp=NOON_MS + late_ms)) for late_ms in (0, 0, 1)
    )

    assert first == again
    assert json.loads(first[0].value or b"")["event_id"] not in (later[0].value or b"").decode()


def test_what_cannot_be_used_is_a_dead_letter_with_what_is_wrong() -> None:
    """As it came, headers and all; on a partition that there is."""
    (letter,) = raw().outgoing(Record(b"{"))
    why = cause(letter.headers)

    assert (letter.topic, letter.key, letter.value) == ("goeswith.dead-letters", b"k", b"{")
    assert letter.partition == 1
    assert why is not None
    assert (why.topic, why.partition, why.offset, why.reason) == ("raw", 5, 7, "intake")
    assert why.message == "invalid_json: it is no JSON"
    assert why.original == (("sender", b""),)


def test_a_dead_letter_fits_its_topic() -> None:
    """A value that is larger is cut, and says how long it was."""
    (letter,) = raw().outgoing(Record(b"{" * (LETTER_BYTES_MAX + 9)))

    assert len(letter.value or b"") == LETTER_BYTES_MAX
    assert letter.headers[-1] == (VALUE_BYTES, str(LETTER_BYTES_MAX + 9).encode())


def test_what_is_left_out_of_a_record_does_not_stop_the_rest_of_it() -> None:
    """A price that is none is no dead letter: its item is there."""
    batch = {"batch": [track("Product Added", BREAD), 7, track("Product Viewed", BREAD)]}
    some = raw().outgoing(Record(json.dumps(batch).encode()))
    dear = track("Product Added", BREAD | {"currency": "EUR", "price": "free"})
    free = raw().outgoing(Record(json.dumps(dear).encode()))

    assert [one.topic for one in some] == ["goeswith.events"] * 2 + ["goeswith.dead-letters"]
    assert [one.topic for one in free] == ["goeswith.events"]


def test_a_record_without_a_value_is_counted() -> None:
    """A tombstone is nobody's event."""
    counts = Counts()

    assert RawTopic(adapters()["ga4"], Settings(), counts, 1).outgoing(Record(None)) == []
    assert counts.ignored == {"record without a value": 1}


def test_a_record_of_a_topic_has_no_signature() -> None:
    """Whoever received the request looked at it; a secret in the environment changes nothing."""
    settings = Settings(shopify_secret=SecretStr("hush"))
    topic = RawTopic(adapters()["shopify"], settings, Counts(), letters=1)
    (sent,) = topic.outgoing(Record(json.dumps(shop_order()).encode()))

    assert sent.topic == "goeswith.events"


@pytest.fixture
def shop(kafka: str, topic_prefix: str) -> Settings:
    """A shop with topics of its own, and a raw one of three partitions."""
    settings = Settings(
        kafka_bootstrap=kafka, topic_prefix=topic_prefix, group_id=topic_prefix, partitions=2
    )
    create_topics(settings)
    create(settings, f"{topic_prefix}.raw", 3, {})
    return settings


def log(settings: Settings, topic: str) -> list[RawRecord]:
    """All that a topic holds."""
    with open_reader(settings, topic) as reader:
        return list(reader.between(reader.begins(), reader.ends()))


def events(settings: Settings) -> list[Event]:
    """The events topic, as a worker reads it."""
    found = log(settings, settings.topics.events)
    return [
        decode(one.key, one.value, timestamp_ms=one.timestamp_ms, settings=settings)
        for one in found
    ]


def test_a_raw_topic_is_read_once_and_what_comes_again_changes_nothing(shop: Settings) -> None:
    """Of what another reads again after a crash, ids are the same; what was aborted is not read."""
    raw = f"{shop.topic_prefix}.raw"
    names = ("Product Viewed", "Product Added", "Order Completed")
    send(shop, raw, [ByHand(b"b", message(name), 1) for name in names])
    send(shop, raw, [ByHand(b"b", b"{", 2)])
    with open_producer(shop, transactional_id=f"{raw}-aborted") as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(raw, message("Product Added", messageId="never"), partition=0)
        producer.flush()
        producer.abort_transaction()
    operator = Operator(shop)
    done = operator.types("intake", "segment", "--topic", raw, "--until-idle", "2")
    once = events(shop)
    again = operator.types("intake", "segment", "--topic", raw, "--until-idle", "2")

    assert done.exit_code == again.exit_code == 0, done.output
    assert [event.type for event in once] == ["item_viewed", "item_added", "order_placed"]
    assert events(shop) == once
    assert "4 records: 3 events, 1 rejections" in done.output
    assert "0 records: 0 events, 0 rejections" in again.output
    (letter,) = log(shop, shop.topics.dead_letters)
    assert (letter.value, cause(letter.headers) is not None) == (b"{", True)

    other = shop.model_copy(update={"group_id": f"{shop.group_id}-other"})
    follow(adapters()["segment"], other, raw, Counts(), lambda: None, idle_s=2)
    twice = events(shop)

    assert len(twice) == 6
    assert len({event.identity for event in twice}) == 3


def test_our_own_topics_are_no_raw_ones(shop: Settings) -> None:
    """Nor is one that does not exist."""
    segment = adapters()["segment"]
    with pytest.raises(Misconfigured, match="own"):
        follow(segment, shop, shop.topics.events, Counts(), lambda: None, idle_s=1)
    with pytest.raises(TopicsWrong, match=r"no topic not-there .*: the raw topic is yours"):
        follow(segment, shop, "not-there", Counts(), lambda: None, idle_s=1)
