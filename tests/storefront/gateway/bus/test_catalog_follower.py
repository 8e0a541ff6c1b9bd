"""How a gateway follows the catalogue on a real Kafka: whole, live, and optional."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import encode_reference
from streams.contract.settings import Settings
from streams.operations.topics import create_topics
from streams.storefront.gateway.bus import catalog_follower
from streams.storefront.gateway.bus.kafka_bus import KafkaBus
from streams.storefront.gateway.live.shelf import Shelf
from tests.storefront.gateway.bus.test_kafka_bus import PATIENCE_S, until

LIVE_S_MAX = 5.0
"""A change is there well within a second; a busy machine may take longer."""


class Merchant:
    """Whoever feeds the catalogue."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topics.catalog
        self._producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap)

    def say(self, item_id: str, title: str | None) -> None:
        """An item has this title; None: it is taken out."""
        item = CatalogItem(item_id=item_id, titles={"en": title or "-"})
        value = encode_reference(item) if title is not None else None
        self._producer.send(self._topic, value, item_id.encode()).get(PATIENCE_S)

    def raw(self, value: bytes) -> None:
        """A record that is none."""
        self._producer.send(self._topic, value, b"jam").get(PATIENCE_S)


@pytest.fixture
async def settings(kafka: str, topic_prefix: str) -> Settings:
    """Of a shop with topics of its own."""
    made = Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, partitions=3)
    await asyncio.to_thread(create_topics, made)
    return made


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[Shelf]:
    """What a gateway that has just begun to serve shows of items."""
    shelf, bus = Shelf(10**6), KafkaBus(settings)
    bus.follow_catalog(shelf.receive, shelf.clear)
    await bus.start()
    try:
        yield shelf
    finally:
        await bus.stop()


def title(shelf: Shelf, item_id: str) -> str | None:
    """What an item is called."""
    return shelf.look(item_id, ["en"]).title


async def test_a_gateway_serves_with_the_catalogue_as_it_is_and_as_it_becomes(
    settings: Settings,
) -> None:
    """What was there is there at the start; a change, a tombstone and nonsense come live."""
    merchant = await asyncio.to_thread(Merchant, settings)
    for number in range(300):
        await asyncio.to_thread(merchant.say, f"i{number % 100}", f"title {number}")
    async with following(settings) as shelf:
        assert 100 == len(shelf)
        assert "title 299" == title(shelf, "i99")
        await asyncio.to_thread(merchant.raw, b"{")
        await asyncio.to_thread(merchant.say, "i0", None)
        began_s = time.monotonic()
        await asyncio.to_thread(merchant.say, "i1", "another one")
        await until(lambda: title(shelf, "i1") == "another one" and len(shelf) == 99)

        assert time.monotonic() - began_s < LIVE_S_MAX
        assert {"invalid_json": 1} == dict(shelf.refused)


async def test_a_topic_that_comes_late_or_is_made_anew_is_followed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it a gateway serves at once; of the one before nothing is left."""
    monkeypatch.setattr(catalog_follower, "LOOK_S", 0.2)
    admin = await asyncio.to_thread(KafkaAdminClient, bootstrap_servers=settings.kafka_bootstrap)
    topic = settings.topics.catalog

    def make() -> None:
        admin.create_topics([NewTopic(topic, 1, 1)])

    await asyncio.to_thread(admin.delete_topics, [topic])
    async with following(settings) as shelf:
        assert 0 == len(shelf)
        await asyncio.to_thread(make)
        merchant = await asyncio.to_thread(Merchant, settings)
        await asyncio.to_thread(merchant.say, "jam", "Jam")
        await until(lambda: title(shelf, "jam"))
        await asyncio.to_thread(admin.delete_topics, [topic])
        await asyncio.sleep(1)
        await asyncio.to_thread(make)
        await until(lambda: title(shelf, "jam") is None)
        again = await asyncio.to_thread(Merchant, settings)
        await asyncio.to_thread(again.say, "tea", "Tea")
        await until(lambda: title(shelf, "tea"))


async def test_a_catalogue_that_takes_too_long_does_not_keep_a_gateway_from_serving(
    kafka: str, topic_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and goes on reading."""
    settings = Settings(
        kafka_bootstrap=kafka, topic_prefix=topic_prefix, partitions=1, catalog_wait_s_max=0.000_001
    )
    await asyncio.to_thread(create_topics, settings)
    merchant = await asyncio.to_thread(Merchant, settings)
    await asyncio.to_thread(merchant.say, "jam", "Jam")
    async with following(settings) as shelf:
        assert "GOESWITH_CATALOG_WAIT_S_MAX" in caplog.text
        await until(lambda: title(shelf, "jam"))
