"""The pipeline beside stock Faust, in one run, on one broker and the same events.

```
stock           a bare agent that decodes JSON          goeswith_fold   our worker, folding only
naive           a Table write and a send an event       goeswith        a prompt for every event
```
and, at a steady rate, a stock agent that sends an output for every event beside our worker.
"""

from collections.abc import Callable
from statistics import median
from typing import Any

from streams.contract.events.slots import Placement
from streams.lab.bench.pipeline import latency
from streams.lab.bench.stage import completeness, cost, tape
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.bench.stage.workload import workload
from streams.shop.people.context import ItemEvent

WARM_UP_EVENTS = 1_000
"""The first events need not be answered with a prompt: there was little to say yet."""

ROUNDS = 3
SLOTS: tuple[Placement, ...] = ("product_page", "basket", "upgrade")
"""For which events may ask, the first of them always."""
FIRST_LOG = "log-0"
CONTENDERS = ("stock", "naive", "goeswith", "goeswith_fold")

ProgressCallback = Callable[[str], None]


async def measure(
    bootstrap: str,
    events: int,
    seconds: float,
    say: ProgressCallback,
    *,
    rounds: int = ROUNDS,
    best_fit: bool = False,
    catalog: int = 0,
    slots: int = 1,
    warm_up_s: float = latency.WARM_UP_S,
) -> dict[str, Any]:
    """Measure everything, `say` what is being measured; the figures as JSON.

    `best_fit`: ours has the learned ranker among its arms; with a `catalog` of so many items it has
    all others, too. Each event asks for a prompt in so many `slots`. Latencies are measured after a
    warm-up. Raises `GoeswithError`. Its topics are deleted afterwards.
    """
    site = Site(bootstrap, best_fit=best_fit, catalog=catalog)
    asked = None if slots == 1 else SLOTS[:slots]
    measured = latency.Measured(seconds, warm_up_s)
    try:
        figures = await _costs(site, list(workload(events, slots=asked)), rounds, say)
        figures["decide_us"] = await _deciding(site, say)
        say("latency at 1,000 events/s: stock Faust, sending")
        of_stock = await latency.of_stock(site, measured)
        say("latency at 1,000 events/s: goeswith, prompting")
        of_ours = await latency.of_ours(site, measured, asked)
    finally:
        await site.clear()
    waits = {"stock": of_stock, "goeswith": of_ours}
    said = {"best_fit": best_fit, "catalog": catalog, "slots": slots}
    return figures | said | {"latency_ms": waits}


async def _deciding(site: Site, say: ProgressCallback) -> dict[str, cost.Quantiles]:
    """A decision on the events of the first round, without the ranker and with it."""
    say("deciding without Kafka, without the ranker and with it")
    log = site.settings(FIRST_LOG)
    records = await tape.play(site.bootstrap, log.topics.events, PARTITIONS)
    return {
        name: cost.decide_us(records, site.settings(FIRST_LOG, best_fit=best_fit))
        for name, best_fit in (("without", False), ("with", True))
    }


async def _costs(
    site: Site, asking: list[ItemEvent], number_of: int, say: ProgressCallback
) -> dict[str, Any]:
    """CPU time by event of each contender, and whether ours was exact.

    Everyone is measured in each of so many rounds, the median counts: other programs on a machine
    that is shared slow some of them down by half.
    """
    rounds = [await _round(site, asking, f"log-{number}", say) for number in range(number_of)]
    found = completeness.Completeness._fields
    return {
        "events": len(asking),
        "rounds": [costs for costs, _, _ in rounds],
        "cpu_us": {name: median(costs[name] for costs, _, _ in rounds) for name in CONTENDERS},
        "fold_us": median(costs["fold_us"] for costs, _, _ in rounds),
        "exact": all(same and not (c.lost or c.unknown) for _, same, c in rounds),
        "same_state": all(same for _, same, _ in rounds),
        **{name: sum(getattr(c, name) for _, _, c in rounds) for name in found},
    }


async def _round(
    site: Site, asking: list[ItemEvent], log: str, say: ProgressCallback
) -> tuple[dict[str, float], bool, completeness.Completeness]:
    """Costs, whether the state was right, and what became of the prompts."""
    settings = await site.make_log(log)
    taped, costs = tape.taped(asking, PARTITIONS), dict[str, float]()
    if site.catalog:
        say(f"{log}: goeswith, beside a catalogue of {site.catalog:,} items")
        costs["goeswith"], digest = await cost.answering_when_ready_us(site, log, taped)
    else:
        await tape.record(site.bootstrap, settings.topics.events, taped)
    records = await tape.play(site.bootstrap, settings.topics.events, PARTITIONS)
    say(f"{log}: folding without Kafka")
    costs["fold_us"], shop = cost.fold_us(records, settings)
    say(f"{log}: stock Faust, a bare agent")
    costs["stock"] = await cost.stock_us(site, "bare", log, len(asking))
    say(f"{log}: stock Faust, a Table write and a send an event")
    costs["naive"] = await cost.stock_us(site, "naive", log, len(asking))
    say(f"{log}: goeswith, folding only")
    costs["goeswith_fold"] = await cost.fold_only_us(site, log, len(asking))
    if not site.catalog:
        say(f"{log}: goeswith, a prompt for every event")
        costs["goeswith"], digest = await cost.answering_us(site, log, len(asking))
    prompts = await tape.play(site.bootstrap, settings.topics.prompts, PARTITIONS)
    complete = completeness.completeness(asking, WARM_UP_EVENTS, completeness.prompt_ids(prompts))
    return costs, digest == shop.digest(), complete
