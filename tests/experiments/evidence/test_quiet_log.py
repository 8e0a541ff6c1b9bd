"""Since when nothing has come, and whether anything is under way."""

from collections.abc import Sequence

import pytest

from streams.clients.log_reader import LogReader, Offsets, Partition
from streams.contract.settings import Settings
from streams.experiments.evidence.quiet_log import quiet_of, quiet_time
from streams.experiments.open_prompts import QuietTime

NOON_MS = 1_767_268_800_000
NOW_MS = NOON_MS + 900_000
UNKNOWN = QuietTime()
ONE, TWO = Partition("goeswith.events", 0), Partition("goeswith.events", 1)


class Events(LogReader):
    """Two partitions, by the times of what their offsets hold; None: a marker."""

    def __init__(self, *times: Sequence[int | None]) -> None:
        self.times = dict(zip((ONE, TWO), times, strict=True))
        super().__init__(None, [ONE, TWO], Settings())

    def begins(self) -> dict[Partition, int]:
        """From the start."""
        return dict.fromkeys(self.times, 0)

    def ends(self) -> dict[Partition, int]:
        """All there is."""
        return {at: len(times) for at, times in self.times.items()}

    def first_times_ms(self, begins: Offsets, ends: Offsets) -> dict[Partition, int | None]:
        """The first that is no marker."""
        return {
            at: next((one for one in self.times[at][begin : ends[at]] if one is not None), None)
            for at, begin in begins.items()
        }


def quiet(events: Events, *committed: int | None, until_ms: int = NOW_MS) -> QuietTime:
    """With these offsets committed."""
    told = dict(zip((ONE, TWO), committed, strict=True))
    return quiet_of(events, events.ends(), told, until_ms)


LOG = Events([NOON_MS - 5_000, NOON_MS], [NOON_MS - 9_000])


def test_nothing_has_come_since_the_last_event_of_all_partitions() -> None:
    """As long as the clock says."""
    assert QuietTime(NOON_MS, NOW_MS) == quiet(LOG, 2, 1)


@pytest.mark.parametrize("committed", [(1, 1), (2, 0), (2, None), (None, None)])
def test_while_a_worker_lags_nobody_knows(committed: tuple[int | None, int | None]) -> None:
    """An outcome of before now may come; nor where the group has another name."""
    assert UNKNOWN == quiet(LOG, *committed)


def test_markers_of_transactions_are_nothing_under_way() -> None:
    """They have offsets, and the last record is before them."""
    marked = Events([NOON_MS - 5_000, NOON_MS, None], [])

    assert QuietTime(NOON_MS, NOW_MS) == quiet(marked, 2, None)


def test_a_log_without_events_and_a_clock_that_is_behind_say_nothing() -> None:
    """Nothing is over sooner than the log itself has it."""
    assert UNKNOWN == quiet(Events([], []), None, None)
    assert 0 == (of := quiet(LOG, 2, 1, until_ms=NOON_MS - 1)).until_ms - of.since_ms


def test_of_a_log_that_is_played_again_no_more_is_over_than_has_passed_since() -> None:
    """Its events tell of a year ago, and came a minute ago."""
    year_ago_ms = NOON_MS - 365 * 86_400_000

    assert year_ago_ms + 60_000 == QuietTime(NOON_MS, NOON_MS + 60_000).after(year_ago_ms)


def test_where_kafka_cannot_be_asked_the_log_s_time_counts() -> None:
    """Who reads outcomes may not be one who may describe the group."""
    assert UNKNOWN == quiet_time(Settings(kafka_bootstrap="127.0.0.1:1"), lambda: NOW_MS / 1000)


def test_of_senders_time_nobody_knows() -> None:
    """A clock that is an hour behind would have settled what was shown a minute ago."""
    allowed = Settings(kafka_bootstrap="127.0.0.1:1", create_time_allowed=True)

    def never() -> float:
        raise AssertionError("there is nothing to ask")

    assert UNKNOWN == quiet_time(allowed, never)
