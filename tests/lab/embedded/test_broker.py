"""The embedded broker: what it does for the demo and the quick tests."""

import os
import subprocess
import sys

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from streams.contract.errors import KafkaUnreachable
from streams.lab.embedded.broker import EmbeddedBroker

RUN_S_MAX = 30.0


async def _append(broker: EmbeddedBroker, topic: str, partition: int) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    try:
        await producer.start()
        appended = await producer.send_and_wait(topic, b"bread", partition=partition)
    finally:
        await producer.stop()  # also one that did not start: it complains otherwise
    offset: int = appended.offset
    return offset


async def test_a_topic_has_the_partitions_it_was_created_with() -> None:
    """Three partitions were asked for, so there are three."""
    with EmbeddedBroker({"shop.events": 3}) as broker:
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
            partitions = await producer.partitions_for("shop.events")

    assert {0, 1, 2} == partitions


async def test_records_survive_a_broker_that_was_down(
    embedded_broker: EmbeddedBroker, topic_prefix: str
) -> None:
    """A broker set down refuses connections; up again, it still has its records."""
    topic = f"{topic_prefix}.events"
    embedded_broker.create_topic(topic, 2)
    first = await _append(embedded_broker, topic, 1)
    embedded_broker.down()
    with pytest.raises(KafkaConnectionError):
        await _append(embedded_broker, topic, 1)
    embedded_broker.up()
    second = await _append(embedded_broker, topic, 1)

    assert [0, 1] == [first, second]


def test_a_topic_that_exists_is_not_created_again(
    embedded_broker: EmbeddedBroker, topic_prefix: str
) -> None:
    """The second creation fails, with the broker's own words."""
    embedded_broker.create_topic(f"{topic_prefix}.events", 2)

    with pytest.raises(KafkaUnreachable, match="already exists"):
        embedded_broker.create_topic(f"{topic_prefix}.events", 2)


def test_a_broker_outside_its_block_says_so() -> None:
    """Commands need a running broker."""
    with pytest.raises(KafkaUnreachable, match="with"):
        EmbeddedBroker().down()


def test_the_broker_ends_with_its_input() -> None:
    """Its input ends when its parent dies, however that happens, and so does the broker."""
    command = [sys.executable, "-m", "streams.lab.embedded.broker", "shop.events:1"]
    done = subprocess.run(
        command, input="sing\n", capture_output=True, text=True, timeout=RUN_S_MAX, check=True
    )
    address, answer = done.stdout.splitlines()

    assert address.startswith("127.0.0.1:")
    assert answer.startswith("unknown command")


def test_without_its_wheel_the_message_names_the_command_that_installs_it() -> None:
    """In a Python without confluent-kafka the error says what to type."""
    script = "from streams.lab.embedded.broker import EmbeddedBroker; EmbeddedBroker()"
    hidden = (
        "import importlib.util as u; find = u.find_spec;"
        "u.find_spec = lambda name: None if name == 'confluent_kafka' else find(name);"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden + script],
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
        check=False,
        env={**os.environ, "PYTHONPATH": "."},
    )

    assert "pip install 'goeswith[demo]'" in done.stderr
