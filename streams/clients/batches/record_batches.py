"""Lenient parsing of record batches (format 2): what a client cannot read by itself.

aiokafka and kafka-python give up a whole fetch for one record whose header has a name that is not
UTF-8, and for one batch that does not unpack, or unpacks to more than memory holds. They would meet
it again at every start. Their batch classes have one ancestor, and so one mend: `Patient`.

- A record's headers are read again here, names as they were sent
  (`streams.contract.wire.header_names`).
- A batch that cannot be unpacked is *one* record, at its first offset: its bytes as they lie in the
  log, without a key, and a header that says why. No event is like that, so it is a dead letter.

Nothing of this is on the way of a batch that can be read.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from streams.clients.batches.codecs import Undecodable
from streams.contract.wire.header_names import header_name

UNREADABLE_BATCH = "goeswith.unreadable-batch"
"""The header of what stands for a batch, with the reason as its value."""
VARINT_BITS_MAX = 64
MORE = 0x80
"""The bit of a byte that more bytes of its number follow."""


class Malformed(ValueError):
    """These bytes are no record."""


class ParsedRecord(NamedTuple):
    """One record, its time and offset as differences to its batch."""

    size: int
    """Bytes, the length itself left out."""
    timestamp_delta: int
    offset_delta: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    end: int
    """Where the next record begins."""


def read_record(buffer: bytes | bytearray, at: int) -> ParsedRecord:
    r"""The record that begins at this place. Raises `Malformed`.

    >>> record = read_record(b"\x14\0\0\4\1\2v\2\2\xe9\1", 0)
    >>> record.offset_delta, record.key, record.value, record.end
    (2, None, b'v', 11)
    >>> [(name.encode(), value) for name, value in record.headers]
    [(b'\xe9', None)]
    """
    try:
        size, begin = _varint(buffer, at)
        timestamp_delta, place = _varint(buffer, begin + 1)  # one byte of attributes, unused
        offset_delta, place = _varint(buffer, place)
        key, place = _bytes(buffer, place)
        value, place = _bytes(buffer, place)
        count, place = _varint(buffer, place)
        headers = []
        for _ in range(count):
            name, place = _bytes(buffer, place)
            said, place = _bytes(buffer, place)
            headers.append((header_name(name or b""), said))
    except IndexError:
        raise Malformed("the batch ends within a record") from None
    if place - begin != size or count < 0:
        raise Malformed(f"a record of {size} bytes takes {place - begin}")
    return ParsedRecord(size, timestamp_delta, offset_delta, key, value, headers, place)


def _varint(buffer: bytes | bytearray, at: int) -> tuple[int, int]:
    """A zigzag number, and the place behind it."""
    number = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        number |= (byte & ~MORE) << shift
        if not byte & MORE:
            return (number >> 1) ^ -(number & 1), at
        shift += 7
        if shift > VARINT_BITS_MAX:
            raise Malformed("a number is too long")


def _bytes(buffer: bytes | bytearray, at: int) -> tuple[bytes | None, int]:
    """Bytes behind their length, and the place behind them."""
    size, at = _varint(buffer, at)
    if size < 0:
        return None, at
    if at + size > len(buffer):
        raise Malformed("the batch ends within a record")
    return bytes(buffer[at : at + size]), at + size


class ClientBatch(Protocol):
    """What the two clients' batches have in common: both descend from kafka-python's of 2017."""

    LOG_APPEND_TIME: int
    base_offset: int
    timestamp_type: int
    first_timestamp: int
    max_timestamp: int
    _buffer: Any
    _pos: int
    _num_records: int
    _decompressed: bool


class Patient:
    """Goes before a client's batch class, and reads what that one cannot.

    The class after it has `_maybe_uncompress` and `_read_msg`.
    """

    unreadable = ""
    """Why the batch cannot be unpacked."""

    def _maybe_uncompress(self: Any) -> None:
        packed, at = self._buffer, self._pos
        try:
            super()._maybe_uncompress()  # type: ignore[misc]  # of the class after this one
        except Undecodable as error:
            self.unreadable = f"{self._num_records} records: {error}"
            self._buffer, self._pos, self._num_records = packed[at:], 0, 1
            self._decompressed = True

    def _read_msg(self: Any) -> Any:
        if self.unreadable:
            value, self._pos = bytes(self._buffer), len(self._buffer)
            headers = [(UNREADABLE_BATCH, self.unreadable.encode())]
            return self.record(len(value), 0, 0, None, value, headers)
        at = self._pos
        try:
            return super()._read_msg()  # type: ignore[misc]  # of the class after this one
        except UnicodeDecodeError:
            *told, self._pos = read_record(self._buffer, at)
            return self.record(*told)

    def record(
        self: Any,
        size: int,
        timestamp_delta: int,
        offset_delta: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> Any:
        """The client's own kind of record."""
        appended = self.timestamp_type == self.LOG_APPEND_TIME
        timestamp = self.max_timestamp if appended else self.first_timestamp + timestamp_delta
        return self.made(
            size,
            self.base_offset + offset_delta,
            timestamp,
            self.timestamp_type,
            key,
            value,
            list(headers),
        )
