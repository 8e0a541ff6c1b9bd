"""How a worker follows catalogue and controls when a broker is slow, or refuses for a while."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from streams.clients.connection.topics.findings import TopicSeen
from streams.contract.errors import NotAuthorized
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controls
from streams.worker.telemetry import Telemetry
from streams.worker.transport import reference_topics
from streams.worker.transport.reference_topics import Reference, ReferenceTopics
from streams.worker.transport.rounds import SLICE

RECORDS = 3 * SLICE
CATALOG = TopicPartition("goeswith.catalog", 0)


class Shelf:
    """A consumer of a catalogue with items that are all hidden."""

    def __init__(self, **_: Any) -> None:
        self._client, self.at, self.asked = None, dict[Any, int](), 0
        self.refusals: list[BaseException] = []
        self.stopping: BaseException | None = None

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """As aiokafka's, which may pass on a fetch's cancellation."""
        if self.stopping is not None:
            raise self.stopping

    def assign(self, partitions: Sequence[Any]) -> None:
        """Read these."""
        self.at = dict.fromkeys(partitions, 0)

    def seek(self, at: Any, offset: int) -> None:
        """Go on there."""
        self.at[at] = offset

    async def position(self, at: Any) -> int:
        """Where it goes on; the last offset was compacted away."""
        return RECORDS + 1 if self.at[at] == RECORDS else self.at[at]

    async def end_offsets(self, partitions: Sequence[Any]) -> Mapping[Any, int]:
        """Where the catalogue ends, if a broker says so."""
        if self.refusals:
            raise self.refusals.pop()
        return dict.fromkeys(partitions, RECORDS + 1)

    async def getmany(self, timeout_ms: int) -> Mapping[Any, Sequence[Any]]:
        """All that is left."""
        await asyncio.sleep(0 if self.at[CATALOG] < RECORDS else timeout_ms / 1000)
        numbers, self.at[CATALOG] = range(self.at[CATALOG], RECORDS), RECORDS
        return {CATALOG: [_hidden(number) for number in numbers]} if numbers else {}


def _hidden(number: int) -> Any:
    value = f'{{"item_id":"i{number}","hidden":true}}'.encode()
    return SimpleNamespace(key=b"i%d" % number, value=value, offset=number, timestamp=0)


class Broker:
    """What is asked of a broker besides records, and how often."""

    def __init__(self) -> None:
        self.clients, self.looks, self.topic_id = 0, 0, "one"
        self.refusals: list[Exception] = []
        self.shelf = Shelf()

    @asynccontextmanager
    async def administration(self, _: Settings) -> AsyncIterator[Any]:
        """A client."""
        self.clients += 1
        yield SimpleNamespace(_client=None)

    async def topics_seen(self, *_: Any) -> dict[str, TopicSeen]:
        """A catalogue; no controls."""
        self.looks += 1
        if self.looks > 1 and self.refusals:
            raise self.refusals.pop()
        return {CATALOG.topic: TopicSeen(1, 1, self.topic_id)}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """In place of Kafka."""
    broker = Broker()
    monkeypatch.setattr(reference_topics, "AIOKafkaConsumer", lambda **_: broker.shelf)
    monkeypatch.setattr(reference_topics, "administration", broker.administration)
    monkeypatch.setattr(reference_topics, "topics_seen", broker.topics_seen)
    monkeypatch.setattr(reference_topics, "limit_metadata_requests", lambda _: None)
    monkeypatch.setattr(reference_topics, "LOOK_S", 0.01)
    monkeypatch.setattr(reference_topics, "POLL_MS", 10)
    return broker


def follower(catalog: Catalog, wait_s: float = 5.0) -> ReferenceTopics:
    """One that waits so long."""
    settings = Settings(catalog_wait_s_max=wait_s)
    return ReferenceTopics(settings, Reference(settings, catalog, Controls(settings), Telemetry()))


async def until(asked: Any) -> None:
    """Wait for it, not for ever."""
    async with asyncio.timeout(5):
        while not asked():
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("broker")
async def test_what_the_bounded_wait_cut_off_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a batch that was fetched and not applied yet is no less hidden."""
    catalog = Catalog(100_000)
    topics = follower(catalog, wait_s=0.05)
    apply, applied = topics._reference.apply[CATALOG.topic], 0

    def slowly(record: Any) -> None:
        nonlocal applied
        applied += 1
        if applied == SLICE:
            broker_is_slow()
        apply(record)

    def broker_is_slow() -> None:
        deadline = asyncio.get_running_loop().time() + 0.1
        while asyncio.get_running_loop().time() < deadline:
            pass

    monkeypatch.setitem(topics._reference.apply, CATALOG.topic, slowly)
    await topics.on_start()

    assert len(catalog) < RECORDS
    assert [f"catalogue and controls: {RECORDS + 1:,} records are not read yet"] == topics.notes
    await topics._follow_once()
    await topics._pass_over()
    assert (RECORDS, []) == (len(catalog), topics.notes)


async def test_ends_that_no_broker_tells_are_asked_for_later(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker answers meanwhile, and says what it does not know."""
    broker.shelf.refusals = [KafkaTimeoutError()]
    catalog = Catalog(100_000)
    topics = follower(catalog)
    async with topics:
        notes = topics.notes
        await until(lambda: not topics.notes)
    said = [line for line in caplog.messages if "are not read to their ends" in line]

    assert (1, ["catalogue and controls: where they end is not known yet"]) == (len(said), notes)
    assert RECORDS == len(catalog)


async def test_a_broker_that_refuses_a_look_is_asked_again_by_the_same_client(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """A right that was taken away for a while ends no worker, and is told of once."""
    broker.refusals = [NotAuthorized("not for us"), TimeoutError(), NotAuthorized("not for us")]
    topics = follower(Catalog(100_000))
    with caplog.at_level(logging.WARNING):
        async with topics:
            await until(lambda: broker.looks > 6)
            assert not topics.crashed

    said = [line for line in caplog.messages if "cannot be looked at" in line]
    assert (1, 1) == (broker.clients, len(said))


async def test_of_a_topic_made_anew_no_old_end_is_waited_for(broker: Broker) -> None:
    """It may never get there."""
    topics = follower(Catalog(100_000))
    await topics.on_start()
    topics._ends = {CATALOG: 10 * RECORDS}
    broker.topic_id = "two"
    await topics._look()

    assert ([], {CATALOG: 0}) == (topics.notes, topics._next)


async def test_the_cancellation_of_a_fetch_does_not_end_whoever_stops(broker: Broker) -> None:
    """The client passes it on."""
    topics = follower(Catalog(100_000))
    await topics.on_start()
    broker.shelf.stopping = asyncio.CancelledError()

    await topics.on_stop()
