"""The keeper: who ends is started again, unless that would not help."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_S = 30.0
KEPT = """
import os, signal, sys, time
from pathlib import Path
from streams.worker.running.keeper import Keeper

def work():
    started = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with started.open("a") as said:
        said.write(f"{os.getpid()}\\n")
    if len(sys.argv) > 2:
        return int(sys.argv[2])
    while True:
        time.sleep(0.05)

sys.exit(Keeper(work).run())
"""


class Kept:
    """A keeper, and the processes that it has started so far."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.started = folder / "started"
        self.started.touch()
        command = [sys.executable, "-c", KEPT, str(self.started), *words]
        self.process = subprocess.Popen(command)

    def pids(self, number: int) -> list[int]:
        """Their ids, once there are so many."""
        deadline = time.monotonic() + PATIENCE_S
        while len(found := self.started.read_text().split()) < number:
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return [int(pid) for pid in found]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A keeper whose worker runs until it is told to stop."""
    kept = Kept(tmp_path)
    yield kept
    kept.process.terminate()
    kept.process.wait(PATIENCE_S)


def gone(pid: int) -> bool:
    """Whether a process ends, in time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_a_worker_that_is_killed_is_started_again(kept: Kept) -> None:
    """In a process of its own."""
    (first,) = kept.pids(1)
    os.kill(first, signal.SIGKILL)

    assert kept.pids(2)[1] != first


def test_the_keeper_passes_on_that_it_is_to_end(kept: Kept) -> None:
    """And says that all was in order."""
    (worker,) = kept.pids(1)
    kept.process.terminate()

    assert kept.process.wait(PATIENCE_S) == 0
    assert gone(worker)


def test_a_worker_does_not_outlive_its_keeper(kept: Kept) -> None:
    """It stops in order when the keeper is killed."""
    (worker,) = kept.pids(1)
    kept.process.kill()

    assert gone(worker)


@pytest.mark.parametrize("code", [0, 2])
def test_what_would_not_help_is_not_tried_again(tmp_path: Path, code: int) -> None:
    """A worker that stopped in order, or is misconfigured."""
    kept = Kept(tmp_path, str(code))

    assert kept.process.wait(PATIENCE_S) == code
    assert len(kept.pids(1)) == 1


def test_a_worker_that_fails_is_tried_again(tmp_path: Path) -> None:
    """Again and again, with longer and longer pauses."""
    kept = Kept(tmp_path, "1")

    assert len(kept.pids(3)) >= 3
    kept.process.terminate()
    kept.process.wait(PATIENCE_S)
