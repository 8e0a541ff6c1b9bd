"""Consumer lag as Prometheus reads it."""

import math
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families as parsed

from streams.clients.log_reader import GroupMember
from streams.operations.lag.exporter import Board
from streams.operations.lag.figures import GroupLag, PartitionLag

HERE = PartitionLag(0, 10, 4, 6, 2.5, 1, "ann", begin=2, status="WARN", catch_up_s=30.0)
NEVER = PartitionLag(1, 9, None, 9, None, status="STOPPED")
BEYOND = PartitionLag(2, 9, 14, 0, 0.0, 2, status="AHEAD")
LAG = GroupLag("workers", "shop.events", (HERE, NEVER, BEYOND), (GroupMember("ann", "h", (0,)),))

LABELS = ("consumergroup", "topic", "partition", "status")


def scraped(*lags: GroupLag) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    board, registry = Board(), CollectorRegistry(auto_describe=False)
    board.show(lags)
    registry.register(board)
    families = parsed(generate_latest(registry).decode())
    samples = [sample for family in families for sample in family.samples]
    by_name = {
        (one.name, *(one.labels[label] for label in LABELS if label in one.labels)): one.value
        for one in samples
    }
    assert len(by_name) == len(samples), "a series is told twice"
    return by_name


def of_partition(name: str, *lags: GroupLag) -> list[Any]:
    """A metric of the group, partition by partition; None: NaN."""
    found = scraped(*lags)
    values = [found[name, "workers", "shop.events", str(n)] for n in range(3)]
    return [None if math.isnan(value) else value for value in values]


def test_offsets_and_lag_have_the_names_that_dashboards_know() -> None:
    """Where nothing was ever committed they are no number: 0 would look caught up."""
    assert [4, None, 14] == of_partition("kafka_consumergroup_current_offset", LAG)
    assert [6, None, 0] == of_partition("kafka_consumergroup_lag", LAG)
    assert [6, 9, 0] == of_partition("goeswith_consumergroup_waiting_events", LAG)
    assert [2.5, None, 0] == of_partition("goeswith_consumergroup_lag_seconds", LAG)
    assert 10 == scraped(LAG)["kafka_topic_partition_current_offset", "shop.events", "0"]
    assert 2 == scraped(LAG)["kafka_topic_partition_oldest_offset", "shop.events", "0"]
    assert 1 == scraped(LAG)["goeswith_topic_held_back_offsets", "shop.events", "0"]
    assert 1 == scraped(LAG)["kafka_consumergroup_members", "workers"]


def test_a_commit_beyond_the_end_has_a_metric_of_its_own() -> None:
    """Lag is clamped to 0 there; what an open transaction holds back is in the log."""
    assert [0, 0, 3] == of_partition("goeswith_consumergroup_ahead_offsets", LAG)


def test_a_status_is_one_of_all() -> None:
    """1 for the one that it has, 0 for the others; all 0 where it is not known yet."""
    found = scraped(LAG._replace(partitions=(HERE, BEYOND._replace(status=None))))
    status = {key: value for key, value in found.items() if key[0].endswith("_status")}

    assert 14 == len(status)
    assert {("0", "WARN"): 1} == {key[3:]: value for key, value in status.items() if value}


def test_what_nobody_tells_is_no_number() -> None:
    """Members of a broker that does not know the question, workers while Redis is away."""
    told = scraped(LAG)
    untold = scraped(LAG._replace(members=None, missing=None))

    assert [1, 0, 0] == of_partition("goeswith_consumergroup_partition_owned", LAG)
    assert 0 == told["goeswith_missing_workers", "workers"]
    assert 2 == scraped(LAG._replace(missing=("ben", "eve")))["goeswith_missing_workers", "workers"]
    assert math.isnan(untold["goeswith_missing_workers", "workers"])
    assert math.isnan(untold["kafka_consumergroup_members", "workers"])
    assert math.isnan(
        untold["goeswith_consumergroup_partition_owned", "workers", *("shop.events", "0")]
    )


def test_a_topic_that_two_groups_read_has_its_series_once() -> None:
    """And each group its own."""
    other = LAG._replace(group="nightly", partitions=(HERE,))
    found = scraped(LAG, other)

    assert 6 == found["kafka_consumergroup_lag", "nightly", "shop.events", "0"]
    assert 3 == sum(name[0] == "kafka_topic_partition_current_offset" for name in found)


def test_the_share_of_retention_and_the_time_to_catch_up_are_told() -> None:
    """In the base units: a ratio and seconds."""
    assert [0.75, 1, 0] == of_partition("goeswith_consumergroup_retention_ratio", LAG)
    assert [30, None, None] == of_partition("goeswith_consumergroup_catch_up_seconds", LAG)


def test_what_was_not_seen_at_the_latest_look_has_no_series() -> None:
    """And while Kafka is away there is but one that says so."""
    board, registry = Board(), CollectorRegistry(auto_describe=False)
    registry.register(board)
    board.show([LAG])
    before = generate_latest(registry).decode()
    board.show([])
    gone = generate_latest(registry).decode()
    board.show(None)
    away = generate_latest(registry).decode()

    assert 'topic="shop.events"' in before
    assert "goeswith_exporter_up 1.0" in before
    assert "{" not in gone
    assert "goeswith_exporter_up 1.0" in gone
    assert "{" not in away
    assert "goeswith_exporter_up 0.0" in away
