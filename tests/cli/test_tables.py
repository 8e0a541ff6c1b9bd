"""Tables for every width: nothing is cut."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from streams.cli.tables import Listing

NAME = "an_arm_whose_name_is_longer_than_a_narrow_terminal_is_wide"


def shown(listing: Listing, columns: int) -> list[str]:
    """The lines of a terminal of so many columns."""
    text = io.StringIO()
    Console(file=text, width=columns).print(listing)
    return text.getvalue().splitlines()


def listing() -> Listing:
    """Three rows of four columns."""
    found = Listing("arm", "drawn", "95 % at\nany look", "p", title="Evidence", notes=["a note"])
    for name in ("popular", "buy_again", NAME):
        found.add(Text(name), "4,000", ".221 to .279", Text("ALARM", style="bold red"))
    return found


@pytest.mark.parametrize("columns", range(20, 120, 7))
def test_every_word_is_there_at_every_width(columns: int) -> None:
    """In columns or in lines; what is longer than a line goes on in the next one."""
    lines = shown(listing(), columns)

    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)
    assert NAME in "".join(lines)
    assert ("Evidence", "a note") == (lines[0], lines[-1])


def test_columns_are_lines_where_they_do_not_fit() -> None:
    """As many of them on a line as there is room for, each with its name."""
    lines = shown(listing(), 40)

    assert lines[1:5] == [
        "popular",
        "  drawn: 4,000",
        "  95 % at any look: .221 to .279",
        "  p: ALARM",
    ]
    assert "  drawn: 4,000 · 95 % at any look: .221 to .279 · p: ALARM" == shown(listing(), 60)[2]


def test_a_line_that_goes_on_is_indented_as_it_began() -> None:
    """At the left there are names alone."""
    found = Listing("reason", "message")
    found.add("wrong_key", "the record's key is not the event's session_id: order would be lost")

    name, *lines = shown(found, 40)

    assert "wrong_key" == name
    assert 3 == len(lines)
    assert all(line.startswith("  ") and line == line.rstrip() for line in lines)
