"""The short form of `make fuzz`: loops that check their bounds, in processes of their own.

Code that was compiled without checks is kept apart (`models.machine_code`), so nothing that is in
a cache makes these tests find nothing.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
AGAINST_TWINS = [
    f"tests/models/recommenders/{name}.py"
    for name in (
        "test_kernels",
        "pair_table/test_table",
        "session_index/test_rings",
        "test_restoring",
    )
]
"""Compiled loops beside plain ones, and states that somebody has tampered with."""


def done(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command of Python's, when it has ended."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.mark.timeout(900)  # on a busy machine most of it is the compiler's
def test_models_that_live_under_tight_bounds_keep_to_their_arrays() -> None:
    """Fifteen lives."""
    fuzzed = done("tests.fuzz", "--events", "60000", NUMBA_BOUNDSCHECK="1")

    assert fuzzed.returncode == 0, fuzzed.stderr
    assert fuzzed.stdout.endswith("60,000 events in 15 lives: nothing found\n")


@pytest.mark.timeout(900)
def test_loops_that_check_their_bounds_do_what_their_twins_do() -> None:
    """The tests of the compiled loops once more, with checks."""
    tested = done(
        "pytest", "-q", "-p", "no:randomly", *AGAINST_TWINS, NUMBA_BOUNDSCHECK="1", CI="true"
    )

    assert tested.returncode == 0, tested.stdout[-3000:]


def test_fuzzing_refuses_to_begin_where_nothing_is_checked() -> None:
    """A loop that looks beyond its array has to say so, or nothing would ever be found."""
    fuzzed = done("tests.fuzz", "--events", "1", NUMBA_BOUNDSCHECK="0")

    assert fuzzed.returncode == 1
    assert "bounds are not checked here" in fuzzed.stderr
