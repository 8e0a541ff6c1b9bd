"""The demo and the simulation, started as anybody would start them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker

RUN_S_MAX = 240.0
"""Only a failure takes so long."""
SHORT_RUN_S = 20
GONE_S_MAX = 5.0
FAUSTS = f"goeswith-{os.getuid()}-worker-1"
"""The folder that Faust asks for: the same at each start, without a file."""
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
    "items_foreign",
    "unreadable",
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


def test_a_demo_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGKILL gives no time to tidy up: its processes end all the same, and it kept no files."""
    with goeswith("demo", "--json", TMPDIR=str(tmp_path)) as process:
        assert process.stderr is not None
        while " events/s" not in process.stderr.readline():
            assert process.poll() is None
        started = children(process.pid)
        process.kill()
        process.communicate(timeout=GONE_S_MAX)  # nobody holds our pipes any more
        deadline = time.monotonic() + GONE_S_MAX
        while living := [pid for pid in started if lives(pid)]:
            assert time.monotonic() < deadline, living
            time.sleep(0.05)

    assert len(started) >= 4  # the broker, Redis, the worker, and who watches over them
    assert [] == [path for path in tmp_path.iterdir() if path.name != FAUSTS]


def children(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for listed in lists for child in listed.read_text().split()]
    return found + [grandchild for child in found for grandchild in children(child)]


def lives(pid: int) -> bool:
    """Whether a process is there, and more than an entry that nobody has asked for yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


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
