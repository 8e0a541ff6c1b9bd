"""README and docs/ say what is there: tables, commands, examples and links, against the code."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import dropwhile, groupby
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click
from pydantic.fields import FieldInfo

from streams.cli.options import SECRETS
from streams.cli.reference import BLOCKS, blocks, commands, pages, rewritten, setting_groups
from streams.cli.root import goeswith
from streams.contract.events import ANY_EVENT, EVENTS
from streams.contract.settings import Settings
from streams.shop.decision.languages.messages import TEXTS
from streams.shop.format.meaning import meaning
from streams.shop.memory.answer import SilenceReason
from streams.shop.memory.orders.arrivals import BLOCK
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.orders.seen import SEEN_MAX, TIED_MAX
from streams.shop.memory.session import IMPRESSIONS_MAX, LOOKED_MAX, ORDERS_MAX
from streams.shop.shared_settings import MUST_AGREE

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text()
PAGES = {page.relative_to(ROOT): page.read_text() for page in pages([ROOT / "README.md", DOCS])}
README_LINES_MAX = 180
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


def typed_commands(text: str) -> list[str]:
    """Every command line of a page."""
    return [line for block in fenced(text) if block.info[0] in CONSOLES for line in block.typed]


def calls(program: str) -> list[list[str]]:
    """The arguments of every call of this program in README and docs, each once."""
    lines = [line for text in PAGES.values() for line in typed_commands(text)]
    found = [words for line in lines for words in simple(line) if words[0] == program]
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
        if word.startswith("-") and word.partition("=")[0] not in flags | {"-"}:  # - is a file
            return [word]
        if isinstance(command, click.Group) and not word.startswith("-"):
            inner = command.get_command(click.Context(command), word)
            return [word] if inner is None else unknown_to(inner, arguments[place + 1 :])
    return []


def page(name: str) -> str:
    """A page of docs."""
    return (DOCS / name).read_text()


def anchor(heading: str) -> str:
    """What a link to a heading is made of.

    >>> anchor("What counts, once?")
    'what-counts-once'
    """
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def another(field: FieldInfo) -> Any:
    """Another value of a setting, within its limits."""
    value = field.default
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return type(value)(value / 2) or type(value)(1)
    return next((other for other in get_args(field.annotation) if other != value), "another")


def test_readme_is_short() -> None:
    """One sits down and reads it."""
    assert len(README.splitlines()) <= README_LINES_MAX


def test_what_is_generated_is_what_the_code_says() -> None:
    """`make docs` would change nothing."""
    behind = [str(name) for name, text in PAGES.items() if rewritten(text) != text]

    assert [] == behind, "these are behind the code: run `make docs`"


def test_every_block_has_its_page() -> None:
    """Nothing is generated for nobody, and no page has lost its table."""
    asked = {name for text in PAGES.values() for name in blocks(text)}

    assert BLOCKS.keys() == asked


def test_every_link_leads_somewhere() -> None:
    """To a file that is there, and to a heading in it."""
    broken = []
    for name, text in PAGES.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith("https://"):
                continue
            path, _, heading = target.partition("#")
            file = (ROOT / name).parent / path if path else ROOT / name
            found = file.exists() and (
                not heading
                or heading in map(anchor, re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE))
            )
            broken += [] if found else [f"{name}: {target}"]

    assert [] == broken


def test_every_file_that_is_named_is_there() -> None:
    """A path in code type, such as `models/decay/`, is one of this repository."""
    named = {
        (str(name), path)
        for name, text in PAGES.items()
        for path in re.findall(r"`((?:models|streams|tests|docs)/[\w./]*)`", text)
    }

    assert [] == sorted(path for _, path in named if not (ROOT / path).exists())


def test_every_page_can_be_found() -> None:
    """From docs/README.md, or from the contents of its own folder."""
    contents = page("README.md") + page("decisions/README.md")

    assert [] == [
        str(name) for name in PAGES if f"({name.name})" not in contents and name.name != "README.md"
    ]


def test_the_commands_that_print_json_lines_are_named() -> None:
    """All others print one object: a program reads either in another way."""
    lines = {
        " ".join(path[1:])
        for path, command in commands()
        for option in command.params
        if "--json" in option.opts and "JSON lines" in str(getattr(option, "help", ""))
    }
    _, found, told = page("commands.md").partition("print JSON lines, an object each: ")

    assert found
    assert lines == {*re.findall("`([a-z -]+)`", told.partition(". ")[0])}


def test_every_command_is_in_the_docs_and_says_what_it_does() -> None:
    """A command that nobody can find is not there."""
    found = {" ".join(path): command.help for path, command in commands()}

    assert [] == [typed for typed in found if f"| `{typed}` |" not in page("commands.md")]
    assert [] == [typed for typed, said in found.items() if not said]


def test_every_setting_is_in_the_docs_in_one_group_and_says_what_it_is() -> None:
    """A setting without a sentence is a riddle."""
    fields = Settings.model_fields

    assert list(fields) == [name for names in setting_groups().values() for name in names]
    assert [] == [name for name in fields if f"| `{name}` |" not in page("settings.md")]
    assert [] == [name for name, field in fields.items() if not field.description]


def test_the_docs_name_the_settings_that_begin_anew() -> None:
    """Those, and no others, by which a checkpoint is refused."""
    listed = page("settings.md").partition("**Begin anew.**")[2].partition("\n\n")[2]
    named = re.findall(r"`(\w+)`", listed.partition("\n\n")[0])
    settings = Settings()
    anew = [
        name
        for name, field in Settings.model_fields.items()
        if meaning(settings.model_copy(update={name: another(field)})) != meaning(settings)
    ]

    assert sorted(anew) == sorted(named)


def test_the_docs_name_the_settings_that_are_the_same_on_every_worker() -> None:
    """Those, and no others, by which a worker waits for another one."""
    listed = page("settings.md").partition("**The same on every worker.**")[2].partition("\n\n")[2]

    assert sorted(MUST_AGREE) == sorted(re.findall(r"`(\w+)`", listed.partition("\n\n")[0]))


def test_every_variable_in_the_docs_is_a_setting() -> None:
    """Nobody sets in vain what a page names."""
    named = {
        name.lower() for text in PAGES.values() for name in re.findall(r"GOESWITH_([A-Z_]+)", text)
    }

    files = {f"{name}_file" for name in SECRETS}

    assert set() == named - Settings.model_fields.keys() - files


def test_every_topic_is_in_the_docs() -> None:
    """All that crosses the border of goeswith is told."""
    topics = Settings().topics.all()

    assert [] == [name for name in topics if f"| `{name}` |" not in page("topics.md")]


def test_every_silence_is_in_the_docs() -> None:
    """A storefront that hears nothing finds out why, and for how long."""
    silences = page("prompts.md").partition("## Silences")[2].partition("\n## ")[0]

    assert set(get_args(SilenceReason)) == set(
        re.findall(r"^\| `(\w+)` \|", silences, re.MULTILINE)
    )


def test_every_language_is_in_the_docs() -> None:
    """Those that a prompt can speak, and no others."""
    languages = page("prompts.md").partition("## Languages")[2].partition("\n## ")[0]

    assert set(TEXTS) == set(re.findall(r"^\| `(\w+)` \|", languages, re.MULTILINE))


def test_every_goeswith_line_in_the_docs_can_be_typed() -> None:
    """The command exists, and so does each of its options."""
    wrong = {
        " ".join(arguments): unknown_to(goeswith, arguments) for arguments in calls("goeswith")
    }

    assert {} == {typed: words for typed, words in wrong.items() if words}


def test_every_make_line_in_the_docs_can_be_typed() -> None:
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
    lines = [line for line in page("events.md").splitlines() if line.startswith('{"type": ')]

    assert list(EVENTS) == [type(ANY_EVENT.validate_json(line)) for line in lines]


def test_every_console_block_marked_to_be_run_says_what_is_said() -> None:
    """A block fenced as `console run` is typed as it stands, and its output compared.

    `...` stands for anything, as in doctests.
    """
    checker = doctest.OutputChecker()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for block in (block for text in PAGES.values() for block in fenced(text)):
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


def test_what_a_shop_may_send_is_held_to_by_a_test_each() -> None:
    """Each row names the test that fails when it is not so, and there is one of that name."""
    rows = [row for row in page("real-shops.md").splitlines() if row.startswith("| ")]
    named = {match for row in rows for match in re.findall(r"`(test_\w+)`", row)}
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(named) > 30
    assert set() == named - there


def test_what_a_session_remembers_is_told_as_it_is() -> None:
    """Whoever changes a bound changes the sentence about it."""
    events, shops, experiments = (
        " ".join(page(name).split()) for name in ("events.md", "real-shops.md", "experiments.md")
    )

    assert f"A session remembers its {IMPRESSIONS_MAX} newest impressions at most |" in events
    assert f"(of the last {IMPRESSIONS_MAX} prompts)" in events
    assert f"the ids of its latest {SEEN_MAX} events;" in events
    assert f"the latest {TIED_MAX} of one time are remembered ({SEEN_MAX} in" in events
    assert f"whatever comes {BLOCK} events late or more" in events
    assert f"visit {LOOKED_MAX} by its views" in events
    assert f"comes {BLOCK} events of its session late or more" in shops
    assert f"A basket holds {BASKET_MAX} kinds of items" in shops
    assert f"its session had placed (of the last {ORDERS_MAX}) before any" in experiments
