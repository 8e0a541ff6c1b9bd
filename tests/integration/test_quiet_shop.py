"""A shop in which nothing happens, on a real Kafka: whether anything is under way."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.experiments.evidence.quiet_log import AHEAD_MS, quiet_time
from streams.experiments.open_prompts import QuietTime
from tests.integration.test_catalog import Market
from tests.integration.workers import staffed
from tests.stories import Story

HOUR_S = 3_600.0


@pytest.fixture
def market(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Market]:
    """A market with a worker, which has answered some."""
    with staffed(kafka, topic_prefix, tmp_path) as staff:
        found = Market(staff, tmp_path)
        found.open()
        yield found


def in_an_hour() -> float:
    """By a clock of somebody who asks then."""
    return time.time() + HOUR_S


def test_what_is_quiet_is_told_until_an_event_waits(market: Market) -> None:
    """Not of a group of another name, of senders' time, nor while a worker is away."""
    market.staff.until_answered()
    settings = market.settings
    market.staff.until(lambda: quiet_time(settings, in_an_hour) != QuietTime(), "all is committed")
    quiet = quiet_time(settings, in_an_hour)
    other = settings.model_copy(update={"group_id": "nobody's"})
    of_senders = settings.model_copy(update={"create_time_allowed": True})

    assert 0 < quiet.since_ms <= time.time() * 1000
    assert quiet.until_ms - quiet.since_ms >= HOUR_S * 1000 - AHEAD_MS
    assert QuietTime() == quiet_time(other, in_an_hour)
    assert QuietTime() == quiet_time(of_senders, in_an_hour)

    assert 0 == market.staff.workers["ann"].stop()
    assert quiet.since_ms == quiet_time(settings, in_an_hour).since_ms
    market.tell([Story("late", start_ms=int(time.time() * 1000)).view("bread")])
    assert QuietTime() == quiet_time(settings, in_an_hour)
