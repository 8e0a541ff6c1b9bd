"""Whoever is killed with the verdict leaves nothing running behind."""

import subprocess
import sys
import time

from streams.verdict.crew import Rope

PATIENCE_S = 30.0
KILLED = """
import os, signal, subprocess, sys
from streams.verdict.crew import Rope

sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
Rope().tie(sleeper.pid)
print(sleeper.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_rope_ends_what_is_tied_to_it_when_we_are_killed() -> None:
    """SIGKILL gives no time to clean up: the kernel does."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED], check=False, capture_output=True, text=True
    )
    pid = done.stdout.strip()
    deadline = time.monotonic() + PATIENCE_S
    while subprocess.run(["ps", "-p", pid], check=False, capture_output=True).returncode == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_rope_that_is_cut_ends_nothing() -> None:
    """Who ends in order sees to it that they have ended."""
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        rope = Rope()
        rope.tie(sleeper.pid)
        rope.cut()

        assert sleeper.poll() is None
        sleeper.kill()
