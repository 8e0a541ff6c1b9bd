"""What kafka-python says of itself is told where it means something."""

import logging
import time
from contextlib import closing

import pytest
from kafka.net.selector import NetworkSelector

from streams.clients.sync_kafka import SLOW_STEP_S

BLOCKING = "blocking the event loop"


async def waits() -> None:
    """A step that has to wait: for the interpreter, or the machine."""
    time.sleep(0.15)  # noqa: ASYNC251  # it is what is tried


def said(caplog: pytest.LogCaptureFixture, **settings: float) -> bool:
    """Whether a loop of theirs complains of it."""
    caplog.clear()
    with (
        caplog.at_level(logging.WARNING, "kafka.net.selector"),
        closing(NetworkSelector(**settings)) as loop,
    ):
        loop.run(waits)
    return BLOCKING in caplog.text


def test_a_step_that_waits_a_moment_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    """As it was by the default of the library; one that takes for ever is."""
    assert said(caplog, slow_task_threshold_secs=0.1)
    assert not said(caplog)
    assert NetworkSelector.DEFAULT_CONFIG["slow_task_threshold_secs"] == SLOW_STEP_S > 0.0
