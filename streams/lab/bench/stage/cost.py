"""What an event costs: CPU time per event of each contender on one preloaded log.

Each contender tells its process's own CPU time, user and system, at its first event and when it is
through (ours when its follower begins and when it has caught up): starting counts for nobody.
Where ours answers, its end is read from outside, when the last event is committed.
"""

import time
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from models.warm import warm
from streams.contract.events import decode
from streams.contract.settings import Settings
from streams.lab.bench.stage import tape
from streams.lab.bench.stage.answered import until_answered
from streams.lab.bench.stage.contenders import PAGE_POLL_S, ours, stock, until
from streams.lab.bench.stage.site import Site
from streams.lab.bench.stage.tape import Taped
from streams.lab.quantiles import quantile
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop

Quantiles = dict[str, float]


def fold_us(records: Sequence[ConsumerRecord], settings: Settings) -> tuple[float, Shop]:
    """Decoding and folding without Kafka, in this process; and the shop that came of it."""
    warm(ranker=settings.best_fit)
    shop = Shop(settings)
    start_s = time.process_time()
    for record in records:
        event = decode(record.key, record.value, timestamp_ms=record.timestamp, settings=settings)
        shop.learn(record.partition, record.offset, event)
    return _each_us(time.process_time() - start_s, len(records)), shop


def decide_us(records: Sequence[ConsumerRecord], settings: Settings) -> Quantiles:
    """CPU time of a decision, in this process, right after its event was folded.

    Guards, candidates, propensities, draw, evidence and receipt are in it; folding, and writing
    the prompt as JSON, are not.
    """
    warm(ranker=settings.best_fit)
    shop, pending, taken_ns = Shop(settings), PendingPrompts(), []
    for record in records:
        event = decode(record.key, record.value, timestamp_ms=record.timestamp, settings=settings)
        shop.learn(record.partition, record.offset, event)
        before_ns = time.thread_time_ns()
        shop.answer(event, record.partition, record.offset, pending)
        taken_ns.append(time.thread_time_ns() - before_ns)
    spent = {"p50": quantile(taken_ns, 0.5), "p99": quantile(taken_ns, 0.99)}
    return {name: round((ns or 0) / 1000, 1) for name, ns in spent.items()}


async def stock_us(site: Site, variant: str, log: str, events: int) -> float:
    """A stock agent, from its first event to its last."""
    job = site.job(variant, log, events)
    await site.make_output(job)
    async with stock(job) as agent:
        first, last = await agent.mark(), await agent.mark()
    return _each_us(last.cpu_s - first.cpu_s, last.seen - first.seen)


async def fold_only_us(site: Site, log: str, events: int) -> float:
    """Our worker, folding only, from the beginning of the log to its end."""
    with ours(site.settings(log, answering=False)) as worker:

        async def through() -> bool:
            return await worker.folded() == events and (await worker.mark()).caught_up_s > 0

        await until(through, "our worker to fold the log", every_s=PAGE_POLL_S)
        mark = await worker.mark()
    return _each_us(mark.caught_up_s - mark.follow_s, events)


async def answering_us(site: Site, log: str, events: int) -> tuple[float, str]:
    """Our worker, folding and deciding, until every event is committed; and its state's digest."""
    settings = site.settings(log)
    with ours(settings) as worker:
        await until_answered(settings, events, [worker], "our worker to answer the log")
        spent_s = worker.cpu_s - (await worker.mark()).follow_s
        state = await worker.state("?digest")
    return _each_us(spent_s, events), str(state and state["digest"])


async def answering_when_ready_us(
    site: Site, log: str, asking: Sequence[Taped]
) -> tuple[float, str]:
    """Our worker again, which has followed the catalogue before the first event comes."""
    settings = site.settings(log)
    with ours(settings) as worker:
        await until(worker.ready, "our worker to be ready", every_s=PAGE_POLL_S)
        before_s = worker.cpu_s
        await tape.record(site.bootstrap, settings.topics.events, asking)
        await until_answered(settings, len(asking), [worker], "our worker to answer the log")
        spent_s = worker.cpu_s - before_s
        state = await worker.state("?digest")
    return _each_us(spent_s, len(asking)), str(state and state["digest"])


def _each_us(seconds: float, events: int) -> float:
    return round(1e6 * seconds / events, 1)
