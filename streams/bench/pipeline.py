"""The pipeline beside stock Faust, in one run, on one broker and the same events.

```
stock           a bare agent that decodes JSON          goeswith_fold   our worker, folding only
naive           a Table write and a send an event       goeswith        a prompt for every event
```
and, at a steady rate, a stock agent that sends an output for every event beside our worker.
"""

from collections.abc import Callable
from typing import Any

from streams.bench import cost, judging, latency, tape
from streams.bench.site import PARTITIONS, Site
from streams.bench.workload import workload

WARM_UP_EVENTS = 1_000
"""The first events need not be answered with a prompt: there was little to say yet."""

Say = Callable[[str], None]


async def measure(bootstrap: str, events: int, seconds: float, say: Say) -> dict[str, Any]:
    """Measure everything, `say` what is being measured; the figures as JSON.

    Raises `GoeswithError`. Its topics are deleted afterwards.
    """
    site = Site(bootstrap)
    try:
        figures = await _costs(site, events, say)
        say("latency at 1,000 events/s: stock Faust, sending")
        of_stock = await latency.of_stock(site, seconds)
        say("latency at 1,000 events/s: goeswith, prompting")
        of_ours = await latency.of_ours(site, seconds)
    finally:
        await site.clear()
    return figures | {"latency_ms": {"stock": of_stock, "goeswith": of_ours}}


async def _costs(site: Site, events: int, say: Say) -> dict[str, Any]:
    """CPU time by event of each contender, and whether ours was exact."""
    asking = list(workload(events))
    log = "log"
    settings = await site.make_log(log)
    await tape.record(site.bootstrap, settings.topics.events, tape.taped(asking, PARTITIONS))
    records = await tape.play(site.bootstrap, settings.topics.events, PARTITIONS)
    say("folding without Kafka")
    fold_us, shop = cost.fold_us(records, settings)
    say("stock Faust, a bare agent")
    stock_us = await cost.stock_us(site, "bare", log, events)
    say("stock Faust, a Table write and a send an event")
    naive_us = await cost.stock_us(site, "naive", log, events)
    say("goeswith, folding only")
    fold_only_us = await cost.fold_only_us(site, log, events)
    say("goeswith, a prompt for every event")
    ours_us, digest = await cost.answering_us(site, log, events)
    prompts = await tape.play(site.bootstrap, settings.topics.prompts, PARTITIONS)
    complete = judging.completeness(asking, WARM_UP_EVENTS, judging.prompt_ids(prompts))
    same_state = digest == shop.digest()
    return {
        "events": events,
        "cpu_us": {
            "stock": stock_us,
            "naive": naive_us,
            "goeswith": ours_us,
            "goeswith_fold": fold_only_us,
        },
        "fold_us": fold_us,
        "exact": same_state and not complete.lost and not complete.unknown,
        "same_state": same_state,
        **complete._asdict(),
    }
