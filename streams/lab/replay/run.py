"""One replay from end to end: broker, topics, worker, storefront, report."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr

from streams.clients.async_kafka import client_options
from streams.clients.connection.refusals import refusal
from streams.contract.errors import GoeswithError, KafkaUnreachable
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from streams.lab.embedded.installation import EMBEDDED
from streams.lab.embedded.worker_process import WorkerProcess
from streams.lab.quantiles import quantile
from streams.lab.replay.answers import Answers
from streams.lab.replay.baskets import Basket
from streams.lab.replay.pacing import Pacing
from streams.lab.replay.rival import PopularityBaseline
from streams.lab.replay.storefront import Storefront
from streams.operations.topics import create_topics

DECADE_S = 10 * 365 * 86_400.0
LIFTED: dict[str, Any] = {
    "holdout_share": 0.0,
    "prompts_per_session_max": 1_000_000,
    "cool_down_s": 0.0,
    "just_bought_s": 0.0,
    "prompt_ttl_s": DECADE_S,
    "clock_skew_s_max": 10 * DECADE_S,
    "session_gap_s": DECADE_S,
}
"""So that every add is an example: nobody is held out, nothing is capped, nothing is too late (many
households shop at once, each at its own time), and groceries are bought again."""
STAPLES = {"withheld": 100, "offered": 0}
"""How many of the most bought items are not offered, because people buy them anyway."""
COMMIT_INTERVAL_S = 0.05
"""Silence shows by what is committed: soon, so that a basket does not wait for it."""
LINGER_MS = 2


@dataclass(frozen=True)
class Report:
    """What came of a replay."""

    events: int
    """Adds, that is purchase lines; orders and feedback are sent besides."""
    seconds: float
    """From the first answer to the last one: the worker's start is not in it."""
    prompts: int
    latencies_ms: Sequence[int]
    windows: dict[str, Any]
    staples: str
    settings: Settings

    def summary(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "events": self.events,
            "events_per_s": round(self.events / self.seconds, 1) if self.seconds else None,
            "prompts": self.prompts,
            "examples": sum(window["examples"] for window in self.windows.values()),
            "latency_ms": {
                "p50": quantile(self.latencies_ms, 0.5),
                "p99": quantile(self.latencies_ms, 0.99),
            },
            "staples": self.staples,
            "windows": self.windows,
            "lifted": LIFTED,
            "topic_prefix": self.settings.topic_prefix,
        }


def lifted(settings: Settings, staples: str) -> Settings:
    """The settings of a replay: every add is an example."""
    more = LIFTED | {"staples_withheld": STAPLES[staples], "commit_interval_s": COMMIT_INTERVAL_S}
    return settings.model_copy(update=more)


def apart(settings: Settings) -> Settings:
    """The same under names (topics, group, worker) that nobody else has.

    The secret is known to all: draws are keyed by it, and two replays of the same baskets are to
    draw alike. There is nobody whose feedback it would have to keep out.
    """
    name = f"replay-{secrets.token_hex(4)}"
    more = {
        "topic_prefix": name,
        "group_id": name,
        "worker_name": name,
        "receipt_secret": SecretStr("replay"),
        "redis_url": "",
        "checkpoint_url": "none",
        "data_dir": "",
        "web_port": 0,
        "answering": True,
    }
    return settings.model_copy(update=more)


@contextmanager
def stage(
    settings: Settings, *, embedded: bool, own_worker: bool
) -> Iterator[tuple[Settings, Callable[[], None]]]:
    """Broker, topics and worker, and a function that raises when the worker has failed."""
    with ExitStack() as running:
        if embedded:
            topics = dict.fromkeys(settings.topics.declared(), settings.partitions)
            broker = running.enter_context(EmbeddedBroker(topics))
            settings = settings.model_copy(update=EMBEDDED | {"kafka_bootstrap": broker.bootstrap})
        else:
            create_topics(settings)
        if not own_worker:
            yield settings, lambda: None
        else:
            worker = running.enter_context(WorkerProcess(settings))
            yield settings, worker.check


def run(
    settings: Settings,
    baskets: Sequence[Basket],
    *,
    staples: str,
    events_per_s: float,
    check: Callable[[], None],
    advance: Callable[[], object],
) -> Report:
    """Replay baskets through a stage that stands; raises `GoeswithError`.

    `check` raises when the worker has failed; `advance` is called at each answered add.
    """
    return asyncio.run(
        _run(settings, baskets, staples, Pacing(events_per_s), check, advance),
    )


async def _run(
    settings: Settings,
    baskets: Sequence[Basket],
    staples: str,
    pacing: Pacing,
    check: Callable[[], None],
    advance: Callable[[], object],
) -> Report:
    answers = Answers(settings, check)
    producer = AIOKafkaProducer(**client_options(settings), linger_ms=LINGER_MS, acks="all")
    storefront = Storefront(
        producer, settings.topics.events, answers, PopularityBaseline(settings), pacing, advance
    )
    try:
        await producer.start()
        async with asyncio.TaskGroup() as background:
            following = [
                background.create_task(answers.read()),
                background.create_task(answers.watch()),
            ]
            await storefront.serve(baskets)
            for task in following:
                task.cancel()
    except KafkaConnectionError as error:
        away = KafkaUnreachable(f"{settings.kafka_bootstrap}: {error}")
        raise refusal(error, settings) or away from error
    except ExceptionGroup as failed:
        raise _first(failed) from failed
    finally:
        await producer.stop()
    return Report(
        events=storefront.adds,
        seconds=answers.seconds,
        prompts=storefront.prompts,
        latencies_ms=answers.latencies_ms,
        windows=storefront.score.summary(),
        staples=staples,
        settings=settings,
    )


def _first(failed: BaseException) -> BaseException:
    """The error inside of groups of them: ours, if there is one of ours."""
    if not isinstance(failed, BaseExceptionGroup):
        return failed
    ours = failed.subgroup(GoeswithError) or failed
    return _first(ours.exceptions[0])
