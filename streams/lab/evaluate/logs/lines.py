"""The lines of a file, gzipped or not; an error names the line by its number.

A byte-order mark before the first line is the file's, not the first item's.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, NamedTuple

from streams.contract.errors import FileUnusable

LINE_BYTES_MAX = 4_000_000
GZIP_MAGIC = b"\x1f\x8b"
BUFFER_BYTES = 1 << 17


class TextLine(NamedTuple):
    """One line, without its end, and where it stands."""

    path: Path
    number: int
    text: str

    def unusable(self, why: str) -> FileUnusable:
        """The error that names this line."""
        return FileUnusable(f"{self.path}, line {self.number}: {why}")


def lines(path: Path) -> Iterator[TextLine]:
    """Every line that is not blank. Raises `FileUnusable`."""
    number = 0
    try:
        with _opened(path) as file:
            while raw := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                if number == 1:
                    raw = raw.removeprefix(codecs.BOM_UTF8)
                if len(raw) > LINE_BYTES_MAX:
                    raise TextLine(path, number, "").unusable(f"longer than {LINE_BYTES_MAX} bytes")
                if (text := raw.decode().rstrip("\r\n")).strip():
                    yield TextLine(path, number, text)
    except UnicodeDecodeError as error:
        raise TextLine(path, number, "").unusable(f"no UTF-8 ({error.reason})") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileUnusable(f"{path}: damaged gzip after line {number} ({error})") from None
    except OSError as error:
        raise FileUnusable(f"{path}: {error.strerror or error}") from None


class _FromTheStart(RawIOBase):
    """A file of which the first bytes were read: a pipe cannot be wound back, nor opened again."""

    def __init__(self, first: bytes, rest: BufferedReader) -> None:
        self._first, self._rest = first, rest

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill a buffer; 0 at the end."""
        if not self._first:
            return self._rest.readinto(buffer)
        taken, self._first = self._first[: len(buffer)], self._first[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile | BufferedReader]:
    """The file, unpacked if its first bytes say that it is packed."""
    with path.open("rb") as file:
        first = file.read(len(GZIP_MAGIC))
        source: Any = _FromTheStart(first, file)
        whole = BufferedReader(source, BUFFER_BYTES)
        if first != GZIP_MAGIC:
            yield whole
            return
        with gzip.GzipFile(fileobj=whole, mode="rb") as unpacked:
            yield unpacked
