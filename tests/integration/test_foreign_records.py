"""Records as other people's producers write them, and every reader of ours, on a real Kafka.

The agent and the follower answer and fold them, the commands read them; what nobody can use is a
dead letter, and the worker lives.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.clients.batches.codecs import BATCH_BYTES_MAX
from streams.clients.batches.record_batches import UNREADABLE_BATCH
from streams.clients.sync_kafka import open_producer
from streams.contract.events import Event, encode
from streams.contract.wire.header_names import header_name
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.operations.topics import create_topics
from tests.integration.operators import ByHand, Operator
from tests.integration.workers import Staff
from tests.stories import Story
from tests.transactions import foreign, send

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
ODD = header_name(b"caf\xe9")
"""A name that is not UTF-8."""


@pytest.fixture
def staff(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Staff]:
    """A shop with one partition and without workers yet."""
    yield from opened(Staff(kafka, topic_prefix, tmp_path, partitions=1))


def opened(staff: Staff) -> Iterator[Staff]:
    """The topics are there, and enough is known to have something to say."""
    create_topics(staff.settings)
    past = Story("past", start_ms=int(time.time() * 1000) - 60_000)
    send(staff.settings, [past.add("bread"), past.add("butter"), past.order("bread", "butter")])
    yield staff
    staff.go_home()


@pytest.fixture
def operator(staff: Staff) -> Operator:
    """Who looks after that shop."""
    return Operator(staff.settings)


def views(name: str, number: int = 60) -> list[Event]:
    """So many views, now: enough alike to be worth packing."""
    now_ms = int(time.time() * 1000)
    return [Story(f"{name}-{n}", start_ms=now_ms).view("bread") for n in range(number)]


def asked(staff: Staff) -> set[str]:
    """The ids of all events that were answered with a prompt."""
    return {prompt.caused_by for prompt in staff.prompts()}


def ids(*events: Event) -> set[str]:
    """Theirs."""
    return {event.event_id for event in events}


def until_all_is_told(staff: Staff, operator: Operator) -> None:
    """Wait until the workers have answered the log, and nothing waits."""
    staff.until(lambda: operator.asks("lag")["lag_events"] == 0, "answered")


def test_whatever_codec_a_producer_packs_with_is_read(staff: Staff, operator: Operator) -> None:
    """By the worker that was there, by one that starts, and by the commands over all topics."""
    staff.start("ann")
    staff.until_at_work("ann")
    sent: list[Event] = []
    for codec in CODECS:
        events = views(codec)
        send(staff.settings, events, **{"compression.type": codec, "linger.ms": 200})
        sent += events
    staff.start("bob")
    staff.until(lambda: staff.ready("bob") is True, "ready")
    until_all_is_told(staff, operator)
    relay(staff, staff.settings.topics.prompts)
    rebuilt = operator.asks("rebuild")
    said = operator.types("subscribe", "--from-beginning", "--max", "5")

    assert ids(*sent) <= asked(staff)
    assert len(sent) + 3 == rebuilt["events"]
    assert staff.digests() == {rebuilt["digest"]}
    assert (0, 5) == (said.exit_code, len(said.stdout.splitlines()))
    assert [] == operator.asks("dead-letters", "list")["dead_letters"]


def relay(staff: Staff, topic: str) -> None:
    """Write the first records of a topic again, packed in every way: repeats."""
    records = staff.read(topic)[:20]
    for codec in CODECS:
        producer = foreign(staff.settings, **{"compression.type": codec, "linger.ms": 200})
        for record in records:
            producer.produce(topic, record.value, record.key, partition=0)
        assert not producer.flush(60)


def test_a_header_may_have_any_name(staff: Staff, operator: Operator) -> None:
    """An event is answered, a bad record is a dead letter, and goes back with the same headers."""
    good, later = views("good", 3), views("later", 3)
    headers = ((ODD, b"1"), ("sender", None), (header_name("café".encode()), b"2"), (ODD, b""))
    staff.start("ann")
    staff.until_at_work("ann")
    told = [ByHand(e.session_id.encode(), encode(e), 0, None, headers) for e in good]
    bad = ByHand(b"\xff\xfe", b"no event", 0, None, headers)
    topic = staff.settings.topics.events
    with open_producer(staff.settings) as producer:  # one batch: good, bad and good records
        for record in (told[0], bad, *told[1:]):
            named = [(name, value) for name, value in record.headers if value is not None]
            producer.send(topic, record.value, record.key, headers=named, partition=0)
        producer.flush(60)
    send(staff.settings, later)
    until_all_is_told(staff, operator)
    (letter,) = operator.asks("dead-letters", "list")["dead_letters"]
    shown = operator.types("dead-letters", "show", letter["id"])
    replayed = operator.types("dead-letters", "replay", letter["id"], "--yes", "--anyway")
    rebuilt = operator.asks("rebuild")
    sent = [record.headers for record in staff.read(topic) if record.value == b"no event"]

    assert ids(*good, *later) <= asked(staff)
    assert staff.workers["ann"].alive
    assert (0, 0) == (shown.exit_code, replayed.exit_code)
    assert r"caf\xe9: 1" in shown.output
    assert [b"caf\xe9", "café".encode(), b"caf\xe9"] == [name.encode() for name, _ in sent[0]]
    assert [name.encode() for name, _ in sent[0]] == [name.encode() for name, _ in sent[1]][:3]
    assert 11 == rebuilt["events"]


def test_records_of_every_shape_are_answered_or_dead_letters(
    staff: Staff, operator: Operator
) -> None:
    """No key, no value, a header without a value, no time: none of them stops anybody."""
    topic, event = staff.settings.topics.events, views("shape", 1)[0]
    value = encode(event)
    producer = foreign(staff.settings)
    producer.produce(topic, value, event.session_id.encode(), 0, headers=[("empty", None)])
    producer.produce(topic, value, None, 0)
    producer.produce(topic, value, b"\xff\x00", 0, headers=[("empty", None)])
    producer.produce(topic, None, b"key", 0)
    producer.produce(topic, None, None, 0)
    assert not producer.flush(60)
    staff.start("ann")
    staff.until_at_work("ann")
    until_all_is_told(staff, operator)
    letters = operator.asks("dead-letters", "list")["dead_letters"]
    chosen = ("--all", "--reason", "wrong_key", "--key-from", "session_id", "--yes")
    replayed = operator.types("dead-letters", "replay", *chosen)

    assert ids(event) <= asked(staff)
    assert ["null_value"] * 2 + ["wrong_key"] * 2 == sorted(one["reason"] for one in letters)
    assert 0 == replayed.exit_code, replayed.output
    assert {0} == {operator.types("dead-letters", "show", one["id"]).exit_code for one in letters}


def test_a_batch_that_unpacks_to_more_than_memory_should_hold_is_one_dead_letter(
    staff: Staff, operator: Operator
) -> None:
    """As it came, cut to fit; what is before and behind it is answered, and all folds agree."""
    before, after = views("before", 2), views("after", 2)
    staff.start("ann")
    staff.until_at_work("ann")
    limits = {"message.max.bytes": 100_000_000, "batch.size": 100_000_000}
    send(staff.settings, before)
    producer = foreign(staff.settings, **limits, **{"compression.type": "gzip", "linger.ms": 5})
    producer.produce(staff.settings.topics.events, bytes(BATCH_BYTES_MAX), b"k", 0)
    assert not producer.flush(60)
    send(staff.settings, after)
    until_all_is_told(staff, operator)
    (letter,) = staff.read(staff.settings.topics.dead_letters)
    rebuilt = operator.asks("rebuild")

    headers = dict(letter.headers)
    assert (
        f"1 records: gzip: more than {BATCH_BYTES_MAX} bytes".encode() == headers[UNREADABLE_BATCH]
    )
    assert (letter.value or b"").startswith(b"\x1f\x8b")
    assert ids(*before, *after) <= asked(staff)
    assert staff.digests() == {rebuilt["digest"]}


@pytest.fixture
def staff_of_own_kafka(own_kafka: RealKafka, topic_prefix: str, tmp_path: Path) -> Iterator[Staff]:
    """The same, on a broker whose disk the test may damage."""
    yield from opened(Staff(own_kafka.bootstrap, topic_prefix, tmp_path, partitions=1))


def test_a_batch_that_the_broker_has_damaged_is_said(
    staff_of_own_kafka: Staff, own_kafka: RealKafka, tmp_path: Path
) -> None:
    """The worker ends, and says where and what to do; a command says so in one line."""
    staff = staff_of_own_kafka
    send(staff.settings, views("first", 3))
    send(staff.settings, views("second", 3))
    own_kafka.stop()
    topic = staff.settings.topics.events
    (segment,) = tmp_path.glob(f"data/{topic}-0/*.log")
    data = bytearray(segment.read_bytes())
    data[-3] ^= 0xFF
    segment.write_bytes(data)
    own_kafka.start()
    staff.start("ann")
    staff.until(lambda: not staff.workers["ann"].alive, "the worker ends")
    code, said = staff.workers["ann"].stop(), staff.workers["ann"].said()
    rebuilt = Operator(staff.settings).types("rebuild")

    assert code == 1
    assert "the log is damaged" in said
    assert f"topic='{topic}', partition=0" in said
    assert "kafka-delete-records" in said
    assert 1 == rebuilt.exit_code
    assert 1 == len(rebuilt.output.splitlines())
    assert "failed crc check" in rebuilt.output
