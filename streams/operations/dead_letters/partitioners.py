"""How senders choose a record's partition by its key: the two ways that clients of Kafka have.

A session has to stay on one partition. So who sends a record anew under another key has to choose
as the storefront does, and the log shows how that is: its events lie where they were sent.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from streams.clients.log_reader import LogReader
from streams.contract.errors import Misconfigured
from streams.contract.wire.partitioner import partition_of

SAMPLE = 200
"""So many of the latest offsets of each partition are looked at."""
SHARE_MIN = 0.9
"""So many of the records have to lie where a partitioner puts them: some are sent by hand."""

Partitioner = Callable[[bytes, int], int]
"""Key and number of partitions in, the partition out."""


def murmur2(key: bytes, partitions: int) -> int:
    """The default of Kafka's own clients, and of most others: Java, kafka-python, aiokafka.

    >>> murmur2(b"session-7", 12)
    6
    """
    return partition_of(key, partitions)


def crc32(key: bytes, partitions: int) -> int:
    """The default of librdkafka, and so of Confluent's clients of Python, Go and .NET.

    >>> crc32(b"session-7", 12)
    11
    """
    return zlib.crc32(key) % partitions


PARTITIONERS: dict[str, Partitioner] = {"murmur2": murmur2, "crc32": crc32}


class Placed(NamedTuple):
    """Where a record with this key lies."""

    key: bytes
    partition: int


def partitioner_of(records: Iterable[Placed], partitions: int) -> str | None:
    """The partitioner by which these records lie where they lie; None when none explains it.

    >>> partitioner_of([Placed(b"a", crc32(b"a", 99)), Placed(b"b", crc32(b"b", 99))], 99)
    'crc32'
    >>> partitioner_of([Placed(b"a", 98), Placed(b"b", 98)], 99)
    """
    count, fits = 0, Counter(dict.fromkeys(PARTITIONERS, 0))
    for count, one in enumerate(records, start=1):  # noqa: B007  # it is how many there were
        fits.update(
            name for name, of in PARTITIONERS.items() if of(one.key, partitions) == one.partition
        )
    name, most = fits.most_common(1)[0]
    return name if most >= SHARE_MIN * count else None


def partitioner_of_log(reader: LogReader) -> str:
    """The partitioner of a topic's senders, as its latest records show it; murmur2 if it is empty.

    Raises `Misconfigured` when none is like that.
    """
    begins, ends = reader.begins(), reader.ends()
    latest = {at: max(begins[at], ends[at] - SAMPLE) for at in ends}
    records = reader.between(latest, ends)
    placed = (Placed(one.key, one.at.number) for one in records if one.key is not None)
    found = partitioner_of(placed, len(reader.partitions))
    if found is None:
        raise Misconfigured(
            f"the latest events of {reader.partitions[0].topic} do not lie where one of "
            f"{', '.join(PARTITIONERS)} puts their keys, so --key-from might split a session: "
            "--partitioner names one, if that is how its senders choose now; else send the events "
            "anew from their source"
        )
    return found
