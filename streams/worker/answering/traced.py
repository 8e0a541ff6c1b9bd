"""A worker that traces: of a sampled event a span, and below it one of each stage.

```
process: ingest (from the append to the agent), fold, decide, deliver (to the acknowledgement)
```

The stages are timed first and told afterwards: nothing of OpenTelemetry runs between two of them.
Prompts and withdrawals have the context of `deliver` in their headers, so that who reads them goes
on in the same trace. Those of an event that is not sampled hand on what its sender said.

A worker without tracing has none of this: it is put together of `Answering` and its delivery alone,
and looks at no header.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from streams.clients.tracing.spans import Span
from streams.clients.tracing.trace_context import TraceContext, trace_context
from streams.clients.tracing.tracing import Tracing
from streams.contract.errors import InvalidEvent
from streams.contract.events import Event
from streams.shop.memory.answer import Answer
from streams.worker.answering.answering import Answered, Answering
from streams.worker.delivery import OutgoingRecord
from streams.worker.replica import Replica
from streams.worker.transport.rounds import KafkaRecord

NS_PER_MS = 1_000_000


class TracedAnswering(Answering):
    """Answers as `Answering` does, and tells of sampled events how long it took.

    Parameters
    ----------
    replica
        The worker's copy of the shop.
    tracing
        Which events are traced, and what makes their spans.
    clock
        The time in seconds since 1970, by which answers expire.
    clock_ns
        The time in nanoseconds since 1970, by which stages are timed.
    """

    def __init__(
        self,
        replica: Replica,
        tracing: Tracing,
        clock: Callable[[], float] = time.time,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(replica, clock)
        self._tracing = tracing
        self._clock_ns = clock_ns
        self._contexts: dict[tuple[int, int], TraceContext] = {}
        """What the prompts for a record will say; until they are on their way out."""
        self._open: list[Span] = []
        """What ends when the broker has the round that is being answered."""

    def answer(self, partition: int, records: Sequence[KafkaRecord]) -> list[Answered]:
        """Fold these records and answer them, in order. No await in here."""
        answered: list[Answered] = []
        untraced: list[KafkaRecord] = []
        for record in records:
            context = trace_context(record.headers)
            if not self._tracing.is_sampled(context):
                if context is not None:
                    self._contexts[partition, record.offset] = context
                untraced.append(record)
                continue
            if untraced:
                answered += super().answer(partition, untraced)
                untraced = []
            answered.append(self._traced(partition, record, context))
        return answered + (super().answer(partition, untraced) if untraced else [])

    def outgoing(self, answered: Answered) -> Iterator[OutgoingRecord]:
        """What is published because of a record; what shoppers are shown says of which trace."""
        context = self._contexts.pop((answered.partition, answered.record.offset), None)
        prompts = self._names[0]
        for record in super().outgoing(answered):
            is_shown = context is not None and record.topic == prompts
            yield record._replace(headers=context.headers()) if context and is_shown else record

    def ending(self, then: Callable[[], object]) -> Callable[[], object]:
        """What is to be done when the broker has this round: `then`, and the end of its spans."""
        ending, self._open = self._open, []

        def acknowledged() -> None:
            then()
            now_ns = self._clock_ns()
            for span in ending:
                span.end(now_ns)

        return acknowledged

    def _traced(
        self, partition: int, record: KafkaRecord, context: TraceContext | None
    ) -> Answered:
        began_ns, moment = self._clock_ns(), self.moment()
        (event,) = self.replica.read([record])
        self.replica.fold(partition, record.offset, event)
        folded_ns = self._clock_ns()
        answer = self._answer(event, partition, record.offset, moment)
        decided_ns = self._clock_ns()
        self.replica.telemetry.answer(answer)
        self._next[partition] = record.offset + 1
        spans, appended_ns = self._tracing.spans, min(record.timestamp * NS_PER_MS, began_ns)
        process = spans.begin(
            "process",
            "consumer",
            parent=context,
            start_ns=appended_ns,
            attributes=self._of_record(partition, record) | found(event, answer),
        )
        stages = (
            ("ingest", appended_ns, began_ns),
            ("fold", began_ns, folded_ns),
            ("decide", folded_ns, decided_ns),
        )
        for name, start_ns, end_ns in stages:
            spans.begin(name, parent=process, start_ns=start_ns).end(end_ns)
        deliver = spans.begin("deliver", "producer", parent=process, start_ns=decided_ns)
        if (told := spans.context(deliver)) is not None:
            self._contexts[partition, record.offset] = told
        self._open += (deliver, process)
        return Answered(partition, record, answer)

    def _of_record(self, partition: int, record: KafkaRecord) -> dict[str, str | int]:
        """Where the event is in the log, by OpenTelemetry's names for messaging."""
        settings = self.replica.settings
        return {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": settings.topics.events,
            "messaging.destination.partition.id": str(partition),
            "messaging.kafka.offset": record.offset,
            "messaging.consumer.group.name": settings.group_id,
        }


def found(event: Event | InvalidEvent, answer: Answer) -> dict[str, str | int]:
    """What came of an event, in words of ours alone; nothing in it says whose it was.

    >>> from streams.shop.memory.answer import Silence
    >>> found(InvalidEvent("oversize", "a loaf too many"), Answer())
    {'goeswith.answer': 'rejected', 'goeswith.reason': 'oversize'}
    """
    if isinstance(event, InvalidEvent):
        return {"goeswith.answer": "rejected", "goeswith.reason": event.reason}
    if answer.rejected is not None:
        return {"goeswith.answer": "rejected", "goeswith.reason": answer.rejected.reason}
    told: dict[str, str | int] = {"goeswith.event.type": event.type}
    if answer.outgoing_prompt is not None:
        prompts = 1 + len(answer.further_prompts)
        return told | {
            "goeswith.answer": "prompt",
            "goeswith.arm": answer.outgoing_prompt.arm,
            "goeswith.prompts": prompts,
        }
    if answer.silence is not None:
        return told | {"goeswith.answer": "silence", "goeswith.reason": answer.silence.reason}
    return told | {"goeswith.answer": "nothing"}


def answering_of(replica: Replica, tracing: Tracing | None) -> Answering:
    """What answers: with spans where there is tracing."""
    return Answering(replica) if tracing is None else TracedAnswering(replica, tracing)
