"""How topics are compared with what is declared."""

import io
from typing import Any

import pytest
from rich.console import Console

from streams.contract.topics import Topic, Topics
from streams.operations.topics import TopicOnBroker, differences, topics_table

DECLARED = Topics("shop").declared()
AS_DECLARED = {name: TopicOnBroker(8, dict(topic.config)) for name, topic in DECLARED.items()}


def test_topics_as_declared_differ_in_nothing() -> None:
    """What is not declared is the owner's business."""
    more = {
        n: TopicOnBroker(8, {**(f.config or {}), "flush.ms": "1"}) for n, f in AS_DECLARED.items()
    }

    assert [] == differences(DECLARED, more, 8)


def test_each_difference_is_a_sentence() -> None:
    """Missing topics, other numbers of partitions, and configuration that has drifted."""
    loaves = Topic("loaves", "shelf", "bread", {"retention.ms": "60000"})
    crumbs = Topic("crumbs", "shelf", "what is left", {}, partitions=1)
    found = {
        "shop.loaves": TopicOnBroker(4, {"retention.ms": "5", "flush.ms": "1"}),
        "shop.crumbs": TopicOnBroker(1, {}),
    }
    declared = {"shop.loaves": loaves, "shop.butter": loaves, "shop.crumbs": crumbs}

    assert [
        "shop.loaves has 4 partitions, not 8",
        "shop.loaves has retention.ms=5, not 60000",
        "shop.butter is missing",
    ] == differences(declared, found, 8)


def test_configuration_that_a_broker_does_not_tell_is_not_judged() -> None:
    """The embedded broker does not."""
    assert [] == differences(DECLARED, {name: TopicOnBroker(8, None) for name in DECLARED}, 8)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_list_has_every_name_whole_at_every_width(columns: int) -> None:
    """One that is cut cannot be copied into a command."""
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "key": topic.key,
            "partitions": None if "outcomes" in name else 8,
            "records": None if "outcomes" in name else 1_234_567,
            "holds": topic.holds,
        }
        for name, topic in Topics("goeswith").declared().items()
    ]
    text = io.StringIO()
    Console(file=text, width=columns).print(topics_table(rows))
    shown = text.getvalue()

    assert all(len(line) <= columns for line in shown.splitlines())
    assert "…" not in shown
    assert all(str(row["name"]) in shown for row in rows)
    assert "missing" in shown
    assert shown.count("1,234,567") == len(rows) - 1


def test_reference_topics_are_compacted_and_no_other_one_is() -> None:
    """Where every record counts, compaction would lose some; where the latest counts, age would."""
    every = Topics("shop").all("kafka:")
    compacted = {
        name for name, topic in every.items() if "compact" in topic.config["cleanup.policy"]
    }

    assert {"shop.catalog", "shop.control", "shop.checkpoints"} == compacted


def test_senders_time_on_a_topic_is_a_difference() -> None:
    """It is declared that all topics carry the broker's."""
    theirs = {**AS_DECLARED["shop.events"].config, "message.timestamp.type": "CreateTime"}  # type: ignore[dict-item]
    found = AS_DECLARED | {"shop.events": TopicOnBroker(8, theirs)}

    assert ["shop.events has message.timestamp.type=CreateTime, not LogAppendTime"] == differences(
        DECLARED, found, 8
    )
