"""Follows the catalogue for a gateway: whole, from the beginning, without a group.

A gateway begins to serve when it has read as far as the topic went at its start, or after
`catalog_wait_s_max`. Whatever is wrong with the catalogue stops nobody: items are rendered as far
as they are known, by their ids else. The topic is optional. One that is missing is looked for every
`LOOK_S` seconds; of one that was made anew nothing counts that it held before.
"""

import asyncio
import logging
import time
from contextlib import AsyncExitStack, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.clients.async_kafka import administration, reading_options, translating_corruption
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.topics.topic_ids import topics_seen
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from streams.contract.topics import same_id
from streams.storefront.gateway.bus.bus import Forget, Receive

logger = logging.getLogger(__name__)

POLL_MS = 500
LOOK_S = 5.0
REST_S = 1.0
SLICE = 500
"""So many records are taken in one go: then requests have their turn."""


class CatalogFollower:
    """Hands over every record of the catalogue; tells when its topic is another one."""

    def __init__(self, settings: Settings, receive: Receive, forget: Forget) -> None:
        self.errors = 0
        """How often the catalogue could not be read."""
        self._settings, self._receive, self._forget = settings, receive, forget
        self._topic = settings.topics.catalog
        self._topic_id: str | None = None
        self._next: dict[TopicPartition, int] = {}
        self._read_up = asyncio.Event()
        """Set when what was there at the start is read, or there is nothing to wait for."""
        self._following: asyncio.Task[None] | None = None
        self._failing = False

    async def start(self) -> None:
        """Return when the catalogue is read as far as it goes now, or the bounded wait is over."""
        self._following = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(self._settings.catalog_wait_s_max):
                await self._read_up.wait()
        except TimeoutError:
            logger.warning(
                "the catalogue is not read to its end in %g s (GOESWITH_CATALOG_WAIT_S_MAX): "
                "items that are not read yet are shown by their ids",
                self._settings.catalog_wait_s_max,
            )

    async def stop(self) -> None:
        """Follow no longer."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])

    async def _follow(self) -> None:
        while True:
            try:
                async with AsyncExitStack() as closing:
                    await self._follow_by(closing)
            except (KafkaError, GoeswithError, OSError, TimeoutError) as error:
                self.errors += 1
                if not self._failing:
                    logger.warning("the catalogue cannot be read: %r; tried again", error)
                self._failing = True
                self._read_up.set()
                await asyncio.sleep(REST_S)

    async def _follow_by(self, closing: AsyncExitStack) -> None:
        """Follow by clients of its own; ends with an error of theirs."""
        admin = await closing.enter_async_context(administration(self._settings))
        limit_metadata_requests(admin._client)  # noqa: SLF001
        consumer: Any = AIOKafkaConsumer(
            **reading_options(self._settings) | {"client_id": "goeswith-gateway"},
            max_poll_records=None,
            fetch_max_wait_ms=POLL_MS // 10 if self._settings.fetch_wait_fixed else POLL_MS,
        )
        limit_metadata_requests(consumer._client)  # noqa: SLF001
        closing.push_async_callback(consumer.stop)
        await consumer.start()
        self._assign(consumer)
        ends: dict[TopicPartition, int] | None = None
        while True:
            await self._look(admin, consumer)
            if ends is None:
                ends = dict(await consumer.end_offsets([*self._next])) if self._next else {}
            look_again_s = time.monotonic() + LOOK_S
            while time.monotonic() < look_again_s:
                await self._note_reached(consumer, ends)
                await (self._take(consumer) if self._next else asyncio.sleep(POLL_MS / 1000))
                self._failing = False

    async def _look(self, admin: Any, consumer: Any) -> None:
        """Whether the topic is there, and the same as it was; new partitions are read, too."""
        seen = (await topics_seen(admin, [self._topic])).get(self._topic)
        if seen is None:
            return
        if self._topic_id is not None and not same_id(self._topic_id, seen.topic_id):
            logger.warning("%s was made anew: what it held before counts no more", self._topic)
            self._next.clear()
            self._forget()
        self._topic_id = seen.topic_id
        every = [TopicPartition(self._topic, number) for number in range(seen.partitions)]
        if new := [at for at in every if at not in self._next]:
            self._next |= dict.fromkeys(new, 0)
            self._assign(consumer)

    def _assign(self, consumer: Any) -> None:
        """Read on from where we are; from the beginning what is new."""
        if self._next:
            consumer.assign([*self._next])
        for at, offset in self._next.items():
            consumer.seek(at, offset)

    async def _take(self, consumer: Any) -> None:
        with translating_corruption():
            fetched = await consumer.getmany(timeout_ms=POLL_MS)
        for at, records in fetched.items():
            for first in range(0, len(records), SLICE):
                for record in records[first : first + SLICE]:
                    self._receive(record.key, record.value)
                await asyncio.sleep(0)
            self._next[at] = records[-1].offset + 1

    async def _note_reached(self, consumer: Any, ends: dict[TopicPartition, int]) -> None:
        if self._read_up.is_set():
            return
        for at, end in [*ends.items()]:
            with suppress(AssertionError):  # of a partition that is followed no longer
                if at not in self._next or await consumer.position(at) >= end:
                    del ends[at]
        if not ends:
            self._read_up.set()
