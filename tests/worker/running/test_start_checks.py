"""What a worker looks at before it starts."""

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.worker.running.start_checks import check_start, short_secrets

LONG = "long enough that nobody guesses it"


def test_a_heartbeat_that_is_too_slow_for_the_session_timeout_is_refused(tmp_path: Path) -> None:
    """The group would take the worker for gone between two of them."""
    just = Settings(heartbeat_s=1.0, session_timeout_s=3.0, data_dir=str(tmp_path))
    check_start(just)

    for slow in ({"heartbeat_s": 1.1}, {"heartbeat_s": 20.0, "session_timeout_s": 10.0}):
        with pytest.raises(Misconfigured, match="more than a third of GOESWITH_SESSION_TIMEOUT_S"):
            check_start(just.model_copy(update=slow))


@pytest.mark.parametrize(("heartbeat_s", "timeout_s"), [(1.1, 3.3), (2.2, 6.6), (0.7, 2.1)])
def test_a_third_is_a_third_however_it_is_rounded(
    tmp_path: Path, heartbeat_s: float, timeout_s: float
) -> None:
    """3 times 1.1 is more than 3.3 in floating point."""
    times: dict[str, Any] = {"heartbeat_s": heartbeat_s, "session_timeout_s": timeout_s}
    check_start(Settings(**times, data_dir=str(tmp_path)))

    with pytest.raises(Misconfigured, match="more than a third"):
        check_start(Settings(**times | {"heartbeat_s": heartbeat_s + 0.001}))


def test_a_short_session_timeout_alone_is_warned_of_where_a_heartbeat_fits_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody has set the heartbeat: such a worker ran before, and is not to end at an update."""
    with caplog.at_level(logging.WARNING):
        check_start(Settings(session_timeout_s=2.0, data_dir=str(tmp_path)))
    assert ["GOESWITH_HEARTBEAT_S=1 is more than a third of GOESWITH_SESSION_TIMEOUT_S=2"] == [
        said.partition(": ")[0] for said in caplog.messages
    ]

    refused: list[dict[str, Any]] = [
        {"session_timeout_s": 1.0},
        {"session_timeout_s": 2.0, "heartbeat_s": 1.0},
    ]
    for ended in refused:
        with pytest.raises(Misconfigured, match="more than a third"):
            check_start(Settings(**ended, data_dir=str(tmp_path)))


@pytest.mark.parametrize("place", ["/proc/x", "{}/file", "{}/file/below"])
def test_a_data_dir_that_is_no_folder_is_refused(tmp_path: Path, place: str) -> None:
    """A supervisor would start what fails there again and again."""
    (tmp_path / "file").touch()
    folder = place.format(tmp_path)

    with pytest.raises(Misconfigured, match=f"{folder} is no folder.*GOESWITH_DATA_DIR"):
        check_start(Settings(data_dir=folder))


def test_a_data_dir_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    """With all that is above it."""
    check_start(Settings(data_dir=str(tmp_path / "var" / "goeswith")))

    assert (tmp_path / "var" / "goeswith").is_dir()


def test_secrets_that_can_be_guessed_are_warned_of_and_not_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A test shop may use them."""
    settings = Settings(
        data_dir=str(tmp_path),
        receipt_secret=SecretStr(f"{LONG}, q"),
        checkpoint_key=SecretStr("zz"),
    )
    with caplog.at_level(logging.WARNING):
        check_start(settings)

    assert len(caplog.messages) == 2
    assert "GOESWITH_RECEIPT_SECRET has 1 character:" in caplog.messages[0]
    assert "GOESWITH_CHECKPOINT_KEY has 2 characters:" in caplog.messages[1]
    assert not any("q," in said or "zz" in said for said in caplog.messages)
    assert [] == short_secrets(Settings(receipt_secret=SecretStr(LONG)))
