"""A worker that is started for a job."""

import os

import pytest
from pydantic import SecretStr

from streams.cli.options import read_settings
from streams.contract.errors import WorkerFailed
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import WorkerProcess, environment

SETTINGS = Settings(
    topic_prefix="bakery",
    cool_down_s=0.5,
    answering=False,
    receipt_secret=SecretStr("not a secret"),
)


def test_settings_survive_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker reads is what we had, whatever else the environment says."""
    monkeypatch.setenv("GOESWITH_PARTITIONS", "3")
    for name, value in environment(SETTINGS).items():
        monkeypatch.setenv(name, value)

    assert SETTINGS == read_settings()


def test_a_worker_that_cannot_start_says_why() -> None:
    """Without a secret it ends at once, and its own words are in our error."""
    settings = SETTINGS.model_copy(update={"receipt_secret": SecretStr("")})
    with WorkerProcess(settings) as worker:
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)

        with pytest.raises(WorkerFailed, match=r"exit code 2: .*GOESWITH_RECEIPT_SECRET"):
            worker.check()


def test_a_worker_that_was_not_started_is_an_error() -> None:
    """There is no process to speak of before the block is entered."""
    with pytest.raises(WorkerFailed, match="has not been started"):
        WorkerProcess(SETTINGS).check()


def test_a_program_that_has_ended_can_be_started_again() -> None:
    """It is another process, of the same settings; and it is over with the block."""
    settings = SETTINGS.model_copy(update={"receipt_secret": SecretStr("")})
    with WorkerProcess(settings) as worker:
        first = worker.pid
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert not worker.is_running
        worker.start_again()
        second = worker.pid
        os.waitid(os.P_PID, second, os.WEXITED | os.WNOWAIT)

        assert first != second
        with pytest.raises(WorkerFailed, match="GOESWITH_RECEIPT_SECRET"):
            worker.check()
