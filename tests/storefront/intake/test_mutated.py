"""Payloads with faults in them, a thousand of each source; `mutated.py` runs for longer."""

from streams.storefront.intake.adapters import ADAPTERS
from tests.storefront.intake.mutated import run

TIMES = 1000


def test_whatever_is_sent_becomes_events_or_a_clear_rejection() -> None:
    """Never an exception; of each source some go through, and some do not."""
    told = dict(run(TIMES, seed=20260101))

    assert told.keys() == {adapter.name for adapter in ADAPTERS}
    for source, counts in told.items():
        assert counts["payloads with events"] > TIMES / 20, source
        assert counts["payloads rejected or ignored"] > TIMES / 100, source
