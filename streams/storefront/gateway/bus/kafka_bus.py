"""The bus on Kafka: one producer of events, and one follower of all prompts.

The producer is idempotent: what it has taken it sends until the broker has it, in order and once.
So after an outage nothing is out of order; whoever was told to try again meanwhile sends repeats,
which are dropped by their ids. While something waits for the broker longer than it may, nothing
more is taken, and nobody waits for that: what waits is the probe, and Kafka is back once it has
gone out.

The follower reads every partition without a group, from the end: it commits nothing, needs no
balance, and any number of gateways see the same.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.clients.async_kafka import administration, describe_topics
from streams.clients.connection.async_security import translating_refusals
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.contract.errors import KafkaUnreachable, TopicsWrong
from streams.contract.settings import Settings
from streams.contract.wire.partitioner import partition_of
from streams.storefront.gateway.bus.bus import EventRecord, Forget, Receive
from streams.storefront.gateway.bus.catalog_follower import CatalogFollower
from streams.storefront.gateway.bus.kafka_clients import (
    POLL_MS,
    events_producer,
    prompts_consumer,
    started,
)

logger = logging.getLogger(__name__)

DELIVERY_S_MAX = 5.0
"""So long a request waits for the broker; then whoever asked is told to try again."""
STOP_S_MAX = 5.0
ANSWER_S_MAX = 2.0
"""How long the cluster may take to say that it is there."""
AT_ONCE_S = 0.05
"""How long it is waited for where it is known already that events are not taken."""
ASKED_EVERY_S = 1.0
"""How often it is asked, however many ask us."""
RECORDS_AT_ONCE_MAX = 500
REST_S = 0.5
"""After an error of the follower."""


class KafkaBus:
    """Events to Kafka, prompts from it. Raises `TopicsWrong` at the start where there is none."""

    def __init__(self, settings: Settings, hand_over: "HandOver | None" = None) -> None:
        self.settings = settings
        self.errors = 0
        """How often the follower could not read."""
        self._partitions: dict[str, int] = {}
        self._producer: Any = None
        self._consumer: Any = None
        self._following: asyncio.Task[None] | None = None
        self._receive: Receive = _nobody
        self._hand_over = hand_over or _hand_over
        self._catalog: CatalogFollower | None = None
        self._broken = False
        self._mending = asyncio.Lock()
        self._overdue: set[asyncio.Future[Any]] = set()
        self._unread = ""
        self._asked_s, self._told = float("-inf"), ""
        self._looking: asyncio.Task[None] | None = None
        self._missing, self._unseen = "", list[str]()

    def follow(self, receive: Receive) -> None:
        """Hand over every record of the prompts topic that comes from now on."""
        self._receive = receive

    def follow_catalog(self, receive: Receive, forget: Forget) -> None:
        """Hand over every record of the catalogue, from its beginning."""
        self._catalog = CatalogFollower(self.settings, receive, forget)

    async def start(self) -> None:
        """Connect to Kafka, which is waited for; raises what is wrong with it or with the topics.

        Prompts are followed from the time at which this returns.
        """
        if self._following is not None:
            return
        events, prompts = self.settings.topics.events, self.settings.topics.prompts
        self._partitions = await partition_counts(self.settings, events, prompts)
        with translating_refusals(self.settings):
            self._producer = await self._opened()
            self._consumer = await started(prompts_consumer(self.settings))
            every = [TopicPartition(prompts, n) for n in range(self._partitions[prompts])]
            self._consumer.assign(every)
            await self._consumer.seek_to_end(*every)
        self._begin_to_follow()
        if self._catalog is not None:
            await self._catalog.start()

    async def _opened(self) -> Any:
        """A producer that knows its topic: it takes events, though Kafka may be away by then."""
        producer = await started(events_producer(self.settings))
        await producer.partitions_for(self.settings.topics.events)
        return producer

    async def stop(self) -> None:
        """Send what waits, for a while, and close."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])  # how it ended has been told by now
            self._following = None
        if self._looking is not None:
            self._looking.cancel()
        if self._catalog is not None:
            await self._catalog.stop()
        for client in (self._producer, self._consumer):
            if client is not None:
                with suppress(TimeoutError, KafkaError), heeding_our_cancellation():
                    await asyncio.wait_for(client.stop(), STOP_S_MAX)
        self._producer = self._consumer = None

    async def send(self, records: Sequence[EventRecord]) -> None:
        """Return when the broker has all of these; raises `KafkaUnreachable` if it may not."""
        if self._overdue:
            raise KafkaUnreachable("Kafka has not taken what was sent before")
        if self._broken:
            await self._mend()
        events = self.settings.topics.events
        sent: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(DELIVERY_S_MAX):
                for key, value, headers in records:
                    at, said = partition_of(key, self._partitions[events]), [*headers]
                    sent.append(await self._producer.send(events, value, key, at, headers=said))
                await asyncio.wait(sent)
        except TimeoutError:
            self._note_overdue(sent)
            raise KafkaUnreachable(f"Kafka did not answer in {DELIVERY_S_MAX:g} s") from None
        except KafkaError as error:
            raise self._refused(error) from error
        for failed in filter(None, [one.exception() for one in sent]):
            raise self._refused(failed) from failed

    def _refused(self, error: BaseException) -> KafkaUnreachable:
        """An idempotent producer is of no use after an error that it does not try again by."""
        if not self._broken:
            logger.warning("Kafka does not take events: %r; another producer is opened", error)
        self._broken = True
        return KafkaUnreachable(f"Kafka does not take events: {error!r}")

    async def _mend(self) -> None:
        """Another producer in place of one that is of no use; raises `KafkaUnreachable`."""
        async with self._mending:
            if not self._broken:
                return
            old, self._asked_s = self._producer, float("-inf")
            try:
                async with asyncio.timeout(DELIVERY_S_MAX):
                    self._producer = await self._opened()
            except (TimeoutError, KafkaError) as error:
                raise KafkaUnreachable(f"Kafka does not answer: {error!r}") from error
            self._broken = False
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(old.stop(), STOP_S_MAX)

    def _note_overdue(self, sent: Sequence[asyncio.Future[Any]]) -> None:
        """Nothing more is taken until Kafka has these, or has refused them.

        Where it was the producer that did not even take one, another producer may.
        """
        if not self._overdue:
            logger.warning("Kafka does not take events; requests get 503 until it does")
        waiting = [one for one in sent if not one.done()]
        self._broken = self._broken or not (waiting or self._overdue)
        for one in waiting:
            self._overdue.add(one)
            one.add_done_callback(self._no_longer_overdue)

    def _no_longer_overdue(self, sent: asyncio.Future[Any]) -> None:
        self._overdue.discard(sent)
        failed = sent.cancelled() or sent.exception()  # whoever sent it has been told by now
        if not (failed or self._overdue):
            logger.warning("Kafka takes events again")

    async def trouble(self) -> str:
        """Why events are not taken or prompts do not come just now; empty: all is well."""
        if self._producer is None:
            return "not connected to Kafka yet"
        if self._following is not None and self._following.done():
            return "prompts are no longer read: restart this gateway"
        if time.monotonic() - self._asked_s > ASKED_EVERY_S:
            await self._look()
        if self._overdue and not self._missing:
            return "Kafka does not take events"
        return self._told or self._unread

    async def _look(self) -> None:
        """Ask; while events are overdue what was said last stands until Kafka has answered."""
        if self._looking is not None and not self._looking.done():
            return
        self._asked_s = time.monotonic()
        self._looking = asyncio.create_task(self._hear())
        seconds_max = AT_ONCE_S if self._overdue else None
        heard, _ = await asyncio.wait([self._looking], timeout=seconds_max)
        for look in heard:
            look.result()

    async def _hear(self) -> None:
        self._told = await self._asked()

    async def _asked(self) -> str:
        try:
            asking = self._producer.client.fetch_all_metadata()
            cluster = await asyncio.wait_for(asking, ANSWER_S_MAX)
        except (TimeoutError, KafkaError, OSError):
            return "Kafka does not answer"
        counts = {topic: cluster.partitions_for_topic(topic) for topic in self._partitions}
        self._note_missing([topic for topic, now in counts.items() if now is None])
        for topic, had in self._partitions.items():
            if (now := counts[topic]) is not None and len(now) != had:
                return f"{topic} has {len(now)} partitions, and had {had}: restart this gateway"
        return self._missing

    def _note_missing(self, unseen: list[str]) -> None:
        """What two looks in a row have not seen; one may deceive: a leader is being chosen, say."""
        gone = ", ".join(topic for topic in unseen if topic in self._unseen)
        said = f"{gone} is missing: `goeswith topics create` makes it" if gone else ""
        if said != self._missing:
            logger.warning("%s", said or "no topic is missing any more")
        self._missing, self._unseen = said, unseen

    def _begin_to_follow(self) -> None:
        self._following = asyncio.create_task(self._follow())
        self._following.add_done_callback(_tell_how_it_ended)

    async def _follow(self) -> None:
        while True:
            try:
                fetched = await self._consumer.getmany(
                    timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE_MAX
                )
            except KafkaError as error:
                self.errors += 1
                if not self._unread:
                    logger.warning("prompts cannot be read: %r; tried again", error)
                self._unread = f"prompts cannot be read: {type(error).__name__}"
                await asyncio.sleep(REST_S)
                continue
            self._unread = ""
            for records in fetched.values():
                for record in records:
                    self._hand_over(self._receive, record)


def _tell_how_it_ended(following: asyncio.Task[None]) -> None:
    """No error of Kafka's ends it: another one is a fault of the program."""
    if not following.cancelled() and (error := following.exception()):
        logger.error("prompts are no longer read: restart this gateway", exc_info=error)


async def partition_counts(settings: Settings, *topics: str) -> dict[str, int]:
    """How many partitions each topic has; Kafka is waited for. Raises `TopicsWrong`."""
    async with administration(settings) as admin:
        described = await describe_topics(settings, admin, list(topics))
    found = {topic["topic"]: len(topic["partitions"]) for topic in described}
    if missing := [name for name in topics if not found.get(name)]:
        raise TopicsWrong(f"no topic {', '.join(missing)}: `goeswith topics create` makes it")
    return found


HandOver = Callable[[Receive, Any], object]
"""Hands a record of the prompts topic to who follows it."""


def _hand_over(receive: Receive, record: Any) -> None:
    receive(record.key, record.value)


_nobody: Receive = partial(lambda *_: None)
"""Takes what nobody follows."""
