"""A failure that we have a name for is one line of log."""

import gc
import logging
import sys
import weakref

import pytest

from streams.contract.errors import NameTaken, WorkerStuck
from streams.worker.running.crash_lines import SAID_MAX, CrashLines


def crash(error: Exception, text: str = "[^-App]: Crashed reason=%r") -> logging.LogRecord:
    """The line that mode writes of a part that has crashed, with a traceback."""
    try:
        raise error
    except type(error):
        return logging.LogRecord("mode", logging.ERROR, "", 0, text, (error,), sys.exc_info())


def test_a_crash_is_told_once_however_many_parts_it_ends() -> None:
    """By name and message."""
    lines, stuck = CrashLines(), WorkerStuck("the log has more")
    first = crash(stuck)

    assert lines.filter(first)
    assert ("WorkerStuck: the log has more", None) == (first.getMessage(), first.exc_info)
    assert not lines.filter(crash(stuck))
    assert not lines.filter(crash(stuck, "Error: %r"))
    assert lines.filter(crash(WorkerStuck("the log has more")))


@pytest.mark.parametrize("said_before", [False, True])
def test_a_line_that_mentions_an_error_of_ours_keeps_its_text(said_before: bool) -> None:
    """What it has to say of the error is what it was written for."""
    lines, taken = CrashLines(), NameTaken("ann is taken")
    if said_before:
        lines.filter(crash(taken))
    line = crash(taken, "[^-App]: the page is not shown: %s")

    assert lines.filter(line)
    assert "[^-App]: the page is not shown: ann is taken" == line.getMessage()


def test_errors_that_were_told_are_not_held() -> None:
    """Neither they nor the frames of their tracebacks; the list of them is bounded."""
    lines = CrashLines()
    last = None
    for number in range(3 * SAID_MAX):
        stuck = WorkerStuck(str(number))
        last = weakref.ref(stuck)
        assert lines.filter(crash(stuck))
        del stuck
    gc.collect()

    assert last is not None
    assert last() is None
    assert SAID_MAX == len(lines._said)
