"""A checkpoint in a file is there at any time, once there is one."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from streams.clients.checkpoints.file_store import FileStore
from streams.contract.errors import GoeswithError
from tests.clients.checkpoints.test_rules import checkpoint

WRITES = 200


@contextmanager
def files_end_at(size_bytes: int) -> Iterator[None]:
    """As a disk that is full: no file of this process gets longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_who_looks_while_one_is_laid_aside_finds_it_still(tmp_path: Path) -> None:
    """A worker that waits there would take none for a word, and fold the log."""
    store, done, missed = FileStore(tmp_path / "shop.checkpoint"), Event(), list[bool]()
    one, other = checkpoint(7), checkpoint(9, session_gap_s=60.0)
    store.write(*one)

    def look() -> None:
        while not done.is_set():
            missed.append(store.read() is None)

    reader = Thread(target=look)
    reader.start()
    for number in range(WRITES):
        store.write(*(one if number % 2 else other))
    done.set()
    reader.join()

    assert True not in missed
    assert missed
    assert 1 == len(store.kept())


def test_on_a_full_disk_the_old_one_stays_and_nothing_beside_it(tmp_path: Path) -> None:
    """A part of the new one would take the room that the next one needs."""
    store, old, more = FileStore(tmp_path / "shop.checkpoint"), checkpoint(7), checkpoint(9)
    store.write(*old)
    before = {path.name for path in tmp_path.iterdir()}
    kept = store.read()
    with files_end_at(64), pytest.raises(GoeswithError, match="cannot write"):
        store.write(*more)

    assert before == {path.name for path in tmp_path.iterdir()}
    assert kept == store.read()
    assert store.write(*more)
