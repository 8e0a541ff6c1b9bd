"""A log in memory that is read as topics are, and a worker that writes it."""

from collections.abc import Iterable, Iterator, Mapping

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord
from streams.contract.dead_letters import Header, dead_letter_headers
from streams.contract.errors import BadInput, InvalidEvent
from streams.contract.events import Event, decode, encode
from streams.contract.published.prompts import PromptWithdrawn
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controlled
from streams.shop.memory.answer import Silence
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop


class KeptLog(LogReader):
    """Topics in memory."""

    def __init__(self, settings: Settings) -> None:
        self.records: dict[Partition, list[RawRecord]] = {
            Partition(topic, number): []
            for topic in settings.topics.declared()
            for number in range(settings.partitions)
        }
        self.partitions = list(self.records)
        self.read = 0
        """So many records were handed out."""

    def append(
        self,
        topic: str,
        number: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Iterable[Header] = (),
    ) -> RawRecord:
        """Write a record."""
        at = Partition(topic, number)
        offset = len(self.records[at])
        record = RawRecord(at, offset, timestamp_ms, key, value, list(headers))
        self.records[at].append(record)
        return record

    def begins(self) -> dict[Partition, int]:
        """Nothing has gone."""
        return dict.fromkeys(self.records, 0)

    def ends(self) -> dict[Partition, int]:
        """How many records each partition has."""
        return {at: len(records) for at, records in self.records.items()}

    def since(self, time_ms: int) -> dict[Partition, int]:
        """By the records' own times, as a broker looks."""
        return {
            at: next((r.offset for r in records if r.timestamp_ms >= time_ms), len(records))
            for at, records in self.records.items()
        }

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """Partition by partition."""
        for at, begin in begins.items():
            for record in self.records[at][begin : ends[at]]:
                self.read += 1
                yield record


class OneWorker:
    """Takes events at their times, answers at once, and remembers why it was silent."""

    def __init__(self, settings: Settings, catalog: Catalog | None = None) -> None:
        self.settings, self.shop = settings, Shop(settings)
        self.catalog = catalog
        self.controls: Controlled | None = None
        self.log = KeptLog(settings)
        self.silences: dict[tuple[int, int], Silence] = {}
        self._pending: Mapping[int, PendingPrompts] = {
            number: PendingPrompts() for number in range(settings.partitions)
        }

    def take(
        self, number: int, event: Event, key: bytes | None = None, *, delay_s: float = 0.0
    ) -> None:
        """An event, under its session's id if no other key is named, written when it happened.

        Or so much later.
        """
        value, topics = encode(event), self.settings.topics
        key = key or event.session_id.encode()
        written_ms = event.occurred_at_ms + round(1000 * delay_s)
        record = self.log.append(topics.events, number, key, value, written_ms)
        try:
            held = decode(key, value, timestamp_ms=record.timestamp_ms, settings=self.settings)
        except InvalidEvent as invalid:
            self.shop.learn(number, record.offset, None)
            self._bury(record, invalid)
            return
        self.shop.learn(number, record.offset, held)
        pending = self._pending[number]
        at = held, number, record.offset, pending
        answer = self.shop.answer(*at, catalog=self.catalog, controls=self.controls)
        for outcome in (*answer.outcomes, *answer.unit_outcomes):
            self.log.append(topics.outcomes, number, b"", outcome.to_json(), record.timestamp_ms)
        if answer.outgoing_prompt is not None:
            pending.add(answer.outgoing_prompt)
            prompt = answer.outgoing_prompt.to_json()
            self.log.append(topics.prompts, number, key, prompt, record.timestamp_ms)
        for gone in answer.withdrawals:
            self.log.append(topics.prompts, number, key, gone.to_json(), record.timestamp_ms)
        pending.withdraw(held.session_id, {gone.prompt_id for gone in answer.withdrawals})
        if answer.rejected is not None:
            self._bury(record, answer.rejected)
        if answer.silence is not None:
            self.silences[number, record.offset] = answer.silence

    def take_back(self, number: int, gone: PromptWithdrawn) -> None:
        """The catalogue took a prompt back, of which the log has a record by now."""
        self._pending[number].withdraw(gone.session_id, {gone.prompt_id})

    def _bury(self, record: RawRecord, error: BadInput) -> None:
        headers = dead_letter_headers(
            topic=record.at.topic,
            partition=record.at.number,
            offset=record.offset,
            timestamp_ms=record.timestamp_ms,
            error=error,
            original=record.headers,
        )
        letters, number = self.settings.topics.dead_letters, record.at.number
        self.log.append(letters, number, record.key, record.value, record.timestamp_ms, headers)
