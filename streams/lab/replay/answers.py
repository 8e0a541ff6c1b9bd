"""Has an event been answered yet? With a prompt, or with silence, and nothing here waits for luck.

```
event sent ──► its prompt arrives                                        ──► answered: a prompt
          └──► the group's committed offset has passed it, and the prompts
               partition has been read to the end that it had after that  ──► answered: silence
```
Silence is not published. But a worker commits an offset only when the broker has every prompt that
the events before it caused, and it writes to the partition of the number that it read. So once an
offset is committed, its prompt, if there is one, is in the log; read up to there, and what has not
come will not come.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.clients.async_kafka import client_options, committed
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.contract.errors import WorkerFailed
from streams.contract.events import Event
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.settings import Settings

WATCH_S = 0.02
"""How often the committed offsets are asked for."""
ANSWER_S_MAX = 90.0
"""Longest wait for any answer at all, the worker's start included."""
READ_TIMEOUT_MS = 200
EMBEDDED_WAIT_MS = 5
"""The embedded broker answers an empty fetch no earlier than its wait is over."""

Asked = tuple[str, str]
"""The session and the id of the event that asked."""


@dataclass
class _Question:
    sent_ms: int
    answer: asyncio.Future[Prompt | None]
    after_first: bool
    """Sent after the first answer: those before waited for the worker's start."""
    partition: int = -1
    offset: int | None = None


class Answers:
    """Matches what the worker publishes and commits with what was sent. For one event loop."""

    def __init__(self, settings: Settings, check: Callable[[], None]) -> None:
        self.latencies_ms: list[int] = []
        """From an event's timestamp to its prompt's, both set by who sent them (CreateTime)."""
        self._settings = settings
        self._check = check
        self._questions: dict[Asked, _Question] = {}
        self._read: dict[int, int] = {}
        self._prompts = [
            TopicPartition(settings.topics.prompts, number) for number in range(settings.partitions)
        ]
        self._first_s: float | None = None
        self._last_s = time.monotonic()

    @property
    def seconds(self) -> float:
        """From the first answer to the last one: the worker's start is not in it."""
        return self._last_s - (self._last_s if self._first_s is None else self._first_s)

    def expect(self, event: Event, sent_ms: int) -> asyncio.Future[Prompt | None]:
        """The future of the answer to an event that is about to be sent."""
        answer: asyncio.Future[Prompt | None] = asyncio.get_running_loop().create_future()
        asked = event.session_id, event.event_id
        self._questions[asked] = _Question(sent_ms, answer, self._first_s is not None)
        return answer

    def sent(self, event: Event, partition: int, offset: int) -> None:
        """The event has got its place in the log (its answer may have come before we knew)."""
        if question := self._questions.get((event.session_id, event.event_id)):
            question.partition, question.offset = partition, offset

    async def read(self) -> None:
        """Read prompts, until cancelled."""
        wait_ms = EMBEDDED_WAIT_MS if self._settings.fetch_wait_fixed else 500
        consumer = AIOKafkaConsumer(
            **client_options(self._settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=wait_ms,
        )
        await consumer.start()
        try:
            consumer.assign(self._prompts)
            while True:
                batches = await consumer.getmany(timeout_ms=READ_TIMEOUT_MS)
                for partition, records in batches.items():
                    for record in records:
                        self._arrived(record.value, record.timestamp)
                    self._read[partition.partition] = records[-1].offset + 1
        finally:
            with heeding_our_cancellation():
                await consumer.stop()

    async def watch(self) -> None:
        """Follow the group's committed offsets, until cancelled; raises `WorkerFailed`."""
        options = client_options(self._settings)
        admin = AIOKafkaAdminClient(**options)
        ends = AIOKafkaConsumer(**options, enable_auto_commit=False)
        await admin.start()
        await ends.start()
        try:
            while True:
                await asyncio.sleep(WATCH_S)
                self._assert_progress()
                if passed := self._passed(await committed(admin, self._settings)):
                    await self._silent(passed, await ends.end_offsets(self._prompts))
        finally:
            await ends.stop()
            await admin.close()

    def _arrived(self, value: bytes, timestamp_ms: int) -> None:
        published = ANY_PUBLISHED.validate_json(value)
        if not isinstance(published, Prompt):
            return
        asked = published.session_id, published.caused_by
        if question := self._questions.get(asked):
            if question.after_first:
                self.latencies_ms.append(timestamp_ms - question.sent_ms)
            self._answer(asked, published)

    def _answer(self, asked: Asked, prompt: Prompt | None) -> None:
        answer = self._questions.pop(asked).answer
        if not answer.done():
            answer.set_result(prompt)
        self._last_s = time.monotonic()
        if self._first_s is None:
            self._first_s = self._last_s

    def _passed(self, offsets: dict[int, int]) -> list[Asked]:
        """The events that have been answered, though we may not have read the answers yet."""
        return [
            asked
            for asked, question in self._questions.items()
            if question.offset is not None and question.offset < offsets.get(question.partition, 0)
        ]

    async def _silent(self, passed: list[Asked], ends: dict[TopicPartition, int]) -> None:
        """When the prompts are read up to these ends, what has not come is silence."""
        while any(self._read.get(at.partition, 0) < end for at, end in ends.items()):
            self._assert_progress()
            await asyncio.sleep(READ_TIMEOUT_MS / 1000 / 40)
        for asked in passed:
            if asked in self._questions:
                self._answer(asked, None)

    def _assert_progress(self) -> None:
        """Raises `WorkerFailed` when the worker has ended, or has been silent too long."""
        self._check()
        oldest = next(iter(self._questions.values()), None)
        if oldest is not None and time.time() - oldest.sent_ms / 1000 > ANSWER_S_MAX:
            raise WorkerFailed(
                f"{len(self._questions)} events were sent and no answer came for "
                f"{ANSWER_S_MAX:g} s: is a worker answering for group {self._settings.group_id} "
                f"on topic {self._settings.topics.events}?"
            )
