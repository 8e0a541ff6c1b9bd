"""How long an answer takes at a steady rate, ours beside a stock agent that only sends.

From an event's timestamp, set by its sender before the event's batch is on its way, to that of its
output, set by the broker when it has it: both journeys are in it. Each program starts beside a feed
that is already running, and has time to work off what waits and to find its pace (`WARM_UP_S`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from streams.contract.errors import WorkerFailed
from streams.contract.events import ItemAdded, ItemViewed
from streams.contract.events.slots import Placement
from streams.lab.bench.stage import completeness, tape
from streams.lab.bench.stage.answered import until_answered
from streams.lab.bench.stage.contenders import ours, stock, until
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.bench.stage.workload import workload
from streams.lab.quantiles import quantile

RATE_PER_S = 1_000.0
WARM_UP_S = 10.0
SEED = 2

Feed = Sequence[ItemViewed | ItemAdded]
Quantiles = dict[str, int | None]


class Measured(NamedTuple):
    """For how long."""

    seconds: float
    warm_up_s: float = WARM_UP_S
    """Before them; what comes of its events does not count."""


async def of_stock(site: Site, measured: Measured) -> Quantiles:
    """A stock agent that sends one output for every event, measured for so long."""
    log, feed = "latency-stock", _feed(measured)
    settings = await site.make_log(log)
    job = site.job("sending", log, len(feed))
    await site.make_output(job)
    async with stock(job) as agent:
        await _pace(site, settings.topics.events, feed)
        while (await agent.mark()).seen < len(feed):
            pass
    return await _judged(site, settings.topics.events, job.out, _counted(feed, measured))


async def of_ours(
    site: Site, measured: Measured, slots: tuple[Placement, ...] | None = None
) -> Quantiles:
    """Our worker, with a prompt for every event, measured for so long."""
    feed = _feed(measured, slots)
    settings = await site.make_log("latency-ours")
    with ours(settings) as worker:
        if site.catalog:
            await until(worker.ready, "our worker to follow the catalogue")
        await _pace(site, settings.topics.events, feed)
        await until_answered(settings, len(feed), [worker], "our worker to answer the feed")
    topics = settings.topics
    return await _judged(site, topics.events, topics.prompts, _counted(feed, measured))


def _feed(measured: Measured, slots: tuple[Placement, ...] | None = None) -> Feed:
    events = round(RATE_PER_S * (measured.warm_up_s + measured.seconds))
    return list(workload(events, seed=SEED, slots=slots))


def _counted(feed: Feed, measured: Measured) -> Feed:
    return feed[round(RATE_PER_S * measured.warm_up_s) :]


async def _pace(site: Site, topic: str, feed: Feed) -> None:
    await tape.pace(site.bootstrap, topic, tape.taped(feed, PARTITIONS), RATE_PER_S)


async def _judged(site: Site, events: str, outputs: str, after: Feed) -> Quantiles:
    """Quantiles over the events after the warm-up."""
    measured = {(event.session_id.encode(), event.event_id) for event in after}
    sent = await tape.play(site.bootstrap, events, PARTITIONS)
    came = await tape.play(site.bootstrap, outputs, PARTITIONS)
    taken_ms = completeness.latencies_ms(sent, came, measured)
    if not taken_ms:
        raise WorkerFailed(f"nothing in topic {outputs} was caused by the {len(measured)} events")
    return {"p50": quantile(taken_ms, 0.5), "p99": quantile(taken_ms, 0.99)}
