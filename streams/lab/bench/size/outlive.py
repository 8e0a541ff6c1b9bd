"""Knowledge that outlives everything: two months are learned, and then all but Kafka is gone.

Random orders of two months fill a shop of so many items and pairs, whose checkpoints go to the
topic. Two generations are written, the older one of 95 % of the log. Then retention takes all of
the log but the last week, and there is no Redis and no process left. A worker is started three
times, and an event sent to it: as it was, with the newest generation damaged, and with `best_fit`
switched on. It has outlived that if what is learned has the digest of a shop that saw everything.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from models.warm import warm
from streams.clients.async_kafka import check_topics
from streams.clients.checkpoints.topic.chunk_log import POINTER
from streams.clients.checkpoints.topic.transaction import transaction
from streams.clients.checkpoints.topic_store import TopicStore
from streams.clients.log_reader import open_reader
from streams.contract.events import Event, ItemAdded, OrderLine, OrderPlaced
from streams.contract.settings import Settings
from streams.lab.bench.size.restart import BASKET, baskets
from streams.lab.bench.stage import tape
from streams.lab.bench.stage.contenders import WorkerContender, ours, until
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.bench.stage.workload import START_MS
from streams.operations.rebuild import bring, fold
from streams.shop.checkpoint import packed
from streams.shop.shop import Shop

DAYS, DAYS_LEFT = 60, 7
OLDER_SHARE = 0.95
DAY_MS = 86_400_000
ASK_S = 0.1
"""How often we look whether it is back."""
OF_PATHS = {"fit", "sessions"}
"""What differs where somebody learns from paths: sessions keep them then."""

ProgressCallback = Callable[[str], None]


class Start(NamedTuple):
    """A worker that was started where there was nothing but Kafka."""

    seconds: float
    """From the start of its process to its first answer."""
    cpu_seconds: float
    """CPU time of its process by then: other programs on the machine do not lengthen it."""
    same: bool
    """Whether what it knows is what a shop knows that saw everything."""
    adopted: Mapping[str, str]
    restored: int


def orders(items: int, pairs: int) -> Iterator[Event]:
    """Two months of orders, each after the adds of its basket.

    >>> events = list(orders(items=100, pairs=1_000))
    >>> len(events), (events[-1].occurred_at_ms - events[0].occurred_at_ms) // DAY_MS
    (228, 56)
    """
    adds = list(baskets(items, pairs))
    step_ms = DAYS * DAY_MS // len(adds)
    for begin in range(0, len(adds), BASKET):
        at_ms = START_MS + begin * step_ms
        basket = [
            add.model_copy(update={"occurred_at_ms": at_ms + number})
            for number, add in enumerate(adds[begin : begin + BASKET])
        ]
        yield from basket
        yield OrderPlaced(
            event_id=f"o-{begin}",
            session_id=basket[0].session_id,
            occurred_at_ms=at_ms + len(basket),
            order_id=f"o-{begin}",
            lines=tuple(OrderLine(item_id=add.item_id) for add in basket),
        )


async def measure(bootstrap: str, items: int, pairs: int, say: ProgressCallback) -> dict[str, Any]:
    """Measure, and `say` what is being measured; the figures as JSON. Raises `GoeswithError`."""
    site = Site(bootstrap)
    try:
        settings = await site.make_log("outlive")
        say("recording two months")
        events = tape.taped(list(orders(items, pairs)), PARTITIONS)
        await tape.record(bootstrap, settings.topics.events, events)
        kept = settings.model_copy(update={"checkpoint_url": "kafka:", "checkpoint_every_s": 0.0})
        say("folding them into two checkpoints")
        store = TopicStore(kept, kept.topics.checkpoints(kept.checkpoint_url))
        shop = _learned(kept, store, (await check_topics(kept)).cluster)
        left = await _forgotten(kept)
        starts = {}
        for name, before, more in (
            ("newest", None, {}),
            ("damaged", partial(_damage, kept, store), {}),
            ("best_fit", None, {"best_fit": True}),
        ):
            say(f"a worker that starts: {name}")
            if before is not None:
                before()
            starts[name] = await _started(kept.model_copy(update=more), shop)
    finally:
        await site.clear()
    return {"events": len(events), "left": left, **_figures(starts)}


def _figures(starts: Mapping[str, Start]) -> dict[str, Any]:
    return {
        f"{what}_{name}": value
        for name, start in starts.items()
        for what, value in start._asdict().items()
    }


def _learned(settings: Settings, store: TopicStore, cluster: str) -> Shop:
    """The shop that has seen all of the log; two generations of it are in the store."""
    warm(ranker=False)
    shop = Shop(settings)
    with open_reader(settings, settings.topics.events) as reader:
        ends = {at.number: end for at, end in reader.ends().items()}
        for upto in ({number: int(OLDER_SHARE * end) for number, end in ends.items()}, ends):
            fold(shop, reader, upto)
            now_ms = int(time.time() * 1000)
            header, data = packed(shop, cluster=cluster, now_ms=now_ms, made_by="goeswith bench")
            store.write(header, data)
    return shop


async def _forgotten(settings: Settings) -> int:
    """Let retention take all of the log but its last week; how many events that leaves."""
    with open_reader(settings, settings.topics.events) as reader:
        ends = reader.ends()
    gone = {at: end * (DAYS - DAYS_LEFT) // DAYS for at, end in ends.items()}
    async with tape.admin(settings.kafka_bootstrap) as admin:
        await admin.delete_records(
            {TopicPartition(*at): RecordsToDelete(offset) for at, offset in gone.items()}
        )
    return sum(ends.values()) - sum(gone.values())


def _damage(settings: Settings, store: TopicStore) -> None:
    """Let the newest generation not be what it was written as."""
    pointer = store.pointer()
    newest = pointer.generations[0].model_copy(update={"sha256": "0" * 64})
    damaged = pointer.model_copy(update={"generations": (newest, *pointer.generations[1:])})
    with transaction(settings, settings.topics.checkpoints(settings.checkpoint_url)) as sender:
        sender.send([(POINTER, damaged.model_dump_json().encode())])


async def _started(settings: Settings, shop: Shop) -> Start:
    """A worker, from the start of its process to its first answer, and what it knows by then."""
    asking = ItemAdded(
        event_id=f"back-{time.time_ns()}",
        session_id="back",
        occurred_at_ms=START_MS + DAYS * DAY_MS,
        item_id="item-1",
    )
    began = time.monotonic()
    with ours(settings) as worker:
        asked = tape.taped([asking], PARTITIONS)
        await tape.record(settings.kafka_bootstrap, settings.topics.events, asked)
        await until(partial(_has_answered, worker), "an answer", every_s=ASK_S)
        seconds, cpu_seconds = round(time.monotonic() - began, 2), round(worker.cpu_s, 2)
        state = await worker.state("?digest") or {}
    with open_reader(settings, settings.topics.events) as reader:
        bring(shop, reader, {int(number): end for number, end in state["position"].items()})
    apart = OF_PATHS if settings.best_fit else set()
    ours_, theirs = shop.digests(), state["digests"]
    same = all(ours_[name] == theirs.get(name) for name in ours_.keys() - apart)
    return Start(seconds, cpu_seconds, same, state["adopted"], state["telemetry"]["restored"])


async def _has_answered(worker: WorkerContender) -> bool:
    state = await worker.state()
    return bool(state and state["telemetry"]["answered"])
