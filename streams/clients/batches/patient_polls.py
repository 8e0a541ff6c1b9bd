"""Lenient parsing for kafka-python: batches that it cannot read (see `batches.record_batches`)."""

from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.record import default_records, memory_records
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch

from streams.clients.batches import codecs
from streams.clients.batches.record_batches import Patient
from streams.clients.private_names import Methods, Uses, check_private_api

DECODERS = ("gzip_decode", "lz4_decode", "snappy_decode", "zstd_decode")
METHODS: Methods = {default_records: DECODERS, memory_records: ("DefaultRecordBatch",)}
USES: Uses = (
    (Fetcher, "_parse_fetched_data", ("MemoryRecords",)),
    (memory_records.MemoryRecords, "next_batch", ("DefaultRecordBatch",)),
    (DefaultRecordBatch, "__init__", ("_buffer", "_pos", "_num_records", "_decompressed")),
    (DefaultRecordBatch, "__iter__", ("_maybe_uncompress",)),
    (DefaultRecordBatch, "__next__", ("_read_msg", "_num_records", "_buffer", "_pos")),
    (DefaultRecordBatch, "_maybe_uncompress", DECODERS),
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
