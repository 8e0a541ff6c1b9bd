"""A worker that traces: what its spans and prompts say, and what it costs who does not."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from streams.clients.tracing.tracing import Tracing
from streams.contract.settings import Settings
from streams.worker.answering.answering import Answered, Answering
from streams.worker.answering.traced import TracedAnswering, answering_of
from streams.worker.delivery import OutgoingRecord
from streams.worker.replica import Replica
from streams.worker.telemetry import Telemetry
from tests.clients.tracing.kept_spans import KeptSpans, parent_of, traceparent
from tests.clients.tracing.test_trace_context import SAMPLED, SPAN, TRACE, UNSAMPLED
from tests.stand_ins import CountingShop, Record, recorded
from tests.stories import NOON_MS, OPEN, Story

LOADED = "telemetry.sdk.trace"
STAGES = ["ingest", "fold", "decide", "deliver", "process"]


class HeldBack:
    """A broker that acknowledges when it is told to."""

    def __init__(self) -> None:
        self.records: list[OutgoingRecord] = []
        self.acknowledge: list[Callable[[], object]] = []

    async def publish(self, records: Iterable[OutgoingRecord], then: Callable[[], object]) -> None:
        """Keep the records of a round."""
        self.records += records
        self.acknowledge.append(then)


class Ticks:
    """A clock that goes on by a millisecond whenever it is looked at."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def __call__(self) -> int:
        """Nanoseconds since 1970."""
        self.at_ms += 1
        return self.at_ms * 1_000_000


class Worker:
    """Answers records as the agent does, before a broker that waits."""

    def __init__(self, tracing: Tracing, late_ms: int = 40) -> None:
        settings = Settings(**OPEN)
        self.telemetry = Telemetry()
        replica = Replica(settings, CountingShop(), self.telemetry)
        self.broker = HeldBack()
        clock_ns = Ticks(NOON_MS + late_ms)
        self.answering = TracedAnswering(replica, tracing, lambda: NOON_MS / 1000, clock_ns)
        self.acknowledged = 0

    async def take(self, *records: Record) -> list[Answered]:
        """A round of one partition."""
        answered = self.answering.answer(0, records)
        outgoing = [each for one in answered for each in self.answering.outgoing(one)]
        await self.broker.publish(outgoing, self.answering.ending(self._done))
        return answered

    def _done(self) -> None:
        self.acknowledged += 1

    @property
    def prompts(self) -> list[OutgoingRecord]:
        """What shoppers are shown."""
        return [one for one in self.broker.records if one.topic.endswith(".prompts")]


def views(number: int, *headers: tuple[str, bytes]) -> list[Record]:
    """So many views of one shopper's, with these headers."""
    story = Story()
    records = [recorded(story.view(f"bread-{n}"), n) for n in range(number)]
    return [replace(record, headers=headers, timestamp=NOON_MS) for record in records]


def of(records: list[OutgoingRecord]) -> list[dict[str, bytes | None]]:
    """The headers of each."""
    return [dict(record.headers) for record in records]


async def test_a_trace_goes_from_the_event_through_each_stage_to_the_prompt() -> None:
    """The sender's span, the worker's below it, the stages below that; the prompt goes on."""
    kept = KeptSpans()
    worker = Worker(kept.tracing)
    await worker.take(*views(1, ("traceparent", SAMPLED), ("tracestate", b"bakery=oven-7")))
    before = [span.name for span in kept.spans]
    worker.broker.acknowledge[0]()
    process, deliver = kept.named("process"), kept.named("deliver")
    above = {span.name: parent_of(span) for span in kept.spans}
    own = traceparent(process).decode().split("-")[2]

    assert ["ingest", "fold", "decide"] == before
    assert STAGES == [span.name for span in kept.spans]
    assert {"process": SPAN, **dict.fromkeys(STAGES[:-1], own)} == above
    assert TRACE in traceparent(deliver).decode()
    assert [{"traceparent": traceparent(deliver), "tracestate": b"bakery=oven-7"}] == of(
        worker.prompts
    )
    assert 1 == worker.acknowledged


async def test_a_stage_begins_where_the_one_before_it_ends() -> None:
    """In ms after noon, at which the event was appended: by a clock that ticks at every look."""
    kept = KeptSpans()
    worker = Worker(kept.tracing, late_ms=40)
    await worker.take(*views(1, ("traceparent", SAMPLED)))
    worker.broker.acknowledge[0]()
    times = {
        span.name: tuple(
            (at or 0) // 1_000_000 - NOON_MS for at in (span.start_time, span.end_time)
        )
        for span in kept.spans
    }

    assert {
        "ingest": (0, 41),
        "fold": (41, 42),
        "decide": (42, 43),
        "deliver": (43, 44),
        "process": (0, 44),
    } == times


async def test_a_broker_whose_clock_is_ahead_makes_no_stage_that_ends_before_it_begins() -> None:
    """Then nothing is known of how long the event waited."""
    kept = KeptSpans()
    worker = Worker(kept.tracing, late_ms=-5_000)
    await worker.take(*views(1, ("traceparent", SAMPLED)))
    ingest = kept.named("ingest")

    assert ingest.start_time == ingest.end_time


async def test_an_event_that_is_not_sampled_is_not_traced_and_hands_its_context_on() -> None:
    """Who reads the prompt finds the trace of the sender, who has not kept it."""
    kept = KeptSpans(share=1.0)
    worker = Worker(kept.tracing)
    await worker.take(*views(2, ("traceparent", UNSAMPLED)))
    worker.broker.acknowledge[0]()

    assert [] == kept.spans
    assert [{"traceparent": UNSAMPLED}] == of(worker.prompts)
    assert not worker.answering._contexts  # of the second event, too, which has no prompt


async def test_events_that_say_nothing_are_drawn_and_a_prompt_of_no_trace_says_nothing() -> None:
    """One of the four, by the draws; all are answered, in their order, and each is counted once."""
    draws = iter([0.9, 0.2, 0.25, 0.3])
    kept = KeptSpans(share=0.25, draw=lambda: next(draws))
    worker = Worker(kept.tracing)
    answered = await worker.take(*views(4))
    worker.broker.acknowledge[0]()
    process = kept.named("process")

    assert [0, 1, 2, 3] == [one.record.offset for one in answered]
    assert (4, 4) == (worker.telemetry.answered, worker.telemetry.folded)
    assert ("", 1) == (parent_of(process), (process.attributes or {})["messaging.kafka.offset"])
    assert 1 == worker.telemetry.prompts == len(worker.prompts)
    assert [{}] == of(worker.prompts)


async def test_a_gap_behind_a_traced_event_is_stepped_over_as_behind_any() -> None:
    """What the log does not hold behind it need not be folded by the follower first."""
    worker = Worker(KeptSpans().tracing)
    await worker.take(*views(1, ("traceparent", SAMPLED)))
    await worker.answering.reach(0, 5)

    assert (5, 4) == (worker.answering.replica.position(0), worker.telemetry.gaps)


async def test_spans_tell_what_came_of_an_event_and_not_whose_it_was() -> None:
    """Topic, partition and offset: who may read the topic finds it there."""
    kept = KeptSpans()
    worker = Worker(kept.tracing)
    record = views(1, ("traceparent", SAMPLED))[0]
    broken = replace(record, offset=1, value=b"{}")
    await worker.take(record, broken)
    worker.broker.acknowledge[0]()
    first, second = (dict(span.attributes or {}) for span in kept.spans if span.name == "process")
    key = (record.key or b"").decode()
    prompt_id = worker.prompts[0].value or b""

    assert "prompt" == first["goeswith.answer"]
    assert "item_viewed" == first["goeswith.event.type"]
    assert ("goeswith.events", "0", 0) == (
        first["messaging.destination.name"],
        first["messaging.destination.partition.id"],
        first["messaging.kafka.offset"],
    )
    assert ("rejected", 1) == (second["goeswith.answer"], second["messaging.kafka.offset"])
    assert key
    assert key not in kept.told()
    assert "bread-0" not in kept.told()
    assert prompt_id.decode()[:40] not in kept.told()


class Unread:
    """A record whose headers nobody may look at."""

    def __init__(self, record: Record) -> None:
        self.offset, self.key, self.value = record.offset, record.key, record.value
        self.timestamp = NOON_MS

    @property
    def headers(self) -> tuple[tuple[str, bytes | None], ...]:
        """Not to be looked at."""
        raise AssertionError("somebody looked at the headers of an event")


def test_without_tracing_nobody_looks_at_a_header() -> None:
    """What is off costs nothing: the worker is made of the parts that it was made of before."""
    settings, story = Settings(**OPEN), Story()
    replica = Replica(settings, CountingShop(), Telemetry())
    answering = answering_of(replica, None)
    answered = answering.answer(0, [Unread(recorded(story.view("bread"), 0))])

    assert [1] == [len(list(answering.outgoing(one))) for one in answered]
    assert Answering is type(answering)
    assert answering.ending(then := lambda: None) is then


@pytest.mark.parametrize("module", ["streams.worker.running.process", "streams.worker.topology"])
def test_a_worker_that_does_not_trace_loads_no_maker_of_spans(module: str) -> None:
    """In a process of its own, with everything that a worker imports (redis looks for the API)."""
    code = f"import sys, {module}; print(*(n for n in sys.modules if {LOADED!r} in n))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert "" == told.stdout.strip()
