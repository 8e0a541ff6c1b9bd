"""The trail of lag: bounded, and of what is there."""

from streams.operations.console.watching.lag import TRAIL_LOOKS, LagTrail
from tests.operations.console.eyes import group, one


def test_a_trail_holds_the_latest_looks_alone() -> None:
    """However long the console runs."""
    trail = LagTrail(window_s=60.0)
    for look in range(3 * TRAIL_LOOKS):
        seen = trail.seen(group(one(0, look)), float(look))

    assert TRAIL_LOOKS == len(seen.trails[0])
    assert 3 * TRAIL_LOOKS - 1 == seen.trails[0][-1]


def test_a_partition_that_is_gone_is_forgotten() -> None:
    """The topic was made anew with fewer."""
    trail = LagTrail(window_s=60.0)
    trail.seen(group(one(0), one(1)), 0.0)
    seen = trail.seen(group(one(0)), 2.0)

    assert [0] == list(seen.trails)


def test_no_rate_is_known_after_one_look() -> None:
    """And none is made up."""
    seen = LagTrail(window_s=60.0).seen(group(one(0)), 0.0)

    assert seen.arrived_per_s is None
