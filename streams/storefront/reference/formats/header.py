"""The header of a table, and what is between its columns; Excel's first line may say that."""

import csv
import re
from collections.abc import Iterable
from typing import NamedTuple

from streams.contract.errors import FileUnusable

ONE_LINE = "its lines end in carriage returns alone: save it with line feeds"
XML = "it is XML: a product feed is read as text with tabs or commas between its columns"
DELIMITERS = "\t;,"
_SAID = re.compile(r'"?sep=(\t|[^\w\s"])"?', re.IGNORECASE)
"""What Excel obeys, and does not show."""


class Header(NamedTuple):
    """How a file begins."""

    first: str = ""
    """The line of the header, or the first record; empty: there is none."""
    delimiter: str = ","
    skipped: int = 0
    """How many lines before it say how to read the others."""

    def names(self) -> list[str]:
        """The columns. Raises `FileUnusable` where there are none."""
        if self.first.lstrip().startswith("<"):
            raise FileUnusable(XML)
        try:
            cells = next(csv.reader([self.first], delimiter=self.delimiter), [])
        except csv.Error as error:
            raise FileUnusable(ONE_LINE if "\r" in self.first.strip() else str(error)) from None
        return [name.strip() for name in cells]


def header_of(lines: Iterable[str]) -> Header:
    r"""How these lines begin.

    >>> header_of(["sep=;\r\n", "item_id;title\r\n"])
    Header(first='item_id;title\r\n', delimiter=';', skipped=1)
    """
    said, skipped = "", 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if not said and (obeyed := _SAID.fullmatch(line.rstrip("\r\n"))):
            said, skipped = obeyed[1], number
            continue
        return Header(line, said or _delimiter(line), skipped)
    return Header()


def _delimiter(header: str) -> str:
    """What is between the columns: the one that is there most often.

    >>> _delimiter("id;title;price, net"), _delimiter("item_id")
    (';', ',')
    """
    return max(reversed(DELIMITERS), key=header.count)
