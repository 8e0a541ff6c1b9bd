"""Consumer lag as metric families: kafka_exporter's names where it has one, else ours.

`kafka_consumergroup_lag` and `…_current_offset` are NaN where the group has never committed: 0
would look caught up. A topic or a group that is gone has no series at the next look.
"""

import math
from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from streams.operations.lag.figures import GroupLag, PartitionLag
from streams.operations.lag.status import STATUSES

NAN = math.nan
BY_GROUP = ("consumergroup", "topic", "partition")
BY_TOPIC = ("topic", "partition")

OF_A_GROUP = {
    "kafka_consumergroup_current_offset": "The committed offset; NaN: there is none.",
    "kafka_consumergroup_lag": "Events that wait; NaN: the group has never committed.",
    "goeswith_consumergroup_waiting_events": "Events that wait; without a commit all that is held.",
    "goeswith_consumergroup_lag_seconds": "Age of the event that has waited longest; NaN: unknown.",
    "goeswith_consumergroup_ahead_offsets": "How far the committed offset is beyond the end.",
    "goeswith_consumergroup_retention_ratio": "Share of what the log holds that waits; 1: of the "
    "next that retention takes nothing was answered.",
    "goeswith_consumergroup_catch_up_seconds": "Time until nothing waits, at the rates of a "
    "minute; NaN: unknown, or it gets no less.",
    "goeswith_consumergroup_partition_owned": "1 where somebody answers for it; NaN: untold.",
}
OF_A_TOPIC = {
    "kafka_topic_partition_current_offset": "Where the partition can be read up to.",
    "kafka_topic_partition_oldest_offset": "Where the log of the partition begins.",
    "goeswith_topic_held_back_offsets": "Offsets behind an open transaction.",
}


def lag_families(lags: Sequence[GroupLag]) -> Iterator[Metric]:
    """All series of these groups and their topics."""
    of_group = {name: _gauge(name, said, BY_GROUP) for name, said in OF_A_GROUP.items()}
    of_topic = {name: _gauge(name, said, BY_TOPIC) for name, said in OF_A_TOPIC.items()}
    status = _gauge(
        "goeswith_consumergroup_status",
        "1 for the status that it has: see goeswith lag --help.",
        (*BY_GROUP, "status"),
    )
    told = set()
    for lag in lags:
        for one in lag.partitions:
            labels = [lag.group, lag.topic, str(one.partition)]
            for name, value in _of_group(lag, one).items():
                of_group[name].add_metric(labels, value)
            for word in STATUSES:
                status.add_metric([*labels, word], word == one.status)
            if lag.topic not in told:
                for name, offset in _of_topic(one).items():
                    of_topic[name].add_metric(labels[1:], offset)
        told.add(lag.topic)
    yield from (*of_group.values(), status, *of_topic.values(), *_of_whole_groups(lags))


def _of_group(lag: GroupLag, one: PartitionLag) -> dict[str, float]:
    committed = one.committed
    owned = NAN if lag.members is None else float(one.owner is not None)
    values = (
        NAN if committed is None else committed,
        NAN if committed is None else one.lag_events,
        one.lag_events,
        _known(one.lag_s),
        one.ahead,
        one.retention_share,
        _known(one.catch_up_s),
        owned,
    )
    return dict(zip(OF_A_GROUP, values, strict=True))


def _of_topic(one: PartitionLag) -> dict[str, int]:
    return dict(zip(OF_A_TOPIC, (one.end, one.begin, one.held_back), strict=True))


def _of_whole_groups(lags: Sequence[GroupLag]) -> Iterator[Metric]:
    members = _gauge("kafka_consumergroup_members", "Who is in the group.", ["consumergroup"])
    missing = _gauge(
        "goeswith_missing_workers",
        "Workers seen by Redis of late that are in the group no more; NaN: it does not answer.",
        ["consumergroup"],
    )
    for group in dict.fromkeys(lag.group for lag in lags):
        (lag, *_) = (lag for lag in lags if lag.group == group)
        members.add_metric([group], NAN if lag.members is None else len(lag.members))
        missing.add_metric([group], NAN if lag.missing is None else len(lag.missing))
    return iter((members, missing))


def _gauge(name: str, said: str, labels: Sequence[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, labels=labels)


def _known(number: float | None) -> float:
    return NAN if number is None else number
