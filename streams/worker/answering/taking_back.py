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
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from aiokafka.errors import KafkaError
from mode import Service

from streams.contract.errors import GoeswithError
from streams.contract.prompts import PromptWithdrawn
from streams.shop.memory.answer import Answer
from streams.worker.answering.inherited import inherited
from streams.worker.answering.living_prompts import LivingPrompt
from streams.worker.answering.pointless_prompts import TICK_S, PointlessPrompts
from streams.worker.delivery import OutgoingRecord, Publisher
from streams.worker.replica import Replica

logger = logging.getLogger(__name__)


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
