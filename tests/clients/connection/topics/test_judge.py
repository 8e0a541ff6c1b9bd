"""What is wrong with topics as they are, and what is only as somebody else likes it."""

import pytest

from streams.clients.connection.topics.findings import (
    Finding,
    PartitionSeen,
    TopicSeen,
    TopicsSeen,
)
from streams.clients.connection.topics.judge import judged
from streams.contract.settings import Settings

SETTINGS = Settings(partitions=2)
EVENTS, LETTERS = SETTINGS.topics.events, SETTINGS.topics.dead_letters
WELL = {
    name: TopicSeen(2, 1, "one", topic.created_with)
    for name, topic in SETTINGS.topics.declared().items()
}
CAUGHT_UP = PartitionSeen(begin=5, end=9, committed=9, position=9)


def found(
    topic: str = EVENTS,
    *,
    config: dict[str, str] | None = None,
    partition: PartitionSeen = CAUGHT_UP,
    **changes: object,
) -> list[Finding]:
    """What is wrong where one topic, or one partition of the events, is otherwise."""
    seen = WELL[topic]._replace(config={**WELL[topic].config, **(config or {})})
    topics = {**WELL, topic: seen._replace(**changes)}  # type: ignore[arg-type]
    return judged(TopicsSeen(topics, {0: partition, 1: CAUGHT_UP}), SETTINGS, "one")


def test_topics_as_they_were_made_are_well() -> None:
    """Whether we are caught up or not, and where a broker tells nothing."""
    untold = {name: TopicSeen(2) for name in WELL}

    assert [] == found()
    assert [] == found(partition=PartitionSeen(5, 9, 6, 7))
    assert [] == found(partition=PartitionSeen(0, 0, None, 0))
    assert [] == found(partition=PartitionSeen(9, 9, 9, 9))
    assert [] == judged(TopicsSeen(untold), SETTINGS)


@pytest.mark.parametrize(
    ("topic", "config", "kind", "level"),
    [
        (EVENTS, {"cleanup.policy": "compact,delete"}, "compacted", "error"),
        (LETTERS, {"cleanup.policy": "compact"}, "compacted", "error"),
        (EVENTS, {"message.timestamp.type": "CreateTime"}, "time", "error"),
        (LETTERS, {"min.insync.replicas": "2"}, "unwritable", "error"),
        (EVENTS, {"retention.ms": "60000"}, "retention", "warning"),
        (EVENTS, {"retention.bytes": "0"}, "kept_by_size", "warning"),
        (EVENTS, {"max.message.bytes": "65536"}, "record_bytes", "warning"),
        (LETTERS, {"max.message.bytes": "8388607"}, "record_bytes", "warning"),
    ],
)
def test_a_configuration_that_loses_something_is_told_with_the_way_on(
    topic: str, config: dict[str, str], kind: str, level: str
) -> None:
    """By a command that can be copied."""
    (finding,) = found(topic, config=config)

    assert (kind, level, topic) == finding[:3]
    assert f"kafka-configs.sh --bootstrap-server {SETTINGS.kafka_bootstrap}" in finding.way_on


@pytest.mark.parametrize(
    ("topic", "config"),
    [
        (EVENTS, {"retention.ms": "-1"}),
        (EVENTS, {"retention.ms": str(30 * 86_400_000)}),
        (EVENTS, {"max.message.bytes": "66048"}),
        (LETTERS, {"message.timestamp.type": "CreateTime"}),
        (LETTERS, {"min.insync.replicas": "1"}),
    ],
)
def test_a_configuration_that_loses_nothing_is_its_owners_business(
    topic: str, config: dict[str, str]
) -> None:
    """`goeswith topics check` still compares it with what is declared."""
    assert [] == found(topic, config=config)


def test_senders_time_may_be_allowed() -> None:
    """By a setting."""
    config = {**WELL[EVENTS].config, "message.timestamp.type": "CreateTime"}
    seen = TopicsSeen({**WELL, EVENTS: WELL[EVENTS]._replace(config=config)})

    assert [] == judged(seen, Settings(partitions=2, create_time_allowed=True))


def test_a_topic_under_another_id_is_another_topic() -> None:
    """As far as both ids are told; its offsets say nothing, then."""
    (finding,) = found(topic_id="two", partition=PartitionSeen(0, 0, 9, 9))

    assert ("recreated", "error", EVENTS) == finding[:3]
    assert "goeswith checkpoint adopt" in finding.way_on
    assert [] == found(LETTERS, topic_id="two")


def test_an_id_that_is_told_no_longer_is_a_warning_and_offsets_are_judged_on() -> None:
    """Nobody could tell a topic that is made anew meanwhile, but by its offsets."""
    back, untold = found(topic_id="", partition=PartitionSeen(0, 8, 8, 9))

    assert ("untold_id", "warning", EVENTS) == untold[:3]
    assert "went_back" == back.kind


@pytest.mark.parametrize(
    ("partitions", "words"), [(3, "docs/operations.md"), (1, "--partitions 2")]
)
def test_another_number_of_partitions_is_an_error(partitions: int, words: str) -> None:
    """More of them cannot be taken away."""
    (finding,) = found(partitions=partitions)

    assert ("partitions", "error", EVENTS) == finding[:3]
    assert words in finding.way_on


@pytest.mark.parametrize(
    ("partition", "kind", "level", "words"),
    [
        (PartitionSeen(0, 8, 8, 9), "went_back", "error", "ends at 8, and was folded up to 9"),
        (PartitionSeen(0, 10, 5_000, 10), "commit_ahead", "error", "committed 5,000"),
        (PartitionSeen(5, 9, 3, 9), "commit_lost", "warning", "2 offsets"),
        (PartitionSeen(5, 9, 9, 4), "fold_lost", "warning", "1 offsets"),
    ],
)
def test_offsets_beyond_the_log_are_told_by_partition(
    partition: PartitionSeen, kind: str, level: str, words: str
) -> None:
    """Behind its end and before its beginning."""
    (finding,) = found(partition=partition)

    assert (kind, level, f"partition 0 of {EVENTS}") == finding[:3]
    assert words in finding.said


def test_errors_come_first() -> None:
    """And what is missing is told with the command that makes it."""
    topics = {name: seen for name, seen in WELL.items() if name != LETTERS}
    log = {0: PartitionSeen(5, 9, 3, 9)}
    first, second = judged(TopicsSeen(topics, log), SETTINGS)

    assert ("missing", "commit_lost") == (first.kind, second.kind)
    assert f"{LETTERS} is missing: `goeswith topics create` makes it" == str(first)
