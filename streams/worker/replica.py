"""The worker's copy of the shop: one fold, fed from two sides.

The *follower*, a consumer without a group, reads every partition; the *agent* answers for those
that the group gave to this worker. Both fold what they see: whoever meets the next offset of a
partition folds it, and the position makes the second sight free. So there is no hand-over between
workers that could go wrong, and every worker is a hot standby of every other.

The follower leaves a partition alone while the agent has it (else every event would be fetched
twice) and takes it up again at the position when it is revoked, or when the agent is stuck before a
gap. What the follower reads is in one piece: an offset that it finds missing is not in the log
(retention, a transaction that was aborted, a marker), and is stepped over, and counted.

Both read what is committed, so the log ends where an open transaction begins, for all of them.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from mode import Service

from streams.cli.process.young_garbage import unsearched
from streams.clients.async_kafka import (
    check_topics,
    reading_options,
    translating_corruption,
)
from streams.clients.connection.async_security import translating_refusals
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.contract.errors import FoldStalled, InvalidEvent
from streams.contract.events import Event, decode
from streams.contract.settings import Settings
from streams.shop.checkpoint import CLOCKS_MS_MAX, LogExtent
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controlled, Controls
from streams.shop.memory.answer import Answer
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Folding
from streams.worker.telemetry import Telemetry
from streams.worker.transport.rounds import SLICE, KafkaRecord, slices

FOLLOW_WAIT_MS = 50
"""How far a standby may trail behind the log; also how long its fetches wait for company."""
FOLLOW_TIMEOUT_MS = 500
CATCH_UP_SLICE = 256
"""Records folded without yielding to the event loop before a worker answers: none waits for it."""
GAP_POLL_S = 0.005


class Fold(Protocol):
    """What a replica needs of the `Shop`."""

    position: dict[int, int]

    @property
    def unknown_keys(self) -> Mapping[str, int]:
        """How many receipts were folded unread, by the id of the key that is not here."""

    def start(self, partition: int, offset: int) -> None:
        """The next offset to fold is at least this one: what was before is not in the log."""

    def learn(self, partition: int, offset: int, event: Event | None) -> Folding:
        """Fold the event at an offset, once; what does not fit there changes nothing."""

    def answer(
        self,
        event: Event,
        partition: int,
        offset: int,
        pending: PendingPrompts,
        *,
        now_ms: int | None = None,
        catalog: Catalog | None = None,
        controls: Controlled | None = None,
    ) -> Answer:
        """What a folded event calls for; changes nothing."""

    def digests(self) -> dict[str, str]:
        """Hashes of all that is folded, part by part."""


Restore = Callable[[Callable[[int], Awaitable[LogExtent]]], Awaitable[Fold | None]]
"""Finds the shop to go on from, if there is one; asks for the log as seen from a time in ms."""


class Replica(Service):
    """The shop and its follower. With `restore` it goes on from a checkpoint, if there is one."""

    def __init__(
        self,
        settings: Settings,
        shop: Fold,
        telemetry: Telemetry,
        restore: Restore | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.shop = shop
        self.telemetry = telemetry
        self.catalog = Catalog.of(settings)
        """What is withheld; filled beside the fold: see `transport/reference_topics.py`."""
        self.controls = Controls(settings)
        """How operators run the shop; filled as the catalogue is."""
        self.cluster = self.topic_id = ""
        self.following = False
        self.topics_there = asyncio.Event()
        """Set when the topics have been looked at, and are as they should be."""
        self._restore = restore
        self._consumer: Any = None
        self._left: set[int] = set()

    # The fold

    def position(self, partition: int) -> int:
        """The next offset of a partition to fold."""
        return self.shop.position.get(partition, 0)

    def read(self, records: Iterable[KafkaRecord]) -> list[Event | InvalidEvent]:
        """What these records hold: of a slice all at once, so that the parser stays in the cache.

        Between two decisions each one would take several times as long.
        """
        settings, found = self.settings, list[Event | InvalidEvent]()
        for record in records:
            key, value, at_ms = record.key, record.value, record.timestamp
            try:
                found.append(decode(key, value, timestamp_ms=at_ms, settings=settings))
            except InvalidEvent as invalid:
                found.append(invalid)
        return found

    def fold(self, partition: int, offset: int, found: Event | InvalidEvent) -> None:
        """Fold what a record holds, unless it is in already. No await in here.

        It must not be beyond the position, except behind offsets that are not in the log.
        """
        event = None if isinstance(found, InvalidEvent) else found
        folded = self.shop.learn(partition, offset, event)
        if folded == "gap":
            self.step_over(partition, offset)
            folded = self.shop.learn(partition, offset, event)
        if folded == "folded":
            self.telemetry.folded += 1
            if event is not None and event.clock_ahead_ms > 0:
                self.telemetry.clocks_ahead += 1
        else:
            self.telemetry.repeats += 1

    def step_over(self, partition: int, offset: int) -> None:
        """The log holds nothing between the position and this offset: go on there."""
        self.telemetry.gaps += max(0, offset - self.position(partition))
        self.shop.start(partition, offset)

    async def reach(self, partition: int, offset: int) -> None:
        """Return when everything before an offset is folded: the agent may go on from there.

        Raises `FoldStalled` when the follower does not get there in time.
        """
        if self.position(partition) < offset:
            self.telemetry.gap_waits += 1
            self.take_up([partition])
            try:
                async with asyncio.timeout(self.settings.gap_wait_s_max):
                    while self.position(partition) < offset:
                        await asyncio.sleep(GAP_POLL_S)
            except TimeoutError:
                raise FoldStalled(
                    f"partition {partition} waited {self.settings.gap_wait_s_max:g} s at offset "
                    f"{self.position(partition)} for what comes before {offset}: is the broker "
                    "reachable? The worker stops and folds again from the start of the log"
                ) from None
        self._leave(partition)

    # The follower

    async def on_start(self) -> None:
        """Start following, and return when the fold has caught up with the log."""
        settings = self.settings
        self.cluster, self.topic_id = await check_topics(settings)
        self.topics_there.set()
        fixed = settings.fetch_wait_fixed
        self._consumer = AIOKafkaConsumer(
            **reading_options(settings),
            max_poll_records=None,
            fetch_max_wait_ms=settings.fetch_busy_wait_ms if fixed else FOLLOW_WAIT_MS,
            fetch_min_bytes=1 if fixed else settings.fetch_busy_bytes_min,
        )
        limit_metadata_requests(self._consumer._client)  # noqa: SLF001
        await self._consumer.start()
        self._consumer.assign(self._partitions())  # asked about others, it waits half a second
        if self._restore is not None and (found := await self._restore(self._log)):
            self.shop = found
            self.telemetry.restored = sum(found.position.values())
        await self._start_at_positions()
        self.telemetry.follow_cpu_s = time.process_time()
        ends = await self._consumer.end_offsets(self._partitions())
        with unsearched():
            for tp, end in ends.items():
                while not self.should_stop and await self._consumer.position(tp) < end:
                    await self._follow_once(CATCH_UP_SLICE)
        self.telemetry.caught_up_cpu_s = time.process_time()
        gc.freeze()  # what is known by now stays: no use in looking at it, not even once

    async def on_stop(self) -> None:
        """Stop following."""
        if self._consumer is not None:
            with heeding_our_cancellation():
                await self._consumer.stop()

    def take_up(self, partitions: Iterable[int]) -> None:
        """Follow these partitions again, from where their fold stands."""
        for tp in map(self._partition, self._left.intersection(partitions)):
            self._consumer.seek(tp, self.position(tp.partition))
            self._consumer.resume(tp)
            self._left.discard(tp.partition)

    def take_up_all(self) -> None:
        """Follow everything again: the group is dealing its partitions anew."""
        self.take_up(frozenset(self._left))

    async def ends(self) -> dict[int, int]:
        """Where the log of each partition ends, as the broker says now; see `reading_options`."""
        ends = await self._consumer.end_offsets(self._partitions())
        return {tp.partition: end for tp, end in ends.items()}

    async def begins(self) -> dict[int, int]:
        """The first offset that each partition still holds, as the broker says now."""
        begins = await self._consumer.beginning_offsets(self._partitions())
        return {tp.partition: begin for tp, begin in begins.items()}

    async def holds_more(self, partition: int, offset: int, end: int) -> bool:
        """Whether the log holds a record from an offset on, as far as the follower can tell.

        It holds none if the follower, on this partition, has read to the end and folded nothing.
        """
        if self.position(partition) > offset:
            return True
        return bool(await self._consumer.position(self._partition(partition)) < end)

    def _leave(self, partition: int) -> None:
        if self._consumer is not None and partition not in self._left:
            self._consumer.pause(self._partition(partition))
            self._left.add(partition)

    async def _follow_once(self, slice_max: int = SLICE) -> None:
        with translating_corruption(), translating_refusals(self.settings):
            batches = await self._consumer.getmany(timeout_ms=FOLLOW_TIMEOUT_MS)
        for partition, records in slices(list(batches.items()), slice_max):
            for record, found in zip(records, self.read(records), strict=True):
                self.fold(partition, record.offset, found)
            await asyncio.sleep(0)

    @Service.task
    async def _follow(self) -> None:
        while not self.should_stop:
            await self._follow_once()

    async def _log(self, since_ms: int) -> LogExtent:
        """The log now; `since_ms` is when a checkpoint of it was made."""
        partitions = self._partitions()
        begins = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        younger: dict[Any, Any] = {}
        if not self.settings.fetch_wait_fixed:  # the embedded broker does not look for times
            after_ms = since_ms + CLOCKS_MS_MAX
            younger = await self._consumer.offsets_for_times(dict.fromkeys(partitions, after_ms))
        return LogExtent(
            self.cluster,
            {tp.partition: begin for tp, begin in begins.items()},
            {tp.partition: end for tp, end in ends.items()},
            {tp.partition: found.offset for tp, found in younger.items() if found is not None},
            self.topic_id,
        )

    async def _start_at_positions(self) -> None:
        begins = await self._consumer.beginning_offsets(self._partitions())
        for tp, begin in begins.items():
            if self.position(tp.partition) < begin:
                self.shop.start(tp.partition, begin)
            self._consumer.seek(tp, self.position(tp.partition))
        self.following = True

    def _partition(self, partition: int) -> Any:
        return TopicPartition(self.settings.topics.events, partition)

    def _partitions(self) -> Sequence[Any]:
        return [self._partition(number) for number in range(self.settings.partitions)]
