"""Reads checkpoints from a compacted topic, without reading the topic.

Compaction takes records away and leaves the offsets of others as they are. So the newest pointer is
looked for from the end backwards, where it is the last thing that was written, and chunks are read
from the offsets that it names. An offset proves nothing: key and checksum do. What others wrote
behind it is passed over: there is no pointer only where none was found.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from streams.clients.checkpoints.pointer import CHUNK, Pointer, Stored, pointer_in
from streams.clients.log_reader import LogReader, Partition
from streams.clients.sync_kafka import open_admin, open_consumer, partition_counts
from streams.contract.errors import (
    CheckpointRefused,
    GoeswithError,
    KafkaUnreachable,
    Misconfigured,
)
from streams.contract.settings import Settings

logger = logging.getLogger(__name__)

POINTER = "pointer"
"""The key of the pointer."""
LOOK_BACK = 2
"""Offsets before the end where a pointer is looked for first: it, and the marker behind it."""
FURTHER = 8
"""So many times further back each time that there is none: a write that failed lies behind it."""
FOREIGN_MAX = 10_000
"""Records of others behind which no pointer is looked for: the topic is theirs, and may be large.

They are counted after each look: by then more of them may have been read.
"""


class ChunkLog:
    """A topic of checkpoints, open to be read; `topic` is for messages."""

    def __init__(self, reader: LogReader, topic: str) -> None:
        self._reader = reader
        self._topic = topic
        (self._at,) = reader.partitions
        self._foreign = set[int]()

    def pointer(self, foreign_max: int | None = FOREIGN_MAX) -> Pointer:
        """The newest pointer; raises `CheckpointRefused` where the topic holds something else.

        That is: records of others and no pointer, or so many of them (None: any number) before one.
        """
        self._foreign = set()  # the offsets of what others wrote: a damaged range is read again
        begin, upto = self._reader.begins()[self._at], self._reader.ends()[self._at]
        back = LOOK_BACK
        while upto > begin:
            since = max(begin, upto - back)
            if (found := self._last_pointer(since, upto)) is not None:
                return pointer_in(found) if found else Pointer()
            if foreign_max is not None and len(self._foreign) > foreign_max:
                break
            upto, back = since, back * FURTHER
        if self._foreign:
            raise CheckpointRefused(f"topic {self._topic} holds something else", "foreign")
        return Pointer()

    def data(self, stored: Stored) -> bytes:
        """A checkpoint, whole; raises `CheckpointRefused` when it is not there as it was written.

        A batch that a broker's disk has damaged counts as one that is gone.
        """
        try:
            chunks = self._chunks(stored)
        except (KafkaUnreachable, Misconfigured):
            raise
        except GoeswithError as error:
            logger.warning("of checkpoint %s in %s: %s", stored.fingerprint, self._topic, error)
            chunks = []
        data = b"".join(chunks)
        if sha256(data).hexdigest() != stored.sha256:
            raise CheckpointRefused(
                f"of checkpoint {stored.fingerprint} in topic {self._topic} "
                f"{len(stored.offsets)} chunks are not what was written",
                "gone",
            )
        return data

    def is_whole(self, stored: Stored) -> bool:
        """Whether a checkpoint can be read."""
        try:
            self.data(stored)
        except CheckpointRefused:
            return False
        return True

    def _last_pointer(self, since: int, upto: int) -> bytes | None:
        """The same as `_pointer_between`, past batches that a broker's disk has damaged."""
        try:
            return self._pointer_between(since, upto)
        except (KafkaUnreachable, Misconfigured):
            raise
        except GoeswithError as error:
            half = (since + upto) // 2
            if half == since:
                logger.warning("offset %s of %s: %s", since, self._topic, error)
                return None
        found = self._last_pointer(half, upto)
        return self._last_pointer(since, half) if found is None else found

    def _pointer_between(self, since: int, upto: int) -> bytes | None:
        """The last pointer in a range, empty if it was deleted; None: there is none."""
        found = None
        for record in self._reader.between({self._at: since}, {self._at: upto}):
            key = (record.key or b"").decode(errors="replace")
            if key == POINTER:
                found = record.value or b""
            elif not key.startswith(CHUNK):
                self._foreign.add(record.offset)
        return found

    def _chunks(self, stored: Stored) -> list[bytes]:
        """Its chunks, those that are there."""
        wanted = dict(zip(stored.offsets, stored.chunk_keys(), strict=True))
        since, upto = min(wanted), max(wanted) + 1
        if upto > self._reader.ends()[self._at]:
            return []  # the end of the topic was lost
        found = {}
        for record in self._reader.between({self._at: since}, {self._at: upto}):
            if (record.key or b"").decode(errors="replace") == wanted.get(record.offset):
                found[record.offset] = record.value or b""
        return [found[offset] for offset in stored.offsets if offset in found]


@contextmanager
def opened_log(settings: Settings, topic: str) -> "Iterator[ChunkLog | None]":
    """The topic, to be read; None: there is none. Raises as `LogReader` does."""
    with open_admin(settings) as admin:
        is_there = topic in partition_counts(admin, [topic])
    if not is_there:
        yield None
        return
    with open_consumer(settings) as consumer:
        yield ChunkLog(LogReader(consumer, [Partition(topic, 0)], settings), topic)
