"""Forward decay: whole numbers that fade, in any order."""

import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.decay.forward import (
    HALF_LIFE_MIN_S,
    LANDMARK_S,
    LATEST_S,
    ONE,
    UNITS_KEPT,
    ForwardDecay,
)

DAY_S = 86_400
WEEK = ForwardDecay(half_life_s=7 * DAY_S)
NOON = LANDMARK_S + 4_000 * DAY_S

times_s = st.integers(LANDMARK_S, LATEST_S)


def test_evidence_counts_half_after_a_half_life() -> None:
    """That is what a half-life is."""
    total = WEEK.weight(NOON)

    assert 1.0 == WEEK.value(total, NOON)
    assert 0.5 == WEEK.value(total, NOON + 7 * DAY_S)
    assert 0.25 == WEEK.value(total, NOON + 14 * DAY_S)


@given(st.permutations([(NOON + n * 9_973, 0.1 * (n + 1)) for n in range(8)]))
def test_the_order_of_events_does_not_matter(events: list[tuple[int, float]]) -> None:
    """Sums of whole numbers commute exactly, where floats would not."""
    in_order = sum(WEEK.weight(time_s, w) for time_s, w in sorted(events))
    as_given = sum(WEEK.weight(time_s, w) for time_s, w in events)

    assert in_order == as_given


@given(times_s, st.floats(0.0, 1.0))
def test_what_is_taken_back_is_gone_without_a_trace(time_s: int, w: float) -> None:
    """A negative weight reverses exactly what the positive one gave."""
    assert 0 == WEEK.weight(time_s, w) + WEEK.weight(time_s, -w)


@given(times_s, times_s)
def test_a_weight_is_within_a_millionth_of_the_formula(time_s: int, now_s: int) -> None:
    """Twenty bits of fixed point, rounded once for the event and once for now."""
    year = ForwardDecay(half_life_s=365 * DAY_S)
    exact = 2.0 ** ((time_s - now_s) / year.half_life_s)

    assert year.value(year.weight(time_s), now_s) == pytest.approx(exact, rel=2e-6)


@given(times_s, times_s)
def test_a_later_event_never_weighs_less(one_s: int, other_s: int) -> None:
    """Rounding keeps the order."""
    earlier, later = sorted((one_s, other_s))

    assert WEEK.weight(earlier) <= WEEK.weight(later)


def test_events_before_the_landmark_weigh_as_at_the_landmark() -> None:
    """Old logs can be read; they do not fade before 2015."""
    assert ONE == WEEK.weight(LANDMARK_S - 900 * DAY_S) == WEEK.weight(LANDMARK_S)


def test_the_weights_of_decades_do_not_overflow() -> None:
    """A day's half-life until 2100 is beyond every float: whole numbers have no end."""
    day = ForwardDecay(half_life_s=DAY_S)
    total = day.weight(LATEST_S) + day.weight(LATEST_S - DAY_S)

    assert 1.5 == day.value(total, LATEST_S)


def test_a_reading_leaves_no_trace_in_a_copy() -> None:
    """The note of the last second is no part of the model."""
    fresh, used = ForwardDecay(DAY_S), ForwardDecay(DAY_S)
    used.weight(NOON)

    assert pickle.dumps(fresh) == pickle.dumps(used)


def test_weights_that_were_asked_for_lately_are_kept_and_not_too_many() -> None:
    """All are given up once there are as many as are kept; then it begins anew."""
    week = ForwardDecay(half_life_s=7 * DAY_S)
    for second in range(UNITS_KEPT + 5):
        week.weight(NOON + second)

    assert (5, 5) == (len(week._weights), len(week._units))


@pytest.mark.parametrize("half_life_s", [0.0, -1.0, 3_599.0, float("inf"), float("nan")])
def test_a_half_life_is_at_least_an_hour(half_life_s: float) -> None:
    """Shorter ones would make numbers of many kilobytes; endless ones are no decay."""
    with pytest.raises(ValueError, match="half_life_s"):
        ForwardDecay(half_life_s)


def test_milliseconds_are_not_taken_for_seconds() -> None:
    """One such event would outweigh all others for ever."""
    with pytest.raises(ValueError, match="after the year 2100"):
        WEEK.weight(NOON * 1000.0)


def test_two_events_weigh_twice_as_much_as_one() -> None:
    """Whole numbers, to the last unit."""
    assert 2 * WEEK.weight(NOON) == WEEK.weight(NOON, 2.0) == WEEK.weight(NOON) + WEEK.weight(NOON)


def test_times_and_half_lives_at_their_limits_are_taken() -> None:
    """The last second of the century, and an hour."""
    assert WEEK.weight(LATEST_S) > 0
    assert HALF_LIFE_MIN_S == ForwardDecay(HALF_LIFE_MIN_S).half_life_s
    with pytest.raises(ValueError, match="after the year 2100"):
        WEEK.weight(LATEST_S + 1)


@pytest.mark.parametrize("time_s", [float("inf"), float("nan")])
def test_what_is_no_time_is_refused(time_s: float) -> None:
    """It says which one."""
    with pytest.raises(ValueError, match="give seconds since 1970"):
        WEEK.weight(time_s)


@pytest.mark.parametrize("w", [float("inf"), float("nan")])
def test_what_is_no_weight_is_refused(w: float) -> None:
    """Nothing would come of it ever after."""
    with pytest.raises(ValueError, match="finite"):
        WEEK.weight(NOON, w)


def test_what_is_beyond_all_floats_is_the_largest_of_them() -> None:
    """An event of 2100 read in 2015, or its return."""
    day = ForwardDecay(half_life_s=DAY_S)
    total = day.weight(LATEST_S)

    assert sys.float_info.max == day.value(total, LANDMARK_S) == -day.value(-total, LANDMARK_S)


def test_weights_are_kept_for_few_seconds_at_once() -> None:
    """A worker that runs for days keeps no more of them, and they are as they would be anew."""
    used = ForwardDecay(7 * DAY_S)
    for n in range(3 * UNITS_KEPT):
        assert WEEK.weight(NOON + n) == used.weight(NOON + n)
        assert len(used._units) <= UNITS_KEPT
