"""The demo and the simulation, started as anybody would start them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streams.demo.broker import EmbeddedBroker
from streams.settings import Settings

RUN_S_MAX = 240.0
"""Only a failure takes so long."""
SHORT_RUN_S = 20
KEYS = {
    "seconds",
    "events",
    "prompts",
    "first_prompt_after_s",
    "silences",
    "feedback",
    "arms",
    "latency_ms",
    "lag_events",
    "lag_seconds",
    "dead_letters",
    "truth",
}


@contextmanager
def goeswith(*words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A `goeswith` command that runs, and is over after the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "streams", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    bound = threading.Timer(RUN_S_MAX, process.kill)
    bound.start()
    try:
        yield process
    finally:
        bound.cancel()
        process.kill()
        process.wait()


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON object that a command ends with, once it has ended well."""
    out, err = process.communicate()
    assert 0 == process.returncode, err
    last: dict[str, Any] = json.loads(out.splitlines()[-1])
    return last


def test_a_short_demo_answers_and_finds_half_of_the_truth() -> None:
    """Headless: every figure is there, prompts came, nothing was lost, left over or unreadable.

    The truth found after 20 s at 150 events/s: 22 to 24 of 25 staples in six runs without Kafka;
    half of that leaves room for a machine that is busy with something else.
    """
    with goeswith("demo", "--seconds", str(SHORT_RUN_S), "--json") as process:
        told = report(process)

    assert set(told) == KEYS
    assert told["events"] > 0
    assert told["prompts"] > 0
    assert told["feedback"]["shown"] > 0
    assert set(told["latency_ms"]) == {"p50", "p99"}
    assert {"pulls", "share", "reward_rate"} == set(told["arms"]["bought_together"])
    assert 0 == told["dead_letters"]
    assert 0 == told["lag_events"]
    assert 0.5 <= told["truth"]["found"] / told["truth"]["of"]


def test_a_demo_leaves_production_alone(tmp_path: Path) -> None:
    """Though every variable of its workers is set here: where checkpoints go, and under what name.

    A worker writes its first checkpoint two seconds after its start.
    """
    theirs = tmp_path / "shop.checkpoint"
    theirs.write_bytes(b"months of knowledge")
    production = {
        "GOESWITH_CHECKPOINT_URL": theirs.as_uri(),
        "GOESWITH_REDIS_URL": "redis://127.0.0.1:1/0",
        "GOESWITH_TOPIC_PREFIX": "production",
        "GOESWITH_GROUP_ID": "production",
        "GOESWITH_PARTITIONS": "3",
    }
    with goeswith("demo", "--seconds", "6", "--json", **production) as process:
        told = report(process)

    assert b"months of knowledge" == theirs.read_bytes()
    assert [theirs] == list(tmp_path.iterdir())
    assert told["events"] > 0


def test_ctrl_c_ends_a_demo_with_its_report() -> None:
    """Feeding stops, what was sent is answered, the report is printed, the exit code is 0."""
    with goeswith("demo", "--json") as process:
        assert process.stderr is not None
        while " events/s" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told = report(process)

    assert 0 == told["lag_events"]
    assert told["events"] > 0


def test_simulated_shoppers_feed_a_broker_where_nobody_answers_yet() -> None:
    """Their events arrive at the rate; without a worker there are no prompts."""
    settings = Settings()
    topics = dict.fromkeys(settings.topics.declared(), 2)
    with (
        EmbeddedBroker(topics) as broker,
        goeswith(
            *("simulate", "--bootstrap", broker.bootstrap),
            *("--rate", "50", "--seconds", "5", "--json"),
            GOESWITH_KAFKA_API_VERSION="2.0",
        ) as process,
    ):
        told = report(process)

    assert 0 == told["prompts"]
    assert 250 * 0.8 <= told["events"] <= 250
    assert told["events"] == told["lag_events"]
