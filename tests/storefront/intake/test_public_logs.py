"""Whole logs of real shops go through: each row is an event, and none is rejected."""

import gzip
import os
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from streams.contract.settings import Settings
from streams.storefront.intake.adapters import adapters
from streams.storefront.intake.command import read_lines
from streams.storefront.intake.counts import Counts

pytestmark = pytest.mark.skipif(
    "GOESWITH_DATA" not in os.environ,
    reason="GOESWITH_DATA names no folder with events/rees46_5k.csv.gz, otto_20_sessions.jsonl.gz",
)


@pytest.mark.parametrize(
    ("source", "name", "events"),
    [
        (
            "rees46",
            "rees46_5k.csv.gz",
            {"item_viewed": 4895, "order_placed": 54, "item_added": 50},
        ),
        (
            "otto",
            "otto_20_sessions.jsonl.gz",
            {"item_viewed": 800, "item_added": 52, "order_placed": 5},
        ),
    ],
)
def test_a_log_goes_through_whole(source: str, name: str, events: dict[str, int]) -> None:
    """Counted once with other tools; what OTTO ordered at one time is one order."""
    log = gzip.decompress((Path(os.environ["GOESWITH_DATA"]) / "events" / name).read_bytes())
    counts = Counts()
    for _, became in read_lines(BytesIO(log), adapters()[source], {}, Settings()):
        counts.count(became)

    assert counts.events == Counter(events)
    assert counts.rejections == Counter()
