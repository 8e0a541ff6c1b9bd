"""README says what is there: its tables, commands and examples are held against the code."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import dropwhile, groupby
from pathlib import Path
from typing import NamedTuple

import click

from streams.cli.reference import commands, rewritten
from streams.cli.root import goeswith
from streams.contract.events import ANY_EVENT, EVENTS
from streams.contract.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
RUN_S_MAX = 120.0
CONSOLES = {"console", "sh", "bash", "shell"}


class Block(NamedTuple):
    """A fenced block: what the fence says, and the lines."""

    info: list[str]
    lines: list[str]

    @property
    def typed(self) -> list[str]:
        """The command lines in it: after a `$` in a console, every line in a script."""
        lines = "\n".join(self.lines).replace("\\\n", " ").splitlines()
        if self.info[0] == "console":
            return [line[2:] for line in lines if line.startswith("$ ")]
        return [line for line in lines if line.strip() and not line.startswith("#")]


def fenced(text: str) -> list[Block]:
    """Every fenced block that says what language it is in."""
    found = re.findall(r"^```(\w[^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(info.split(), body.splitlines()) for info, body in found]


def typed_commands() -> list[str]:
    """Every command line of README."""
    return [line for block in fenced(README) if block.info[0] in CONSOLES for line in block.typed]


def calls(program: str) -> list[list[str]]:
    """The arguments of every call of this program in README, each once."""
    found = [words for line in typed_commands() for words in simple(line) if words[0] == program]
    return [list(arguments) for arguments in dict.fromkeys(tuple(words[1:]) for words in found)]


def simple(line: str) -> Iterator[list[str]]:
    """The words of each simple command of a line, without the variables set for it.

    >>> list(simple("A=1 goeswith lag | less && make test"))
    [['goeswith', 'lag'], ['less'], ['make', 'test']]
    """
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    for operator, command in groupby(words, key=lambda word: not set(word) - set("();<>|&")):
        rest = list(dropwhile(lambda word: re.match(r"^\w+=", word), command))
        if rest and not operator:
            yield rest


def unknown_to(command: click.Command, arguments: list[str]) -> list[str]:
    """The words of a call that the command does not know: subcommands and options."""
    flags = {"-h", "--help"}
    for parameter in command.params:
        flags |= {*parameter.opts, *parameter.secondary_opts}
    for place, word in enumerate(arguments):
        if word.startswith("-") and word.partition("=")[0] not in flags:
            return [word]
        if isinstance(command, click.Group) and not word.startswith("-"):
            inner = command.get_command(click.Context(command), word)
            return [word] if inner is None else unknown_to(inner, arguments[place + 1 :])
    return []


def test_the_tables_are_what_the_code_says() -> None:
    """`make docs` would change nothing."""
    assert rewritten(README) == README, "README.md is behind the code: run `make docs`"


def test_every_command_is_in_the_readme_and_says_what_it_does() -> None:
    """A command that nobody can find is not there."""
    found = {" ".join(path): command.help for path, command in commands()}

    assert [] == [typed for typed in found if f"| `{typed}` |" not in README]
    assert [] == [typed for typed, said in found.items() if not said]


def test_every_setting_is_in_the_readme_and_says_what_it_is() -> None:
    """A setting without a sentence is a riddle."""
    fields = Settings.model_fields

    assert [] == [name for name in fields if f"| `{name}` |" not in README]
    assert [] == [name for name, field in fields.items() if not field.description]


def test_every_variable_in_the_readme_is_a_setting() -> None:
    """Nobody sets in vain what README names."""
    named = {name.lower() for name in re.findall(r"GOESWITH_([A-Z_]+)", README)}

    assert set() == named - Settings.model_fields.keys()


def test_every_topic_is_in_the_readme() -> None:
    """All that crosses the border of goeswith is told."""
    topics = Settings().topics.declared()

    assert [] == [name for name in topics if f"| `{name}` |" not in README]


def test_every_goeswith_line_in_the_readme_can_be_typed() -> None:
    """The command exists, and so does each of its options."""
    wrong = {
        " ".join(arguments): unknown_to(goeswith, arguments) for arguments in calls("goeswith")
    }

    assert {} == {typed: words for typed, words in wrong.items() if words}


def test_every_make_line_in_the_readme_can_be_typed() -> None:
    """The target exists in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = {word for arguments in calls("make") for word in arguments if "=" not in word}

    assert set() == typed - targets


def test_every_make_target_says_what_it_does() -> None:
    """`make` alone lists every target there is."""
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    told = re.findall(r"^([a-z]+):.*## \w", makefile, re.MULTILINE)

    assert phony is not None
    assert sorted(phony[1].split()) == sorted(told)


def test_the_examples_of_events_are_events() -> None:
    """There is one of each kind, and the worker can read it."""
    lines = [line for line in README.splitlines() if line.startswith('{"type": ')]

    assert list(EVENTS) == [type(ANY_EVENT.validate_json(line)) for line in lines]


def test_every_console_block_marked_to_be_run_says_what_is_said() -> None:
    """A block fenced as `console run` is typed as it stands, and its output compared.

    `...` stands for anything, as in doctests.
    """
    checker = doctest.OutputChecker()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for block in fenced(README):
        if block.info != ["console", "run"]:
            continue
        wanted = "".join(f"{line}\n" for line in block.lines if not line.startswith("$ "))
        said = _run("\n".join(block.typed))

        assert checker.check_output(wanted, said, flags), f"{block.typed} says:\n{said}"


def _run(script: str) -> str:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=ROOT,
        env={**os.environ, "PATH": programs},
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
