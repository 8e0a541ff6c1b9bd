"""What an event costs: CPU time per event of each contender on one preloaded log.

Ours is measured from outside: all that the process spends until it is through, less what the same
process spends to start on empty topics; waiting to be seen ready counts. The stock agents report
their own times at the first and at the last event, so nothing idle counts against them.
"""

import time
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from streams.bench import tape
from streams.bench.contenders import PAGE_POLL_S, ours, stock, until
from streams.bench.site import Site
from streams.committed import committed
from streams.events import decode
from streams.settings import Settings
from streams.shop import Shop


def fold_us(records: Sequence[ConsumerRecord], settings: Settings) -> tuple[float, Shop]:
    """Decoding and folding without Kafka, in this process; and the shop that came of it."""
    shop = Shop(settings)
    start_s = time.process_time()
    for record in records:
        event = decode(record.key, record.value, timestamp_ms=record.timestamp, settings=settings)
        shop.learn(record.partition, record.offset, event)
    return _each_us(time.process_time() - start_s, len(records)), shop


async def stock_us(site: Site, variant: str, log: str, events: int) -> float:
    """A stock agent, from its first event to its last."""
    job = site.job(variant, log, events)
    await site.make_output(job)
    async with stock(job) as agent:
        first, last = await agent.mark(), await agent.mark()
    return _each_us(last.cpu_s - first.cpu_s, last.seen - first.seen)


async def fold_only_us(site: Site, log: str, empty: str, events: int) -> float:
    """Our worker, folding only, until its position is the end of the log."""
    start_up_s = await _start_up_s(site.settings(empty, answering=False))
    with ours(site.settings(log, answering=False)) as worker:

        async def through() -> bool:
            return await worker.folded() == events

        await until(through, "our worker to fold the log", every_s=PAGE_POLL_S)
        return _each_us(worker.cpu_s - start_up_s, events)


async def answering_us(site: Site, log: str, empty: str, events: int) -> tuple[float, str]:
    """Our worker, deciding, until every event is committed; and the digest of its state."""
    start_up_s = await _start_up_s(site.settings(empty))
    settings = site.settings(log)
    with ours(settings) as worker:
        async with tape.admin(site.bootstrap) as admin:

            async def through() -> bool:
                worker.check()
                return sum((await committed(admin, settings)).values()) == events

            await until(through, "our worker to answer the log")
        spent_s = worker.cpu_s - start_up_s
        state = await worker.state("?digest")
    return _each_us(spent_s, events), str(state and state["digest"])


async def _start_up_s(settings: Settings) -> float:
    """CPU time that our worker needs to be ready on empty topics."""
    with ours(settings) as worker:
        await until(worker.ready, "our worker to start", every_s=PAGE_POLL_S)
        return worker.cpu_s


def _each_us(seconds: float, events: int) -> float:
    return round(1e6 * seconds / events, 1)
