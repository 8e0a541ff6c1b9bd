"""A checkpoint in a file is there at any time, once there is one."""

from pathlib import Path
from threading import Event, Thread

from streams.clients.checkpoints.file_store import FileStore
from tests.clients.checkpoints.test_rules import checkpoint

WRITES = 200


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
