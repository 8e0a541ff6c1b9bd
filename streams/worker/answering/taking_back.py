"""Taking back: prompts that the catalogue, or a control, makes pointless are withdrawn.

The worker that answers for a session's partition does it, for whatever was published there: what it
published itself, and what it finds on the topic when it takes the partition. It publishes beside
the agent: no event waits for it, none is acknowledged by it, and while the group deals partitions
it says nothing. Said twice, by the former owner and by the next, it is the same withdrawal.

Nothing of it is folded. What a prompt that was taken back earns is told by its receipt, as ever.

Work is bounded: so many prompts a second are withdrawn, and so many looked at; the rest waits.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from aiokafka.errors import KafkaError
from mode import Service

from streams.contract.errors import GoeswithError
from streams.contract.prompts import PromptWithdrawn
from streams.contract.settings import Settings
from streams.contract.wire.shop.withdrawals import CatalogReason
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.answer import Answer
from streams.worker.answering.inherited import inherited
from streams.worker.answering.living_prompts import LivingPrompt, LivingPrompts
from streams.worker.delivery import OutgoingRecord, Publisher
from streams.worker.replica import Replica

logger = logging.getLogger(__name__)

TICK_S = 0.1
"""How often is looked whether there is something to take back."""
LOOKS_MAX = 2_000
"""Prompts that are looked at each time: some milliseconds."""


class PointlessPrompts:
    """Which living prompts are to be taken back. Pure: no Kafka in here, and no clock.

    >>> from streams.contract.events.reference.catalog import CatalogItem
    >>> catalog = Catalog()
    >>> pointless = PointlessPrompts(Settings(), catalog)
    >>> pointless.published([LivingPrompt("p1", "ann", 0, 120_000, ("butter",))])
    >>> _ = catalog.put(CatalogItem(item_id="butter", in_stock=False))
    >>> pointless.heard("butter")
    >>> [(gone.because, gone.item_id) for _, gone in pointless.due({0}, now_ms=1_000)]
    [('sold_out', 'butter')]
    """

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self.living = LivingPrompts()
        self._catalog, self._share_max = catalog, settings.reprice_share_max
        self._per_s, self._looked_ms = settings.withdrawals_per_s_max, 0
        self._at_once = self._saved = max(1.0, self._per_s * TICK_S)
        self._to_look: OrderedDict[str, None] = OrderedDict()  # a dict's first is far

    @property
    def waiting(self) -> int:
        """Prompts that are to be looked at yet."""
        return len(self._to_look)

    def heard(self, item_id: str | None) -> None:
        """Catalogue or control have said something of an item; None: of any."""
        if item_id is None:
            self._to_look.update(dict.fromkeys(prompt.prompt_id for prompt in self.living))
        elif found := self.living.offering(item_id):
            self._to_look.update(dict.fromkeys(found))

    def published(self, prompts: Iterable[LivingPrompt]) -> None:
        """These are in the producer's hands; what was said meanwhile counts for them, too."""
        for prompt in prompts:
            self.living.add(prompt)
            if prompt.pointless(self._catalog, self._share_max) is not None:
                self._to_look[prompt.prompt_id] = None

    def gone(self, answers: Iterable[Answer]) -> None:
        """What these answers have taken back already."""
        for answer in answers:
            for withdrawn in answer.withdrawals:
                self.living.drop(withdrawn.prompt_id)

    def due(self, ours: Collection[int], now_ms: int) -> list[tuple[LivingPrompt, PromptWithdrawn]]:
        """What is to be taken back now, of these partitions; it lives no longer."""
        self.living.expire(now_ms)
        waited_s = (now_ms - self._looked_ms) / 1000 if self._looked_ms else TICK_S
        self._saved = min(self._at_once, self._saved + self._per_s * max(0.0, waited_s))
        self._looked_ms = now_ms
        found: list[tuple[LivingPrompt, PromptWithdrawn]] = []
        for _ in range(LOOKS_MAX):
            if not self._to_look or self._saved < 1.0:
                break
            prompt_id, _ = self._to_look.popitem(last=False)
            prompt = self.living.get(prompt_id)
            if prompt is None or prompt.partition not in ours or prompt.expires_at_ms <= now_ms:
                continue
            why = prompt.pointless(self._catalog, self._share_max)
            if why is not None:
                self._saved -= 1.0
                self.living.drop(prompt_id)
                found.append((prompt, _withdrawn(prompt, *why, now_ms)))
        return found


def _withdrawn(
    prompt: LivingPrompt, because: CatalogReason, item_id: str, now_ms: int
) -> PromptWithdrawn:
    return PromptWithdrawn(
        prompt_id=prompt.prompt_id,
        session_id=prompt.session_id,
        because=because,
        item_id=item_id,
        caused_by="",
        occurred_at_ms=now_ms,
    )


class Offered(Protocol):
    """Views that show answers elsewhere."""

    def offer(self, answers: Sequence[Answer]) -> None:
        """Take answers that the broker has by now. Never blocks, never raises."""


class TakingBack(Service):
    """Publishes what is due, as long as the worker answers for anything."""

    def __init__(
        self,
        replica: Replica,
        publisher: Publisher,
        assigned: Callable[[], Collection[int] | None],
        withdrew: Callable[[int, PromptWithdrawn], object],
        views: Offered | None = None,
        clock: Callable[[], float] = time.time,
        **kwargs: Any,
    ) -> None:
        """`assigned`: what we answer for, None while that is dealt anew; `withdrew` is told."""
        super().__init__(**kwargs)
        self.pointless = PointlessPrompts(replica.settings, replica.catalog)
        self._settings, self._catalog = replica.settings, replica.catalog
        self._telemetry, self._publisher = replica.telemetry, publisher
        self._assigned, self._withdrew, self._views = assigned, withdrew, views
        self._clock = clock
        self._ours: frozenset[int] = frozenset()
        self._to_inherit: frozenset[int] = frozenset()

    async def publish(
        self,
        records: Iterable[OutgoingRecord],
        answered: Sequence[tuple[int, Any, Answer]],
        then: Callable[[], object],
    ) -> None:
        """Publish a round, as `Publisher` does, and know its prompts from then on, by partition.

        What is taken back goes behind it.
        """
        prompts = [
            LivingPrompt.of(prompt, partition, self._catalog)
            for partition, _, answer in answered
            if answer.outgoing_prompt is not None
            for prompt in answer.outgoing_prompts
        ]
        await self._publisher.publish(records, then)
        self.pointless.published(prompts)
        self.pointless.gone(answer for _, _, answer in answered)

    def keep(self, partitions: frozenset[int]) -> None:
        """These are ours from now on; of those that are new the living prompts are looked up."""
        self.pointless.living.keep(partitions)
        self._to_inherit = (self._to_inherit | (partitions - self._ours)) & partitions
        self._ours = partitions

    async def once(self) -> None:
        """Inherit what is to be inherited, and publish what is due."""
        ours = self._assigned()
        if ours is None:
            return
        if self._to_inherit:
            await self._inherit()
        if not self.pointless.waiting:
            self.pointless.living.expire(self._now_ms())
            return
        due = self.pointless.due(ours, self._now_ms())
        if self.pointless.waiting:
            self._telemetry.withdrawals_put_off += 1
        if not due:
            return
        topic = self._settings.topics.prompts
        outgoing = [
            OutgoingRecord(topic, prompt.partition, prompt.session_id.encode(), gone.to_json())
            for prompt, gone in due
        ]
        self._telemetry.withdrawals += len(due)
        self._telemetry.catalogue_withdrawals.update(gone.because for _, gone in due)
        for prompt, gone in due:
            self._withdrew(prompt.partition, gone)
        withdrawn = [Answer(withdrawals=(gone,)) for _, gone in due]
        await self._publisher.publish(outgoing, partial(self._delivered, withdrawn))

    def _delivered(self, answers: Sequence[Answer]) -> None:
        if self._views is not None:
            self._views.offer(answers)

    async def _inherit(self) -> None:
        wanted, self._to_inherit = self._to_inherit, frozenset()
        try:
            found = await inherited(self._settings, wanted, self._now_ms())
        except (KafkaError, GoeswithError, TimeoutError) as error:
            self._telemetry.inheritances_failed += 1
            logger.warning(
                "prompts that were published before are not known, and not taken back by the "
                "catalogue until they expire: %r (a worker needs Read on %s)",
                error,
                self._settings.topics.prompts,
            )
            return
        prices = self._catalog.prices.of
        self.pointless.published(
            prompt._replace(prices=tuple(map(prices.get, prompt.items)) if prices else ())
            for prompt in found
            if prompt.partition in self._ours
        )

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    @Service.task
    async def _take_back(self) -> None:
        while not self.should_stop:
            await self.once()
            await asyncio.sleep(TICK_S)
