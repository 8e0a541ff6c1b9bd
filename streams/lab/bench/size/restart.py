"""How long a worker with a large shop takes to be back: from a checkpoint, and from the log alone.

Random baskets fill a shop of so many items and pairs (each item in the same number of baskets, so
that hardly any pair comes twice). The log is folded once, here, into a checkpoint. Then a worker is
started, and an event sent: it is back when it has answered that. Running, it writes checkpoints of
its own, and says how long its loop was held by them.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from models.snapshot.arrays import read_column
from streams.clients.async_kafka import check_topics
from streams.clients.checkpoints.file_store import FileStore
from streams.contract.events import ItemAdded
from streams.contract.settings import Settings
from streams.lab.bench.stage import cost, tape
from streams.lab.bench.stage.contenders import WorkerContender, ours, until
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.bench.stage.workload import START_MS
from streams.shop.checkpoint import packed

BASKET = 11
"""Items in a basket: 55 pairs."""
CHECKPOINTS = 3
"""So many are written before the worst stall is read."""
EVERY_S = 1.0
ASK_S = 0.1
"""How often we look whether it is back."""

ProgressCallback = Callable[[str], None]


def baskets(items: int, pairs: int, *, seed: int = 1) -> Iterator[ItemAdded]:
    """Adds of random baskets, until about so many pairs have met.

    >>> events = list(baskets(items=100, pairs=1_000))
    >>> len(events), len({event.item_id for event in events})
    (209, 100)
    """
    chance, number = Random(seed), 0
    names = [f"item-{number}" for number in range(items)]
    wanted = -(-pairs // (BASKET * (BASKET - 1) // 2)) * BASKET
    rounds = -(-wanted // items)
    shuffled = chain.from_iterable(chance.sample(names, items) for _ in range(rounds))
    for number in range(wanted):
        yield ItemAdded(
            event_id=f"e-{number}",
            session_id=f"s-{number // BASKET}",
            occurred_at_ms=START_MS + number,
            item_id=next(shuffled),
        )


async def measure(bootstrap: str, items: int, pairs: int, say: ProgressCallback) -> dict[str, Any]:
    """Measure, and `say` what is being measured; the figures as JSON. Raises `GoeswithError`."""
    site = Site(bootstrap)
    try:
        with tempfile.TemporaryDirectory(prefix="goeswith-restart-") as folder:
            return await _measured(site, Path(folder) / "checkpoint", (items, pairs), say)
    finally:
        await site.clear()


async def _measured(
    site: Site, path: Path, size: tuple[int, int], say: ProgressCallback
) -> dict[str, Any]:
    log = "restart"
    settings = await site.make_log(log)
    say("recording the log")
    events = list(baskets(*size))
    await tape.record(site.bootstrap, settings.topics.events, tape.taped(events, PARTITIONS))
    await _answered(settings)
    say("folding it into a checkpoint")
    figures = await _kept(settings, path)
    say("a worker that starts from the checkpoint")
    kept = site.settings(log, checkpoint_url=path.as_uri(), checkpoint_every_s=EVERY_S)
    with_checkpoint = await _back(kept, CHECKPOINTS)
    say("a worker that folds the log")
    without = await _back(site.settings(log), 0)
    return {
        "events": len(events),
        **figures,
        **with_checkpoint,
        "seconds_without": without["seconds"],
        "cpu_seconds_without": without["cpu_seconds"],
    }


async def _answered(settings: Settings) -> None:
    """The group has answered all that is in the log."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=settings.group_id,
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(settings.topics.events, n) for n in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()


async def _kept(settings: Settings, path: Path) -> dict[str, Any]:
    """A checkpoint of the whole log in a file; how large the shop and the file are."""
    records = await tape.play(settings.kafka_bootstrap, settings.topics.events, PARTITIONS)
    _, shop = cost.fold_us(records, settings)
    cluster, _ = await check_topics(settings)
    began = time.perf_counter()
    now_ms = int(time.time() * 1000)
    header, data = packed(shop, cluster=cluster, now_ms=now_ms, made_by="goeswith bench")
    FileStore(path).write(header, data)
    pairs = shop.state()["baskets"]["pairs"]
    return {
        "items": len(pairs["items"]),
        "pairs": len(read_column(pairs["partners"])) // 2,
        "checkpoint_bytes": len(data),
        "pack_s": round(time.perf_counter() - began, 2),
    }


async def _back(settings: Settings, checkpoints: int) -> dict[str, Any]:
    """From the start of a worker's process to its first answer, and what it tells afterwards."""
    before = ItemAdded(
        event_id=f"back-{time.time_ns()}",
        session_id="back",
        occurred_at_ms=int(time.time() * 1000),
        item_id="item-1",
    )
    asked = tape.taped([before], PARTITIONS)
    began = time.monotonic()
    with ours(settings) as worker:
        await tape.record(settings.kafka_bootstrap, settings.topics.events, asked)
        await until(partial(_has, worker, "answered", 1), "an answer", every_s=ASK_S)
        seconds, cpu_seconds = round(time.monotonic() - began, 2), round(worker.cpu_s, 2)
        for _ in range(checkpoints):
            told = await _telemetry(worker)
            await tape.record(settings.kafka_bootstrap, settings.topics.events, asked)
            more = partial(_has, worker, "checkpoints", int(told["checkpoints"]) + 1)
            await until(more, "a checkpoint")
        told = await _telemetry(worker)
        memory_mb = worker.memory_mb
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "stall_ms_max": round(told["checkpoint_stall_ms_max"], 1),
        "restored": told["restored"],
        "folded": told["folded"],
        "memory_mb": memory_mb,
    }


async def _telemetry(worker: WorkerContender) -> dict[str, Any]:
    state = await worker.state()
    return dict(state["telemetry"]) if state else {}


async def _has(worker: WorkerContender, what: str, number: int) -> bool:
    return int((await _telemetry(worker)).get(what, 0)) >= number
