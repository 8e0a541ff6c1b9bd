"""What was shown in slots with a budget of their own, as it is counted and kept."""

from typing import Any

import pytest

from streams.shop.memory.orders.slot_tally import SlotTally, read_tallies, shown_once


def test_a_prompt_that_is_told_late_was_not_the_last_one() -> None:
    """The pause after a prompt begins with the latest of them, whichever is told last."""
    once = shown_once((), "checkout", 700)

    assert (SlotTally("checkout", 2, 700),) == shown_once(once, "checkout", 500)
    assert (SlotTally("checkout", 2, 900),) == shown_once(once, "checkout", 900)


def test_tallies_are_read_as_they_were_kept() -> None:
    """Also one whose figures are all nothing."""
    kept = [["checkout", 0, 0, 0], ["upgrade", 2, 700, 1]]

    assert kept == [[*one] for one in read_tallies(kept)]


@pytest.mark.parametrize(
    "state", [[["checkout", -1, 0, 0]], [["checkout", 1.5, 0, 0]], [[7, 1, 0, 0]]], ids=str
)
def test_what_is_no_tally_is_refused(state: list[list[Any]]) -> None:
    """Nothing is shown less than never."""
    with pytest.raises((TypeError, ValueError)):
        read_tallies(state)
