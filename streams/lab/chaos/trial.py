"""A verdict from beginning to end: open the shop, let things go wrong, close it, do the books."""

import asyncio
import time
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.receipts import KEY_ID_BYTES, PREFIX
from streams.lab.bench.stage import tape
from streams.lab.chaos.books import books, timing
from streams.lab.chaos.books.books import AuditedRecord
from streams.lab.chaos.books.compared import judged_by_twin
from streams.lab.chaos.books.letters import judged_letters, letters_say
from streams.lab.chaos.faults.plan import ON_WORKERS, WORKERS_MIN, plan
from streams.lab.chaos.faults.rotation import Rotation
from streams.lab.chaos.faults.strike import FaultInjector, InjectedFault
from streams.lab.chaos.ground.site import ChaosTestBed, committed, ends, ground, prepare
from streams.lab.chaos.ground.traffic import LoadGenerator
from streams.lab.chaos.shoppers.kinds import KINDS
from streams.lab.chaos.shoppers.mall import Mall
from streams.lab.chaos.till import Till, event_id
from streams.shop.state import left_out

JUDGED = ("state", "prompts", "outcomes", "rejected", "twin")
"""What is judged by a word."""
TOLD = tuple(f"{what}_says" for what in JUDGED if what != "outcomes")
"""What is not exact, in sentences."""
ROTATED = "secret_rotated"
"""The kind of trouble that the crew makes: rounds of rotation."""
SENTENCES_MAX = 20
DIGEST_S_MAX = 60.0
"""So long a worker may take to hash what it knows, on a machine where others are at work."""
HOLDOUT_SHARE = 0.1
SEGMENTS = "club"
"""Those that are listed: shoppers tell others, too."""
CALM_S = 4.0
"""So long all is well before the first fault, and after the last one."""
PATIENCE_S = 120.0
"""So long the crew may take to get ready, or to answer what is left."""
POLL_S = 0.25


class TrialOptions(NamedTuple):
    """What is to be tried."""

    faults: int
    seed: int
    between_s: float
    events_per_s: float
    session_timeout_s: float
    transactions_per_s: float = 0.0


ProgressCallback = Callable[[str, int], None]
"""What is going on, and how many faults there were."""


class TrialRun(NamedTuple):
    """How it went: when it was calm and what struck, in milliseconds since 1970."""

    opened_ms: int
    struck: Sequence[InjectedFault]
    recovered_ms: int
    closed_ms: int


def trial(options: TrialOptions, say: ProgressCallback, logs: Path | None = None) -> dict[str, Any]:
    """Run a verdict; its figures as JSON. Logs are kept in `logs`. Raises `GoeswithError`."""
    say("starting Kafka, Redis and workers", 0)
    more = {"holdout_share": HOLDOUT_SHARE, "segments": SEGMENTS}
    with ground(logs, session_timeout_s=options.session_timeout_s, **more) as here:
        asyncio.run(prepare(here.settings))
        begins = ends(here.settings)
        for _ in range(WORKERS_MIN):
            here.crew.join()
        here.crew.until_ready(PATIENCE_S)
        mall = Mall(options.seed, here.settings.partitions)
        street = LoadGenerator(here.settings, options.events_per_s, options.seed, mall)
        till = Till(here.settings, options.transactions_per_s, options.seed)
        rotation = Rotation(here.crew, here.settings.receipt_secret, options.faults)
        with street, till:
            course = _go_wrong(here, options, rotation, say)
        say("waiting until everything is answered", options.faults)
        held = _read(here, here.settings.topics.events)
        log = till.books.happened(held, _seen(here) if till.books.in_doubt else ())
        answered = until_answered(here, books.behind(log))
        say("recomputing everything from the log", options.faults)
        settings = here.settings.model_copy(update={"receipt_secret": rotation.secret})
        judged = _judge(here._replace(settings=settings), course, begins, log)
        kinds = {kind: mall.sent[kind] for kind in KINDS} | {ROTATED: rotation.done}
        return judged | {
            "answered": answered,
            "sent": street.sent,
            "kinds": kinds,
            "missing_kinds": [kind for kind, times in kinds.items() if not times],
            "transactions": {what: len(ids) for what, ids in till.books._asdict().items()},
            "aborted_events": len(held) - len(log),
        }


def _go_wrong(
    here: ChaosTestBed, options: TrialOptions, rotation: Rotation, say: ProgressCallback
) -> TrialRun:
    opened_ms = _now_ms()
    time.sleep(CALM_S)
    trouble = FaultInjector(here.crew, here.kafka, here.redis)
    faults = plan(
        options.faults,
        options.seed,
        between_s=options.between_s,
        session_timeout_s=options.session_timeout_s,
    )
    struck = []
    for number, fault in enumerate(faults):
        time.sleep(fault.after_s)
        say(fault.kind, number)
        rotation.step(number)
        struck.append(trouble.strike(fault))
    say("waiting until all workers are ready", len(faults))
    here.crew.revive()
    rotation.finish()
    here.crew.until_ready(PATIENCE_S)
    recovered_ms = _now_ms()
    time.sleep(CALM_S)
    return TrialRun(opened_ms, struck, recovered_ms, _now_ms())


def until_answered(here: ChaosTestBed, wanted: Mapping[int, int] | None = None) -> bool:
    """Wait until all is folded by everyone, answered and committed; whether that came about.

    `wanted` is the offset behind the last event of each partition; else that is where the log ends.
    """
    deadline = time.monotonic() + PATIENCE_S
    wanted = wanted or ends(here.settings)
    while time.monotonic() < deadline:
        here.crew.revive()
        folded = [worker.page("/state").get("position", {}) for worker in _workers(here)]
        done = all({int(n): offset for n, offset in each.items()} == wanted for each in folded)
        if done and committed(here.settings) == wanted:
            return True
        time.sleep(POLL_S)
    return False


def _seen(here: ChaosTestBed) -> set[str]:
    """The ids of the events that a reader of what is committed finds."""
    return {event_id(r) for r in _read(here, here.settings.topics.events, only_committed=True)}


def _judge(
    here: ChaosTestBed, course: TrialRun, begins: Mapping[int, int], log: Sequence[AuditedRecord]
) -> dict[str, Any]:
    prompts, outcomes, dead = (_read(here, name) for name in _topics(here))
    recomputed = books.recompute(here.settings, log, begins)
    states = {name: w.page("/state?digest", DIGEST_S_MAX) for name, w in here.crew.workers.items()}
    state = books.judged_state([said.get("digest") for said in states.values()], recomputed)
    prompted = books.judged_prompts(prompts, recomputed)
    reached = books.judged_outcomes(outcomes, recomputed)
    rejected = judged_letters(dead, recomputed)
    beside = judged_by_twin(here.settings, log, outcomes, recomputed)
    return {
        "state": state.word,
        "prompts": prompted.word,
        "outcomes": reached.word,
        "rejected": rejected.word,
        "state_says": list(state_differences(states, recomputed)),
        "prompts_says": [*islice(books.lost_prompts(prompts, recomputed), SENTENCES_MAX)],
        "twin": beside.word,
        "twin_says": beside.sentences[:SENTENCES_MAX],
        "lightened": {name: list(gone) for name, gone in beside.lightened.items()},
        "twin_left_out": list(beside.left_out),
        "left_out": left_out(recomputed.shop.parts()) if recomputed.shop else {},
        "sealed_by": sealed_by(prompts),
        "events": len(log),
        "lost": prompted.lost + reached.lost + rejected.lost,
        "wrong": prompted.wrong + reached.wrong + rejected.wrong + state.wrong,
        "repeats": prompted.repeats,
        "repeated_outcomes": reached.repeats,
        "dead_letters": len(dead),
        "rejected_says": [*islice(letters_say(dead, recomputed), SENTENCES_MAX)],
        "holes": sum(said.get("telemetry", {}).get("holes", 0) for said in states.values()),
        "faults": dict(Counter(fault.kind for fault in course.struck)),
        **_times(course, timing.waits(log, recomputed.at, first_ms(prompts))),
        "seconds": round((course.closed_ms - course.opened_ms) / 1000),
    }


def _times(course: TrialRun, waits: Sequence[timing.Wait]) -> dict[str, Any]:
    """Takeovers after faults on workers, by kind for all faults, and latencies."""
    takeovers = timing.takeovers_s(waits, course.struck, course.closed_ms)
    first_ms = course.struck[0].began_ms if course.struck else course.closed_ms
    kinds = dict.fromkeys(kind for kind, _ in takeovers)
    return {
        "takeover_s": timing.spread_s([s for kind, s in takeovers if kind in ON_WORKERS]),
        "unanswered_s": {
            kind: timing.spread_s([s for other, s in takeovers if other == kind]) for kind in kinds
        },
        "latency_ms": {
            "before": timing.latency_ms(waits, course.opened_ms, first_ms),
            "during": timing.latency_ms(waits, first_ms, course.recovered_ms),
            "after": timing.latency_ms(waits, course.recovered_ms, course.closed_ms),
        },
    }


def first_ms(prompts: Sequence[AuditedRecord]) -> dict[str, int]:
    """When the first copy of each prompt was there."""
    first: dict[str, int] = {}
    for record in prompts:
        prompt = ANY_PUBLISHED.validate_json(record.value or b"")
        if isinstance(prompt, Prompt):
            known = first.get(prompt.prompt_id, record.timestamp)
            first[prompt.prompt_id] = min(known, record.timestamp)
    return first


def state_differences(
    states: Mapping[str, Mapping[str, Any]], recomputed: books.Recomputed
) -> Iterator[str]:
    """Which worker knows something else, and of which parts; or that it did not say."""
    ours = recomputed.shop.digests() if recomputed.shop else {}
    for worker, said in states.items():
        if said.get("digest") != recomputed.digest:
            theirs = said.get("digests") or {}
            parts = [part for part in ours if theirs.get(part) != ours[part]]
            what = f"has other {', '.join(parts)}" if theirs else "did not say what it knows"
            yield f"{worker} {what}"


def sealed_by(prompts: Sequence[AuditedRecord]) -> dict[str, int]:
    """How many prompts each key has sealed, by its public id."""
    keys = Counter[str]()
    for record in prompts:
        prompt = ANY_PUBLISHED.validate_json(record.value or b"")
        if isinstance(prompt, Prompt):
            sealed = urlsafe_b64decode(prompt.receipt.removeprefix(PREFIX))
            keys[sealed[:KEY_ID_BYTES].hex()] += 1
    return dict(keys)


def _workers(here: ChaosTestBed) -> list[Any]:
    return list(here.crew.workers.values())


def _topics(here: ChaosTestBed) -> tuple[str, ...]:
    topics = here.settings.topics
    return topics.prompts, topics.outcomes, topics.dead_letters


def _read(here: ChaosTestBed, topic: str, *, only_committed: bool = False) -> list[Any]:
    settings = here.settings
    played = tape.play(
        settings.kafka_bootstrap, topic, settings.partitions, only_committed=only_committed
    )
    return asyncio.run(played)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def failed(figures: Mapping[str, Any]) -> bool:
    """Whether something was lost, or is other than it must be."""
    words = [figures[what] for what in JUDGED]
    lost = "LESS" in words or figures["state"] != "EXACT" or not figures["answered"]
    return lost or bool(figures["missing_kinds"])
