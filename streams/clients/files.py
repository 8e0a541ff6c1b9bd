"""Files that a command is given: lines to be read, and what is written anew."""

import codecs
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from streams.contract.errors import FileUnusable, Misconfigured

LINE_BYTES_MAX = 4_000_000
"""More than any record has: a file may be one line without an end."""

OF_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a file begins that a spreadsheet calls Unicode text."""


def lines(path: Path) -> Iterator[bytes]:
    """The lines that are not blank; as `all_lines`."""
    return (line for line in all_lines(path) if line.strip())


def all_lines(path: Path) -> Iterator[bytes]:
    """The lines, blank ones too; a byte-order mark is the file's, not the first record's.

    Raises `FileUnusable`.
    """
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                if number == 1 and line.startswith(OF_UTF_16):
                    raise FileUnusable(f"{path} is UTF-16: save it as UTF-8")
                if len(line) > LINE_BYTES_MAX:
                    raise FileUnusable(f"{path}, line {number}: longer than {LINE_BYTES_MAX} bytes")
                yield line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
    except OSError as error:
        raise FileUnusable(f"{path} cannot be read: {error.strerror or error}") from error


def beginning(path: Path, bytes_max: int) -> bytes:
    """All of a small file; raises `FileUnusable`, also for one that is larger."""
    try:
        with path.open("rb") as file:
            found = file.read(bytes_max + 1)
    except OSError as error:
        raise FileUnusable(f"{path} cannot be read: {error.strerror or error}") from error
    if len(found) > bytes_max:
        raise FileUnusable(f"{path} has more than {bytes_max:,} bytes")
    return found


@contextmanager
def written_anew(path: Path) -> Iterator[IO[bytes]]:
    """A new file to be written to: it is there once all of it is, and never over another one.

    It is written beside its place. Raises `Misconfigured` where it cannot be: at once, so that
    nobody waits for that.
    """
    _refuse_over(path)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        file = beside.open("xb")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with file:
            yield file
        _refuse_over(path)
        try:
            beside.rename(path)
        except OSError as error:
            raise _unwritable(path, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _refuse_over(path: Path) -> None:
    if os.path.lexists(path):
        raise Misconfigured(f"{path} is there already, and is left as it is")


def _unwritable(path: Path, error: OSError) -> Misconfigured:
    return Misconfigured(f"{path} cannot be written: {error.strerror or error}")
