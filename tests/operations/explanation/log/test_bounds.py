"""Whoever waits for a reading of the log can end it, whatever is being read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from streams.clients.log_reader import LogReader
from streams.contract.events import encode
from streams.contract.schemas.examples import ITEM_ADDED, OUTCOME
from streams.contract.settings import Settings
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.session_log import (
    AHEAD_MS,
    published_since,
    read_published,
    read_session,
)
from streams.operations.explanation.why_not.asking import Standing, why_not
from tests.operations.explanation.kept_log import KeptLog

SETTINGS = Settings(topic_prefix="shop", partitions=1)
SESSION = ITEM_ADDED.session_id
AT_MS = ITEM_ADDED.occurred_at_ms


class _Ended(Exception):
    """Nobody wants to know any more."""


def log_of(events: int, outcomes: int = 0) -> KeptLog:
    """A session of so many events, and so many outcomes of others."""
    log = KeptLog(SETTINGS)
    for number in range(events):
        event = ITEM_ADDED.model_copy(update={"event_id": f"e{number}"})
        log.append(SETTINGS.topics.events, 0, SESSION.encode(), encode(event), AT_MS)
    said = OUTCOME.model_copy(update={"session_id": "other"}).to_json()
    for _ in range(outcomes):
        log.append(SETTINGS.topics.outcomes, 0, b"other", said, AT_MS)
    return log


@contextmanager
def patience(_what: str, total: int) -> Iterator[Callable[[int], object]]:
    """Ends whatever reads more than ten records."""
    read = [0]

    def advance(records: int) -> None:
        read[0] += records
        if read[0] > 10:
            assert total >= 100
            raise _Ended

    yield advance


def test_what_was_published_is_read_no_further_than_is_waited_for() -> None:
    """By why, why-not and story alike: outcomes of others are most of it."""
    log = log_of(1, outcomes=100)

    @contextmanager
    def opened(_settings: Settings, *_topics: str) -> Iterator[LogReader]:
        yield log

    with pytest.raises(_Ended):
        why_not(SETTINGS, SESSION, "butter", None, Standing(), LogAccess(patience, opened))
    assert 1 + 11 == log.read


def test_a_session_that_is_too_long_is_read_no_further() -> None:
    """A robot's takes no memory beyond the bound."""
    log = log_of(100)

    def check(found: int) -> None:
        if found > 20:
            raise _Ended

    with pytest.raises(_Ended):
        read_session(log, SESSION, SETTINGS, check=check)
    assert 21 == log.read


def test_what_was_published_long_before_the_session_is_not_read() -> None:
    """Though a sender's clock may be ahead by a day."""
    log, said = KeptLog(SETTINGS), OUTCOME.model_copy(update={"session_id": SESSION}).to_json()
    outcomes, events = SETTINGS.topics.outcomes, SETTINGS.topics.events
    for before_ms in (AHEAD_MS + 1, AHEAD_MS - 1):
        log.append(outcomes, 0, SESSION.encode(), said, AT_MS - before_ms)
    log.append(events, 0, SESSION.encode(), encode(ITEM_ADDED), AT_MS)
    session = read_session(log, SESSION, SETTINGS)
    read = log.read
    since = published_since(log, session)

    assert 1 == len(read_published(log, session, SESSION, SETTINGS, since).outcomes)
    assert 1 == log.read - read


def test_times_that_no_calendar_has_leave_nothing_out() -> None:
    """A sender that sets microseconds is not ahead: all of the topics is read."""
    log = KeptLog(SETTINGS)
    log.append(SETTINGS.topics.events, 0, SESSION.encode(), encode(ITEM_ADDED), 1_000 * AT_MS)

    assert published_since(log, read_session(log, SESSION, SETTINGS)) is None
