"""The lines of a file, gzipped or not; an error names the line by its number.

A byte-order mark before the first line is the file's, not the first item's.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from streams.contract.errors import FileUnusable

LINE_BYTES_MAX = 4_000_000
GZIP_MAGIC = b"\x1f\x8b"


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


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    """The file, unpacked if its first bytes say that it is packed."""
    with path.open("rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return gzip.open(path) if packed else path.open("rb")
