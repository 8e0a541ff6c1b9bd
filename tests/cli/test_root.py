"""The command line, without a broker."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner, Result

from streams.cli.reference import commands
from streams.cli.root import COMMANDS, goeswith

NOWHERE = "127.0.0.1:1"


def run(*words: str, **env: str) -> Result:
    """What a command says."""
    return CliRunner().invoke(goeswith, words, env=env)


def test_every_command_explains_itself_and_its_options() -> None:
    """With `-h` as with `--help`."""
    for (_, *words), command in commands():
        help_ = run(*words, "--help")

        assert 0 == help_.exit_code, words
        assert help_.output == run(*words, "-h").output
        assert command.help, words
        assert all(one.help for one in command.params if isinstance(one, click.Option)), words


def test_the_list_of_commands_says_what_each_one_does() -> None:
    """Before any of them is loaded."""
    listed = run("--help").output

    assert all(name in listed and lazy.help.split()[0] in listed for name, lazy in COMMANDS.items())


def test_lag_loads_no_more_than_it_needs() -> None:
    """An operator's machine may have neither numpy nor a worker."""
    heavy = "'numpy', 'faust', 'confluent_kafka', 'redis', 'river', 'aiokafka'"
    loaded = "import sys, streams.cli.root as c; c.goeswith.get_command(None, 'lag')"
    program = f"{loaded}; print({{{heavy}}} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "set()\n" == said.stdout


def test_a_broker_that_does_not_answer_is_one_clear_line() -> None:
    """No traceback, exit code 1, within the time allowed."""
    result = run("lag", "--bootstrap", NOWHERE, GOESWITH_KAFKA_TIMEOUT_S="1")

    assert 1 == result.exit_code
    assert result.output.startswith("goeswith: no Kafka broker answered at 127.0.0.1:1 (Conn")
    assert 1 == len(result.output.splitlines())


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (("lag",), {"GOESWITH_PARTITIONS": "none"}, "GOESWITH_PARTITIONS"),
        (("lag", "--prefix", "a shop"), {}, "GOESWITH_TOPIC_PREFIX"),
        (("lag", "--bootstrap", "bread"), {}, "'bread' is no Kafka address"),
        (("lag", "--bootstrap", "http://127.0.0.1:1"), {}, "write host:port, without a scheme"),
        (("lag",), {"GOESWITH_KAFKA_API_VERSION": "new"}, "GOESWITH_KAFKA_API_VERSION"),
        (("prompts", "--session", "s"), {"GOESWITH_REDIS_URL": ""}, "GOESWITH_REDIS_URL"),
        (("prompts", "--session", "s", "--redis", "bread"), {}, "GOESWITH_REDIS_URL"),
    ],
)
def test_what_an_operator_has_to_change_is_exit_code_2(
    words: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    """And the line names it."""
    result = run(*words, **env)

    assert 2 == result.exit_code
    assert result.output.startswith("goeswith: ")
    assert said in result.output


def test_a_redis_that_does_not_answer_is_said_without_its_password() -> None:
    """Lines end up in logs."""
    result = run("prompts", "--session", "s", "--redis", "redis://me:bread@127.0.0.1:1/0")

    assert 1 == result.exit_code
    assert "127.0.0.1:1" in result.output
    assert "bread" not in result.output


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    """In a process in which the embedded broker's library cannot be imported."""
    program = (
        "import sys; sys.modules['confluent_kafka'] = None; sys.argv = ['goeswith', 'demo', '-h']\n"
        "import streams.cli.root as c\n"
        "c.COMMANDS['demo'] = c.Lazy('confluent_kafka:demo', '', 'demo'); c.main()"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert 2 == said.returncode
    assert "pip install '.[demo]'" in said.stderr
    assert 1 == len(said.stderr.splitlines())


def test_every_help_fits_80_columns() -> None:
    """Of the program, and of each command that it has."""
    paths = [(), *(path[1:] for path, _ in commands())]
    wide = {
        path: line
        for path in paths
        for line in CliRunner()
        .invoke(goeswith, [*path, "--help"], terminal_width=80)
        .output.splitlines()
        if len(line) > 80
    }

    assert len(paths) > 20
    assert {} == wide
