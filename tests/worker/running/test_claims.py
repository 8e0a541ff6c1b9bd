"""A worker's name and port belong to one process of a machine at a time."""

import os
import socket
import subprocess
import sys
import time

import pytest

from streams.contract.errors import Misconfigured, NameTaken
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import environment
from streams.worker.running.claims import claim, claim_name

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")

HOLDER = """
import os, sys, time
from streams.contract.settings import Settings
from streams.worker.running.claims import claim
held = claim(Settings())
print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(topic_prefix: str) -> Settings:
    """Of a worker whose name nobody else has."""
    return Settings(group_id=topic_prefix, worker_name="ann")


def holder(settings: Settings) -> "subprocess.Popen[str]":
    """A process that holds the name by now."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment(settings)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_the_second_worker_of_a_name_is_refused_and_told_who_has_it(settings: Settings) -> None:
    """Before it has done anything."""
    with holder(settings) as first:
        try:
            with pytest.raises(NameTaken, match=rf"worker_name=ann .*\(process {first.pid}\)"):
                claim_name(settings, wait_s=0.2)
        finally:
            first.kill()


def test_everyone_who_is_refused_is_told_who_has_the_name(settings: Settings) -> None:
    """However many were before: a container that is started again and again asks often."""
    held = claim_name(settings, wait_s=0)
    assert held is not None
    with held:
        for _ in range(20):
            with pytest.raises(NameTaken, match=rf"\(process {os.getpid()}\)"):
                claim_name(settings, wait_s=-1)


def test_a_name_is_free_again_when_its_worker_was_killed(settings: Settings) -> None:
    """Whoever is restarted waits for the one before, if that is still ending."""
    with holder(settings) as first:
        first.kill()
        began_s = time.monotonic()
        held = claim_name(settings, wait_s=10.0)

    assert held is not None
    held.close()
    assert time.monotonic() - began_s < 5.0


def test_other_groups_and_clusters_have_their_own_names(settings: Settings) -> None:
    """And a worker that is in no group shares its name with whom it likes."""
    others = [
        settings,
        settings.model_copy(update={"worker_name": "ben"}),
        settings.model_copy(update={"group_id": f"{settings.group_id}-2"}),
        settings.model_copy(update={"kafka_bootstrap": "kafka:9092"}),
    ]
    held = [claim(one) for one in others]
    standby = claim(settings.model_copy(update={"answering": False}))

    assert None not in held
    assert standby is None
    for one in held:
        assert one is not None
        one.close()


def test_a_port_that_is_taken_is_one_line_and_exit_code_2(settings: Settings) -> None:
    """It names the setting."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        given = {**environment(settings), "GOESWITH_WEB_PORT": str(port)}
        said = subprocess.run(
            [sys.executable, "-m", "streams", "worker"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **given, "GOESWITH_RECEIPT_SECRET": "not a secret"},
        )
        with pytest.raises(Misconfigured, match="GOESWITH_WEB_PORT"):
            claim(settings.model_copy(update={"web_port": port}))

    assert (2, 1) == (said.returncode, len(said.stderr.splitlines()))
    assert f"goeswith: port {port} of 127.0.0.1 is taken by another process" in said.stderr
