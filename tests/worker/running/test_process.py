"""The worker's package: Faust finds its app there; whoever wants a part of it loads no Faust."""

import os
import subprocess
import sys

import pytest

import streams.worker
from streams.contract.errors import Misconfigured, NotAuthorized
from streams.worker.running.process import EXIT_FAILED, EXIT_MISCONFIGURED, PunctualWorker


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


def test_a_worker_searches_for_cycles_by_time() -> None:
    """As a task of the app: an end of it would be the worker's."""
    program = (
        "import streams.worker; from streams.cli.process.young_garbage import by_time;"
        "print([by_time] == [task.__wrapped__ for task in streams.worker.app._app_tasks])"
    )

    assert "True\n" == said("-c", program)


def test_the_package_has_nothing_else() -> None:
    """A name that is not there is an error as in any other module."""
    with pytest.raises(AttributeError, match="has no attribute 'bread'"):
        streams.worker.bread  # noqa: B018  # to ask is the test


class Ended(PunctualWorker):
    """A worker that has ended, for this reason."""

    def __init__(self, reason: BaseException | None) -> None:
        self.crash_reason = reason


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (None, 0),
        (OSError("bread"), EXIT_FAILED),
        (Misconfigured("bread"), EXIT_MISCONFIGURED),
        (NotAuthorized("bread"), EXIT_MISCONFIGURED),
    ],
)
def test_a_worker_whose_end_takes_too_long_ends_with_the_code_that_it_has_anyway(
    reason: BaseException | None, code: int
) -> None:
    """What only an operator can mend is not started again by whoever supervises it."""
    assert code == Ended(reason)._code()
