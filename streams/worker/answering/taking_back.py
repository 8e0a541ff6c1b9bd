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
from streams.contract.published.prompts import PromptWithdrawn
from streams.shop.memory.answer import Answer
from streams.worker.answering.inherited import Inheriting, Published, inherited, said_by
from streams.worker.answering.living_prompts import LivingPrompt
from streams.worker.answering.pointless_prompts import TICK_S, PointlessPrompts
from streams.worker.delivery import OutgoingRecord, Publisher
from streams.worker.replica import Replica

logger = logging.getLogger(__name__)

AGAIN_S = 5.0
"""How long after a failure it is tried again to read what was published before."""


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
        inherit: Inheriting = inherited,
        **kwargs: Any,
    ) -> None:
        """`assigned`: what we answer for, None while that is dealt anew; `withdrew` is told.

        `inherit` reads what was published before.
        """
        super().__init__(**kwargs)
        self.pointless = PointlessPrompts(replica.settings, replica.catalog)
        self._settings, self._catalog = replica.settings, replica.catalog
        self._telemetry, self._publisher = replica.telemetry, publisher
        self._assigned, self._withdrew, self._views = assigned, withdrew, views
        self._clock, self._read = clock, inherit
        self._ours: frozenset[int] | None = None
        """What we were dealt last; None: nothing yet."""
        self._to_inherit: frozenset[int] = frozenset()
        self._dealt_ms, self._unread = 0, False

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
        self.pointless.published(each for each in prompts if self._keeps(each.partition))
        self.pointless.gone(answer for _, _, answer in answered)

    def keep(self, partitions: frozenset[int]) -> None:
        """These are ours from now on, as the group has dealt them; their prompts are looked up.

        Also of those that we had before: somebody else may have answered for them meanwhile. What
        we knew of them stays known, with what each item cost when it was offered.
        """
        self.pointless.living.keep(partitions)
        self._ours = self._to_inherit = partitions
        self._dealt_ms = self._now_ms()

    def _keeps(self, partition: int) -> bool:
        return self._ours is None or partition in self._ours

    async def once(self) -> None:
        """Publish what is due."""
        self._telemetry.living_left_out = self.pointless.living.left_out
        ours = self._assigned()
        if ours is None:
            return
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

    async def inherit(self) -> bool:
        """Look up what was published before to what we took; False: that failed, and is due again.

        Meanwhile the group may deal anew, so that each record is judged by what is ours then. It is
        tried until what was published before lives no longer.
        """
        if self._assigned() is None:
            return True
        wanted, self._to_inherit = self._to_inherit, frozenset()
        try:
            if wanted:
                await self._read(self._settings, wanted, self._now_ms(), self._take_up)
        except (KafkaError, GoeswithError, TimeoutError) as error:
            self._telemetry.inheritances_failed += 1
            if self._now_ms() - self._dealt_ms < 1000 * self._settings.prompt_ttl_s:
                self._to_inherit |= wanted & (self._ours or frozenset())
            if not self._unread:  # once: it is tried again every few seconds
                said = (
                    "prompts that were published before are not known, trying again; the catalogue "
                    "does not take them back until then: %r (a worker needs Read on %s)"
                )
                logger.warning(said, error, self._settings.topics.prompts)
            self._unread = True
            return False
        if wanted:
            self._unread = False
        return True

    def _take_up(self, records: Sequence[Published]) -> None:
        """Some records of the prompts topic."""
        now_ms, pointless = self._now_ms(), self.pointless
        for record in records:
            said = said_by(record, now_ms) if self._keeps(record.partition) else None
            if isinstance(said, LivingPrompt):
                pointless.published((said.priced(self._catalog),))
            elif said is not None:
                pointless.living.drop(said)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    @Service.task
    async def _take_back(self) -> None:
        while not self.should_stop:
            await self.once()
            await asyncio.sleep(TICK_S)

    @Service.task
    async def _look_up(self) -> None:
        while not self.should_stop:
            await self.sleep(TICK_S if await self.inherit() else AGAIN_S)
