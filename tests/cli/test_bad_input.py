"""Bad arguments, odd terminals, full disks, early interrupts: one line, and no traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith

PROGRAM = (sys.executable, "-m", "streams")


def run(
    *words: str | bytes, stdout: int | None = subprocess.PIPE, **env: str
) -> "subprocess.CompletedProcess[bytes]":
    """A command in a process of its own."""
    return subprocess.run(
        [*PROGRAM, *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **env},
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("lag", "--watch", "--every", "-1"),
        ("lag", "--watch", "--every", "nan"),
        ("lag", "--watch", "--every", "inf"),
        ("arms", "--since", "inf"),
        ("arms", "--since", "nan"),
        ("simulate", "--rate", "nan"),
        ("simulate", "--seconds", "nan"),
        ("lag", "--bootstrap", "a..b:9092"),
        ("lag", "--bootstrap", f"{'a' * 70}:9092"),
        ("lag", "--bootstrap", f"kafka:{'9' * 5000}"),
        ("lag", "--bootstrap", ":9092"),
        ("prompts", "--session", "s", "--redis", "redis://127.0.0.1:1/0?foo=bar"),
        ("prompts", "--session", "s", "--redis", "redis://127.0.0.1:bread/0"),
    ],
)
def test_bad_arguments_are_exit_code_2(words: tuple[str, ...]) -> None:
    """And no exception but the exit itself."""
    result = CliRunner().invoke(goeswith, words)

    assert 2 == result.exit_code
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1"])
def test_a_time_that_is_none_is_no_setting(value: str) -> None:
    """Prompts that never expire could not be written down."""
    result = CliRunner().invoke(goeswith, ["lag"], env={"GOESWITH_PROMPT_TTL_S": value})

    assert 2 == result.exit_code
    assert result.output.startswith("goeswith: settings cannot be used: GOESWITH_PROMPT_TTL_S")
    assert 1 == len(result.output.splitlines())


def test_arguments_that_are_no_text_are_said_in_one_line() -> None:
    """Files may be called so; sessions and topics may not."""
    said = run("prompts", "--session", b"caf\xe9", "--redis", "redis://127.0.0.1:1/0")
    prefix = run("lag", "--prefix", b"caf\xe9")

    assert 2 == prefix.returncode
    assert said.returncode in (1, 2)
    assert 1 == len(said.stderr.splitlines()) == len(prefix.stderr.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_said_in_one_line() -> None:
    """Whether it shows at once, or only when what is buffered is written at the end."""
    with Path("/dev/full").open("wb") as full:
        said = run("schema", "events", stdout=full.fileno())

    assert 2 == said.returncode
    assert [b"goeswith: the output cannot be written: No space left on device"] == (
        said.stderr.splitlines()
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_of_another_encoding_gets_escapes(encoding: str) -> None:
    """Help and errors have characters that it does not know."""
    settings = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    help_, wrong = run("demo", "--help", **settings), run("lag", "--prefix", "☃", **settings)
    unknown = run("☃", **settings)

    assert (0, 2, 2) == (help_.returncode, wrong.returncode, unknown.returncode)
    assert all(b"Traceback" not in said.stderr for said in (help_, wrong, unknown))


@pytest.mark.parametrize("after_s", [0.05, 0.1, 0.2, 0.4])
def test_ctrl_c_while_a_command_is_loaded_is_quiet(after_s: float) -> None:
    """The interpreter itself takes some milliseconds to start, in which nothing of ours runs."""
    with subprocess.Popen(
        [*PROGRAM, "lag", "--bootstrap", "192.0.2.1:9092"],  # an address that never answers
        stderr=subprocess.PIPE,
        env={**os.environ, "GOESWITH_KAFKA_TIMEOUT_S": "30"},
    ) as process:
        _wait_until_ours(process.pid)
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)

    assert (130, b"") == (process.returncode, said)


def _wait_until_ours(pid: int) -> None:
    """Return when the interpreter has given SIGINT to us."""
    caught = 0
    while not caught & 1 << (signal.SIGINT - 1):
        status = Path(f"/proc/{pid}/status").read_text()
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
