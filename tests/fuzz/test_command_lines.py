"""Whatever is typed or set: an exit code of 0, 1 or 2, one line that says why, and no traceback."""

import contextlib
import gc
import os
import resource
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings

from streams.cli.options import read_settings
from streams.cli.reference import commands
from streams.cli.root import goeswith
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from tests.fuzz.command_lines import CommandLine, command_lines, environments, laid_out
from tests.fuzz.hostile_json import tried

# click leaves a file open that it has opened before another argument is refused
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

PATIENCE = {"GOESWITH_KAFKA_TIMEOUT_S": "1", "GOESWITH_RECEIPT_SECRET": "not a secret"}
ADDRESSES_MAX = 6 << 30
"""Bytes that a command may address: to want more for a file without an end is a fault."""
ROOT = Path(__file__).parent.parent.parent
BY_NAME = {words[1:]: command for words, command in commands()}
ABOVE = click.Context(goeswith, **goeswith.context_settings)
"""What a command inherits: click keeps the names of the first help option that it was asked for."""
often = settings(tried, max_examples=4 * tried.max_examples)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Where commands write, if any does."""
    here = tmp_path_factory.mktemp("commands")
    laid_out(here)
    with contextlib.chdir(here):
        yield here
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


@pytest.fixture(scope="module")
def shop(embedded_broker: EmbeddedBroker) -> dict[str, str]:
    """The environment of a shop whose topics are there."""
    there = Settings(topic_prefix="odd", partitions=2)
    for name in there.topics.declared():
        embedded_broker.create_topic(name, 2)
    return {
        **PATIENCE,
        "GOESWITH_KAFKA_BOOTSTRAP": embedded_broker.bootstrap,
        "GOESWITH_KAFKA_API_VERSION": "2.0",
        "GOESWITH_TOPIC_PREFIX": there.topic_prefix,
        "GOESWITH_PARTITIONS": str(there.partitions),
    }


def ended_in_order(result: Result) -> None:
    """By an exit code of ours, having said why."""
    assert result.exit_code in (0, 1, 2), result.output
    assert isinstance(result.exception, SystemExit | None)
    assert "Traceback" not in result.output
    said = result.stderr.splitlines()
    if result.exit_code == 2:
        assert said, "nothing was said"
    if said and said[-1].startswith("goeswith: "):
        assert 1 == sum(line.startswith("goeswith: ") for line in said), result.stderr
    assert all(len(line) < 1200 for line in said if line.startswith("goeswith: "))


@often
@given(line=command_lines())
def test_whatever_is_typed_is_answered_in_order(shop: dict[str, str], line: CommandLine) -> None:
    """Of each command of the tree, and whatever its options are."""
    if line.parsed_alone:
        with contextlib.suppress(click.exceptions.ClickException, click.exceptions.Exit):
            alone = " ".join(line.words), list(line.given)
            BY_NAME[line.words].make_context(*alone, parent=ABOVE)
        return
    ended_in_order(CliRunner().invoke(goeswith, [*line.words, *line.given], env=shop))


@often
@given(environments())
def test_whatever_is_set_is_taken_or_refused_in_one_line(environment: dict[str, str]) -> None:
    """By the settings of a worker, and by a command that reckons with them."""
    with contextlib.suppress(Misconfigured), pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        read_settings()
    ended_in_order(CliRunner().invoke(goeswith, ["sizes", "--json"], env=environment))


def run(*words: str, close: str = "", **more: Any) -> "subprocess.CompletedProcess[bytes]":
    """A command in a process of its own, with some of its streams closed by the shell."""
    typed = 'exec "$0" -m streams "$@" ' + close
    limit = ADDRESSES_MAX, ADDRESSES_MAX
    return subprocess.run(
        ["sh", "-c", typed, sys.executable, *words],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **PATIENCE, **more},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "close", "code"),
    [
        (("schema", "events"), ">&-", 0),
        (("--help",), ">&- 2>&-", 0),
        (("lag", "--bootstrap", "127.0.0.1:1"), ">&- 2>&-", 1),
        (("validate", "-"), "<&-", 0),
        (("lag", "--json", "--bootstrap", "127.0.0.1:1"), "<&- >&-", 1),
    ],
)
def test_a_stream_that_is_closed_leads_nowhere(
    words: tuple[str, ...], close: str, code: int
) -> None:
    """A service manager starts programs so, and no connection takes its place."""
    ended = run(*words, close=close)

    assert code == ended.returncode, ended.stderr
    assert b"Traceback" not in ended.stderr


ENDLESS = "/dev/zero"


@pytest.mark.skipif(not Path(ENDLESS).exists(), reason="there is no /dev/zero here")
@pytest.mark.parametrize(
    ("words", "more"),
    [
        (("validate", "/proc/self/mem"), {}),
        (("off-policy", "--policy", ENDLESS, "--outcomes", "empty"), {}),
        (("off-policy", "--policy", "sound.toml", "--outcomes", ENDLESS), {}),
        (("off-policy", "--policy", "sound.toml", "--outcomes", "/proc/self/mem"), {}),
        (("uplift", "--keep", ENDLESS), {}),
        (("checkpoint", "inspect", ENDLESS), {}),
        (("sizes",), {"GOESWITH_KAFKA_PASSWORD_FILE": ENDLESS}),
        (
            ("lag", "--bootstrap", "127.0.0.1:1"),
            {"GOESWITH_KAFKA_CA_FILE": ENDLESS, "GOESWITH_KAFKA_SECURITY_PROTOCOL": "SSL"},
        ),
    ],
)
def test_a_file_without_an_end_is_refused(
    folder: Path, words: tuple[str, ...], more: dict[str, str]
) -> None:
    """In bounded memory, and so is one that cannot be read."""
    (folder / "sound.toml").write_text("[default]\npopular = 1\n")

    ended = run(*words, **more)

    assert ended.returncode in (1, 2), ended.stderr
    assert 1 == len(ended.stderr.splitlines()), ended.stderr
    assert ended.stderr.startswith(b"goeswith: ")
    assert b"the output cannot" not in ended.stderr
