"""How a worker's own Kafka clients connect, and what they make sure of first; all are aiokafka's.

(The operator's tools use kafka-python: `streams/clients/sync_kafka.py`.)
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    CorruptRecordException,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaConnectionError,
    KafkaError,
    NotCoordinatorForGroupError,
)

from streams.clients.batches.patient_fetches import read_patiently
from streams.clients.connection.addresses import bootstrap_servers
from streams.clients.connection.async_security import async_security, translating_refusals
from streams.clients.connection.probe import check_connection
from streams.clients.connection.refusals import TOPIC_DENIED, denied, hint
from streams.clients.connection.topics.topic_ids import topic_id
from streams.contract.errors import KafkaUnreachable, LogUnreadable, Misconfigured, TopicsWrong
from streams.contract.settings import Settings
from streams.contract.topics import BROKER_TIME, TIME_TYPE, command_of_broker_time

logger = logging.getLogger(__name__)

RETRY_BACKOFF_MS = 500
"""Pause between tries: at aiokafka's own 100 ms a broker that is away costs 0.6 core and 34,000
lines of log in 40 s."""


def client_options(settings: Settings) -> dict[str, Any]:
    """What every client is created with."""
    return {
        "bootstrap_servers": bootstrap_servers(settings.kafka_bootstrap),
        "client_id": f"goeswith-{settings.worker_name}",
        "retry_backoff_ms": RETRY_BACKOFF_MS,
        **async_security(settings),
    }


def reading_options(settings: Settings) -> dict[str, Any]:
    """What every consumer is created with.

    Only what was committed is read, and up to the last stable offset, the first of a transaction
    that is still open: so that is where the log ends. What was aborted never happened. Whatever the
    log holds can be read from here on (`streams.clients.batches.patient_fetches`).
    """
    read_patiently()
    return {
        **client_options(settings),
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
    }


@contextmanager
def translating_corruption() -> Iterator[None]:
    """Turns what aiokafka says of a damaged batch into `LogUnreadable`.

    A record that cannot be used is no such thing, nor is a batch that cannot be unpacked: their
    checksums are right, and every reader sees the same. A wrong one may be right on another
    broker, so nothing is passed over: whoever runs the brokers has to say what was lost.
    """
    try:
        yield
    except CorruptRecordException as error:
        raise LogUnreadable(
            f"the log is damaged: {error}. The worker ends, and tries again when it is started; if "
            "it says so again, a broker's disk has lost a batch of that partition. Let a replica "
            "that is whole take the lead, or delete the records up to behind it "
            "(kafka-delete-records)"
        ) from error


@asynccontextmanager
async def administration(settings: Settings) -> AsyncIterator[Any]:
    """An admin client, for the length of the block. Raises `KafkaUnreachable`.

    A broker that is away is waited for, `kafka_patience_s` seconds: a worker that starts during an
    outage answers as soon as it is over. One that refuses us is not asked again.
    """
    deadline_s = time.monotonic() + settings.kafka_patience_s
    for attempt in count():
        try:
            admin = await _started_admin(settings)
            break
        except KafkaUnreachable as error:
            if time.monotonic() >= deadline_s:
                raise
            if not attempt:
                logger.warning("%s; waiting up to %g s", error, settings.kafka_patience_s)
        await asyncio.sleep(RETRY_BACKOFF_MS / 1000)
    try:
        with translating_refusals(settings):
            yield admin
    finally:
        await admin.close()


async def _started_admin(settings: Settings) -> Any:
    """An admin client that has found a broker, now or never."""
    await check_connection(settings)
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
    except KafkaConnectionError as error:
        await admin.close()
        raise KafkaUnreachable(
            f"no broker answered at kafka_bootstrap={settings.kafka_bootstrap}: {error}. "
            f"{hint(settings)}"
        ) from error
    return admin


class LogIdentity(NamedTuple):
    """Which log it is: offsets of another one mean nothing here."""

    cluster: str
    """Kafka's own id of the cluster."""
    topic_id: str
    """Kafka's own id of the events topic; empty where the broker has none."""


async def check_topics(settings: Settings) -> LogIdentity:
    """Which log it is, once every topic has as many partitions as the settings say.

    Raises `TopicsWrong` when one has not, or when the events carry their senders' time;
    `Misconfigured` when the brokers would not take our session timeout.
    """
    events = ConfigResource(
        ConfigResourceType.TOPIC, settings.topics.events, dict.fromkeys([TIME_TYPE])
    )
    async with administration(settings) as admin:
        described = await describe_topics(settings, admin, list(settings.topics.declared()))
        brokers = await admin.describe_cluster()
        await _check_session_timeout(settings, admin, brokers)
        told = await configured(admin, [events])
        log = await topic_id(admin, settings.topics.events)
    numbers = {topic["topic"]: len(topic["partitions"]) for topic in described}
    found = {name: number for name, number in numbers.items() if number}  # 0: there is no topic
    if wrong := wrong_topics(found, settings):
        raise TopicsWrong(wrong)
    check_broker_time(settings, told.get(events.name, {}).get(TIME_TYPE))
    return LogIdentity(brokers.get("cluster_id") or "", log)


async def describe_topics(settings: Settings, admin: Any, topics: list[str]) -> list[Any]:
    """What the broker says of topics, missing ones too; `NotAuthorized` where it hides one."""
    described: list[Any] = await admin.describe_topics(topics)
    hidden = [topic["topic"] for topic in described if topic["error_code"] == TOPIC_DENIED]
    if hidden:
        raise denied(", ".join(hidden), settings)
    return described


def wrong_topics(found: Mapping[str, int], settings: Settings) -> str:
    """What is wrong with our topics, whose partitions are counted here; empty: nothing.

    >>> wrong_topics({"goeswith.events": 8}, Settings(partitions=4)).split(": ")[-1]
    'see GOESWITH_PARTITIONS'
    """
    ours, wanted = settings.topics.declared(), settings.partitions
    said = []
    if missing := [name for name in ours if name not in found]:
        said.append(f"no topic {', '.join(missing)}: `goeswith topics create` makes it")
    for number in sorted({found[name] for name in ours if name in found} - {wanted}):
        names = ", ".join(name for name in ours if found.get(name) == number)
        said.append(f"partitions={wanted}, but {number} in {names}: see GOESWITH_PARTITIONS")
    return "; ".join(said)


def check_broker_time(settings: Settings, told: str | None) -> None:
    """Raise `TopicsWrong` if the events carry their senders' time, and that is not allowed.

    `told` is the topic's `message.timestamp.type`; None: the broker does not say.

    >>> check_broker_time(Settings(), "LogAppendTime")
    >>> check_broker_time(Settings(create_time_allowed=True), "CreateTime")
    """
    events, where = settings.topics.events, settings.kafka_bootstrap
    if told is None:
        said = "the broker does not say whether records of %s carry its own time: taken for granted"
        logger.log(_level_of_untold(settings), said, events)
    elif told not in BROKER_TIME.values() and not settings.create_time_allowed:
        raise TopicsWrong(
            f"{events} has {TIME_TYPE}={told}: one wrong clock would rule for years. Mend it: "
            f"{command_of_broker_time(events, where)} (or GOESWITH_CREATE_TIME_ALLOWED=1)"
        )


async def configured(admin: Any, wanted: Sequence[ConfigResource]) -> dict[str, dict[str, str]]:
    """How brokers or topics are configured: of each, by its name, what is wanted of it.

    Nothing where the broker does not tell: it is embedded, or we are not allowed to ask.
    """
    try:
        answers = await admin.describe_configs([*wanted])
    except (KafkaError, NotImplementedError):
        return {}
    asked = {one.name: one.configs for one in wanted}
    return {
        name: {
            said: value for said, value, *_ in entries if said in asked[name] and value is not None
        }
        for answer in answers
        for _code, _message, _kind, name, entries in answer.resources
    }


SESSION_BOUNDS = ("group.min.session.timeout.ms", "group.max.session.timeout.ms")


async def _check_session_timeout(settings: Settings, admin: Any, brokers: Any) -> None:
    """Raise `Misconfigured` when a broker would not take our session timeout.

    It would refuse us each time that we join. One that does not tell (we may not ask, or it is
    embedded) may take it: that is said.
    """
    told: dict[str, str] = {}
    for broker in brokers.get("brokers", ())[:1]:
        name = str(broker["node_id"])
        node = ConfigResource(ConfigResourceType.BROKER, name, dict.fromkeys(SESSION_BOUNDS))
        told = (await configured(admin, [node])).get(name, {})
    check_session_timeout(settings, *(told.get(name) for name in SESSION_BOUNDS))


def check_session_timeout(settings: Settings, low_ms: str | None, high_ms: str | None) -> None:
    """Raise `Misconfigured` unless our session timeout is between the broker's bounds.

    None: the broker does not say.

    >>> check_session_timeout(Settings(session_timeout_s=10.0), "6000", "1800000")
    >>> check_session_timeout(Settings(session_timeout_s=3_600.0), "6000", "1800000")
    Traceback (most recent call last):
      ...
    streams.contract.errors.Misconfigured: GOESWITH_SESSION_TIMEOUT_S=3600 is not what the brokers
    take: from 6 s (group.min.session.timeout.ms) to 1800 s (group.max.session.timeout.ms)
    """
    timeout_s = settings.session_timeout_s
    if low_ms is None or high_ms is None:
        said = "the broker does not say which session timeouts it takes: %g s is taken for granted"
        logger.log(_level_of_untold(settings), said, timeout_s)
    elif not int(low_ms) <= int(timeout_s * 1000) <= int(high_ms):
        raise Misconfigured(
            f"GOESWITH_SESSION_TIMEOUT_S={timeout_s:g} is not what the brokers take: from "
            f"{int(low_ms) / 1000:g} s ({SESSION_BOUNDS[0]}) to {int(high_ms) / 1000:g} s "
            f"({SESSION_BOUNDS[1]})"
        )


def _level_of_untold(settings: Settings) -> int:
    """Of a line about what a broker does not tell: an embedded one never does."""
    return logging.INFO if settings.kafka_api_version else logging.WARNING


NO_COORDINATOR = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
"""What a broker says of a group while its coordinator is being found, or moves."""


async def committed(admin: AIOKafkaAdminClient, settings: Settings) -> dict[int, int]:
    """The next offset that the workers will answer, by partition of the events topic; 0: none.

    None is known, either, while the broker looks for the group's coordinator: ask again.
    """
    partitions = [
        TopicPartition(settings.topics.events, number) for number in range(settings.partitions)
    ]
    try:
        found = await admin.list_consumer_group_offsets(settings.group_id, partitions=partitions)
    except NO_COORDINATOR:
        return {at.partition: 0 for at in partitions}
    return {at.partition: max(0, answered.offset) for at, answered in found.items()}
