"""The progress bar: on a terminal, on stderr, and never in the way."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from streams.cli.progress import EVERY, progress_bar, progressed


@pytest.mark.parametrize("total", [0, 10, 2 * EVERY, 10 * EVERY])
def test_the_items_come_as_they_are_whatever_their_number(total: int) -> None:
    """Also when there are more or fewer than were announced."""
    items, screen = list(range(2 * EVERY)), io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)

    assert items == list(progressed(items, total, "reading prompts", console=console))
    assert "reading prompts" in screen.getvalue()


def test_where_nobody_looks_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe or a log gets no bar."""
    assert [1, 2] == list(progressed([1, 2], 2, "reading prompts"))
    assert ("", "") == tuple(capsys.readouterr())


def test_a_reader_that_fails_leaves_the_terminal_as_it_was() -> None:
    """The bar ends, the error goes on."""

    def broken() -> Iterator[int]:
        yield 1
        raise OSError("the broker is gone")

    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with pytest.raises(OSError, match="gone"):
        list(progressed(broken(), 2, "reading", console=console))

    assert list(progressed([1], 1, "reading", console=console)) == [1]


def test_a_bar_steps_once_in_so_many_items_and_loses_none() -> None:
    """Those after the last step are told at the end."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    with progress_bar("playing games", 7, every=3, console=console) as advance:
        for _ in range(5):
            advance(1)
        advance(2)

    assert "playing games" in screen.getvalue()
    assert "7/7" in screen.getvalue()


def test_a_bar_of_an_unknown_total_is_none_where_nobody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a bar of a known one."""
    with progress_bar("folding") as advance:
        advance(1)
    assert ("", "") == tuple(capsys.readouterr())
