"""The agent in Faust's own test harness: rounds in, answers out, acknowledged when delivered."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from faust.types import TP

from streams.contract.published.prompts import ANY_PUBLISHED, PromptWithdrawn
from streams.contract.settings import Settings
from streams.worker.topology import App, Boot, create_app
from tests.stand_ins import CountingShop, KeepingDelivery, Record, recorded
from tests.stories import Story

EVENTS = "goeswith.events"


class Board:
    """Views that note what they are offered."""

    failing = False

    def __init__(self) -> None:
        self.offered: list[Any] = []

    def offer(self, answers: Any) -> None:
        """Note the answers."""
        self.offered += answers


class Bench:
    """A worker's agent, with its shop, its delivery and its views at hand."""

    def __init__(self) -> None:
        self.shop = CountingShop()
        self.delivery = KeepingDelivery()
        self.board = Board()
        self.app: App = create_app(
            Settings(), shop=self.shop, delivery=self.delivery, views=self.board
        )
        self.agent: Any = None

    async def round(self, *parts: tuple[int, list[Record]]) -> Any:
        """Hand the agent a round; returns when what it publishes is published."""
        before = len(self.delivery.published)
        value = [(TP(EVENTS, partition), records) for partition, records in parts]
        event = await self.agent.put(value, wait=False)
        async with asyncio.timeout(5):
            while len(self.delivery.published) == before:
                await asyncio.sleep(0)
        return event


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A worker's agent, running."""
    bench = Bench()
    async with bench.app.answer.test_context() as agent:
        bench.agent = agent
        yield bench
    close(bench.app)


def close(app: App) -> None:
    """Close the loop that Faust makes for its consumer's thread, which never started here."""
    consumer: Any = app.consumer
    consumer._thread.thread_loop.close()


async def test_every_event_of_a_round_is_answered_on_its_own_partition(bench: Bench) -> None:
    """Prompts go to the partition of the number that their event came from, under its key."""
    ann, bob = Story("ann"), Story("bob")

    await bench.round(
        (2, [recorded(ann.view("bread"), 0)]),
        (5, [recorded(bob.add("tea"), 0), recorded(bob.remove("tea"), 1)]),
    )

    published = [
        (topic, partition, key, ANY_PUBLISHED.validate_json(value or b"").type)
        for topic, partition, key, value, _ in bench.delivery.published[0]
    ]
    assert published == [
        ("goeswith.prompts", 2, b"ann", "prompt"),
        ("goeswith.prompts", 5, b"bob", "prompt"),
        ("goeswith.prompts", 5, b"bob", "prompt_withdrawn"),
    ]


async def test_a_round_is_acknowledged_when_the_broker_has_its_answers(bench: Bench) -> None:
    """Not before; and views see answers only then."""
    event = await bench.round((0, [recorded(Story().view("bread"), 0)]))
    before = event.message.acked, list(bench.board.offered)

    undelivered = sum(bench.app.telemetry.deliver_ms.counts)
    bench.delivery.deliver()

    assert before == (False, [])
    assert (0, 1) == (undelivered, sum(bench.app.telemetry.deliver_ms.counts))
    assert event.message.acked
    assert [answer.prompt.anchor for answer in bench.board.offered] == ["bread"]


async def test_what_a_follower_has_folded_is_answered_all_the_same(bench: Bench) -> None:
    """The position skips the fold, never the answer."""
    bread = Story().view("bread")
    bench.shop.learn(0, 0, bread)

    await bench.round((0, [recorded(bread, 0)]))

    assert len(bench.delivery.published[0]) == 1
    assert bench.shop.items == {"bread": 1}


async def test_a_record_that_is_no_event_becomes_a_dead_letter(bench: Bench) -> None:
    """Raw, under its own key, with the reason; and the next event is answered as ever."""
    broken = Record(0, b'{"type": "item_viewed"', key=b"ann", headers=[("sender", b"till 3")])

    await bench.round((1, [broken, recorded(Story().view("bread"), 1)]))

    letter, prompt = bench.delivery.published[0]
    assert letter[:4] == ("goeswith.dead-letters", 1, b"ann", broken.value)
    assert letter.headers[0] == ("sender", b"till 3")
    assert dict(letter.headers)["goeswith.errors.reason"] == b"invalid_json"
    assert prompt.topic == "goeswith.prompts"


async def test_what_was_said_is_forgotten_with_the_partition(bench: Bench) -> None:
    """Ours again after somebody else had it, a partition starts with a clean note."""
    ann = Story("ann")
    await bench.round((0, [recorded(ann.view("bread"), 0), recorded(ann.view("jam"), 1)]))
    said_once = bench.delivery.published[0]

    await bench.app.on_partitions_assigned.send({TP(EVENTS, 1)})
    await bench.round((0, [recorded(ann.view("tea"), 2)]))

    assert [len(said_once), len(bench.delivery.published[1])] == [1, 1]


async def test_what_was_said_is_kept_where_the_partition_is_kept(bench: Bench) -> None:
    """A rebalance that leaves a partition with its owner changes nothing."""
    ann = Story("ann")
    await bench.round((0, [recorded(ann.view("bread"), 0)]))

    await bench.app.on_partitions_assigned.send({TP(EVENTS, 0)})
    await bench.round((0, [recorded(ann.view("tea"), 1), recorded(ann.remove("tea"), 2)]))

    (withdrawn,) = bench.delivery.published[1]
    assert isinstance(ANY_PUBLISHED.validate_json(withdrawn.value or b""), PromptWithdrawn)


async def test_telemetry_counts_what_was_answered(bench: Bench) -> None:
    """Prompts, silences by reason, dead letters by reason, and how long a prompt took."""
    ann = Story("ann")
    await bench.round(
        (0, [recorded(ann.view("bread"), 0), recorded(ann.view("jam"), 1), Record(2, None)])
    )
    bench.delivery.deliver()

    seen = bench.app.telemetry.snapshot()
    assert (seen["answered"], seen["prompts"], seen["folded"]) == (3, 1, 3)
    assert seen["silences"] == {"cool_down": 1}
    assert seen["dead_letters"] == {"null_value": 1}
    assert (seen["handed_ms"]["count"], seen["delivered_ms"]["count"]) == (1, 1)


def test_a_worker_that_only_folds_joins_no_group() -> None:
    """It needs no agent and no producer: only the follower."""
    app = create_app(Settings(answering=False), shop=CountingShop())

    started = [type(service).__name__ for service in Boot(app).kafka_consumer()]

    close(app)
    assert started[:3] == ["Agreement", "TopicWatch", "Replica"]
    assert "Admission" not in started
    assert not app.boot_strategy.enable_kafka_consumer
    assert not app.agents


def test_the_replica_has_caught_up_and_peers_agree_before_the_worker_joins_its_group() -> None:
    """The order in which Faust starts things."""
    app = create_app(Settings(), shop=CountingShop())

    started = [type(service).__name__ for service in Boot(app).kafka_consumer()]

    close(app)
    beside = ["Agreement", "TopicWatch"]
    before_joining = ["Delivery", "Replica", "ReferenceTopics", "Watchdog", "TakingBack"]
    assert started[:9] == [*beside, *before_joining, "Admission", "Consumer"]


async def test_the_page_listens_where_the_settings_say() -> None:
    """On the loopback, unless an operator wants it seen by probes and by Prometheus."""
    alone = create_app(Settings(web_port=6066), shop=CountingShop())
    seen = create_app(Settings(web_port=6066, web_bind="0.0.0.0"), shop=CountingShop())  # noqa: S104
    for app in (alone, seen):
        close(app)

    assert ("127.0.0.1", "127.0.0.1") == (alone.conf.web_bind, alone.conf.web_host)
    assert ("0.0.0.0", "127.0.0.1") == (seen.conf.web_bind, seen.conf.web_host)  # noqa: S104
