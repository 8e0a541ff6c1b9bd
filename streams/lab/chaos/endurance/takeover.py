"""Time without an answer, by partition: what each way of losing or gaining a worker costs.

Two workers share the partitions. Then, again and again: one is killed and restarted, one is told to
end and restarted, one is killed and stays away, one joins. Each is told apart from what happens to
the partitions of the workers that nothing happened to (the survivors').
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from streams.lab.bench.stage import tape
from streams.lab.chaos.books import books, timing
from streams.lab.chaos.ground.site import ChaosTestBed, ends, ground, prepare
from streams.lab.chaos.ground.traffic import LoadGenerator
from streams.lab.chaos.ground.workers import Worker, WorkerFleet, cpu_s
from streams.lab.chaos.trial import PATIENCE_S, first_ms

EVENTS_PER_S = 200.0
SETTLE_S = 3.0
"""So long all are ready before the next one is hit, so that nothing is counted twice."""
WAYS = {
    "kill": "SIGKILL, restarted by its keeper",
    "reboot": "SIGKILL of worker and keeper, both restarted",
    "term": "SIGTERM, restarted at once",
    "away": "SIGKILL, stays away",
    "join": "a worker joins",
}
"""What is done."""


class TakeoverFigures(NamedTuple):
    """What was done, to whose partitions, and from when until when it was the latest."""

    way: str
    own: frozenset[int]
    began_ms: int
    until_ms: int
    cpu_s: float
    """CPU time of the worker that was started, from its beginning until it had caught up."""


class TakeoverOptions(NamedTuple):
    """What is to be measured: each way so many times, with static members or dynamic ones."""

    times: int
    session_timeout_s: float
    static: bool


ProgressCallback = Callable[[str], None]


def takeovers(options: TakeoverOptions, say: ProgressCallback) -> dict[str, Any]:
    """Measure; the worst times without an answer by way, own partitions and survivors', as JSON."""
    say("starting Kafka, Redis and workers")
    with ground(
        session_timeout_s=options.session_timeout_s, static_membership=options.static
    ) as here:
        asyncio.run(prepare(here.settings))
        begins = ends(here.settings)
        here.crew.join()
        here.crew.join()
        here.crew.until_ready(PATIENCE_S)
        with LoadGenerator(here.settings, EVENTS_PER_S, seed=1):
            time.sleep(SETTLE_S)
            hits = [
                hit
                for number in range(options.times)
                for hit in _each_way(here, partial(_say_which, say, number + 1))
            ]
        waits = _waits(here, begins)
    return {
        "static": options.static,
        "times": options.times,
        "session_timeout_s": options.session_timeout_s,
        "unanswered_s": {way: _worst(way, hits, waits) for way in WAYS},
        "start_cpu_s": {way: max(hit.cpu_s for hit in hits if hit.way == way) for way in WAYS},
    }


def _each_way(here: ChaosTestBed, say: ProgressCallback) -> list[TakeoverFigures]:
    """Every way once; two workers before, two afterwards."""
    crew = here.crew
    hits = []
    for way in WAYS:
        say(way)
        victim = next(iter(crew.workers.values()))
        own = frozenset(victim.page("/state").get("assigned", ())) if way != "join" else frozenset()
        began_ms = _now_ms()
        _do(way, crew, victim)
        _settle(here, way)
        hits.append(TakeoverFigures(way, own, began_ms, _now_ms(), _start_cpu_s(crew, way)))
    return hits


def _say_which(say: ProgressCallback, number: int, way: str) -> None:
    say(f"{number}: {WAYS[way]}")


def _do(way: str, crew: WorkerFleet, victim: Worker) -> None:
    if way == "kill":
        victim.kill()
    elif way == "reboot":
        victim.vanish()
        victim.restart()
    elif way == "term":
        victim.stop()
        victim.restart()
    elif way == "away":
        victim.vanish()
        del crew.workers[victim.name]
    else:
        crew.join()


def _start_cpu_s(crew: WorkerFleet, way: str) -> float:
    """A figure that does not depend on how busy the machine is."""
    started = list(crew.workers.values())[-1 if way == "join" else 0]
    spent: float = started.page("/state").get("telemetry", {}).get("caught_up_cpu_s", 0.0)
    loading_s = 0.0 if way == "kill" else cpu_s(started.keeper.pid)
    return 0.0 if way == "away" else spent + loading_s


def _settle(here: ChaosTestBed, way: str) -> None:
    """Wait until everyone is ready and everything is dealt out, and a while longer."""
    deadline = time.monotonic() + PATIENCE_S
    if way == "away":
        time.sleep(here.settings.session_timeout_s)
    while time.monotonic() < deadline:
        here.crew.until_ready(PATIENCE_S)
        dealt = [w.page("/state").get("assigned", []) for w in here.crew.workers.values()]
        if sum(map(len, dealt)) == here.settings.partitions:
            break
        time.sleep(0.1)
    time.sleep(SETTLE_S)


def _waits(here: ChaosTestBed, begins: Mapping[int, int]) -> list[timing.Wait]:
    settings = here.settings
    log, prompts = (
        asyncio.run(tape.play(settings.kafka_bootstrap, topic, settings.partitions))
        for topic in (settings.topics.events, settings.topics.prompts)
    )
    return timing.waits(log, books.recompute(settings, log, begins).at, first_ms(prompts))


def _worst(
    way: str, hits: Sequence[TakeoverFigures], waits: Sequence[timing.Wait]
) -> dict[str, Any]:
    """The worst partition of every time, spread; of the hit worker and of the others."""
    own, others = [], []
    for hit in hits:
        if hit.way == way:
            waited = timing.unanswered_ms(waits, hit.began_ms, hit.until_ms)
            own += [max((ms for n, ms in waited.items() if n in hit.own), default=0) / 1000]
            others += [max((ms for n, ms in waited.items() if n not in hit.own), default=0) / 1000]
    if way == "join":
        return {"all": timing.spread_s(others)}
    return {"own": timing.spread_s(own), "survivors": timing.spread_s(others)}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
