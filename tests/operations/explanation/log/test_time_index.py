"""Which offset was reached at which second."""

from hypothesis import given
from hypothesis import strategies as st

from streams.operations.explanation.log.time_index import TimeIndex

TIMES_MS = st.lists(st.integers(-1, 20_000), max_size=40)


@given(TIMES_MS.map(sorted), st.integers(0, 25_000))
def test_what_was_there_when_a_second_was_over(times_ms: list[int], asked_ms: int) -> None:
    """All records of that second and those before it, and no other."""
    index = TimeIndex()
    for offset, time_ms in enumerate(times_ms):
        index.note(3, offset, time_ms)
    there = sum(max(0, time_ms) // 1000 <= asked_ms // 1000 for time_ms in times_ms)

    assert ({3: there} if times_ms else {}) == index.reached(asked_ms)


@given(TIMES_MS, st.integers(0, 25_000))
def test_a_clock_that_goes_back_hides_nothing(times_ms: list[int], asked_ms: int) -> None:
    """A record is there once those before it are, whatever its own time says."""
    index = TimeIndex()
    for offset, time_ms in enumerate(times_ms):
        index.note(0, offset, time_ms)
    latest = [max(times_ms[: n + 1]) for n in range(len(times_ms))]
    there = sum(max(0, time_ms) // 1000 <= asked_ms // 1000 for time_ms in latest)

    assert ({0: there} if times_ms else {}) == index.reached(asked_ms)


def test_offsets_that_the_log_does_not_hold_are_passed() -> None:
    """Retention and transactions leave gaps; partitions are told apart."""
    index = TimeIndex()
    index.note(0, 90, 1_000)
    index.note(0, 99, 2_000)
    index.note(1, 5, 3_000)

    assert {0: 91, 1: 0} == index.reached(1_500)
    assert {0: 100, 1: 6} == index.reached(3_000)
