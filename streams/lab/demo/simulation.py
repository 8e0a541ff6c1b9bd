"""The simulated shoppers on Kafka: feeds their events at a rate, hands them their prompts.

```
traffic ──► producer ──► events ──► worker ──┬──► prompts  ──► consumer ──┬──► traffic
                             │               ├──► outcomes ──► consumer   └──► board
                             │               └──► dead letters ► consumer: counted
                             └────────────────────────────────► consumer ─────► judge
```
One client library, aiokafka, which the worker has anyway; events are keyed by session, so that its
partitioner (murmur2, as everywhere in Kafka) keeps a session's events in order. The rate is a token
bucket: feedback counts too, and a stall is made up for by one second's worth at most.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from types import TracebackType
from typing import Protocol, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata
from pydantic import ValidationError

from streams.clients.async_kafka import client_options, reading_options
from streams.clients.connection.async_security import translating_refusals
from streams.clients.connection.refusals import refusal
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.clients.log_reader import Partition, RawRecord
from streams.contract.errors import DeliveryFailed, KafkaUnreachable
from streams.contract.events import Event, encode
from streams.contract.published.outcomes import ANY_OUTCOME, Outcome, Stage
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, Published
from streams.contract.settings import Settings
from streams.lab.demo.shoppers.traffic import Traffic, feedback_stage
from streams.lab.demo.truth import Judge
from streams.lab.quantiles import quantile
from streams.operations.dead_letters.marks import mark
from streams.views.arm_board import ArmBoard
from streams.worker.transport.rounds import KafkaRecord

TICK_S = 0.01
LINGER_MS = 5
LATENCIES_MAX = 20_000
RECENT_MAX = 32


@dataclass
class SimulationCounts:
    """What the shoppers have said and heard so far."""

    events: int = 0
    prompts: int = 0
    """Records; workers publish at least once, so a takeover may repeat some."""
    withdrawals: int = 0
    unreadable: int = 0
    """Published records that are none of ours, or of another version."""
    feedback: Counter[Stage] = field(default_factory=Counter)
    latencies_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LATENCIES_MAX))
    """From an event's sending to the append of its prompt, by Kafka's timestamps; the latest."""
    recent: deque[Prompt] = field(default_factory=lambda: deque(maxlen=RECENT_MAX))
    first_prompt_after_s: float | None = None
    """From the first feeding on."""

    def quantile_ms(self, share: float) -> int | None:
        """A quantile of the latency; None before the first prompt.

        >>> SimulationCounts(latencies_ms=deque([3, 9, 4])).quantile_ms(0.5)
        4
        """
        return quantile(self.latencies_ms, share)


class Onlooker(Protocol):
    """Hears what passes on the topics, each record once more than we do."""

    def folded(self, partition: int, offset: int, event: Event | None, at_ms: int) -> None:
        """A record of the events topic, once the judge has folded it; None: no event."""

    def published(self, said: Published, at_ms: int) -> None:
        """A prompt or a withdrawal."""

    def outcome(self, said: Outcome, at_ms: int) -> None:
        """A stage that a prompt reached."""


class Simulation:
    """Shoppers at work, for the length of an `async with` block.

    `judge` follows the log beside them, and `board` what is published. The topics must be there.
    """

    def __init__(
        self,
        settings: Settings,
        traffic: Traffic,
        *,
        rate_per_s: float,
        judge: Judge,
        board: ArmBoard,
    ) -> None:
        self.tally = SimulationCounts()
        self.traffic = traffic
        self.judge = judge
        self.board = board
        self.onlooker: Onlooker | None = None
        """Who hears all of it, too."""
        self._settings = settings
        self._topics = settings.topics
        self._rate_per_s = rate_per_s
        self._begun_s = 0.0
        self._lost: BaseException | None = None
        self._dead_before = 0
        self._marks = 0
        """Records among the dead letters that are none: each says that one was sent again."""

    async def __aenter__(self) -> Self:
        settings = self._settings
        name = {"client_id": "goeswith-shoppers"}
        options = client_options(settings) | name
        self._producer = AIOKafkaProducer(**options, linger_ms=LINGER_MS, acks="all")
        self._consumer = AIOKafkaConsumer(
            **reading_options(settings) | name,
            fetch_max_wait_ms=settings.fetch_busy_wait_ms if settings.fetch_wait_fixed else 500,
        )
        try:
            await self._producer.start()
            await self._consumer.start()
            await self._from_now_on()
        except KafkaError as error:
            await self._close()
            away = KafkaUnreachable(f"no Kafka at {settings.kafka_bootstrap}: {error}")
            raise refusal(error, settings) or away from error
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._close()

    async def feed(self, seconds: float | None) -> None:
        """Send the shoppers' events at the rate, for so long or until cancelled.

        Raises DeliveryFailed when the broker did not take one.
        """
        self._begun_s = last_s = time.monotonic()
        end_s = inf if seconds is None else self._begun_s + seconds
        tokens, counted = 0.0, self.tally.events
        while last_s < end_s:
            await asyncio.sleep(TICK_S)
            now_s = min(time.monotonic(), end_s)  # a busy machine wakes us late
            tokens += self._rate_per_s * (now_s - last_s) - (self.tally.events - counted)
            tokens = min(tokens, self._rate_per_s)
            last_s, counted = now_s, self.tally.events
            await self._send(self.traffic.advance(now_s, _now_ms(), int(tokens)))
            self.check()

    async def flush(self) -> None:
        """Return when the broker has all events; raises DeliveryFailed."""
        await self._producer.flush()
        self.check()

    def check(self) -> None:
        """Raises what went wrong in the background, if anything."""
        if self._lost is not None:
            raise refusal(self._lost, self._settings) or DeliveryFailed(
                f"the broker at {self._settings.kafka_bootstrap} did not take an event for "
                f"{self._topics.events}: {self._lost!r}"
            )
        if self._listening.done():
            self._listening.result()

    async def dead_letters(self) -> int:
        """Dead letters since we began, as the broker counts, without marks of those sent again."""
        ends = await self._consumer.end_offsets(self._partitions(self._topics.dead_letters))
        return int(sum(ends.values())) - self._dead_before - self._marks

    async def _from_now_on(self) -> None:
        """Read from the present ends on: what was before is none of our business."""
        followed = self._partitions(self._topics.events)
        others = (self._topics.prompts, self._topics.outcomes, self._topics.dead_letters)
        self._consumer.assign([*followed, *(tp for t in others for tp in self._partitions(t))])
        await self._consumer.seek_to_end()
        self._dead_before = await self.dead_letters()
        for tp in followed:
            self.judge.start(tp.partition, await self._consumer.position(tp))

    async def _listen(self) -> None:
        while True:
            with translating_refusals(self._settings):
                batches = await self._consumer.getmany(timeout_ms=200)
            for tp, records in batches.items():
                for record in records:
                    await self._read(tp, record)

    async def _read(self, tp: TopicPartition, record: KafkaRecord) -> None:
        try:
            if tp.topic == self._topics.prompts:
                await self._hear(record)
            elif tp.topic == self._topics.outcomes:
                self._note(record)
            elif tp.topic == self._topics.dead_letters:
                self._marks += _is_mark(tp, record)
            else:
                event = self.judge.learn(tp.partition, record)
                if self.onlooker is not None:
                    self.onlooker.folded(tp.partition, record.offset, event, record.timestamp)
        except ValidationError:
            self.tally.unreadable += 1

    def _note(self, record: KafkaRecord) -> None:
        """An outcome arrives, of whatever kind."""
        outcome = ANY_OUTCOME.validate_json(record.value or b"")
        self.board.add(outcome)
        if self.onlooker is not None and isinstance(outcome, Outcome):
            self.onlooker.outcome(outcome, record.timestamp)

    async def _hear(self, record: KafkaRecord) -> None:
        """A prompt or withdrawal arrives: counted, and handed to whom it is meant for."""
        published = ANY_PUBLISHED.validate_json(record.value or b"")
        if self.onlooker is not None:
            self.onlooker.published(published, record.timestamp)
        await self._send(self.traffic.hear(published, _now_ms()))
        self.board.add(published)
        tally = self.tally
        if not isinstance(published, Prompt):
            tally.withdrawals += 1
            return
        tally.prompts += 1
        tally.recent.append(published)
        tally.latencies_ms.append(max(0, record.timestamp - published.occurred_at_ms))
        if tally.first_prompt_after_s is None:
            tally.first_prompt_after_s = time.monotonic() - self._begun_s

    async def _send(self, events: Iterable[Event]) -> None:
        for event in events:
            sent = await self._producer.send(
                self._topics.events, encode(event), key=event.session_id.encode()
            )
            sent.add_done_callback(self._sent)
            self.tally.events += 1
            if (stage := feedback_stage(event)) is not None:
                self.tally.feedback[stage] += 1

    def _sent(self, sent: asyncio.Future[RecordMetadata]) -> None:
        if not sent.cancelled():  # each is asked, or asyncio tells of it, whose was never asked
            self._lost = self._lost or sent.exception()

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self._settings.partitions)]

    async def _close(self) -> None:
        try:
            with heeding_our_cancellation():
                await self._consumer.stop()
        finally:
            await self._producer.stop()


def _is_mark(tp: TopicPartition, record: KafkaRecord) -> bool:
    at, headers = Partition(tp.topic, tp.partition), list(record.headers)
    said = record.timestamp, record.key, record.value, headers
    return mark(RawRecord(at, record.offset, *said)) is not None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
