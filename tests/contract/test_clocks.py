"""Whose clock counts, to the millisecond: beside the rules, written down plainly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import ItemViewed
from streams.contract.events.clocks import DAY_MS, believe, set_right
from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS
from tests.stories import NOON_MS

TIMES_MS = st.integers(NOON_MS - 3, NOON_MS + 3) | st.integers(YEAR_2015_MS, YEAR_2100_MS)


def viewed(occurred_ms: int, sent_ms: int | None = None) -> ItemViewed:
    """A view, at this time by the sender's clock."""
    return ItemViewed(
        event_id="e1",
        session_id="s1",
        item_id="bread",
        occurred_at_ms=occurred_ms,
        sent_at_ms=sent_ms,
    )


def told(event: ItemViewed) -> tuple[int, int, int]:
    """When the broker got it, when it happened, and how far ahead its clock was."""
    return event.received_at_ms, event.occurred_at_ms, event.clock_ahead_ms


@given(TIMES_MS, st.none() | TIMES_MS, TIMES_MS)
def test_an_event_happened_when_its_sender_says_by_the_brokers_clock(
    occurred_ms: int, sent_ms: int | None, received_ms: int
) -> None:
    """As long before it was received as before it was sent; and never after that."""
    event = viewed(occurred_ms, sent_ms)
    set_right(event, received_ms)
    at_ms = occurred_ms if sent_ms is None else occurred_ms + received_ms - sent_ms

    happened_ms = min(received_ms, max(YEAR_2015_MS, at_ms))
    assert (received_ms, happened_ms, max(0, at_ms - received_ms)) == told(event)


@pytest.mark.parametrize("beyond_ms", [0, 1, 10**15])
def test_the_brokers_own_clock_is_believed_up_to_the_last_day_that_there_is(beyond_ms: int) -> None:
    """Then it is that day."""
    event = viewed(NOON_MS)
    set_right(event, YEAR_2100_MS + beyond_ms)

    assert (YEAR_2100_MS, NOON_MS, 0) == told(event)


def test_a_record_of_before_2015_has_no_time_of_its_own() -> None:
    """Its event is as the sender told it; from the first millisecond on it has one."""
    without, within = viewed(NOON_MS, NOON_MS + 5), viewed(NOON_MS)
    set_right(without, YEAR_2015_MS - 1)
    set_right(within, YEAR_2015_MS)

    assert (NOON_MS, NOON_MS, 0) == told(without)
    assert (YEAR_2015_MS, YEAR_2015_MS, NOON_MS - YEAR_2015_MS) == told(within)


@given(TIMES_MS, TIMES_MS, TIMES_MS, TIMES_MS)
def test_an_event_is_believed_up_to_a_bound_and_no_further(
    occurred_ms: int, received_ms: int, bound_ms: int, lower_ms: int
) -> None:
    """What it was ahead of the broker, and the broker of the bound, adds up; bounds may follow."""
    event = viewed(occurred_ms)
    set_right(event, received_ms)
    for most_ms in (bound_ms, lower_ms):
        believe(event, most_ms)

    least_ms = min(received_ms, bound_ms, lower_ms)
    ahead_ms = max(0, occurred_ms - received_ms) + received_ms - least_ms
    assert (least_ms, min(occurred_ms, least_ms), ahead_ms) == told(event)


def test_a_record_is_believed_a_day_beyond_all_before_it() -> None:
    """As long as a day is."""
    assert 24 * 60 * 60 * 1_000 == DAY_MS
