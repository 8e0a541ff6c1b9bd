"""`lag --watch` where nothing can be redrawn, through an outage of the broker."""

import json
import os
import signal
import subprocess
import sys
import threading
from typing import IO

from streams.contract.settings import Settings
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.lab.embedded.worker_process import environment
from streams.operations.topics import create_topics
from tests.integration.operators import ByHand, send

PATIENCE_S = 240.0


def test_watching_goes_on_when_the_broker_comes_back(
    own_kafka: RealKafka, topic_prefix: str
) -> None:
    """An object each time, what is wrong on standard error, and SIGTERM ends it at once."""
    settings = Settings(
        kafka_bootstrap=own_kafka.bootstrap, topic_prefix=topic_prefix, kafka_timeout_s=2.0
    )
    create_topics(settings)
    send(settings, settings.topics.events, [ByHand(b"s", b"{}")])
    command = [sys.executable, "-m", "streams", "lag", "--watch", "--json", "--every", "0.5"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment(settings)},
    ) as process:
        bound = threading.Timer(PATIENCE_S, process.kill)
        bound.start()
        try:
            before = _next(process.stdout)
            own_kafka.kill()
            complaint = _next(process.stderr)
            own_kafka.start()
            while _waiting(_next(process.stdout, process.stderr)) != 1:
                pass
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
            bound.cancel()

    assert 1 == _waiting(before)
    assert complaint.startswith("goeswith: ")
    assert complaint.endswith("; trying again\n")
    assert 128 + signal.SIGTERM == process.returncode


def _next(stream: IO[str] | None, complaints: IO[str] | None = None) -> str:
    assert stream is not None
    line = stream.readline()
    assert line, f"it has ended: {complaints.read() if complaints else ''}"
    return line


def _waiting(line: str) -> int:
    return int(json.loads(line)["lag_events"])
