"""Whoever is killed with the verdict leaves nothing running behind."""

import signal
import subprocess
import sys

from streams.lab.chaos.ground.workers import ParentDeathPipe

PATIENCE_S = 30.0
KILLED = """
import os, signal, subprocess
from streams.lab.chaos.ground.workers import ParentDeathPipe

sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
ParentDeathPipe().tie(sleeper.pid)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_rope_ends_what_is_tied_to_it_when_we_are_killed() -> None:
    """SIGKILL gives no time to clean up: the kernel does. Our pipe ends when nobody holds it."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], check=False, stdout=subprocess.PIPE, timeout=PATIENCE_S
    )

    assert -signal.SIGKILL == killed.returncode


def test_a_rope_that_is_cut_ends_nothing() -> None:
    """Who ends in order sees to it that they have ended."""
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        rope = ParentDeathPipe()
        rope.tie(sleeper.pid)
        rope.cut()

        assert sleeper.poll() is None
        sleeper.kill()
