"""Answers events: from a record of the events topic to what is published because of it.

Only the owner of a partition answers, so it is here that pending prompts are kept (published,
and not shown yet), by partition, and forgotten with the partition.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from streams.contract.dead_letters import dead_letter_headers
from streams.contract.errors import BadInput, InvalidEvent
from streams.contract.events import Event
from streams.contract.published.prompts import PromptWithdrawn
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controlled
from streams.shop.memory.answer import Answer
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.worker.answering.unlisted import Unlisted
from streams.worker.delivery import OutgoingRecord
from streams.worker.replica import Replica
from streams.worker.transport.rounds import KafkaRecord

TIMED_EVERY = 16
"""Stages are timed in one slice of so many: what looking at clocks costs is spread over them."""


class Circumstances(NamedTuple):
    """What events are answered by, beside the fold: nothing of it changes while a slice is."""

    now_ms: int
    catalog: Catalog | None
    """None: it keeps nothing that a decision asks for."""
    controls: Controlled | None


class Answered(NamedTuple):
    """A record and what it called for."""

    partition: int
    record: KafkaRecord
    answer: Answer


def prompted_ms(answered: Sequence[Answered]) -> list[int]:
    """When the events were appended that were answered with a prompt."""
    return [each.record.timestamp for each in answered if each.answer.outgoing_prompt is not None]


class Answering:
    """The owner's side of a replica; `clock` tells whether anybody still waits for an answer."""

    def __init__(self, replica: Replica, clock: Callable[[], float] = time.time) -> None:
        self.replica = replica
        self._clock = clock
        topics = replica.settings.topics
        self._names = topics.prompts, topics.outcomes, topics.dead_letters
        self._unlisted = Unlisted(replica.settings, replica.telemetry)
        self._pending: dict[int, PendingPrompts] = {}
        self._next: dict[int, int] = {}
        self._slices = 0

    async def reach(self, partition: int, offset: int) -> None:
        """Return when everything before this offset, the next that we were handed, is folded.

        What we are handed has no holes: what is missing behind the last that we folded is not in
        the log. Anything else missing the follower has to fold first. Raises `FoldStalled`.
        """
        if self.replica.position(partition) == self._next.get(partition):
            self.replica.step_over(partition, offset)
        await self.replica.reach(partition, offset)

    def answer(self, partition: int, records: Sequence[KafkaRecord]) -> list[Answered]:
        """Fold these records and answer them, in order. No await in here.

        The first record of one slice in `TIMED_EVERY` is timed; the others cost no more for it.
        """
        answered, moment = [], self.moment()
        telemetry, fold, answer_to = self.replica.telemetry, self.replica.fold, self._answer
        began_s, events = time.perf_counter(), self.replica.read(records)
        if not self._slices % TIMED_EVERY:
            telemetry.ingest_ms.observe((records[0].timestamp,), moment.now_ms)
            read_s = (time.perf_counter() - began_s) / len(records)
            fold, answer_to = partial(self._timed_fold, read_s), self._timed_answer
        self._slices += 1
        for record, found in zip(records, events, strict=True):
            offset = record.offset
            fold(partition, offset, found)
            answer = answer_to(found, partition, offset, moment)
            telemetry.answer(answer)
            answered.append(Answered(partition, record, answer))
            fold, answer_to = self.replica.fold, self._answer
        self._next[partition] = records[-1].offset + 1
        return answered

    def moment(self) -> Circumstances:
        """Now. Whether a catalogue says anything is looked at here alone: it has many tables."""
        replica, now_ms = self.replica, int(self._clock() * 1000)
        return Circumstances(now_ms, replica.catalog or None, replica.controls.now)

    def _timed_fold(
        self, read_s: float, partition: int, offset: int, found: Event | InvalidEvent
    ) -> None:
        began_s = time.perf_counter() - read_s
        self.replica.fold(partition, offset, found)
        self.replica.telemetry.fold_ms.observe((1e3 * began_s,), 1e3 * time.perf_counter())

    def _timed_answer(
        self, event: Event | InvalidEvent, partition: int, offset: int, moment: Circumstances
    ) -> Answer:
        began_s = time.perf_counter()
        answer = self._answer(event, partition, offset, moment)
        self.replica.telemetry.decide_ms.observe((1e3 * began_s,), 1e3 * time.perf_counter())
        return answer

    def _answer(
        self, event: Event | InvalidEvent, partition: int, offset: int, moment: Circumstances
    ) -> Answer:
        if isinstance(event, BadInput):
            return Answer(rejected=event)
        self._unlisted.note(event)
        pending = self._pending.get(partition)
        if pending is None:
            pending = self._pending[partition] = PendingPrompts(self.replica.settings.sessions_max)
        now_ms, catalog, controls = moment
        answer = self.replica.shop.answer(
            event, partition, offset, pending, now_ms=now_ms, catalog=catalog, controls=controls
        )
        if answer.outgoing_prompt is not None:
            pending.add(answer.outgoing_prompt)
            for prompt in answer.further_prompts:
                pending.add(prompt)
        if answer.withdrawals:
            pending.withdraw(event.session_id, {gone.prompt_id for gone in answer.withdrawals})
        return answer

    def withdrew(self, partition: int, gone: PromptWithdrawn) -> None:
        """A prompt was taken back by the catalogue, or by a control: it is not pending any more."""
        if (pending := self._pending.get(partition)) is not None:
            pending.withdraw(gone.session_id, {gone.prompt_id})

    def ending(self, then: Callable[[], object]) -> Callable[[], object]:
        """What is to be done when the broker has what was answered since this was asked last."""
        return then

    def keep(self, partitions: Collection[int]) -> None:
        """These partitions are ours from now on: forget the pending prompts of any other.

        They are handed over anew, from what is committed.
        """
        self._next.clear()
        self._pending = {
            number: self._pending[number] for number in self._pending.keys() & partitions
        }

    def outgoing(self, answered: Answered) -> Iterator[OutgoingRecord]:
        """What is published because of a record: prompts, withdrawals, outcomes, a dead letter."""
        partition, record, answer = answered
        prompts, outcomes, dead_letters = self._names
        for prompt in answer.outgoing_prompts:
            yield OutgoingRecord(prompts, partition, record.key, prompt.to_json())
        for gone in answer.withdrawals:
            yield OutgoingRecord(prompts, partition, record.key, gone.to_json())
        for outcome in answer.outcomes:
            key = outcome.prompt_id.encode()
            yield OutgoingRecord(outcomes, partition, key, outcome.to_json())
        for done in answer.unit_outcomes:
            yield OutgoingRecord(outcomes, partition, record.key, done.to_json())
        if answer.rejected is not None:
            headers = dead_letter_headers(
                topic=self.replica.settings.topics.events,
                partition=partition,
                offset=record.offset,
                timestamp_ms=record.timestamp,
                error=answer.rejected,
                original=record.headers,
            )
            yield OutgoingRecord(dead_letters, partition, record.key, record.value, headers)
