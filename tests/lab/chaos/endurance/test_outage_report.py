"""What is said of outages: bounds that hold, and those that do not."""

from typing import Any

from streams.lab.chaos.endurance.outage_report import section

AWAY: dict[str, Any] = {
    "answering_s": 0.2,
    "all_answering_s": 0.9,
    "committing_s": 1.8,
    "cores": 0.1,
    "lines": 30,
    "latency_ms": {"p50": 5, "p99": 40_000},
}
REDIS: dict[str, Any] = {
    **AWAY,
    "latency_ms": {"p50": 5, "p99": 21},
    "views_s": 1.9,
    "checkpoint_s": 12.7,
}


def said(calm_ms: int = 12, lost: int = 0, **of_redis: Any) -> list[str]:
    """The section of a run in which Redis was away like this."""
    figures = {"seconds": 30.0, "lost": lost, "repeats": 0, "calm_ms": {"p50": 4, "p99": calm_ms}}
    figures |= {"events_per_s": 200.0, "taken": 9, "logged": 9}
    return section({**figures, "redis": {**REDIS, **of_redis}, "stop": AWAY, "kill": AWAY})


def test_nothing_is_missed_when_redis_is_not() -> None:
    """A p99 of 21 ms beside 12 is no harm: it is within ten."""
    assert [] == [line for line in said() if "MISSED" in line]
    assert "- reached: Redis killed, p99 in ms: 21, wanted at most 22" in said()


def test_a_p99_that_suffers_without_redis_is_missed() -> None:
    """Half as much again is tolerated, or ten milliseconds, whichever is more."""
    assert "- MISSED: Redis killed, p99 in ms: 21, wanted at most 20" in said(calm_ms=10)
    assert "- reached: Redis killed, p99 in ms: 150, wanted at most 150" in said(
        calm_ms=100, latency_ms={"p50": 5, "p99": 150}
    )


def test_what_does_not_come_back_by_itself_in_time_is_missed() -> None:
    """Views, checkpoints, and prompts."""
    lines = said(lost=1, views_s=8.0, checkpoint_s=21.0)

    assert "- MISSED: prompts lost: 1, wanted at most 0" in lines
    assert "- MISSED: Redis killed, views again, s: 8, wanted at most 7" in lines
    assert "- MISSED: Redis killed, checkpoint again, s: 21, wanted at most 20" in lines


def test_an_outage_of_the_broker_alone_is_judged_alone() -> None:
    """An event that the broker took, and that is not in its log, is the worst that can happen."""
    calm = {"p50": 4, "p99": 12}
    figures = {"seconds": 600.0, "events_per_s": 1000.0, "lost": 0, "repeats": 0, "calm_ms": calm}
    lines = section({**figures, "taken": 9, "logged": 8, "stop": AWAY})

    assert "- MISSED: events lost that the broker took: 1, wanted at most 0" in lines
    assert "- reached: broker shut down, all answered, s: 0.9, wanted at most 15" in lines
    assert not [line for line in lines if "Redis" in line or "killed" in line]
