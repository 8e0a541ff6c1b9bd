"""An hour of shoppers at seven tenths of what one worker can take: does it stay as it is?

```
a log that waits, answered as fast as it goes        -> about what one worker can take
more shoppers than that, for a while                 -> the rate of one worker
shoppers at a share of that rate, for minutes        -> memory, lag and CPU, looked at
```

The rate is what it answers while more come than it can take: a log that waits is answered a third
faster, in large rounds, with nobody else busy on the machine.

The worker runs as it would: settings as they come, its views and its checkpoints in a real Redis,
and a storefront that reacts to one prompt in ten, so that impressions, rewards and outcomes come
and go as well. Sessions are remembered up to a number, so memory grows until they are so many: the
first half is the warm-up, and the slope is that of a line through the second half.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import linear_regression
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import GoeswithError
from streams.contract.events import encode
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.settings import Settings
from streams.lab.bench.stage import tape
from streams.lab.bench.stage.site import PARTITIONS
from streams.lab.bench.stage.workload import workload
from streams.lab.chaos.ground.site import ChaosTestBed, committed, ends, ground, prepare
from streams.lab.chaos.ground.traffic import (
    SHARE_CLICKED,
    SHARE_SHOWN,
    SHARE_TAKEN,
    now_ms,
    reaction,
)
from streams.lab.chaos.ground.workers import Worker, cpu_s, resident_mb
from streams.lab.chaos.trial import PATIENCE_S, until_answered
from streams.operations.lag.reading import read_lag
from streams.worker.health.bounds import held_bytes

WAITING_EVENTS = 100_000
FLOOD = 1.2
FLOOD_MINUTES = 1.5
REACTED_ONE_IN = 10
LOOK_S = 10.0
LAST = 6
"""So many of the last looks are the last minute."""
REACTIONS = (SHARE_SHOWN + SHARE_CLICKED + SHARE_TAKEN) / REACTED_ONE_IN
"""Events that follow from a prompt, on average."""
KEPT = {"segment.bytes": str(32 << 20), "retention.bytes": str(64 << 20)}
"""A log of ten million events is not kept whole, as no shop's log is."""
POLL_S = 0.1
AGREE_WITHIN = 0.2
"""By such a part of what the sizes of tables say memory may have grown more, or less."""

ProgressCallback = Callable[[str], None]


class Look(NamedTuple):
    """What one look at the worker saw."""

    minute: float
    answered: int
    """Events, since the worker was started."""
    memory_mb: float
    """Resident."""
    cpu_s: float
    """CPU time that it has used since it was started."""
    lag_events: int
    lag_s: float | None
    """Age of what has waited longest; None: it could not be read."""


def soaked(minutes: float, share: float, say: ProgressCallback) -> dict[str, Any]:
    """Measure; the figures as JSON. Raises `GoeswithError`."""
    say("starting Kafka, Redis and a worker")
    with ground() as here:
        asyncio.run(prepare(here.settings, KEPT))
        worker = here.crew.join()
        here.crew.until_ready(PATIENCE_S)
        say("what one worker can take")
        flood = FLOOD * _quickly(here)
        rate = _rate(asyncio.run(_live(here.settings, worker, flood, FLOOD_MINUTES, say)))
        _until_answered(here)
        before = held(worker, here.settings)
        looks = asyncio.run(_live(here.settings, worker, share * rate, minutes, say))
        _until_answered(here)
        after = held(worker, here.settings)
        told = worker.page("/state").get("telemetry", {})
        events = sum(ends(here.settings).values())
    return {
        "minutes": minutes,
        "rate_events_per_s": round(rate),
        "fed_events_per_s": round(share * rate),
        "events": events,
        **{name: told.get(name) for name in ("answered", "prompts", "checkpoints", "gaps")},
        "dead_letters": sum(told.get("dead_letters", {}).values()),
        **summary(looks),
        **sizes_beside(looks, before, after, here.settings),
        "looks": [look._asdict() for look in looks],
    }


def summary(looks: Sequence[Look]) -> dict[str, Any]:
    """What the looks come to.

    >>> looks = [Look(minute, 9, 500.0 + 2 * minute, 30 * minute, 7, 0.2) for minute in range(10)]
    >>> found = summary(looks)
    >>> found["slope_mb_per_min"], found["cores"], found["lag_s_end"]
    (2.0, 0.5, 0.2)
    """
    second = looks[len(looks) // 2 :]
    minutes = [look.minute for look in second]
    lags = [look.lag_s for look in looks[-LAST:]]
    spent_s = second[-1].cpu_s - second[0].cpu_s
    return {
        "memory_mb": {"start": looks[0].memory_mb, "warm": second[0].memory_mb}
        | {"end": looks[-1].memory_mb},
        "slope_mb_per_min": round(linear_regression(minutes, [w.memory_mb for w in second])[0], 3),
        "cores": round(spent_s / (60 * (minutes[-1] - minutes[0])), 3),
        "lag_s_end": lags[-1],
        "lag_s_last_minute": None if None in lags else max(s for s in lags if s is not None),
        "lag_events_max": max(look.lag_events for look in second),
    }


def _rate(looks: Sequence[Look]) -> float:
    """Events answered by the second, in the second half of a flood."""
    first, last = looks[len(looks) // 2], looks[-1]
    return (last.answered - first.answered) / (60 * (last.minute - first.minute))


def _quickly(here: ChaosTestBed) -> float:
    """Events answered by the second, of a log that waits."""
    settings = here.settings
    before = sum(ends(settings).values())
    first_ms = now_ms() - WAITING_EVENTS
    log = tape.taped(workload(WAITING_EVENTS, seed=2, start_ms=first_ms), PARTITIONS)
    _until_committed(settings, before)
    began_s = time.monotonic()
    asyncio.run(tape.record(settings.kafka_bootstrap, settings.topics.events, log))
    _until_committed(settings, before + WAITING_EVENTS)
    return WAITING_EVENTS / (time.monotonic() - began_s)


def _until_answered(here: ChaosTestBed) -> None:
    if not until_answered(here):
        raise GoeswithError(f"events still wait {PATIENCE_S:g} s after the last: see the lag")


def _until_committed(settings: Settings, events: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while sum(offset or 0 for offset in committed(settings).values()) < events:
        if time.monotonic() > deadline_s:
            raise GoeswithError(f"{events} events were not answered in {PATIENCE_S:g} s")
        time.sleep(POLL_S)


async def _live(
    settings: Settings, worker: Worker, events_per_s: float, minutes: float, say: ProgressCallback
) -> list[Look]:
    """Shoppers come and react; the looks at the worker meanwhile, while they still come."""
    own_per_s = events_per_s / (1 + REACTIONS)
    number, seed = round(own_per_s * 60 * minutes), round(own_per_s)
    events = workload(number, seed=seed, start_ms=now_ms(), step_ms=1000 / own_per_s)
    log = tape.taping(events, PARTITIONS)
    topic = settings.topics.events
    shoppers = asyncio.create_task(tape.pace(settings.kafka_bootstrap, topic, log, own_per_s))
    storefront = asyncio.create_task(_react(settings))
    looks: list[Look] = []
    began_s = time.monotonic()
    try:
        while not (shoppers.done() or storefront.done()):
            await asyncio.wait({shoppers, storefront}, timeout=LOOK_S)
            if not shoppers.done():
                looks.append(await asyncio.to_thread(_look, settings, worker, began_s))
                say(_said(looks[-1], minutes))
        for task in (shoppers, storefront):
            if task.done():
                task.result()
    finally:
        shoppers.cancel()
        storefront.cancel()
    return looks


def _look(settings: Settings, worker: Worker, began_s: float) -> Look:
    minute = round((time.monotonic() - began_s) / 60, 3)
    pid = worker.pid()
    with open_admin(settings) as admin, open_reader(settings, settings.topics.events) as reader:
        lag = read_lag(settings, admin, reader)
    answered = worker.page("/state").get("telemetry", {}).get("answered", 0)
    return Look(minute, answered, resident_mb(pid), cpu_s(pid), lag.lag_events, lag.lag_s_max)


def _said(look: Look, minutes: float) -> str:
    return (
        f"minute {look.minute:.1f} of {minutes:g}: {look.memory_mb:.0f} MB, "
        f"{look.lag_events} events wait, the longest {look.lag_s} s"
    )


async def _react(settings: Settings) -> None:
    """A storefront: shows one prompt in ten, and tells what shoppers do with it."""
    consumer = AIOKafkaConsumer(
        settings.topics.prompts, bootstrap_servers=settings.kafka_bootstrap, group_id=None
    )
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap, linger_ms=5)
    async with consumer, producer:
        async for record in consumer:
            if record.offset % REACTED_ONE_IN:
                continue
            published = ANY_PUBLISHED.validate_json(record.value)
            if isinstance(published, Prompt):
                for event in reaction(published):
                    key = event.session_id.encode()
                    await producer.send(settings.topics.events, encode(event), key=key)


def held(worker: Worker, settings: Settings) -> dict[str, int]:
    """How many entries the tables of a worker hold, those of all partitions together."""
    tables = worker.page("/state").get("tables", {})
    entries = {name: size["held"] for name, size in tables.items()}
    if "sessions" in entries:  # of the fullest partition
        entries["sessions"] *= settings.partitions
        entries["pending prompts"] = entries["sessions"]  # nearly all get a prompt
    return entries


def sizes_beside(
    looks: Sequence[Look], before: Mapping[str, int], after: Mapping[str, int], settings: Settings
) -> dict[str, Any]:
    """How much the memory has grown, and by how much `goeswith sizes` says that it has.

    >>> looks = [Look(0, 9, 500.0, 0, 0, 0.0), Look(20, 9, 527.0, 0, 0, 0.0)]
    >>> sizes_beside(looks, {"sessions": 0}, {"sessions": 10_000}, Settings())
    {'grown_mb': 27.0, 'sizes_mb': 25.7, 'sizes_agree': True}
    """
    grown_mb = looks[-1].memory_mb - looks[0].memory_mb
    more = {name: max(0, number - before.get(name, 0)) for name, number in after.items()}
    sizes_mb = held_bytes(more, settings) / (1 << 20)
    agree = abs(grown_mb - sizes_mb) <= AGREE_WITHIN * sizes_mb
    return {
        "grown_mb": round(grown_mb, 1),
        "sizes_mb": round(sizes_mb, 1),
        "sizes_agree": agree,
    }


def nothing_else(figures: Mapping[str, Any]) -> bool:
    """Whether everything that came was folded and answered, and nothing else happened."""
    return not (figures["gaps"] or figures["dead_letters"])
