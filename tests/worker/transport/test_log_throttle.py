"""A log that repeats itself is held back and counted."""

import logging

import pytest
from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.worker.transport.log_throttle import RateLimitFilter, limit_log_rate


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


def test_a_rebalance_is_no_warning() -> None:
    """It happens whenever a worker comes or goes; at level info it is shown."""
    quiet = RateLimitFilter(every_s=10)
    said = "Heartbeat failed for group shop because it is rebalancing"
    before = logging.root.level
    try:
        logging.root.setLevel(logging.WARNING)
        at_warn = quiet.filter(line(0, message=said))
        logging.root.setLevel(logging.INFO)
        at_info = quiet.filter(line(0, message=said))
    finally:
        logging.root.setLevel(before)

    assert (False, True) == (at_warn, at_info)


def starting(at_s: float) -> logging.LogRecord:
    """What aiokafka says of a Kafka that has no coordinator, in its words."""
    said = line(at_s, message="Group Coordinator Request failed: %s")
    said.args = (GroupCoordinatorNotAvailableError(),)
    return said


def test_a_new_kafka_is_no_error_and_one_that_stays_so_is() -> None:
    """Its first group waits for a topic to be made; half a minute later something is wrong."""
    quiet = RateLimitFilter(every_s=10)
    before = logging.root.level
    try:
        logging.root.setLevel(logging.WARNING)
        passed = [at for at in range(0, 50, 3) if quiet.filter(starting(at))]
        logging.root.setLevel(logging.INFO)
        at_info = starting(0)
        shown = RateLimitFilter().filter(at_info)
    finally:
        logging.root.setLevel(before)

    assert [30, 42] == passed
    assert shown
    assert "[Error 15] GroupCoordinatorNotAvailableError (a new Kafka" in at_info.getMessage()


def test_lines_that_alarm_without_need_are_explained() -> None:
    """And those of timers are held back as well."""
    overlapping = line(0, message="Timer commit is overlapping")
    timers = logging.getLogger("mode.timers")
    limit_log_rate(())
    filters = timers.filters

    assert RateLimitFilter().filter(overlapping)
    assert "Timer commit is overlapping (the event loop was busy" in overlapping.getMessage()
    assert any(isinstance(one, RateLimitFilter) for one in filters)


def test_other_places_are_not_held_back() -> None:
    """One library's noise does not silence another's news."""
    quiet = RateLimitFilter(every_s=10)

    assert [quiet.filter(line(0, number)) for number in (1, 2, 3)] == [True, True, True]


@pytest.mark.parametrize("client", ["aiokafka.of_a_test", "kafka.of_a_test"])
def test_no_client_of_kafkas_shows_what_it_sends_nor_repeats_itself(
    client: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A request to sign in has the password in it; at level debug each request was a line."""
    library = logging.getLogger(client)
    with caplog.at_level(logging.DEBUG):
        limit_log_rate()
        library.debug("Request: SaslAuthenticateRequest(auth_bytes=br3ad)")
        for _ in range(3):
            library.warning("the broker is away")

    assert ["the broker is away"] == [record.getMessage() for record in caplog.records]
