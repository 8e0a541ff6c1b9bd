"""Lenient parsing for kafka-python: batches that it cannot read (see `batches.record_batches`).

kafka-python reckons checksums (CRC-32C) in Python, which takes most of a report's time; aiokafka
brings the same function in C, which is put in its place where it is installed.
"""

import importlib
from contextlib import suppress
from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.record import default_records, memory_records
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch

from streams.clients.batches import codecs
from streams.clients.batches.private_names import Methods, Uses, check_private_api
from streams.clients.batches.record_batches import Patient

DECODERS = ("gzip_decode", "lz4_decode", "snappy_decode", "zstd_decode")
CHECKSUM = "calc_crc32c"
METHODS: Methods = {default_records: (*DECODERS, CHECKSUM), memory_records: ("DefaultRecordBatch",)}
USES: Uses = (
    (Fetcher, "_parse_fetched_data", ("MemoryRecords",)),
    (memory_records.MemoryRecords, "next_batch", ("DefaultRecordBatch",)),
    (DefaultRecordBatch, "__init__", ("_buffer", "_pos", "_num_records", "_decompressed")),
    (DefaultRecordBatch, "__iter__", ("_maybe_uncompress",)),
    (DefaultRecordBatch, "__next__", ("_read_msg", "_num_records", "_buffer", "_pos")),
    (DefaultRecordBatch, "_maybe_uncompress", DECODERS),
    (DefaultRecordBatch, "validate_crc", (CHECKSUM,)),
)


class PatientKafkaPythonBatch(Patient, DefaultRecordBatch):  # type: ignore[misc]  # it has no types
    """A batch whose every record can be read."""

    def made(self, *told: Any) -> Any:
        """The client's own kind of record."""
        return DefaultRecord(*told)


def read_patiently() -> None:
    """Put the mended parts in their places, for consumers of this process; safe to repeat.

    Raises `TransportChanged`.
    """
    check_private_api("kafka-python", METHODS, USES)
    memory_records.DefaultRecordBatch = PatientKafkaPythonBatch
    for name in DECODERS:
        setattr(default_records, name, getattr(codecs, name))
    with suppress(ImportError):  # loaded here: to list the commands it need not be there
        fast = importlib.import_module("aiokafka.record.util")
        setattr(default_records, CHECKSUM, getattr(fast, CHECKSUM))
