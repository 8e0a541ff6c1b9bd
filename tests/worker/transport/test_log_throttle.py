"""A log that repeats itself is held back and counted."""

import logging

from streams.worker.transport.log_throttle import RateLimitFilter


def line(at_s: float, number: int = 1, message: str = "the oven is cold") -> logging.LogRecord:
    """A log line of the bakery, written at this place and time."""
    record = logging.LogRecord("oven", logging.ERROR, "oven.py", number, message, (), None)
    record.created = at_s
    return record


def test_a_place_speaks_once_in_a_while() -> None:
    """Whatever it says: the text may differ each time."""
    quiet = RateLimitFilter(every_s=10)

    passed = [quiet.filter(line(at, message=f"cold for {at} s")) for at in range(25)]

    assert [at for at, passes in enumerate(passed) if passes] == [0, 10, 20]


def test_what_was_held_back_is_counted() -> None:
    """The next line that passes says how many did not."""
    quiet = RateLimitFilter(every_s=10)
    for at in range(5):
        quiet.filter(line(at))
    last = line(12)
    quiet.filter(last)

    assert last.getMessage() == "the oven is cold (4 like this were held back)"


def test_other_places_are_not_held_back() -> None:
    """One library's noise does not silence another's news."""
    quiet = RateLimitFilter(every_s=10)

    assert [quiet.filter(line(0, number)) for number in (1, 2, 3)] == [True, True, True]
