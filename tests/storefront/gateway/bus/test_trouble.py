"""What a bus says is wrong, as the balancer is told: with clients that need no Kafka."""

import asyncio
from typing import Any

import pytest

from streams.contract.settings import Settings
from streams.storefront.gateway.bus.kafka_bus import KafkaBus

SETTINGS = Settings()


class Cluster:
    """Topics and the numbers of their partitions; a client that asks for them."""

    def __init__(self, **partitions: int) -> None:
        self.partitions = partitions

    @property
    def client(self) -> "Cluster":
        """It answers by itself."""
        return self

    async def fetch_all_metadata(self) -> "Cluster":
        """What the brokers say."""
        return self

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """None: there is no such topic."""
        count = self.partitions.get(topic.rpartition(".")[2])
        return None if count is None else set(range(count))

    async def stop(self) -> None:
        """Nothing to close."""


class Breaks:
    """A consumer with a fault of its own."""

    def __init__(self) -> None:
        self.stopped = False

    async def getmany(self, **_: Any) -> Any:
        """What no broker has said."""
        raise ValueError("a record of an unknown kind")

    async def stop(self) -> None:
        """Close."""
        self.stopped = True


def connected(cluster: Cluster) -> KafkaBus:
    """A bus that found three partitions of each topic at its start."""
    bus = KafkaBus(SETTINGS)
    bus._producer = cluster
    bus._partitions = {SETTINGS.topics.events: 3, SETTINGS.topics.prompts: 3}
    return bus


async def test_a_follower_that_has_ended_is_trouble_and_keeps_nothing_open() -> None:
    """Events would be taken for ever, and no prompt would come."""
    bus, consumer = connected(Cluster(events=3, prompts=3)), Breaks()
    assert not await bus.trouble()
    bus._consumer = consumer
    bus._begin_to_follow()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert "prompts are no longer read" in await bus.trouble()
    await bus.stop()
    assert consumer.stopped


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"events": 6, "prompts": 3}, f"{SETTINGS.topics.events} has 6 partitions, and had 3"),
        ({"events": 3, "prompts": 4}, f"{SETTINGS.topics.prompts} has 4 partitions, and had 3"),
        ({"events": 3, "prompts": 2}, f"{SETTINGS.topics.prompts} has 2 partitions, and had 3"),
    ],
)
async def test_another_number_of_partitions_is_trouble(now: dict[str, int], said: str) -> None:
    """Prompts of new ones are not followed, and events lie where no other sender puts them."""
    trouble = await connected(Cluster(**now)).trouble()

    assert said in trouble
    assert "restart" in trouble


async def test_a_topic_that_brokers_do_not_tell_of_just_now_is_no_trouble() -> None:
    """As of one whose leader is being chosen: a restart would not help."""
    assert not await connected(Cluster(events=3)).trouble()
