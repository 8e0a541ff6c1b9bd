"""Files that a command is given: lines to be read, and what is written anew."""

import codecs
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from streams.contract.errors import Misconfigured


def lines(path: Path) -> Iterator[bytes]:
    """The lines that are not blank; a byte-order mark is the file's, not the first record's."""
    with path.open("rb") as file:
        for number, line in enumerate(file):
            record = line if number else line.removeprefix(codecs.BOM_UTF8)
            if record.strip():
                yield record


@contextmanager
def written_anew(path: Path) -> Iterator[IO[bytes]]:
    """A new file to be written to: it is there once all of it is, and never over another one.

    It is written beside its place. Raises `Misconfigured` where it cannot be: at once, so that
    nobody waits for that.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    _refuse_over(path)
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
