"""Batches that neither aiokafka nor kafka-python can read by itself: both do, and the same."""

import gzip
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.record import util as aiokafka_util
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st
from kafka.consumer.fetcher import Fetcher as KafkaPythonFetcher
from kafka.record import default_records, memory_records
from kafka.record._crc32c import crc as calculated_in_python
from kafka.record.default_records import DefaultRecordBatchBuilder

from streams.clients.batches import patient_fetches, patient_polls
from streams.clients.batches.codecs import BATCH_BYTES_MAX
from streams.clients.batches.record_batches import UNREADABLE_BATCH, Malformed, read_record
from streams.contract.errors import TransportChanged
from streams.contract.wire.header_names import header_name

BREAD = TopicPartition("bread", 0)
GZIP = 1
COMMITTED = 1
"""How both clients call that isolation level."""
RECORDS = st.tuples(
    st.none() | st.binary(max_size=6),
    st.none() | st.binary(max_size=6),
    st.lists(st.tuples(st.binary(max_size=4).map(header_name), st.none() | st.binary(max_size=3))),
)
Loaf = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes | None]]]


@pytest.fixture(autouse=True)
def patience() -> None:
    """As every consumer of ours has it."""
    patient_fetches.read_patiently()
    patient_polls.read_patiently()


def batch(records: Iterable[Loaf], first: int = 0, *, codec: int = 0, producer: int = -1) -> bytes:
    """A batch as it lies in the log; with the id of a producer it is part of a transaction."""
    builder = DefaultRecordBatchBuilder(2, codec, producer >= 0, producer, 0, 0, 1 << 30)
    for delta, (key, value, headers) in enumerate(records):
        assert builder.append(delta, 1_000 + delta, key, value, list(headers))
    return placed(bytes(builder.build()), first)


def placed(data: bytes, first: int) -> bytes:
    """The same batch at another offset: no checksum covers that."""
    return first.to_bytes(8, "big") + data[8:]


class ControlBatchBuilder(DefaultRecordBatchBuilder):  # type: ignore[misc]  # it has no types
    """As brokers have it."""

    def _get_attributes(self, include_compression_type: bool = True) -> int:
        return 0x30  # transactional, and control


def marker(producer: int, first: int) -> bytes:
    """The marker that a transaction was aborted: a control batch."""
    builder = ControlBatchBuilder(2, 0, True, producer, 0, 0, 1 << 20)
    assert builder.append(0, 1_000, b"\0\0\0\0", b"\0" * 6, [])
    return placed(bytes(builder.build()), first)


def by_aiokafka(data: bytes, offset: int = 0, aborted: Any = ()) -> list[Any]:
    """What aiokafka makes of a fetch."""
    records = aiokafka_fetcher.MemoryRecords(data)
    return list(
        aiokafka_fetcher.PartitionRecords(
            BREAD, records, list(aborted), offset, None, None, True, COMMITTED
        )
    )


def by_kafka_python(data: bytes, offset: int = 0, aborted: Any = ()) -> list[Any]:
    """What kafka-python makes of it."""
    records = memory_records.MemoryRecords(data)
    part = KafkaPythonFetcher.PartitionRecords(
        offset,
        BREAD,
        records,
        isolation_level=COMMITTED,
        aborted_transactions=[Aborted(*each) for each in aborted],
    )
    return list(part.take())


class Aborted:
    """What a broker says of a transaction that was aborted."""

    def __init__(self, producer_id: int, first_offset: int) -> None:
        self.producer_id, self.first_offset = producer_id, first_offset


READERS = pytest.mark.parametrize("read", [by_aiokafka, by_kafka_python])


def told(records: Iterable[Any]) -> list[tuple[int, int, Any, Any, Any]]:
    """All of a record that anybody asks for."""
    return [
        (r.offset, r.timestamp, r.key, r.value, [(n.encode(), v) for n, v in r.headers])
        for r in records
    ]


@READERS
@given(
    batches=st.lists(st.lists(RECORDS, min_size=1, max_size=4), min_size=1, max_size=4),
    codec=st.sampled_from([0, GZIP]),
    data=st.data(),
)
def test_every_record_is_read_as_it_was_written(
    read: Any, batches: list[list[Loaf]], codec: int, data: Any
) -> None:
    """Whatever the names of headers are, from any offset on."""
    log = b""
    written: list[tuple[Any, ...]] = []
    for records in batches:
        log += batch(records, len(written), codec=codec)
        written += [
            (len(written) + n, 1_000 + n, key, value, [(n.encode(), v) for n, v in headers])
            for n, (key, value, headers) in enumerate(records)
        ]
    offset = data.draw(st.integers(0, len(written) - 1))

    fetched = log[patient_fetches.place(log, offset) :]  # as a broker does, by whole batches

    assert written[offset:] == told(read(fetched, offset))


@READERS
def test_what_was_aborted_stays_so_behind_an_odd_name(read: Any) -> None:
    """A producer's transaction is aborted, its next one is not; between them is an odd name."""
    odd = (b"k", b"odd", [(header_name(b"\xe9"), b"")])
    plain: Loaf = (b"k", b"plain", [])
    log = batch([plain], 0, producer=7) + batch([odd], 1) + batch([odd], 2, producer=7)
    log += marker(7, 3) + batch([odd, plain], 4, producer=7) + batch([plain], 6)

    assert [1, 4, 5, 6] == [record.offset for record in read(log, aborted=[(7, 0)])]


@READERS
@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (gzip.compress(bytes(BATCH_BYTES_MAX + 1)), f"gzip: more than {BATCH_BYTES_MAX} bytes"),
        (b"no gzip at all, and long enough to be kept", "gzip: "),
    ],
)
def test_a_batch_that_does_not_unpack_is_one_record(read: Any, packed: bytes, why: str) -> None:
    """At its first offset, with its bytes and the reason; what is around it is as it was."""
    plain: Loaf = (b"k", b"plain" * 40, [])
    log = batch([plain, plain], 0) + repacked(batch([plain] * 3, 2, codec=GZIP), packed)
    log += batch([plain], 5)
    first, second, bad, last = read(log)

    assert [0, 1, 2, 5] == [record.offset for record in (first, second, bad, last)]
    assert (None, packed) == (bad.key, bad.value)
    ((name, said),) = bad.headers
    assert name == UNREADABLE_BATCH
    assert said.startswith(b"3 records: " + why.encode())
    assert {b"plain" * 40} == {record.value for record in (first, second, last)}


def repacked(data: bytes, packed: bytes) -> bytes:
    """The same batch with other bytes for its records, and a checksum that fits them."""
    from kafka.record.util import calc_crc32c  # noqa: PLC0415  # for this once

    head, behind_crc = data[:17], data[21:61] + packed
    length = (len(data[12:61]) + len(packed)).to_bytes(4, "big")
    crc = int(calc_crc32c(behind_crc)).to_bytes(4, "big")
    return bytes(head[:8] + length + head[12:17] + crc + behind_crc)


def test_a_fetch_that_unpacks_to_too_much_is_read_in_several_goes() -> None:
    """Each ends behind a batch, and the next one goes on there: nothing is lost, or read twice."""
    large: Loaf = (b"k", bytes(patient_fetches.FETCH_BYTES_MAX // 3), [])
    odd: Loaf = (b"k", b"odd", [(header_name(b"\xe9"), b"")])
    log = b"".join(
        batch([odd, large] if n == 1 else [large, large], 2 * n, codec=GZIP) for n in range(5)
    )
    offset, goes = 0, []
    while offset < 10:
        found = by_aiokafka(log[patient_fetches.place(log, offset) :], offset)
        goes.append([record.offset for record in found])
        offset = found[-1].offset + 1

    assert [n for go in goes for n in go] == list(range(10))
    assert len(goes) > 1
    assert max(map(len, goes)) <= 6  # an odd name begins anew


@given(st.binary(max_size=40), st.integers(0, 10))
def test_bytes_that_are_no_record_are_said_to_be_none(noise: bytes, at: int) -> None:
    """A record, or `Malformed`: never another error, and never without an end."""
    with suppress(Malformed):
        assert read_record(noise, at).end <= len(noise)


def test_a_name_that_kafka_python_has_lost_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than reading as it pleases."""
    monkeypatch.delattr("kafka.record.default_records.zstd_decode")

    with pytest.raises(TransportChanged, match=r"of kafka-python is gone: .*zstd_decode"):
        patient_polls.read_patiently()


def test_checksums_are_reckoned_in_c_and_the_same() -> None:
    """In Python they were most of a report's time; a byte that was changed is noticed as before."""
    good = batch([(b"k", b"bread", [])])
    bad = good[:-3] + bytes([good[-3] ^ 1]) + good[-2:]
    found = [next(iter(memory_records.MemoryRecords(data))).validate_crc() for data in (good, bad)]

    assert [True, False] == found
    assert aiokafka_util.calc_crc32c is default_records.calc_crc32c
    assert calculated_in_python(good) == default_records.calc_crc32c(good)
