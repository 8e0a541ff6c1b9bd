"""The test bed of a verdict: a real Kafka, a Redis and a crew of workers, all our own."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from streams.clients.log_reader import Partition, committed_offsets, open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.settings import Settings
from streams.lab.bench.stage import tape
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.chaos.ground.apache_kafka import RealKafka, real_kafka
from streams.lab.chaos.ground.traffic import warm_up
from streams.lab.chaos.ground.workers import WorkerFleet
from streams.lab.embedded.redis_server import EmbeddedRedis

LOG = "verdict"


class ChaosTestBed(NamedTuple):
    """Everything that may be struck, and the settings that all share."""

    settings: Settings
    kafka: RealKafka
    redis: EmbeddedRedis
    crew: WorkerFleet


@contextmanager
def ground(logs: Path | None = None, **more: Any) -> Iterator[ChaosTestBed]:
    """A broker, a Redis and a crew without workers; `more` are settings.

    Logs are kept in the folder `logs`. Raises `NoKafka` and `MissingExtra`: what is not here.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="goeswith-verdict-")))
        kafka = real_kafka(folder)
        stack.callback(kafka.discard)
        kafka.start()
        redis = stack.enter_context(EmbeddedRedis())
        site = Site(kafka.bootstrap)
        common = {
            "redis_url": redis.url,
            "checkpoint_url": redis.url,
            "kafka_timeout_s": 60.0,
            **more,
        }
        settings = site.settings(LOG, **common)

        def of_worker(name: str) -> Settings:
            return settings.model_copy(update={"worker_name": name})

        (logs or folder).mkdir(parents=True, exist_ok=True)
        crew = stack.enter_context(WorkerFleet(of_worker, logs or folder))
        yield ChaosTestBed(settings, kafka, redis, crew)


async def prepare(settings: Settings, kept: Mapping[str, str] | None = None) -> None:
    """Make the topics and write the warm-up on the log; `kept` says more of how topics are kept."""
    topics = {
        name: topic.config | dict(kept or {}) for name, topic in settings.topics.declared().items()
    }
    await tape.make_topics(settings.kafka_bootstrap, PARTITIONS, topics)
    events = tape.taped(warm_up(), PARTITIONS)
    await tape.record(settings.kafka_bootstrap, settings.topics.events, events)


def ends(settings: Settings) -> dict[int, int]:
    """Where the log of each partition ends, those without events left out."""
    with open_reader(settings, settings.topics.events) as reader:
        return {at.number: end for at, end in reader.ends().items() if end}


def committed(settings: Settings) -> dict[int, int | None]:
    """What the workers have acknowledged of each partition that has events; None: nothing yet."""
    partitions = [Partition(settings.topics.events, number) for number in ends(settings)]
    with open_admin(settings) as admin:
        found = committed_offsets(settings, admin, partitions)
    return {at.number: offset for at, offset in found.items()}
