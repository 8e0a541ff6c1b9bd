"""The worker's package: Faust finds its app there; whoever wants a part of it loads no Faust."""

import os
import subprocess
import sys

import pytest

import streams.worker


def said(*words: str) -> str:
    """What a process of its own prints."""
    environment = {**os.environ, "GOESWITH_RECEIPT_SECRET": "not a secret"}
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
    )
    return done.stdout


def test_a_part_of_the_worker_loads_without_faust() -> None:
    """Rounds are pure: who reads them in a test or a benchmark need not wait for Faust."""
    program = "import sys, streams.worker.transport.rounds; print('faust' in sys.modules)"

    assert "False\n" == said("-c", program)


def test_faust_finds_the_app_in_the_package() -> None:
    """`faust -A streams.worker` asks for the attribute `app`."""
    program = "import streams.worker; print(streams.worker.app.conf.id)"

    assert "goeswith\n" == said("-c", program)


def test_the_package_has_nothing_else() -> None:
    """A name that is not there is an error as in any other module."""
    with pytest.raises(AttributeError, match="has no attribute 'bread'"):
        streams.worker.bread  # noqa: B018  # to ask is the test
