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


async def looked(bus: KafkaBus) -> str:
    """What it says when the time has come to look again."""
    bus._asked_s = float("-inf")
    return await bus.trouble()


async def test_a_topic_that_is_gone_is_trouble_before_anybody_sends_and_says_so_after() -> None:
    """By two looks in a row, with the command; when it is there again, so is the gateway."""
    cluster, events = Cluster(events=3, prompts=3), SETTINGS.topics.events
    bus, said = connected(cluster), f"{events} is missing: `goeswith topics create` makes it"
    assert not await looked(bus)
    del cluster.partitions["events"]

    assert ["", said] == [await looked(bus), await looked(bus)]
    sent = asyncio.get_running_loop().create_future()
    bus._note_overdue([sent])
    assert said == await looked(bus)
    cluster.partitions["events"] = 3
    assert "Kafka does not take events" == await looked(bus)
    sent.set_result(None)
    await asyncio.sleep(0)
    assert not await looked(bus)


async def test_one_look_that_does_not_see_a_topic_is_forgotten_by_one_that_does() -> None:
    """Two have to come one after the other."""
    cluster = Cluster(events=3)
    bus = connected(cluster)
    for _ in range(2):
        assert not await looked(bus)
        cluster.partitions["prompts"] = 3
        assert not await looked(bus)
        del cluster.partitions["prompts"]


class Silent(Cluster):
    """Brokers that do not answer until they are told to."""

    def __init__(self, **partitions: int) -> None:
        super().__init__(**partitions)
        self.waited_for = False
        self.speaks = asyncio.Event()

    async def fetch_all_metadata(self) -> Cluster:
        """Wait."""
        self.waited_for = True
        try:
            await self.speaks.wait()
        finally:
            self.waited_for = False
        return self


async def test_a_silent_kafka_is_not_waited_for_while_events_are_overdue() -> None:
    """The balancer is told at once; what Kafka says at last is heard beside it."""
    cluster = Silent(prompts=3)
    bus = connected(cluster)
    bus._note_overdue([asyncio.get_running_loop().create_future()])

    assert "Kafka does not take events" == await bus.trouble()
    assert cluster.waited_for
    assert "Kafka does not take events" == await looked(bus)
    cluster.speaks.set()
    assert bus._looking is not None
    await bus._looking
    assert "events is missing" in await looked(bus)
    await bus.stop()
