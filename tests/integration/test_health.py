"""How a worker says that it does not get on, to whoever supervises it."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streams.clients.connection.addresses import free_port
from streams.contract.settings import Settings
from streams.lab.bench.stage import tape
from streams.lab.embedded.broker import EmbeddedBroker
from streams.lab.embedded.worker_process import environment
from tests.stories import OPEN, Story

PATIENCE_S = 90.0
STUCK = """
from streams.contract.settings import Settings
from streams.worker.topology import create_app
from streams.worker.running.process import PunctualWorker
from tests.stand_ins import KeepingDelivery

app = create_app(Settings(), delivery=KeepingDelivery())
app.conf.Worker = PunctualWorker
app.Worker(loglevel="warn", redirect_stdouts=False).execute_from_commandline()
"""
"""A worker whose prompts are never delivered: it answers one round, and waits for ever."""


class Health(NamedTuple):
    """What the page for readiness says."""

    status: int
    said: dict[str, Any]


def health(settings: Settings) -> Health:
    """Ask a worker how it is; status 0 while it has no page."""
    url = f"http://127.0.0.1:{settings.web_port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
            return Health(page.status, json.load(page))
    except urllib.error.HTTPError as error:
        with error as refused:
            return Health(refused.code, json.load(refused))
    except OSError:
        return Health(0, {})


def until(settings: Settings, condition: Callable[[Health], bool]) -> Health:
    """How the worker is, once it is like that."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition(found := health(settings)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


@pytest.fixture
def settings() -> Iterator[Settings]:
    """The settings of a worker that gives up soon, on a broker with its topics."""
    given: dict[str, Any] = {
        **OPEN,
        "partitions": 2,
        "session_timeout_s": 6.0,
        "stuck_s_max": 12.0,
        "web_port": free_port(),
        "kafka_api_version": "2.0",
        "fetch_wait_fixed": True,
    }
    names = Settings(**given).topics.declared()
    with EmbeddedBroker(dict.fromkeys(names, 2)) as broker:
        yield Settings(**given, kafka_bootstrap=broker.bootstrap)


def test_a_worker_that_is_stuck_says_so_and_ends(settings: Settings, tmp_path: Path) -> None:
    """Ready at first; then not, with the reason; then gone, with the same reason in its log.

    One line has it, for whoever looks there first.
    """
    log = tmp_path / "log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-c", STUCK],
            env={**os.environ, **environment(settings)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(settings, lambda worker: worker.status == 200)
        bread = tape.taped([Story("ann").view("bread")], settings.partitions)
        asyncio.run(tape.record(settings.kafka_bootstrap, settings.topics.events, bread))
        stuck = until(settings, lambda worker: worker.status == 503)
        code = worker.wait(PATIENCE_S)
    finally:
        worker.kill()

    assert "stuck at offset 0 for 1" in stuck.said["reasons"][0]
    assert code == 1
    told = [line for line in log.read_text().splitlines() if "[WARNING]" not in line]
    assert 1 == len(told), told
    assert "stuck at offset 0" in told[0]
    assert "though Kafka answers: the worker ends" in told[0]
