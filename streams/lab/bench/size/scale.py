"""One, two and four workers on one broker: what each of them costs, and what more of them can do.

Every worker folds every event (f µs) and answers those of its partitions (d µs each): of N workers
one spends f + d/N µs of CPU time on an event of the whole log. On cores of their own they take
1/(f + d/N) events a second together, and never more than the *fold ceiling* 1/f. All that is
measured here on a machine with fewer cores than workers: CPU times, not how fast it went.

Of each number of workers: they join, and share the partitions; then the log is written, at once.
"""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from streams.contract.settings import Settings
from streams.lab.bench.stage import completeness, cost, tape
from streams.lab.bench.stage.answered import until_answered
from streams.lab.bench.stage.contenders import WorkerContender, ours, until
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.bench.stage.workload import workload
from streams.shop.people.context import ItemEvent

WORKERS = (1, 2, 4)
WARM_UP_EVENTS = 2_000
"""Answered before anything is measured: there is something to say to everyone then."""
PAGE_POLL_S = 0.25
KIB_PER_MB = 1024

ProgressCallback = Callable[[str], None]


class Memory(NamedTuple):
    """What one worker holds, in MB."""

    resident_mb: float
    """All of it, the libraries that it shares with the others included."""
    unique_mb: float
    """What nobody else holds: what one more worker takes."""


class ScaleRun(NamedTuple):
    """So many workers at work on one log."""

    wall_s: float
    cpu_s: Sequence[float]
    """CPU time of each worker, user and system, from the log's first event to its last."""
    memory: Sequence[Memory]
    lost: int
    repeats: int


async def measure(
    bootstrap: str, events: int, say: ProgressCallback, *, numbers: Sequence[int] = WORKERS
) -> dict[str, Any]:
    """Measure, and `say` what is being measured; the figures as JSON. Raises `GoeswithError`.

    One worker must be among the `numbers` of them: what it spends is what others are held against.
    """
    site = Site(bootstrap)
    try:
        runs = {number: await _run(site, number, events, say) for number in numbers}
        say("a worker that only folds")
        fold_us = await cost.fold_only_us(site, _log(1), WARM_UP_EVENTS + events)
    finally:
        await site.clear()
    return figures(events, fold_us, runs)


async def _run(site: Site, number: int, events: int, say: ProgressCallback) -> ScaleRun:
    say(f"workers: {number}, joining")
    asking = list(workload(WARM_UP_EVENTS + events))
    settings = await site.make_log(_log(number))
    topic = settings.topics.events
    taped = tape.taped(asking, PARTITIONS)
    await tape.record(site.bootstrap, topic, taped[:WARM_UP_EVENTS])
    with ExitStack() as stack:
        names = (f"{settings.group_id}-{place}" for place in range(number))
        crew = [
            stack.enter_context(ours(settings.model_copy(update={"worker_name": name})))
            for name in names
        ]
        await until(partial(_dealt, crew), "the workers to share the partitions", every_s=1.0)
        await _through(settings, crew, WARM_UP_EVENTS)
        say(f"workers: {number}, a prompt for every event")
        before_s, began_s = [worker.cpu_s for worker in crew], time.monotonic()
        await tape.record(site.bootstrap, topic, taped[WARM_UP_EVENTS:])
        wall_s = await _through(settings, crew, len(asking)) - began_s
        cpu_s = [worker.cpu_s - spent for worker, spent in zip(crew, before_s, strict=True)]
        held = [memory(worker.pid) for worker in crew]
    complete = await _complete(site, settings, asking)
    return ScaleRun(wall_s, cpu_s, held, complete.lost, complete.repeats)


async def _dealt(crew: Sequence[WorkerContender]) -> bool:
    """Whether every partition is somebody's, and everybody has some."""
    states = [await worker.state() for worker in crew]
    assigned = [len(state["assigned"]) if state else 0 for state in states]
    return min(assigned) > 0 and sum(assigned) == PARTITIONS


async def _through(settings: Settings, crew: Sequence[WorkerContender], events: int) -> float:
    """When all of so many events were answered, in seconds; returns when all have folded them."""
    await until_answered(settings, events, crew, "the workers to answer the log")
    answered_s = time.monotonic()

    async def folded() -> bool:
        return all([await worker.folded() == events for worker in crew])

    await until(folded, "every worker to fold the log", every_s=PAGE_POLL_S)
    return answered_s


async def _complete(
    site: Site, settings: Settings, asking: list[ItemEvent]
) -> completeness.Completeness:
    prompts = await tape.play(site.bootstrap, settings.topics.prompts, PARTITIONS)
    return completeness.completeness(asking, WARM_UP_EVENTS, completeness.prompt_ids(prompts))


def _log(workers: int) -> str:
    return f"scale-{workers}"


def memory(pid: int) -> Memory:
    """What a process holds now, as Linux tells it."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    lines = re.findall(r"^(\w+):\s+(\d+) kB", told, re.MULTILINE)
    kib = {name: int(number) for name, number in lines}
    unique = kib["Private_Clean"] + kib["Private_Dirty"]
    return Memory(round(kib["Rss"] / KIB_PER_MB, 1), round(unique / KIB_PER_MB, 1))


def predicted_per_s(fold_us: float, decide_us: float, workers: int) -> float:
    """Events a second of so many workers, each on a core of its own.

    >>> predicted_per_s(fold_us=20, decide_us=180, workers=1)
    5000.0
    >>> predicted_per_s(fold_us=20, decide_us=180, workers=9)
    25000.0
    """
    return 1e6 / (fold_us + decide_us / workers)


def figures(events: int, fold_us: float, runs: dict[int, ScaleRun]) -> dict[str, Any]:
    """What follows from the runs, by number of workers, one of them alone included."""
    decide_us = 1e6 * sum(runs[1].cpu_s) / events - fold_us
    return {
        "events": events,
        "fold_us": fold_us,
        "decide_us": round(decide_us, 1),
        "ceiling_per_s": round(1e6 / fold_us),
        "workers": {
            str(number): {
                **_figures_of(events, run),
                "predicted_per_s": round(predicted_per_s(fold_us, decide_us, number)),
            }
            for number, run in runs.items()
        },
    }


def _figures_of(events: int, run: ScaleRun) -> dict[str, Any]:
    return {
        "cpu_us": round(1e6 * sum(run.cpu_s) / events, 1),
        "cpu_us_each": [round(1e6 * spent_s / events, 1) for spent_s in run.cpu_s],
        "wall_per_s": round(events / run.wall_s),
        "cpu_per_s": round(events / max(run.cpu_s)),
        "resident_mb": max(held.resident_mb for held in run.memory),
        "unique_mb": max(held.unique_mb for held in run.memory),
        "lost": run.lost,
        "repeats": run.repeats,
    }
