"""Counters and latencies of a worker."""

import json

from streams.contract.errors import InvalidEvent
from streams.shop.memory.answer import Answer, Silence
from streams.worker.health.metrics.families import LABELLED
from streams.worker.telemetry import Histogram, Telemetry


def test_silences_and_dead_letters_are_counted_by_reason() -> None:
    """A number without its reason helps nobody."""
    telemetry = Telemetry()
    telemetry.answer(Answer(silence=Silence("cool_down")))
    telemetry.answer(Answer(rejected=InvalidEvent("oversize", "too large")))
    telemetry.answer(Answer())

    seen = telemetry.snapshot()

    assert (seen["answered"], seen["silences"], seen["dead_letters"]) == (
        3,
        {"cool_down": 1},
        {"oversize": 1},
    )


def test_what_the_catalogue_withheld_is_counted_by_reason() -> None:
    """Item by item: of one answer there may be several."""
    telemetry = Telemetry()
    telemetry.answer(Answer(withheld=("hidden", "variant", "hidden")))
    telemetry.answer(Answer())

    assert {"hidden": 2, "variant": 1} == telemetry.snapshot()["withheld"]


def test_a_snapshot_is_json() -> None:
    """Also when some event took longer than the last bucket reaches."""
    telemetry = Telemetry()
    telemetry.handed([0], now_ms=10**9)

    seen = json.loads(json.dumps(telemetry.snapshot(), allow_nan=False))

    assert seen["handed_ms"]["buckets_ms"]["inf"] == 1


def test_a_quantile_is_the_bound_that_it_stays_below() -> None:
    """Of 100 waits of which 99 are short, the 99th percentile is short and the last is not."""
    waits = Histogram()
    waits.observe([0] * 99, now_ms=4)
    waits.observe([0], now_ms=400)

    assert (waits.quantile(0.99), waits.quantile(1.0)) == (5, 500)


def test_nothing_seen_has_no_quantile() -> None:
    """An empty histogram does not pretend to be fast."""
    assert Histogram().quantile(0.5) is None


def test_a_clock_that_is_behind_makes_no_negative_latency() -> None:
    """The sum only ever grows."""
    waits = Histogram()
    waits.observe([20], now_ms=0)

    assert (waits.counts[0], waits.sum_ms) == (1, 0.0)


def test_each_reason_to_withhold_is_a_label_of_its_own() -> None:
    """A label begins at 0 for each: an alert on one that never came needs that."""
    labels = LABELLED["withheld"][3]

    assert {"hidden", "margin", "variant", "upgrade", "requires", "substitute"} <= {*labels}
    assert all(isinstance(label, str) for label in labels)
