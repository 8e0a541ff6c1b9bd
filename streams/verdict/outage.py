"""Something that every worker needs is gone for a while: what that costs, and when it is over.

The broker is shut down, then killed, each time for `seconds`; then Redis is killed and stays away.
Measured of each: how long after the return the first event was answered, the last of the backlog,
and the first offset committed; lines that a worker logged and CPU that it used meanwhile.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.bench import tape
from streams.errors import GoeswithError
from streams.verdict import books, timing
from streams.verdict.crew import Worker, cpu_s
from streams.verdict.site import Ground, committed, ends, ground, prepare
from streams.verdict.traffic import Street
from streams.verdict.trial import PATIENCE_S, first_ms, until_answered

EVENTS_PER_S = 200.0
CALM_S = 10.0
WAYS = {"stop": "broker shut down", "kill": "broker killed", "redis": "Redis killed, stays away"}
POLL_S = 0.25

Say = Callable[[str], None]


class Away(NamedTuple):
    """One outage, in milliseconds since 1970, and what workers did meanwhile."""

    way: str
    began_ms: int
    back_ms: int
    committing_s: float
    """From the return to the first commit."""
    cores: float
    """CPU time of the busier worker by time, while it lasted."""
    lines: int
    """What the more talkative worker logged from its beginning to the first commit."""
    until_ms: int
    """From then on it does not count any more."""


def outages(seconds: float, say: Say, logs: Path | None = None) -> dict[str, Any]:
    """Measure; the figures by way as JSON. Raises `GoeswithError`."""
    say("starting Kafka, Redis and workers")
    with ground(logs) as here:
        asyncio.run(prepare(here.settings))
        begins = ends(here.settings)
        here.crew.join()
        here.crew.join()
        here.crew.until_ready(PATIENCE_S)
        with Street(here.settings, EVENTS_PER_S, seed=1):
            time.sleep(CALM_S)
            calm_ms = _now_ms()
            aways = [_endure(here, way, seconds, say) for way in WAYS]
        say("doing the books")
        answered = until_answered(here)
        log, prompts = (_read(here, topic) for topic in _topics(here))
    recomputed = books.recompute(here.settings, log, begins)
    waits = timing.waits(log, recomputed.at, first_ms(prompts))
    judged = books.judged_prompts(prompts, recomputed)
    return {
        "seconds": seconds,
        "answered": answered,
        "lost": judged.lost,
        "repeats": judged.repeats,
        "calm_ms": timing.latency_ms(waits, calm_ms - 8_000, calm_ms),
        **{away.way: _figures(away, waits) for away in aways},
    }


def _endure(here: Ground, way: str, seconds: float, say: Say) -> Away:
    say(f"{WAYS[way]}, for {seconds:g} s")
    workers = list(here.crew.workers.values())
    lines, used = [_lines(w) for w in workers], [cpu_s(w.pid()) for w in workers]
    began_ms = _now_ms()
    before = committed(here.settings)
    {"stop": here.kafka.stop, "kill": here.kafka.kill, "redis": here.redis.kill}[way]()
    time.sleep(seconds)
    used_s = max(cpu_s(w.pid()) - s for w, s in zip(workers, used, strict=True))
    cores = used_s / ((_now_ms() - began_ms) / 1000)
    if way != "redis":
        here.kafka.start()
    back_ms = _now_ms()
    _until_committing(here, before)
    committing_s = (_now_ms() - back_ms) / 1000
    said = max(_lines(w) - n for w, n in zip(workers, lines, strict=True))
    time.sleep(CALM_S)
    return Away(way, began_ms, back_ms, committing_s, cores, said, _now_ms())


def _until_committing(here: Ground, before: Mapping[int, int | None]) -> None:
    """Return when every partition's committed offset has moved."""
    deadline = time.monotonic() + PATIENCE_S
    while any(offset == before[number] for number, offset in committed(here.settings).items()):
        if time.monotonic() > deadline:
            raise GoeswithError(f"nothing committed in {PATIENCE_S:g} s after the broker's return")
        time.sleep(POLL_S)


def _figures(away: Away, waits: Sequence[timing.Wait]) -> dict[str, Any]:
    after_ms = min((w.answered_ms for w in waits if w.answered_ms > away.back_ms), default=0)
    longest_ms = timing.unanswered_ms(waits, away.back_ms, away.until_ms).values()
    return {
        "answering_s": round((after_ms - away.back_ms) / 1000, 3),
        "all_answering_s": max(longest_ms, default=0) / 1000,
        "committing_s": round(away.committing_s, 1),
        "cores": round(away.cores, 3),
        "lines": away.lines,
        "latency_ms": timing.latency_ms(waits, away.began_ms, away.back_ms),
    }


def _lines(worker: Worker) -> int:
    return worker.log.read_bytes().count(b"\n")


def _read(here: Ground, topic: str) -> list[Any]:
    settings = here.settings
    return asyncio.run(tape.play(settings.kafka_bootstrap, topic, settings.partitions))


def _topics(here: Ground) -> tuple[str, str]:
    return here.settings.topics.events, here.settings.topics.prompts


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
