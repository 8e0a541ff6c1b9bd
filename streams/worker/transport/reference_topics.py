"""Follows catalogue and controls whole: what is withheld, and how the shop is run, as of now.

A consumer without a group reads every partition of `catalog` and `control` from the beginning, and
goes on; a change is seen as soon as the broker has it. The worker joins its group when both have
been read up to where they ended at the start: it offers nobody what was hidden long ago. That wait
is bounded (`catalog_wait_s_max`); a worker whose catalogue takes longer says so, and answers.

Both topics are optional. One that is missing is said once, and looked for again every `LOOK_S`
seconds; so is one that was deleted and made anew, of which nothing holds any more. A record that is
no record of the contract is refused and counted, and the last good one of its key stands.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError, KafkaTimeoutError
from mode import Service

from streams.clients.async_kafka import administration, reading_options, translating_corruption
from streams.clients.connection.async_security import translating_refusals
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.clients.connection.topics.findings import TopicSeen
from streams.clients.connection.topics.topic_ids import topics_seen
from streams.contract.errors import GoeswithError, InvalidReference
from streams.contract.events.reference.bundles import PREFIX as BUNDLES
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import decode_reference
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.contract.topics import same_id
from streams.shop.decision.catalog.catalog import FULL, Catalog
from streams.shop.decision.controls.controls import Controls
from streams.worker.telemetry import Telemetry
from streams.worker.transport.rounds import SLICE, KafkaRecord

logger = logging.getLogger(__name__)

POLL_MS = 500
LOOK_S = 5.0
"""How often is looked whether the topics are there, and the same as they were."""


class Reference:
    """What was read of both topics. Pure: no Kafka in here."""

    def __init__(
        self, settings: Settings, catalog: Catalog, controls: Controls, telemetry: Telemetry
    ) -> None:
        topics = settings.topics
        self._catalog = topics.catalog
        self.catalog, self.controls = catalog, controls
        catalog.curation, catalog.bundles = controls.curation, controls.bundles
        self.apply: Mapping[str, Callable[[KafkaRecord], None]] = {
            topics.catalog: partial(self._read, topics.catalog, self._apply_item),
            topics.control: partial(self._read, topics.control, self._apply_control),
        }
        """What to do with a record of each topic."""
        self.heard: Callable[[str | None], object] = lambda _: None
        """Told of each item that is another one than it was; None: of any."""
        self._telemetry = telemetry
        self._said: set[tuple[str, str]] = set()

    def as_json(self) -> dict[str, int]:
        """How much of it a worker keeps, for its page."""
        catalog = self.catalog
        kept = {"withheld": len(catalog.withheld), "variants": len(catalog.products)}
        if for_some := len(catalog.eligibility):
            kept["for_segments"] = for_some
        kept["upgrades"] = catalog.upgrades.relations
        kept |= {"relations": len(catalog.relations), "categories": len(catalog.categories)}
        kept |= {"categories_ignored": catalog.categories.ignored}
        kept |= {f"{table}_left_out": number for table, number in catalog.left_out.items()}
        return {**kept, "controls": len(self.controls)}

    def forget(self, topic: str) -> None:
        """The topic is another one now: nothing of what it held counts."""
        if topic == self._catalog:
            self.catalog.clear()
        else:
            had_bundles = bool(self.controls.bundles)
            self.controls.forget()
            self._follow_controls()
            if had_bundles:
                self.heard(None)

    def _read(self, topic: str, apply: Callable[[KafkaRecord], None], record: KafkaRecord) -> None:
        try:
            apply(record)
        except InvalidReference as refused:
            self._telemetry.reference_refused[refused.reason] += 1
            if (topic, refused.reason) not in self._said:  # once: there may be a million of them
                self._said.add((topic, refused.reason))
                where = f"{topic}, offset {record.offset}"
                said = "%s: refused (%s), the last good one stands: %s"
                logger.warning(said, where, refused.reason, refused)
        else:
            self._telemetry.reference_records += 1

    def _apply_item(self, record: KafkaRecord) -> None:
        item_id, item = decode_reference(CatalogItem, record.key, record.value)
        if item is None:
            self.catalog.take_out(item_id)
            return
        before, as_product = self._known(item_id), self.catalog.said_of_variants(item_id)
        taken = self.catalog.put(item)
        if self.catalog.said_of_variants(item_id) != as_product:
            self.heard(None)  # its variants may be in any prompt
        elif self._known(item_id) != before:  # feeds repeat what they have said, of all items
            self.heard(item_id)
        if not taken:
            most = f"GOESWITH_CATALOG_ITEMS_MAX={self.catalog.items_max}"
            raise InvalidReference(FULL, f"there is no room for more items: {most}")

    def _known(self, item_id: str) -> tuple[object, ...]:
        """What a prompt that offers this item is taken back for, when it changes."""
        catalog = self.catalog
        withheld, product = catalog.withheld.get(item_id), catalog.products.get(item_id)
        price, audience = catalog.prices.of.get(item_id), catalog.eligibility.of(item_id)
        return withheld, product, price, audience

    def _apply_control(self, record: KafkaRecord) -> None:
        key, control = decode_reference(ControlRecord, record.key, record.value)
        name = key.removeprefix(BUNDLES)
        bundle = self.controls.bundles.terms.get(name) if key.startswith(BUNDLES) else None
        self.controls.put(key, control and control.value, size=len(record.value or b""))
        self._follow_controls()
        may_end = bundle is not None or self.catalog.loyalty is not None  # by a new one, points
        if may_end and bundle != self.controls.bundles.terms.get(name):
            self.heard(None)

    def _follow_controls(self) -> None:
        """What the catalogue has of the controls, as they are now; what ends is heard."""
        catalog, controls = self.catalog, self.controls
        ends = bool(controls.hidden - catalog.hidden or controls.stopped - catalog.stopped)
        ends = ends or catalog.loyalty not in (None, controls.loyalty)
        catalog.hidden, catalog.stopped = controls.hidden, controls.stopped
        catalog.loyalty = controls.loyalty
        if ends:
            self.heard(None)


class ReferenceTopics(Service):
    """The follower of both topics; started when the other topics have been found in order."""

    def __init__(self, settings: Settings, reference: Reference, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._settings, self._reference = settings, reference
        self._topics = [*settings.topics.reference()]
        self._seen: dict[str, TopicSeen] = {}
        self._next: dict[Any, int] = {}
        self._ends: dict[Any, int] | None = None
        """Where the topics ended at the start, until read so far; None: not known yet."""
        self._consumer: Any = None
        self._admin: Any = None
        self._closing = AsyncExitStack()
        self._unseen = False
        """Whether the last look failed, and that was said."""

    @property
    def notes(self) -> list[str]:
        """What an operator should know: that not all was read that was there at the start."""
        if self._ends is None:
            return ["catalogue and controls: where they end is not known yet"]
        left = sum(max(0, end - self._next.get(at, 0)) for at, end in self._ends.items())
        return [f"catalogue and controls: {left:,} records are not read yet"] if left else []

    async def on_start(self) -> None:
        """Return when both topics are read to their ends, or the bounded wait is over."""
        fixed = self._settings.fetch_wait_fixed
        self._consumer = AIOKafkaConsumer(
            **reading_options(self._settings),
            max_poll_records=None,
            fetch_max_wait_ms=POLL_MS // 10 if fixed else POLL_MS,
        )
        limit_metadata_requests(self._consumer._client)  # noqa: SLF001
        await self._consumer.start()
        await self._look()
        if missing := [topic for topic in self._topics if topic not in self._seen]:
            said = "no topic %s, or we may not see it: goes on without (`goeswith topics create`)"
            embedded = self._settings.kafka_api_version
            logger.log(logging.INFO if embedded else logging.WARNING, said, ", ".join(missing))
        try:
            async with asyncio.timeout(self._settings.catalog_wait_s_max):
                await self._reach_ends()
        except (TimeoutError, KafkaTimeoutError):
            self._assign()  # what was fetched and not applied yet is fetched again
            logger.warning(
                "catalogue and controls are not read to their ends in %g s "
                "(GOESWITH_CATALOG_WAIT_S_MAX): answering with the %d records that were read",
                self._settings.catalog_wait_s_max,
                sum(self._next.values()),
            )

    async def on_stop(self) -> None:
        """Stop following."""
        async with self._closing:
            if self._consumer is not None:
                with heeding_our_cancellation():
                    await self._consumer.stop()

    async def _reach_ends(self) -> None:
        began_s = time.monotonic()
        await self._take_ends()
        await self._pass_over()
        some = bool(self._ends)
        while not self.should_stop and self._ends:
            await self._follow_once()
            await self._pass_over()
        if some:
            took_s, held = time.monotonic() - began_s, len(self._reference.catalog)
            logger.info("catalogue and controls read in %.1f s: %d withheld", took_s, held)

    async def _take_ends(self) -> None:
        """Where the topics end now."""
        self._ends = dict(await self._consumer.end_offsets([*self._next])) if self._next else {}

    async def _pass_over(self) -> None:
        """Forget the ends that are reached; what was compacted away before one is no record."""
        ends = self._ends or {}
        for at, end in [*ends.items()]:
            if at not in ends:  # its topic was made anew meanwhile
                continue
            reached = await self._consumer.position(at)
            self._next[at] = max(self._next[at], reached)
            if self._next[at] >= end:
                ends.pop(at, None)

    async def _follow_once(self) -> None:
        with translating_corruption(), translating_refusals(self._settings):
            batches = await self._consumer.getmany(timeout_ms=POLL_MS)
        for at, records in batches.items():
            apply = self._reference.apply[at.topic]
            for first in range(0, len(records), SLICE):
                for record in records[first : first + SLICE]:
                    apply(record)
                await asyncio.sleep(0)
            self._next[at] = records[-1].offset + 1

    @Service.task
    async def _follow(self) -> None:
        while not self.should_stop:
            try:
                if self._next:
                    await self._follow_once()
                    await self._pass_over()
                else:
                    await self.sleep(POLL_MS / 1000)
            except ConsumerStoppedError:
                return

    @Service.task
    async def _look_again(self) -> None:
        while not self.should_stop:
            await self.sleep(LOOK_S)
            try:
                await self._look()
                if self._ends is None:
                    await self._take_ends()
            except (KafkaError, GoeswithError, TimeoutError) as error:
                if not (self._unseen or self.should_stop):
                    said = "catalogue and controls cannot be looked at, trying again: %r"
                    logger.warning(said, error)
                self._unseen = True
            else:
                self._unseen = False

    async def _look(self) -> None:
        """Which of the topics are there; those that are new are followed from their beginnings."""
        if self._admin is None:
            opened = administration(self._settings)
            self._admin = await self._closing.enter_async_context(opened)
            limit_metadata_requests(self._admin._client)  # noqa: SLF001
        with translating_refusals(self._settings):
            seen = await topics_seen(self._admin, self._topics)
        for topic, found in seen.items():
            before, self._seen[topic] = self._seen.get(topic), found
            every = [TopicPartition(topic, number) for number in range(found.partitions)]
            if before is not None and not same_id(before.topic_id, found.topic_id):
                logger.warning("%s was made anew: what it held before counts no more", topic)
                self._reference.forget(topic)
                for at in every:
                    self._next.pop(at, None)
                    if self._ends is not None:
                        self._ends.pop(at, None)
            if new := [at for at in every if at not in self._next]:
                self._next |= dict.fromkeys(new, 0)
                self._assign()

    def _assign(self) -> None:
        """Read from where we are; from the beginning what is new."""
        self._consumer.assign([*self._next])
        for at, offset in self._next.items():
            self._consumer.seek(at, offset)
