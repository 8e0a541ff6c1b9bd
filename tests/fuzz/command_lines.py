"""Command lines that nobody should type: for each command of the tree, by the types of its options.

A new command, and a new option of one, is tried without a word here.
"""

from pathlib import Path
from typing import NamedTuple

import click
from hypothesis import strategies as st

from streams.cli.reference import commands
from streams.contract.settings import Settings

NOWHERE = "127.0.0.1:1"
LONG = "9" * 5000
NUMBERS = (
    *("", " ", "nan", "inf", "-inf", "-1", "0", "1", "1.5", "1e308", "1e-320", "1e400", "-0", "x"),
    *(LONG, "0x10", "1_000", "٣", "½", "9223372036854775808", "2147483648", "1,5", "-"),
)
TEXTS = (
    *("", " ", "x" * 5000, LONG, "é☃", "\udcff", "../..", "%s{0}", "\x1b[31m", "\u202e", "-"),
    *("--", "a b", "'", "[/x]", "\n", "null", "0:0", "-1:-1", f"0:{LONG}", "٣:٣", ":", "a,b"),
)
ADDRESSES = (
    *("", " ", ",", "a..b:9092", ":9092", "[::1", "[::1]:x", f"{NOWHERE}/", "127.0.0.1:99999"),
    *("127.0.0.1:-1", f"127.0.0.1:{LONG}", "kafka://", "x" * 70 + ":1", "\udcff:1", "\n"),
)
URLS = (
    *("", "x", "redis://[", "redis://:pa/ss@127.0.0.1:1", "redis://127.0.0.1:99999/0"),
    *("redis://127.0.0.1:1/x", f"redis://127.0.0.1:1/{LONG}", "redis://127.0.0.1:1/0?foo=bar"),
    *("redis://127.0.0.1:1/0?db=nan", "unix:///nowhere", "unix://", "http://127.0.0.1:1", "\udcff"),
    *("redis://127.0.0.1:1/0?socket_timeout=-1", "rediss://127.0.0.1:1/0?ssl_ca_certs=nowhere"),
)
PAGES = (
    *("", "x", "http://[::1/x", "http://127.0.0.1:1/", "http://127.0.0.1:99999/", "ftp://[", "\n"),
    *("http://127.0.0.1:1/\n", "http://127.0.0.1:x/", "file:///nowhere", "data:,x", "http://"),
)
PATHS = ("", ".", "nowhere/file", "x" * 300, "garbage", "empty", "garbage.json", "\udcff", "-")
"""Below a folder of the test's own; never a device: some commands write."""
BY_NAME = {"bootstrap": ADDRESSES, "redis": URLS, "page": PAGES, "pages": PAGES}

PARSED_ALONE = frozenset(
    {"worker", "gateway", "console", "exporter", "subscribe", "demo"}
    | {"replay", "verdict", "bench", "evaluate", "simulate"}
)
"""They would go on for minutes, or start servers: of these the arguments are read, and no more."""
WAITING = {"watch": [], "wait_s": ["--wait=0"]}
"""What makes a command wait, and what is typed instead of anything odd."""


class CommandLine(NamedTuple):
    """What is typed after `goeswith`."""

    words: tuple[str, ...]
    given: tuple[str, ...]
    parsed_alone: bool


def command_lines() -> st.SearchStrategy[CommandLine]:
    """A command with up to two arguments that are odd, and without those that are endless."""
    known = sorted(commands(), key=lambda one: one[0])
    return st.sampled_from(known).flatmap(lambda one: _lines(one[0][1:], one[1]))


@st.composite
def _lines(draw: st.DrawFn, words: tuple[str, ...], command: click.Command) -> CommandLine:
    names = [str(param.name) for param in command.params]
    odd = draw(st.lists(st.sampled_from([*names, ""]), max_size=2))
    given: list[str] = []
    for param in command.params:
        if param.name in WAITING:
            given += WAITING[param.name]
        elif param.name in odd:
            given += _words(param, draw(st.sampled_from(_values(param))))
        elif param.required:
            given += _words(param, _plain(param))
    if "" in odd:
        given.append(draw(st.sampled_from([*TEXTS, "--no-such-option", "-\0", "--json=x"])))
    return CommandLine(words, tuple(given), words[0] in PARSED_ALONE)


def _words(param: click.Parameter, value: str) -> list[str]:
    """How a value is typed."""
    if isinstance(param, click.Argument):
        return [value]
    return [param.opts[0]] if getattr(param, "is_flag", False) else [f"{param.opts[0]}={value}"]


def _plain(param: click.Parameter) -> str:
    """A value that is as it should be."""
    if isinstance(param.type, click.Choice):
        return str(param.type.choices[0])
    if isinstance(param.type, click.Path | click.File):
        return "garbage"
    return "1"


def _values(param: click.Parameter) -> tuple[str, ...]:
    """Values that are odd for it, by its type."""
    if (named := BY_NAME.get(str(param.name))) and param.type is click.STRING:
        return named
    if isinstance(param.type, click.Choice):
        return (*map(str, param.type.choices), *TEXTS)
    if isinstance(param.type, click.Path | click.File):
        return PATHS
    if param.type is click.STRING:
        return (*TEXTS, *PATHS)
    return NUMBERS


def environments() -> st.SearchStrategy[dict[str, str]]:
    """Up to three settings, each odd in some way; the environment holds any bytes but NUL."""
    names = st.sampled_from(sorted(Settings.model_fields)).map(lambda n: f"GOESWITH_{n.upper()}")
    words = st.sampled_from([*NUMBERS, *TEXTS, *ADDRESSES, *URLS, "true", "{}", "[1]"])
    anything = st.text(st.characters(exclude_characters="\0", max_codepoint=0xDFFF), max_size=20)
    utf8 = anything.filter(_can_be_set)
    return st.dictionaries(names, words | utf8, min_size=1, max_size=3)


def _can_be_set(text: str) -> bool:
    """Whether an operating system could hand it over."""
    try:
        return text == text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


def laid_out(folder: Path) -> None:
    """The files that `PATHS` names."""
    (folder / "garbage").write_bytes(b"\xff\x00{]\n" * 100)
    (folder / "garbage.json").write_text("[" * 5000)
    (folder / "empty").touch()
