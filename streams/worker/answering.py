"""From a record of the events topic to what is published because of it.

Only the owner of a partition answers, so it is here that the owner's own notes are kept (`Said`,
what it said and nobody has seen yet), by partition, and forgotten with the partition.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from streams.contract.dead_letters import dead_letter_headers
from streams.contract.errors import BadInput
from streams.shop.memory.answer import Answer
from streams.shop.memory.pending_prompts import Said
from streams.worker.delivery import Outgoing
from streams.worker.replica import Replica
from streams.worker.transport.rounds import Record


class Answered(NamedTuple):
    """A record and what it called for."""

    partition: int
    record: Record
    answer: Answer


class Answering:
    """The owner's side of a replica."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        topics = replica.settings.topics
        self._names = topics.prompts, topics.outcomes, topics.dead_letters
        self._said: dict[int, Said] = {}
        self._next: dict[int, int] = {}

    async def reach(self, partition: int, offset: int) -> None:
        """Return when everything before this offset, the next that we were handed, is folded.

        What we are handed has no holes: what is missing behind the last that we folded is not in
        the log. Anything else missing the follower has to fold first. Raises `FoldStalled`.
        """
        if self.replica.position(partition) == self._next.get(partition):
            self.replica.step_over(partition, offset)
        await self.replica.reach(partition, offset)

    def answer(self, partition: int, records: Sequence[Record]) -> list[Answered]:
        """Fold these records and answer them, in order. No await in here."""
        answered = []
        for record in records:
            answer = self._answer(partition, record)
            self.replica.telemetry.answer(answer)
            answered.append(Answered(partition, record, answer))
        self._next[partition] = records[-1].offset + 1
        return answered

    def _answer(self, partition: int, record: Record) -> Answer:
        event = self.replica.fold(partition, record)
        if isinstance(event, BadInput):
            return Answer(rejected=event)
        said = self._said.get(partition)
        if said is None:
            said = self._said[partition] = Said(self.replica.settings.sessions_max)
        answer = self.replica.answer(event, partition, record.offset, said)
        if answer.draft is not None:
            said.add(answer.draft)
        if answer.withdrawals:
            said.withdraw(event.session_id, {gone.prompt_id for gone in answer.withdrawals})
        return answer

    def keep(self, partitions: Collection[int]) -> None:
        """These partitions are ours from now on: forget what was said on any other.

        They are handed over anew, from what is committed.
        """
        self._next.clear()
        self._said = {number: self._said[number] for number in self._said.keys() & partitions}

    def outgoing(self, answered: Answered) -> Iterator[Outgoing]:
        """What is published because of a record: prompts, withdrawals, outcomes, a dead letter."""
        partition, record, answer = answered
        prompts, outcomes, dead_letters = self._names
        if answer.draft is not None:
            yield Outgoing(prompts, partition, record.key, answer.draft.to_json())
        for gone in answer.withdrawals:
            yield Outgoing(prompts, partition, record.key, gone.to_json())
        for outcome in answer.outcomes:
            key = outcome.prompt_id.encode()
            yield Outgoing(outcomes, partition, key, outcome.to_json())
        if answer.rejected is not None:
            headers = dead_letter_headers(
                topic=self.replica.settings.topics.events,
                partition=partition,
                offset=record.offset,
                timestamp_ms=record.timestamp,
                error=answer.rejected,
                original=record.headers,
            )
            yield Outgoing(dead_letters, partition, record.key, record.value, headers)
