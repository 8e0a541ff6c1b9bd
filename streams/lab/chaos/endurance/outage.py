"""Something that every worker needs is gone for a while: what that costs, and when it is over.

All is well for `seconds`, a minute at most; then Redis is killed, the broker is shut down, the
broker is killed, each away for `seconds` and started again at the same port (Redis empty). Measured
of each: how long after the return the first event was answered, the last of the backlog, and the
first offset committed; lines that a worker logged and CPU that it used meanwhile. Of Redis, which
nobody who answers should miss: the latency while it was away, and when views and a checkpoint are
there again.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.clients.checkpoints.store import open_store
from streams.clients.redis import opened
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from streams.lab.bench.stage import tape
from streams.lab.chaos.books import books, timing
from streams.lab.chaos.ground.site import ChaosTestBed, committed, ends, ground, prepare
from streams.lab.chaos.ground.traffic import LoadGenerator
from streams.lab.chaos.ground.workers import Worker, cpu_s
from streams.lab.chaos.trial import PATIENCE_S, first_ms, until_answered
from streams.views.reader import prompts_key, worker_key

CALM_S_MAX = 60.0
SENDERS_WAIT_S = 120.0
"""So much longer than the outage the senders hold on to what they have."""
SETTLE_S = 10.0
"""So long after a start, or a return, what is measured does not count as calm."""
CHECKPOINT_EVERY_S = 15.0
"""Soon enough to wait for, and so seldom that they are not what makes the calm p99: without Redis
there are none."""
WAYS = {"redis": "Redis killed", "stop": "broker shut down", "kill": "broker killed"}
POLL_S = 0.25

ProgressCallback = Callable[[str], None]


class OutageFigures(NamedTuple):
    """One outage, in milliseconds since 1970, and what workers did meanwhile."""

    way: str
    began_ms: int
    back_ms: int
    firsts_s: Mapping[str, float]
    """From the return until all is as it should be again, sign by sign."""
    cores: float
    """CPU time of the busier worker by time, while it lasted."""
    lines: int
    """What the more talkative worker logged from its beginning until all was well again."""
    until_ms: int
    """From then on it does not count any more."""


def outages(
    seconds: float,
    say: ProgressCallback,
    logs: Path | None = None,
    *,
    ways: Iterable[str] = tuple(WAYS),
    events_per_s: float = 200.0,
) -> dict[str, Any]:
    """Measure; the figures by way as JSON. Raises `GoeswithError`."""
    patience_s = seconds + SENDERS_WAIT_S
    say("starting Kafka, Redis and workers")
    with ground(logs, checkpoint_every_s=CHECKPOINT_EVERY_S) as here:
        asyncio.run(prepare(here.settings))
        begins = ends(here.settings)
        here.crew.join()
        here.crew.join()
        here.crew.until_ready(PATIENCE_S)
        with LoadGenerator(here.settings, events_per_s, seed=1, patience_s=patience_s) as street:
            time.sleep(SETTLE_S)
            calm_s = min(seconds, CALM_S_MAX)
            say(f"all is well, for {calm_s:g} s")
            calm_ms = _now_ms()
            time.sleep(calm_s)
            aways = [_endure(here, way, seconds, say) for way in ways]
        say("doing the books")
        answered = until_answered(here)
        log, prompts = (_read(here, topic) for topic in _topics(here))
    recomputed = books.recompute(here.settings, log, begins)
    waits = timing.waits(log, recomputed.at, first_ms(prompts))
    judged = books.judged_prompts(prompts, recomputed)
    return {
        "seconds": seconds,
        "events_per_s": events_per_s,
        "taken": street.sent,
        "logged": len(log) - sum(begins.values()),
        "answered": answered,
        "lost": judged.lost,
        "repeats": judged.repeats,
        "calm_ms": timing.latency_ms(waits, calm_ms, aways[0].began_ms),
        **{away.way: _figures(away, waits) for away in aways},
    }


def _endure(here: ChaosTestBed, way: str, seconds: float, say: ProgressCallback) -> OutageFigures:
    say(f"{WAYS[way]}, for {seconds:g} s")
    workers = list(here.crew.workers.values())
    lines, used = [_lines(w) for w in workers], [cpu_s(w.pid()) for w in workers]
    began_ms = _now_ms()
    before = committed(here.settings)
    {"stop": here.kafka.stop, "kill": here.kafka.kill, "redis": here.redis.kill}[way]()
    time.sleep(seconds)
    used_s = max(cpu_s(w.pid()) - s for w, s in zip(workers, used, strict=True))
    cores = used_s / ((_now_ms() - began_ms) / 1000)
    {"stop": here.kafka.start, "kill": here.kafka.start, "redis": here.redis.start}[way]()
    back_ms = _now_ms()
    signs = {"committing_s": lambda: _committing(here, before)}
    if way == "redis":
        signs |= {
            "views_s": lambda: _views_are_written(here),
            "checkpoint_s": lambda: _checkpoint_is_kept(here.settings),
        }
    firsts_s = _firsts_s(signs)
    said = max(_lines(w) - n for w, n in zip(workers, lines, strict=True))
    time.sleep(SETTLE_S)
    return OutageFigures(way, began_ms, back_ms, firsts_s, cores, said, _now_ms())


def _firsts_s(signs: Mapping[str, Callable[[], bool]]) -> dict[str, float]:
    """After how many seconds each of these holds for the first time. Raises `GoeswithError`."""
    began_s = time.monotonic()
    firsts_s: dict[str, float] = {}
    while missing := signs.keys() - firsts_s.keys():
        if time.monotonic() - began_s > PATIENCE_S:
            raise GoeswithError(f"{min(missing)}: not within {PATIENCE_S:g} s of the return")
        for sign in missing:
            if signs[sign]():
                firsts_s[sign] = time.monotonic() - began_s
        time.sleep(POLL_S)
    return firsts_s


def _committing(here: ChaosTestBed, before: Mapping[int, int | None]) -> bool:
    """Whether every partition's committed offset has moved."""
    return all(offset != before[number] for number, offset in committed(here.settings).items())


def _views_are_written(here: ChaosTestBed) -> bool:
    """Whether a Redis that came back empty holds what every worker counts, and some prompts."""
    prefix, names = here.settings.topic_prefix, here.crew.workers
    with opened(here.settings.redis_url) as client:
        there = client.exists(*(worker_key(prefix, name) for name in names))
        some = next(client.scan_iter(prompts_key(prefix, "*"), count=1_000), None)
    return int(there) == len(names) and some is not None


def _checkpoint_is_kept(settings: Settings) -> bool:
    """Whether a Redis that came back empty holds a checkpoint."""
    store = open_store(settings)
    return store is not None and store.read() is not None


def _figures(away: OutageFigures, waits: Sequence[timing.Wait]) -> dict[str, Any]:
    after_ms = min((w.answered_ms for w in waits if w.answered_ms > away.back_ms), default=0)
    longest_ms = timing.unanswered_ms(waits, away.back_ms, away.until_ms).values()
    return {
        "answering_s": round((after_ms - away.back_ms) / 1000, 3),
        "all_answering_s": max(longest_ms, default=0) / 1000,
        **{sign: round(seconds, 1) for sign, seconds in away.firsts_s.items()},
        "cores": round(away.cores, 3),
        "lines": away.lines,
        "latency_ms": timing.latency_ms(waits, away.began_ms, away.back_ms),
    }


def _lines(worker: Worker) -> int:
    return worker.log.read_bytes().count(b"\n")


def _read(here: ChaosTestBed, topic: str) -> list[Any]:
    settings = here.settings
    return asyncio.run(tape.play(settings.kafka_bootstrap, topic, settings.partitions))


def _topics(here: ChaosTestBed) -> tuple[str, str]:
    return here.settings.topics.events, here.settings.topics.prompts


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
