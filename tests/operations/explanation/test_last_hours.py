"""Who asks about today is told from today's records, and told the same as from all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.settings import Settings
from streams.operations.explanation.fates import Fate, fate
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.session_log import read_published
from streams.operations.explanation.retold import retell
from streams.operations.explanation.story import found_session
from streams.shop.shop import Shop
from tests.operations.explanation.kept_log import OneWorker
from tests.operations.explanation.test_explanation import POLITE, STEPS, Steps, live
from tests.stories import NOON_MS, Story

HOUR_MS = 3_600_000
BEFORE_MS = NOON_MS - 48 * HOUR_MS


def told(worker: OneWorker, session_id: str, since_ms: int | None) -> tuple[list[Fate], bool]:
    """The fates of a session, and whether the last hours were enough."""
    settings, reader = worker.settings, worker.log
    log, since = found_session(reader, session_id, settings, LogAccess(), since_ms)
    published = read_published(reader, log, session_id, settings, since)
    retold = retell(Shop(settings), reader, log, published, log.events)
    committed: dict[int, int | None] = dict.fromkeys(range(settings.partitions), 1_000_000)
    fates = [fate(event, published, retold, committed) for event in log.events]
    return fates, since is not None


def yesterday(worker: OneWorker) -> None:
    """Others bought bread and butter, two days ago."""
    for number in range(6):
        past = Story(f"past-{number}", start_ms=BEFORE_MS + number * 60_000)
        for event in (past.add("bread"), past.add("butter"), past.order("bread", "butter")):
            worker.take(number % 2, event)


@given(STEPS)
def test_what_is_told_from_the_last_hours_is_what_is_told_from_all(steps: Steps) -> None:
    """Whatever sessions of today do: silences know what was learned before."""
    worker = OneWorker(Settings(**POLITE))
    yesterday(worker)
    live(worker, steps)
    since_ms = NOON_MS - HOUR_MS
    for who in ("ann", "bob", "carl"):
        whole, _ = told(worker, who, None)
        recent, enough = told(worker, who, since_ms)

        assert [each.to_json() for each in whole] == [each.to_json() for each in recent]
        assert enough == bool(whole)


@given(st.integers(1, 90))
def test_a_session_that_reaches_back_is_told_from_all(minutes: int) -> None:
    """One that may go on from before the last hours: its first event has no pause before it."""
    worker, settings = OneWorker(Settings(**POLITE)), Settings(**POLITE)
    since_ms = NOON_MS - HOUR_MS
    first = Story("ann", start_ms=since_ms - 60_000)
    worker.take(0, first.view("bread"))
    later = Story("ann", start_ms=since_ms + minutes * 60_000)
    event = later.view("tea", event_id="later")
    worker.take(0, event)
    later_ms = event.occurred_at_ms
    fates, enough = told(worker, "ann", since_ms)

    assert enough == (later_ms - since_ms > settings.session_gap_s * 1000)
    assert (1 if enough else 2) == len(fates)


def test_few_records_are_read_where_the_session_is_of_today() -> None:
    """Of a long log only today's are looked through; who is not among them is looked for in all."""
    worker = OneWorker(Settings(**POLITE))
    for number in range(500):
        past = Story(f"old-{number}", start_ms=BEFORE_MS + number * 1_000)
        worker.take(number % 2, past.remove("tea"))
    worker.take(1, Story("ann", start_ms=NOON_MS).view("bread"))
    settings, since_ms = worker.settings, NOON_MS - HOUR_MS
    worker.log.read = 0
    log, _ = found_session(worker.log, "ann", settings, LogAccess(), since_ms)
    assert 1 == len(log.events)
    assert 1 == worker.log.read
    log, since = found_session(worker.log, "old-3", settings, LogAccess(), since_ms)

    assert (1, None) == (len(log.events), since)


@pytest.mark.parametrize("since_ms", [None, BEFORE_MS - HOUR_MS], ids=["all", "longer"])
def test_where_the_log_is_no_longer_it_is_read_once(since_ms: int | None) -> None:
    """The last hours are all there is."""
    worker = OneWorker(Settings(**POLITE))
    yesterday(worker)
    worker.log.read = 0
    log, since = found_session(worker.log, "past-1", worker.settings, LogAccess(), since_ms)

    assert (3, None) == (len(log.events), since)
    assert 18 == worker.log.read
