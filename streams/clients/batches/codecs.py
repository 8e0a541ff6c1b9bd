"""Decompression within a budget: no compressed batch may unpack to more than memory holds.

aiokafka and kafka-python unpack a batch whole, however much comes out of it: 300 kB of gzip can be
a gigabyte. These functions do it for both, and refuse what is more than any honest batch.
"""

import threading
import zlib
from collections.abc import Iterator

from streams.contract.errors import MissingCodec
from streams.contract.topics import RECORD_BYTES_MAX

try:
    import cramjam
    import snappy as _kafka_python_asks_for_it  # noqa: F401
    import zstandard
    from lz4.frame import LZ4FrameDecompressor
except ImportError as error:
    raise MissingCodec(
        f"the package of {error.name} is missing, without which compressed records cannot be read: "
        "pip install cramjam lz4 python-snappy zstandard, in the versions of pyproject.toml"
    ) from error

BATCH_BYTES_MAX = 4 * RECORD_BYTES_MAX
"""Budget of one batch, unpacked: a constant, as whoever folds the log has to read the same."""
PIECE_BYTES = 1 << 18
ANY_HEADER = 47
"""zlib: as large a window as there is, and the header of gzip or of zlib."""
XERIAL = b"\x82SNAPPY\0"
"""How snappy in blocks begins, as Java producers write it; lengths and blocks follow its header."""
XERIAL_HEADER_BYTES = 16
FAULTS = (
    EOFError,
    RuntimeError,  # of lz4
    cramjam.DecompressionError,
    zlib.error,
    zstandard.ZstdError,
)


class Undecodable(ValueError):
    """A batch that does not unpack, or to too much; says which, and why."""


class Meter(threading.local):
    """How much this thread has unpacked so far, and handed on."""

    bytes = 0


METER = Meter()
Buffer = bytes | bytearray | memoryview


def gzip_decode(packed: Buffer, bytes_max: int = BATCH_BYTES_MAX) -> bytes:
    """What gzip packed. Raises `Undecodable`.

    >>> import gzip
    >>> gzip_decode(gzip.compress(b"bread"))
    b'bread'
    >>> gzip_decode(gzip.compress(bytes(50_000)), bytes_max=1_000)
    Traceback (most recent call last):
        ...
    streams.clients.batches.codecs.Undecodable: gzip: more than 1000 bytes
    """
    return _whole("gzip", _gunzipped(bytes(packed), bytes_max), bytes_max)


def _gunzipped(packed: bytes, bytes_max: int) -> Iterator[bytes]:
    while packed:
        member = zlib.decompressobj(ANY_HEADER)
        yield member.decompress(packed, bytes_max + 1)
        if not member.eof:
            raise EOFError("cut off")
        packed = member.unused_data


def zstd_decode(packed: Buffer, bytes_max: int = BATCH_BYTES_MAX) -> bytes:
    """What zstd packed. Raises `Undecodable`.

    >>> zstd_decode(zstandard.compress(b"bread"))
    b'bread'
    """
    return _whole("zstd", _unzstandardised(packed), bytes_max)


def _unzstandardised(packed: Buffer) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
    while piece := reader.read(PIECE_BYTES):
        yield piece


def lz4_decode(packed: Buffer, bytes_max: int = BATCH_BYTES_MAX) -> bytes:
    """What lz4 packed, in its frame format. Raises `Undecodable`.

    >>> import lz4.frame
    >>> lz4_decode(lz4.frame.compress(b"bread"))
    b'bread'
    """
    return _whole("lz4", _unframed(packed), bytes_max)


def _unframed(packed: Buffer) -> Iterator[bytes]:
    frame, fed = LZ4FrameDecompressor(), packed
    while not frame.eof:
        yield (piece := frame.decompress(fed, max_length=PIECE_BYTES))
        if not piece and frame.needs_input and not frame.eof:
            raise EOFError("cut off")
        fed = b""


def snappy_decode(packed: Buffer, bytes_max: int = BATCH_BYTES_MAX) -> bytes:
    """What snappy packed, in one block or in Java's many. Raises `Undecodable`.

    >>> snappy_decode(bytes(cramjam.snappy.compress_raw(b"bread")))
    b'bread'
    """
    return _whole("snappy", _unsnapped(bytes(packed), bytes_max), bytes_max)


def _unsnapped(packed: bytes, bytes_max: int) -> Iterator[bytes]:
    if not packed.startswith(XERIAL):
        yield _block(packed, bytes_max)
        return
    at = XERIAL_HEADER_BYTES
    while at < len(packed):
        size = int.from_bytes(packed[at : at + 4], "big")
        yield _block(packed[at + 4 : at + 4 + size], bytes_max)
        at += 4 + size


def _block(packed: bytes, bytes_max: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(packed) > bytes_max:
        raise EOFError(f"more than {bytes_max} bytes")
    return bytes(cramjam.snappy.decompress_raw(packed))


def _whole(codec: str, pieces: Iterator[bytes], bytes_max: int) -> bytes:
    unpacked, size = [], 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > bytes_max:
                raise Undecodable(f"{codec}: more than {bytes_max} bytes")
            unpacked.append(piece)
    except FAULTS as error:
        raise Undecodable(f"{codec}: {error}") from error
    METER.bytes += size
    return b"".join(unpacked)
