"""Windows since starts that were fixed ahead: none is missed, and together they spend the error."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.latest_windows import (
    OF_A_LENGTH,
    SPANS_MAX,
    WHOLE,
    LatestWindows,
    span_of,
    weight_of,
)

MINUTES = st.lists(st.integers(0, 5_000), min_size=1, max_size=60)


def counted(minutes: list[int]) -> LatestWindows[int]:
    """One thing that happened in each of these minutes."""
    windows = LatestWindows[int](int.__add__)
    for minute in minutes:
        windows.add(1, time_s=minute * 60.0 + 30)
    return windows


@given(MINUTES, st.randoms(use_true_random=False))
def test_the_order_in_which_things_come_does_not_matter(minutes: list[int], chance: Random) -> None:
    """Nor does how often somebody looks in between."""
    shuffled = chance.sample(minutes, len(minutes))
    looked = LatestWindows[int](int.__add__)
    for minute in shuffled:
        looked.add(1, time_s=minute * 60.0)
        [*looked.windows()]

    assert [*counted(minutes).windows()] == [*counted(shuffled).windows()] == [*looked.windows()]


@given(MINUTES)
def test_a_window_has_all_that_happened_since_its_start(minutes: list[int]) -> None:
    """The earliest has all of it; each has the part of the error that its start has."""
    found = [*counted(minutes).windows()]

    for sums, start_s, weight in found:
        assert start_s is not None
        first = int(start_s // 60)
        assert sum(minute >= first for minute in minutes) == sums
        assert weight_of(max(0, first - min(minutes))) == weight
    assert len(minutes) == found[-1].sums


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_a_start_is_off_by_an_eighth_of_its_age_at_most(one: int, other: int) -> None:
    """And by nothing within the last quarter of an hour."""
    minute, last = min(one, other), max(one, other)
    start = span_of(minute, last)

    assert 0 <= minute - start <= (last - minute) / (OF_A_LENGTH / 2)


def test_all_starts_together_spend_no_more_than_is_left() -> None:
    """A sum over a million of them, and the integral of the rest."""
    first = 1_000_000
    rest = (1.0 - WHOLE) / (2.11 * math.log(first + 1))

    assert 0.9 * (1.0 - WHOLE) < sum(map(weight_of, range(first))) + rest <= 1.0 - WHOLE


def test_a_year_takes_no_more_sums_than_are_bounded() -> None:
    """Though something happens in each of its minutes."""
    windows = counted([*range(0, 365 * 1_440, 7)])

    assert len([*windows.windows()]) <= SPANS_MAX / 4


def test_what_is_held_is_bounded_while_nobody_looks() -> None:
    """Each minute for itself, until there are too many."""
    windows = counted([*range(SPANS_MAX)])
    held = len(windows)
    windows.add(1, time_s=SPANS_MAX * 60.0)

    assert SPANS_MAX == held
    assert len(windows) < SPANS_MAX / 4
    assert SPANS_MAX + 1 == [*windows.windows()][-1].sums


def test_what_was_before_1970_is_of_its_first_minute() -> None:
    """Senders' clocks say anything."""
    windows = counted([0])
    windows.add(1, time_s=-100.0)

    assert [(2, 0.0)] == [(window.sums, window.start_s) for window in windows.windows()]


def test_a_time_that_is_no_number_is_refused() -> None:
    """Rather than counted somewhere."""
    with pytest.raises(ValueError, match="time_s"):
        counted([]).add(1, time_s=math.nan)
