"""What was published before a worker took a partition is taken back by it, whatever happens."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import Prompt, PromptWithdrawn
from streams.contract.schemas.examples import PROMPT, PROMPT_WITHDRAWN
from streams.contract.settings import Settings
from streams.contract.wire.shop.offers import BundleOffer
from streams.shop.memory.answer import Answer, OutgoingPrompt
from streams.worker.answering.inherited import (
    HANDED_MAX,
    INHERITED_MAX,
    Published,
    Take,
    hand_on_latest,
)
from streams.worker.answering.living_prompts import LIVING_MAX, LivingPrompt
from streams.worker.answering.taking_back import TakingBack
from streams.worker.replica import Replica
from streams.worker.telemetry import Telemetry
from tests.stand_ins import CountingShop, KeepingDelivery

BOTH = frozenset({0, 1})


def published(number: int, partition: int = 0) -> Published:
    """A prompt for butter, as it is on the topic."""
    said = PROMPT.model_copy(update={"prompt_id": f"{number:024d}"})
    return Published(partition, b"session-7", said.to_json())


def withdrawn(number: int, partition: int = 0) -> Published:
    """Its withdrawal."""
    said = PROMPT_WITHDRAWN.model_copy(update={"prompt_id": f"{number:024d}"})
    return Published(partition, b"session-7", said.to_json())


class Topic:
    """The prompts topic; who reads it waits where it is told to, and fails as often as is said."""

    def __init__(self, *records: Published) -> None:
        self.records, self.asked = records, list[set[int]]()
        self.open, self.failures = asyncio.Event(), 0
        self.open.set()
        self.is_read = asyncio.Event()

    async def read(
        self, settings: Settings, partitions: Collection[int], now_ms: int, take: Take
    ) -> None:
        """As `inherited` does."""
        self.asked.append({*partitions})
        self.is_read.set()
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise KafkaConnectionError("away")
        take([record for record in self.records if record.partition in partitions])


class Clerk:
    """A worker that takes back what it finds on a topic."""

    def __init__(self, topic: Topic) -> None:
        settings = Settings(catalog_prices_max=100)
        self.replica = Replica(settings, CountingShop(), Telemetry())
        self.now_s = PROMPT.occurred_at_ms / 1000
        self.assigned: frozenset[int] | None = None
        self.withdrawn: list[tuple[int, PromptWithdrawn]] = []
        self.delivery = KeepingDelivery()
        self.taking_back = TakingBack(
            *(self.replica, self.delivery, lambda: self.assigned),
            lambda partition, gone: self.withdrawn.append((partition, gone)),
            clock=lambda: self.now_s,
            inherit=topic.read,
        )
        self.living = self.taking_back.pointless.living

    def takes(self, *partitions: int) -> None:
        """The group has dealt."""
        self.assigned = frozenset(partitions)
        self.taking_back.keep(self.assigned)

    def hears(self, **fields: Any) -> None:
        """The catalogue says something of butter."""
        self.replica.catalog.put(CatalogItem(item_id="butter", **fields))
        self.taking_back.pointless.heard("butter")

    async def looks(self) -> list[tuple[int, str]]:
        """The next look; all that is taken back by now, by partition."""
        self.now_s += 0.1
        await self.taking_back.once()
        return [(partition, gone.prompt_id.lstrip("0")) for partition, gone in self.withdrawn]


async def test_while_it_reads_what_is_known_is_taken_back_and_what_comes_is_inherited() -> None:
    """The group deals again in the midst of it: each partition is looked at afterwards."""
    topic = Topic(published(1, 0), published(2, 1), withdrawn(2, 1), published(3, 1))
    topic.open.clear()
    clerk = Clerk(topic)
    clerk.takes(0)
    reading = asyncio.create_task(clerk.taking_back.inherit())
    await topic.is_read.wait()
    clerk.assigned = None
    clerk.takes(*BOTH)
    clerk.taking_back.pointless.published([LivingPrompt("4", "ann", 1, 10**14, ("butter",))])
    clerk.hears(in_stock=False)
    assert [(1, "4")] == await clerk.looks()

    topic.open.set()
    assert await reading
    assert await clerk.taking_back.inherit()
    assert [{0}, {0, 1}] == topic.asked
    assert [(0, "1"), (1, "3"), (1, "4")] == sorted(await clerk.looks())


async def test_what_is_read_of_a_partition_that_is_somebody_elses_by_then_is_left_alone() -> None:
    """Nor is what was published there as the group dealt."""
    topic = Topic(published(1, 0), published(2, 1))
    topic.open.clear()
    clerk = Clerk(topic)
    clerk.takes(*BOTH)
    reading = asyncio.create_task(clerk.taking_back.inherit())
    await topic.is_read.wait()
    clerk.takes(0)
    topic.open.set()
    await reading
    asked = PROMPT.model_copy(update={"prompt_id": f"{3:024d}"})
    answered = [(at, None, Answer(outgoing_prompt=OutgoingPrompt.of(asked))) for at in (1,)]
    await clerk.taking_back.publish([], answered, lambda: None)

    assert [0] == [prompt.partition for prompt in clerk.living]


async def test_a_partition_that_was_lost_and_is_ours_again_is_looked_up_again() -> None:
    """Somebody else answered for it meanwhile; what we knew keeps the price that was told."""
    topic = Topic()
    clerk = Clerk(topic)
    clerk.hears(price_minor=1_000, currency="EUR")
    clerk.takes(0)
    topic.records = (published(1), published(2))
    await clerk.taking_back.inherit()
    clerk.hears(price_minor=1_040, currency="EUR")
    clerk.assigned = None
    clerk.takes(0)
    topic.records = (published(1), published(2), withdrawn(2), published(3))
    await clerk.taking_back.inherit()
    assert [{0}, {0}] == topic.asked
    clerk.hears(price_minor=1_070, currency="EUR")

    assert [(0, "1")] == await clerk.looks()
    assert [f"{3:024d}"] == [prompt.prompt_id for prompt in clerk.living]


async def test_what_was_promised_before_a_takeover_ends_as_well() -> None:
    """The prompt on the topic says by which arm it is, and what it offers; for whom it does not."""
    offer = BundleOffer(
        bundle="photo",
        bundle_items=("camera", "butter"),
        price_minor=500,
        discount_minor=50,
        currency="EUR",
    )
    said = [
        PROMPT.model_copy(update={"prompt_id": f"{number:024d}", "arm": arm, "offer": offered})
        for number, arm, offered in ((1, "bundle", offer), (2, "curated", None), (3, "other", None))
    ]
    broken = said[0].to_json().replace(b'"discount_minor":50', b'"discount_minor":"many"')
    clerk = Clerk(Topic(*(Published(0, b"session-7", one) for one in (broken, *map(json, said)))))
    clerk.replica.catalog.stopped = frozenset({"curated"})
    clerk.hears(eligible_segments=["gold"])
    clerk.takes(0)
    await clerk.taking_back.inherit()

    assert [(0, "1"), (0, "2")] == await clerk.looks()
    assert ["offer_ended", "arm_stopped"] == [gone.because for _, gone in clerk.withdrawn]
    assert [f"{3:024d}"] == [prompt.prompt_id for prompt in clerk.living]


def json(prompt: Prompt) -> bytes:
    """As it is on the topic."""
    return prompt.to_json()


async def test_while_the_group_deals_nothing_is_read_and_nothing_forgotten() -> None:
    """It is read when that is done."""
    topic = Topic(published(1))
    clerk = Clerk(topic)
    clerk.takes(0)
    clerk.assigned = None
    assert await clerk.taking_back.inherit()
    assert [] == topic.asked
    clerk.assigned = frozenset({0})
    await clerk.taking_back.inherit()
    assert 1 == len(clerk.living)


async def test_what_could_not_be_read_is_read_later_as_long_as_it_may_live(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """That is said once an outage, and counted each time."""
    topic = Topic(published(1, 0), published(2, 1))
    topic.failures = 2
    clerk = Clerk(topic)
    clerk.takes(*BOTH)
    with caplog.at_level(logging.WARNING):
        assert not await clerk.taking_back.inherit()
        assert not await clerk.taking_back.inherit()
    assert await clerk.taking_back.inherit()
    assert (1, 2) == (len(caplog.records), clerk.replica.telemetry.inheritances_failed)
    assert (2, [{0, 1}] * 3) == (len(clerk.living), topic.asked)

    topic.failures = 1
    clerk.takes(0)
    clerk.now_s += clerk.replica.settings.prompt_ttl_s
    with caplog.at_level(logging.WARNING):
        assert not await clerk.taking_back.inherit()
    assert await clerk.taking_back.inherit()
    assert ([{0}], 2) == (topic.asked[3:], len(caplog.records))


async def test_what_could_not_be_read_and_was_lost_meanwhile_is_read_no_more() -> None:
    """Somebody else looks after it."""
    topic = Topic()
    topic.open.clear()
    topic.failures = 1
    clerk = Clerk(topic)
    clerk.takes(*BOTH)
    reading = asyncio.create_task(clerk.taking_back.inherit())
    await topic.is_read.wait()
    clerk.takes(0)
    topic.open.set()
    assert not await reading
    assert await clerk.taking_back.inherit()

    assert [{0, 1}, {0}] == topic.asked


async def test_the_worker_does_both_at_once() -> None:
    """It takes back what it knows while it reads what it does not know."""
    topic = Topic(published(1))
    topic.open.clear()
    clerk = Clerk(topic)
    clerk.takes(0)
    await clerk.taking_back.start()
    async with asyncio.timeout(30):
        await topic.is_read.wait()
        clerk.taking_back.pointless.published([LivingPrompt("4", "ann", 0, 10**14, ("butter",))])
        clerk.hears(in_stock=False)
        while not clerk.withdrawn:
            await asyncio.sleep(0)
        topic.open.set()
        while len(clerk.withdrawn) < 2:
            clerk.now_s += 0.001
            await asyncio.sleep(0.001)
    await clerk.taking_back.stop()


async def test_prompts_that_there_is_no_room_for_are_counted() -> None:
    """Operators see that the catalogue does not take them back."""
    clerk = Clerk(Topic())
    clerk.living.prompts_max = 2
    clerk.taking_back.pointless.published(
        [LivingPrompt(str(number), "ann", 0, 10**14, ("tea",)) for number in range(5)]
    )
    await clerk.looks()

    assert 3 == clerk.replica.telemetry.living_left_out


class Kept(NamedTuple):
    """A record as a consumer would bring it."""

    key: bytes
    value: bytes


class FullPartitions:
    """A consumer of partitions that hold many records each."""

    def __init__(self, places: Sequence[TopicPartition], records: int) -> None:
        self.places, self.records = places, records
        self.next: dict[TopicPartition, int] = {}

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """All end at the same offset."""
        return dict.fromkeys(places, self.records)

    async def beginning_offsets(
        self, places: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Nothing was deleted."""
        return dict.fromkeys(places, 0)

    def seek(self, at: TopicPartition, offset: int) -> None:
        """Read from here."""
        self.next[at] = offset

    async def position(self, at: TopicPartition) -> int:
        """Where it is."""
        return self.next[at]

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Kept]]:
        """So many of the first partition that has any."""
        at = next(at for at in self.places if self.next[at] < self.records)
        count = min(max_records, self.records - self.next[at])
        self.next[at] += count
        return {at: [Kept(b"s", b"{}")] * count}


@pytest.mark.parametrize(("partitions", "each"), [(1, INHERITED_MAX), (50, LIVING_MAX // 50)])
async def test_what_is_read_is_handed_on_by_and_by_and_no_more_than_may_live(
    partitions: int, each: int
) -> None:
    """Of many partitions less of each; others have their turn after some hundreds of records."""
    places = [TopicPartition("prompts", number) for number in range(partitions)]
    taken: dict[int, int] = {}
    sizes, turns = list[int](), list[int]()

    def take(records: Sequence[Published]) -> None:
        sizes.append(len(records))
        taken[records[0].partition] = taken.get(records[0].partition, 0) + len(records)

    async def others() -> None:
        while True:
            turns.append(len(sizes))
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    consumer, settings = FullPartitions(places, 20_000), Settings(fetch_wait_fixed=True)
    await hand_on_latest(consumer, places, settings, 0, take)
    beside.cancel()

    assert dict.fromkeys(range(partitions), each) == taken
    assert HANDED_MAX == max(sizes)
    assert len(sizes) <= len(turns)
