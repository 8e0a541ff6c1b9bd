"""Output escaping: text from outside, made safe for a terminal.

Ids, reasons and headers come from senders. Printed as they are they could move the cursor, recolour
the screen or turn the order of a line around; so whatever is not printable is shown as an escape.
"""

import re
from textwrap import wrap

from rich.cells import cell_len

JOINERS = "\u200c\u200d"
"""Zero-width joiners: invisible, harmless, and part of spelling in Persian and Hindi."""

COMMAND = re.compile(r"`goeswith [^`]+`")
"""To be pasted: a newline would end it too early."""
SECOND, HELD = "\x00", "\x01"
"""Stand for the second column of a wide character, and for a space of a command."""


def printable(text: str, chars_max: int = 200) -> str:
    r"""The text on one line without control characters, cut to `chars_max` characters.

    >>> printable("bread\x1b[2J and\nbutter")
    'bread\\x1b[2J and\\nbutter'
    >>> printable("bread and butter", chars_max=6)
    'bread…'
    """
    shown = "".join(
        letter if letter.isprintable() or letter in JOINERS else escaped(letter)
        for letter in text[: chars_max + 1]
    )
    return shown if len(shown) <= chars_max else shown[: chars_max - 1] + "…"


def printable_bytes(raw: bytes | None, chars_max: int = 200) -> str:
    r"""The bytes as text where they are UTF-8, escaped where they are not.

    >>> printable_bytes(b"caf\xc3\xa9 \xff")
    'café \\xff'
    """
    if raw is None:
        return "(null)"
    # No character takes more than 4 bytes: the rest could not be shown anyway.
    return printable(raw[: 4 * chars_max + 4].decode("utf-8", "backslashreplace"), chars_max)


def many(number: int, several: str, one: str = "") -> str:
    """A number of things; of a single one the first word loses its s, unless `one` says how it is.

    >>> many(1_200, "records dropped"), many(1, "records dropped"), many(1, "a are", "a is")
    ('1,200 records dropped', '1 record dropped', '1 a is')
    """
    if number != 1:
        return f"{number:,} {several}"
    first, *more = several.split(" ")
    return f"1 {one or ' '.join([first.removesuffix('s'), *more])}"


def in_columns(text: str, columns: int) -> str:
    """The lines, each folded between words where it is too long, and indented further from there.

    A command of ours in backticks is one word.

    >>> print(in_columns("  silence, cool_down: a pause follows each prompt", 30))
      silence, cool_down: a pause
        follows each prompt
    >>> print(in_columns("next: have the key sent, then `goeswith lag --every 2 --json`", 30))
    next: have the key sent, then
      `goeswith lag --every 2 --json`
    """
    return "\n".join(part for line in text.splitlines() for part in _folded(line, columns))


def _folded(line: str, columns: int) -> list[str]:
    """A word that is longer than a line stays whole: the terminal goes on with it."""
    words = line.lstrip(" ")
    indent = " " * (len(line) - len(words))
    lines = wrap(
        "".join(map(_in_cells, COMMAND.sub(_in_one, words))),
        max(columns, 20),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return [line.replace(SECOND, "").replace(HELD, " ") for line in lines] or [line]


def _in_one(command: re.Match[str]) -> str:
    return command[0].replace(" ", HELD)


def _in_cells(letter: str) -> str:
    """A character of so many as it takes columns: one that is invisible counts as one, too."""
    return letter + SECOND * (cell_len(letter) - 1)


def escaped(letter: str) -> str:
    r"""The escape of a character, as Python writes it.

    >>> escaped("\u202e")
    '\\u202e'
    """
    return letter.encode("unicode_escape").decode()
