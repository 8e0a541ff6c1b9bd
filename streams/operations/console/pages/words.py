"""Figures in words and cells, as pages show them."""

import unicodedata
from datetime import UTC, datetime

from streams.cli.printable import JOINERS, escaped

UNKNOWN = "-"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
SHORT = 10
"""Below it a decimal tells something."""
MIB = 1024 * 1024
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that nobody sees, and that may turn the order of a line around."""
BLANKS = "\n\r\t" + JOINERS


def count(number: float | None) -> str:
    """A whole number.

    >>> count(12_345), count(None)
    ('12,345', '-')
    """
    return UNKNOWN if number is None else f"{number:,.0f}"


def rate(number: float | None) -> str:
    """So many a second.

    >>> rate(1_234.5), rate(0.25), rate(None)
    ('1,234', '0.2', '-')
    """
    if number is None:
        return UNKNOWN
    return f"{number:,.1f}" if abs(number) < SHORT else f"{number:,.0f}"


def span(seconds: float | None) -> str:
    """A time span.

    >>> [span(s) for s in (0, 0.42, 31, 60, 95, 7_300, None)]
    ['0 s', '0.4 s', '31 s', '1 min', '1 min 35 s', '2 h 1 min', '-']
    """
    if seconds is None:
        return UNKNOWN
    if seconds < MINUTE_S:
        return f"{seconds:.1f} s" if 0 < seconds < SHORT else f"{seconds:.0f} s"
    for unit_s, unit, part_s, part in (
        (DAY_S, "d", HOUR_S, "h"),
        (HOUR_S, "h", MINUTE_S, "min"),
        (MINUTE_S, "min", 1, "s"),
    ):
        if seconds >= unit_s:
            whole, rest = divmod(seconds, unit_s)
            more = f" {rest // part_s:.0f} {part}" if rest >= part_s else ""
            return f"{whole:.0f} {unit}{more}"
    return UNKNOWN


def percent(share: float | None) -> str:
    """A share.

    >>> percent(0.501), percent(0.05), percent(0.0042), percent(None)
    ('50 %', '5 %', '0.42 %', '-')
    """
    if share is None:
        return UNKNOWN
    digits = ".2g" if share < 1 / SHORT else ".0f"
    return f"{100 * share:{digits}} %"


def clock(at_s: float | None) -> str:
    """A time of day, in UTC; what no calendar has is told as a number.

    >>> clock(1_767_225_600.0), clock(1e18)
    ('00:00:00', '1e+18')
    """
    return _utc(at_s, "%H:%M:%S")


def moment(at_s: float | None) -> str:
    """A day and a time, in UTC.

    >>> moment(1_767_225_600.0)
    '2026-01-01 00:00:00'
    """
    return _utc(at_s, "%Y-%m-%d %H:%M:%S")


def mebibytes(number: int | None) -> str:
    """So much memory.

    >>> mebibytes(300 * 1024 * 1024)
    '300 MiB'
    """
    return UNKNOWN if number is None else f"{number / MIB:,.0f} MiB"


def sentence(said: str) -> str:
    """The same, with a capital; but names that have none, as arms have, stay as they are.

    >>> sentence("too early"), sentence("buy_again is best"), sentence("`goeswith lag` says")
    ('Too early', 'buy_again is best', '`goeswith lag` says')
    """
    first = said.partition(" ")[0].strip(",.:;")
    return f"{said[:1].upper()}{said[1:]}" if first.isalpha() else said


def visible(text: str) -> str:
    r"""What somebody wrote, with escapes for what would not be seen, as in the terminal.

    >>> visible("\u202eann\nbob")
    '\\u202eann\nbob'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        escaped(letter)
        if letter not in BLANKS and unicodedata.category(letter) in UNSEEN
        else letter
        for letter in text
    )


def _utc(at_s: float | None, pattern: str) -> str:
    if at_s is None:
        return UNKNOWN
    try:
        return datetime.fromtimestamp(at_s, UTC).strftime(pattern)
    except (ValueError, OverflowError, OSError):
        return f"{at_s:g}"
