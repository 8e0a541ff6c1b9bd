"""How topics are compared with what is declared."""

import io
from typing import Any

import pytest
from rich.console import Console

from streams.cli.root import Failed
from streams.clients.connection.topics.declared import TopicOnBroker, differences
from streams.clients.connection.topics.findings import TopicSeen, TopicsSeen
from streams.clients.connection.topics.judge import judged
from streams.contract.errors import TopicsWrong
from streams.contract.settings import Settings
from streams.contract.topics import Topic, Topics, command_of_broker_time
from streams.operations.topics import topics_table

EIGHT = Settings(topic_prefix="shop", partitions=8, kafka_bootstrap="kafka:9092")
DECLARED = Topics("shop").declared()
AS_DECLARED = {name: TopicOnBroker(8, dict(topic.config)) for name, topic in DECLARED.items()}


def test_topics_as_declared_differ_in_nothing() -> None:
    """What is not declared is the owner's business."""
    more = {
        n: TopicOnBroker(8, {**(f.config or {}), "flush.ms": "1"}) for n, f in AS_DECLARED.items()
    }

    assert [] == differences(DECLARED, more, EIGHT)


def test_each_difference_is_a_sentence() -> None:
    """Missing topics, other numbers of partitions, and configuration that has drifted."""
    loaves = Topic("loaves", "shelf", "bread", {"retention.ms": "60000"})
    crumbs = Topic("crumbs", "shelf", "what is left", {}, partitions=1)
    found = {
        "shop.loaves": TopicOnBroker(4, {"retention.ms": "5", "flush.ms": "1"}),
        "shop.crumbs": TopicOnBroker(1, {}),
    }
    declared = {"shop.loaves": loaves, "shop.butter": loaves, "shop.crumbs": crumbs}

    change = "--bootstrap-server kafka:9092 --alter --topic shop.loaves"
    said = [
        f"shop.loaves has 4 partitions, not 8: kafka-topics.sh {change} --partitions 8",
        f"shop.loaves has retention.ms=5, not 60000: kafka-configs.sh {change} --add-config ret",
        "shop.butter is missing",
    ]
    told = differences(declared, found, EIGHT)
    assert all(str(one).startswith(start) for one, start in zip(told, said, strict=True))


@pytest.mark.parametrize("key", ["retention.ms", "max.message.bytes"])
@pytest.mark.parametrize("times", [2, 1000, -1])
def test_more_room_than_declared_is_no_difference(key: str, times: int) -> None:
    """To put it back would delete what somebody keeps, or refuse what somebody sends."""
    more = Topic("loaves", "shelf", "bread", {key: "60000"})
    there = "-1" if times < 0 else str(60_000 * times)
    kept = {"loaves": TopicOnBroker(8, {key: there})}
    less = {"loaves": TopicOnBroker(8, {key: "59999"})}
    for_ever = more._replace(config={key: "-1"})

    assert [] == differences({"loaves": more}, kept, EIGHT)
    assert 1 == len(differences({"loaves": more}, less, EIGHT))
    assert 1 == len(differences({"loaves": for_ever}, less, EIGHT))
    assert [] == differences({"loaves": more}, {"loaves": TopicOnBroker(8, {key: "60000"})}, EIGHT)


def test_the_command_says_what_a_worker_says_is_to_be_done() -> None:
    """Of too many partitions, and of a topic that is compacted."""
    events = DECLARED["shop.events"]
    found = {"shop.events": TopicOnBroker(16, {**events.config, "cleanup.policy": "compact"})}
    seen = TopicsSeen({"shop.events": TopicSeen(16, config=found["shop.events"].config or {})})
    told = differences({"shop.events": events}, found, EIGHT)
    by_worker = [
        one.way_on for one in judged(seen, EIGHT) if one.kind in {"partitions", "compacted"}
    ]

    assert by_worker == [one.way_on for one in told]
    (together,) = differences(
        {"a": events, "b": events},
        dict.fromkeys("ab", found["shop.events"]._replace(config=None)),
        EIGHT,
    )
    assert f"a has 16 partitions, not 8; b has 16 partitions, not 8: {by_worker[0]}" == str(
        together
    )


def test_configuration_that_a_broker_does_not_tell_is_not_judged() -> None:
    """The embedded broker does not."""
    assert [] == differences(DECLARED, {name: TopicOnBroker(8, None) for name in DECLARED}, EIGHT)


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

    (told,) = differences(DECLARED, found, EIGHT)
    said = str(told)

    assert said.startswith("shop.events has message.timestamp.type=CreateTime, not LogAppendTime: ")
    assert said.endswith(command_of_broker_time("shop.events", "kafka:9092"))


def test_every_command_is_printed_whole_on_a_line_of_its_own() -> None:
    """However many topics are wrong: who copies one that is cut off runs another command."""
    narrow = {name: TopicOnBroker(4, {"retention.ms": "5"}) for name in DECLARED}
    told = differences(DECLARED, narrow, EIGHT)
    error = TopicsWrong("topics at kafka:9092", [one.in_lines() for one in told])
    text = io.StringIO()
    Failed(error).show(text)
    *lines, last = text.getvalue().splitlines()
    commands = [line.strip() for line in lines if line.strip().startswith("kafka-")]

    assert len(str(error)) > 2_000
    assert len(commands) == sum("kafka-" in one.way_on for one in told) > 10
    assert all(one.way_on.endswith(command) for one, command in zip(told, commands, strict=True))
    assert f"goeswith: topics at kafka:9092: {len(told)} wrong, see above" == last
