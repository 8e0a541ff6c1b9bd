"""Bad arguments, odd terminals, full disks, early interrupts: one line, and no traceback."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith

PROGRAM = (sys.executable, "-m", "streams")
HURRY = {"GOESWITH_KAFKA_TIMEOUT_S": "1"}


def run(
    *words: str | bytes, stdout: int = subprocess.PIPE, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """A command in a process of its own."""
    return subprocess.run(
        [*PROGRAM, *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
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


@pytest.mark.parametrize("name", ["", " ", "shop/workers", "x" * 101])
def test_a_group_without_a_name_is_refused_by_whoever_is_asked_first(name: str) -> None:
    """By the tools and by the worker, in one line and before Kafka is asked."""
    group = CliRunner().invoke(goeswith, ["lag", "--group", name])
    worker = CliRunner().invoke(goeswith, ["worker"], env={"GOESWITH_GROUP_ID": name})

    for said in (group, worker):
        assert 2 == said.exit_code
        assert said.output.startswith("goeswith: settings cannot be used: GOESWITH_GROUP_ID: ")
        assert 1 == len(said.output.splitlines())


def test_arguments_that_are_no_text_are_said_in_one_line() -> None:
    """Files may be called so; sessions and topics may not."""
    said = run("prompts", "--session", b"caf\xe9", "--redis", "redis://127.0.0.1:1/0")
    prefix = run("lag", "--prefix", b"caf\xe9")

    assert 2 == prefix.returncode
    assert said.returncode in (1, 2)
    assert 1 == len(said.stderr.splitlines()) == len(prefix.stderr.splitlines())


def test_who_stops_reading_is_told_nothing_and_the_exit_code_is_that_of_shells() -> None:
    """As of `| head`: 128 and the number of SIGPIPE, whether it was ever flushed before."""
    for words in (("schema", "events"), ("--version",)):
        reader, writer = os.pipe()
        os.close(reader)
        said = run(*words, stdout=writer)
        os.close(writer)

        assert (141, b"") == (said.returncode, said.stderr)


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
    help_, wrong = run("demo", "--help", env=settings), run("lag", "--prefix", "☃", env=settings)
    unknown = run("☃", env=settings)

    assert (0, 2, 2) == (help_.returncode, wrong.returncode, unknown.returncode)
    assert all(b"Traceback" not in said.stderr for said in (help_, wrong, unknown))


@pytest.mark.parametrize("module", ["click", "pydantic", "rich.console", "streams.cli.options"])
def test_ctrl_c_while_a_command_is_loaded_is_quiet(module: str) -> None:
    """From the first line of ours on: once this module has been imported, and no sooner.

    It would wait long: somebody listens at its broker's address, and never says a word.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        subprocess.Popen(
            [
                *(sys.executable, "-X", "importtime", "-m", "streams", "lag"),
                *("--bootstrap", f"127.0.0.1:{silent.getsockname()[1]}"),
            ],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "GOESWITH_KAFKA_TIMEOUT_S": "30"},
        ) as process,
    ):
        assert process.stderr is not None
        for line in process.stderr:
            if line.split("|")[-1].strip() == module:
                break
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert 130 == process.returncode
    assert [] == [line for line in said.splitlines() if not line.startswith("import time:")]


def test_a_file_that_no_system_has_is_said_in_one_line() -> None:
    """Wherever a command meets it first."""
    name = "x" * 300
    result = CliRunner().invoke(
        goeswith, ["uplift", "--keep", name, "--bootstrap", "127.0.0.1:1"], env=HURRY
    )

    assert 2 == result.exit_code
    assert f"goeswith: {name}: File name too long\n" == result.output


@pytest.mark.parametrize("command", [("feed", "staff"), ("feed", "post-purchase"), ("arms",)])
def test_a_time_with_a_unit_is_told_the_unit_that_is_wanted(command: tuple[str, ...]) -> None:
    """Whoever writes `1h` learns that minutes are meant; bounds are told as ever."""
    told = CliRunner().invoke(goeswith, [*command, "--since", "1h"])
    below = CliRunner().invoke(goeswith, [*command, "--since", "-1"])

    assert (2, 2) == (told.exit_code, below.exit_code)
    assert "'1h' is no number of minutes" in told.output
    assert "x>=0" in below.output
