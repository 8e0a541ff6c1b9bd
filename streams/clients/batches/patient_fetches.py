"""Lenient parsing for aiokafka: fetches with a record that it cannot read.

Its C extension reads batches; where it cannot (`streams.clients.batches.record_batches` says
where), what is left of that fetch is read by its own classes in Python, mended. They take the place
of two names in its fetcher, for every consumer of the process; the way of a batch that can be read
is as it was.
"""

import struct
import sys
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record import default_records
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.default_records import _DefaultRecordPy as Record
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

from streams.clients.batches import codecs
from streams.clients.batches.private_names import Methods, Uses
from streams.clients.batches.record_batches import Patient

HEADER = struct.Struct(">qi11xi")
"""A batch begins with its first offset and its length; its last offset comes behind."""
FETCH_BYTES_MAX = codecs.BATCH_BYTES_MAX
"""Unpacked, of one partition; it may be one batch more."""
LENGTH_ENDS = 12
MAGIC_AT, MAGIC = 16, 2
"""Where a batch says of which format it is, and the one with headers."""
DECODERS = ("gzip_decode", "lz4_decode", "snappy_decode", "zstd_decode")
EXTENSION = sys.modules[DefaultRecordBatch.__module__]

METHODS: Methods = {
    fetcher: ("MemoryRecords", "PartitionRecords"),
    EXTENSION: DECODERS,
    default_records: DECODERS,
    _DefaultRecordBatchPy: ("_maybe_uncompress", "_read_msg"),
    _MemoryRecordsPy: ("next_batch",),
}
USES: Uses = (
    (fetcher.Fetcher, "_proc_fetch_request", ("MemoryRecords", "PartitionRecords")),
    (fetcher.PartitionRecords, "__next__", ("_records_iterator",)),
    (
        fetcher.PartitionRecords,
        "_unpack_records",
        ("_records", "has_next", "next_batch", "next_fetch_offset", "_consume_aborted_up_to"),
    ),
    (
        _DefaultRecordBatchPy,
        "__init__",
        ("_buffer", "_pos", "_num_records", "_decompressed"),
    ),
    (_DefaultRecordBatchPy, "__next__", ("_read_msg", "_num_records", "_buffer", "_pos")),
)


class PatientAiokafkaBatch(Patient, _DefaultRecordBatchPy):  # type: ignore[misc]  # final
    """A batch read in Python."""

    def made(self, _size: int, *told: Any) -> Record:
        """The client's own kind of record."""
        return Record(*told)


class PatientBatches(_MemoryRecordsPy):  # type: ignore[misc]
    """A fetch read in Python."""

    def next_batch(self, *_: Any) -> Any:
        """The next batch; None at the end."""
        data = self._next_slice
        if data is None or data[MAGIC_AT] < MAGIC:
            return super().next_batch()
        self._cache_next()
        return PatientAiokafkaBatch(data)


class Batches:
    """A fetch, and the bytes that are read of it, by aiokafka's extension if nobody else is named.

    It ends where enough has been unpacked, as if the broker had sent no more: the rest is fetched
    again. Many batches within their budgets can be more than memory holds, too.
    """

    def __init__(self, data: bytes, reader: Any = MemoryRecords) -> None:
        records = reader(data)
        self.data = data
        self.size_in_bytes = records.size_in_bytes
        self._records = records
        self._bytes_before: int | None = None

    def has_next(self) -> bool:
        """Whether there is a batch that may be read now; the first one always may."""
        before = self._bytes_before
        enough = before is not None and codecs.METER.bytes - before >= FETCH_BYTES_MAX
        return not enough and bool(self._records.has_next())

    def next_batch(self) -> Any:
        """The next batch; None at the end."""
        if self._bytes_before is None:
            self._bytes_before = codecs.METER.bytes
        return self._records.next_batch()


class PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one partition in a fetch: the rest of it in Python, where C gives up."""

    _records: Any
    _records_iterator: Any

    def __next__(self) -> Any:
        try:
            return next(self._records_iterator)  # on every record's way: not by the class above
        except StopIteration:
            self._records_iterator = None  # a cycle, as that class has it
            raise
        except (UnicodeDecodeError, codecs.Undecodable):
            data = self._records.data
            rest = data[place(data, self.next_fetch_offset) :]
            self._records = Batches(rest, PatientBatches)
            self._records_iterator = self._unpack_records()
            return next(self)


def place(data: bytes, offset: int) -> int:
    """Where the batch that holds an offset, or the next one, begins."""
    at = 0
    while at + MAGIC_AT < len(data):
        first, length, last = HEADER.unpack_from(data, at)
        if first + last >= offset:
            break
        at += LENGTH_ENDS + length
    return at


def read_patiently() -> None:
    """Put the mended parts in their places, for consumers that are created from now on."""
    fetcher.MemoryRecords = Batches
    fetcher.PartitionRecords = PartitionRecords
    for module in (EXTENSION, default_records):
        for name in DECODERS:
            setattr(module, name, getattr(codecs, name))
