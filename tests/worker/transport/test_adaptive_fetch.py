"""How fetches follow the rate of events."""

from streams.contract.settings import Settings
from streams.worker.transport.adaptive_fetch import AdaptiveFetch, FetchParameters

IDLE, BUSY = FetchParameters(500, 1), FetchParameters(5, 100_000)


def test_a_worker_that_sees_nothing_waits_long() -> None:
    """Idle, polling every few milliseconds would cost an eighth of a core."""
    adaptive_fetch = AdaptiveFetch(Settings(fetch_busy_events_per_s=50), now_s=0.0)

    assert [adaptive_fetch.observe(0, float(second)) for second in range(1, 4)] == [IDLE] * 3


def test_under_load_a_fetch_waits_for_company() -> None:
    """From the busy rate on, for milliseconds only."""
    assert AdaptiveFetch(Settings(fetch_busy_events_per_s=50), now_s=0.0).observe(50, 1.0) == BUSY


def test_the_pace_is_not_changed_within_a_window() -> None:
    """A burst of a few milliseconds is no rate."""
    assert AdaptiveFetch(Settings(fetch_busy_events_per_s=50), now_s=0.0).observe(1000, 0.5) == IDLE


def test_a_rate_near_the_limit_does_not_flutter() -> None:
    """Once busy, it stays busy down to half of the rate that made it so."""
    adaptive_fetch = AdaptiveFetch(Settings(fetch_busy_events_per_s=50), now_s=0.0)

    seen = [
        adaptive_fetch.observe(events, float(at))
        for at, events in enumerate((60, 40, 40, 60, 20, 40), 1)
    ]

    assert seen == [BUSY, BUSY, BUSY, BUSY, IDLE, IDLE]


def test_an_embedded_broker_is_always_asked_with_a_short_wait() -> None:
    """It answers an empty fetch no earlier than asked, whatever arrives meanwhile."""
    adaptive_fetch = AdaptiveFetch(Settings(fetch_wait_fixed=True), now_s=0.0)

    assert {
        adaptive_fetch.parameters,
        adaptive_fetch.observe(0, 9.0),
        adaptive_fetch.observe(10_000, 10.0),
    } == {FetchParameters(5, 1)}
