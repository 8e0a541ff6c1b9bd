"""The operator's and the storefront's Kafka clients, all kafka-python; the worker's are aiokafka's.

Opened here and nowhere else, from `Settings`, and closed with their `with` block. Whatever Kafka
says inside that block leaves it as one of our errors, after a bounded time: `KafkaUnreachable` when
no broker answered, `Misconfigured` when the address or version is wrong, else `GoeswithError`.

The embedded broker wants `kafka_api_version=2.0`. It makes its topics itself: it answers neither
CreateTopics nor DescribeConfigs.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, NamedTuple
from uuid import UUID

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, errors
from kafka.net import selector
from kafka.net.sasl.oauth import AbstractTokenProvider
from kafka.protocol.broker_version_data import BrokerVersionData

from streams.clients.batches.patient_polls import read_patiently
from streams.clients.connection.addresses import broker_addresses
from streams.clients.connection.refusals import hint, refusal
from streams.clients.connection.security import security_options
from streams.clients.connection.tokens import Tokens
from streams.contract.errors import GoeswithError, KafkaUnreachable, Misconfigured, TopicsWrong
from streams.contract.settings import Settings
from streams.contract.topics import RECORD_BYTES_MAX, Topic

CLIENT_ID = "goeswith-operator"
NO_ANSWER = (
    errors.KafkaConnectionError,
    errors.KafkaTimeoutError,
    errors.MetadataEmptyBrokerList,
    errors.NodeNotReadyError,
    errors.RequestTimedOutError,
)
TRANSACTION_S_MAX = 300
"""After this a broker aborts a transaction; its own bound is 900 s, unless it is set otherwise."""
TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)
"""What a producer or a broker says of a record that has no room in its topic."""
NO_ID = UUID(int=0)
TOPIC_ALREADY_EXISTS = 36
"""Kafka's error code."""
WIDENED_POLL_S = 0.1
SLOW_STEP_S = 10.0
"""From then on kafka-python warns that a step of its own loop "is blocking" it. It goes by the
clock on the wall from .1 s on, so each wait for the interpreter (a checkpoint that is compressed
beside it) and each busy machine would be one; nobody but us waits for that loop."""
selector.NetworkSelector.DEFAULT_CONFIG["slow_task_threshold_secs"] = SLOW_STEP_S


class NotMade(NamedTuple):
    """A topic that Kafka did not make."""

    name: str
    error: Exception
    why: str
    """In Kafka's words."""


@contextmanager
def open_admin(settings: Settings) -> Iterator[Any]:
    """A `KafkaAdminClient` that has found its brokers."""
    with translating_errors(settings):
        admin = KafkaAdminClient(**_options(settings))
        try:
            yield admin
        finally:
            admin.close()


def make_topics(admin: Any, wanted: Mapping[str, Topic], settings: Settings) -> list[NotMade]:
    """Ask for topics, and wait for them; those that Kafka did not make.

    One that somebody else has just made is as good. Raises kafka-python's `UnknownBrokerIdError`
    where a broker makes none (the embedded one).
    """
    shapes = {
        name: {
            "num_partitions": topic.partitions or settings.partitions,
            "replication_factor": settings.replication,
            "configs": topic.created_with,
        }
        for name, topic in wanted.items()
    }
    failed = []
    for told in admin.create_topics(shapes, raise_errors=False)["topics"]:
        if told["error_code"] not in (0, TOPIC_ALREADY_EXISTS):
            error = errors.for_code(told["error_code"])(told["name"])
            why = told["error_message"] or type(error).__name__
            failed.append(NotMade(told["name"], error, why))
    if not failed:
        admin.wait_for_topics(list(wanted), timeout_ms=int(settings.kafka_timeout_s * 1000))
    return failed


def widen_topics(admin: Any, wanted: Mapping[str, int], settings: Settings) -> None:
    """Give topics more partitions, and wait for them; raises what Kafka says."""
    for told in admin.create_partitions(dict(wanted), raise_errors=False).results:
        if told.error_code:
            raise errors.for_code(told.error_code)(told.name)
    deadline_s = monotonic() + settings.kafka_timeout_s
    while partition_counts(admin, wanted) != wanted:
        if monotonic() > deadline_s:
            raise errors.KafkaTimeoutError(f"the partitions of {', '.join(wanted)} did not come")
        sleep(WIDENED_POLL_S)


@contextmanager
def open_consumer(settings: Settings, group_id: str | None = None) -> Iterator[Any]:
    """A `KafkaConsumer`, of no group unless one is named, that has found its brokers.

    It commits nothing by itself. It reads what is committed, as workers do: a partition ends where
    an open transaction begins.
    """
    read_patiently()
    with translating_errors(settings):
        consumer = KafkaConsumer(
            **_options(settings),
            group_id=group_id,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            consumer.bootstrap(timeout_ms=int(settings.kafka_timeout_s * 1000))
            yield consumer
        finally:
            consumer.close(autocommit=False, timeout_ms=1000)


@contextmanager
def open_producer(
    settings: Settings, *, idempotent: bool = True, transactional_id: str | None = None
) -> Iterator[Any]:
    """A `KafkaProducer` that waits for all replicas, and takes as large records as our topics.

    An idempotent one ends with the first record that a broker refuses, those behind it included.
    With a transactional id it sends within transactions, of `TRANSACTION_S_MAX` at most.
    """
    read_patiently()  # also for the checksums of what is sent: in C
    timeout_ms = int(settings.kafka_timeout_s * 1000)
    with translating_errors(settings):
        producer = KafkaProducer(
            **_options(settings),
            acks="all",
            enable_idempotence=bool(transactional_id)
            or (idempotent and not settings.kafka_api_version),
            transactional_id=transactional_id,
            transaction_timeout_ms=TRANSACTION_S_MAX * 1000,
            max_request_size=RECORD_BYTES_MAX,
            max_block_ms=timeout_ms,
            delivery_timeout_ms=timeout_ms + 1000,
        )
        try:
            yield producer
        finally:
            producer.close(timeout=settings.kafka_timeout_s)


@contextmanager
def translating_errors(settings: Settings) -> Iterator[None]:
    """Turns what kafka-python raises inside the block into errors of our tree."""
    try:
        yield
    except NO_ANSWER as error:
        if refused := refusal(error, settings):
            raise refused from error
        waited = f"waited up to {settings.kafka_timeout_s:g} s"
        raise _unreachable(settings, f"{waited}; {in_brief(error)}", hint(settings)) from error
    except errors.UnrecognizedBrokerVersion as error:
        raise Misconfigured(
            f"GOESWITH_KAFKA_API_VERSION={settings.kafka_api_version} is no version of Kafka that "
            "kafka-python knows; leave it empty to have it ask the broker"
        ) from error
    except errors.KafkaError as error:
        if refused := refusal(error, settings):
            raise refused from error
        raise GoeswithError(f"Kafka refused: {in_brief(error)}") from error


def cluster_id(admin: Any) -> str:
    """Kafka's own id of the cluster: other clusters have other ones."""
    return str(admin.describe_cluster().get("cluster_id") or "")


def topic_id(admin: Any, topic: str) -> str:
    """Kafka's own id of a topic, as `streams.clients.connection.topics.topic_ids` has it."""
    told = [found.get("topic_id") or NO_ID for found in admin.describe_topics([topic])]
    return next((str(one) for one in told if one != NO_ID), "")


def fewest_replicas(admin: Any, topics: Iterable[str]) -> dict[str, int]:
    """How many replicas that partition of each topic has which has the fewest."""
    return {
        found["name"]: min(len(partition["replica_nodes"]) for partition in found["partitions"])
        for found in admin.describe_topics(list(topics))
    }


def partition_counts(admin: Any, topics: Iterable[str]) -> dict[str, int]:
    """Number of partitions of those of the topics that exist; creates none."""
    counts = {}
    for found in admin.describe_topics(list(topics)):
        error = errors.for_code(found["error_code"])
        if error not in (errors.NoError, errors.UnknownTopicOrPartitionError):
            raise error(found["name"])
        if error is errors.NoError:
            counts[found["name"]] = len(found["partitions"])
    return counts


def partition_count(admin: Any, topic: str, settings: Settings) -> int:
    """Number of partitions of a topic; raises `TopicsWrong` when there is no such topic."""
    found = partition_counts(admin, [topic])
    if topic not in found:
        raise TopicsWrong(
            f"there is no topic {topic} at {settings.kafka_bootstrap}: is the prefix right "
            "(GOESWITH_TOPIC_PREFIX or --prefix)? `goeswith topics create` creates our topics"
        )
    return found[topic]


def _options(settings: Settings) -> dict[str, Any]:
    """What every client is created with, once somebody listens there."""
    addresses = broker_addresses(settings.kafka_bootstrap)
    _check_listening(settings, addresses)
    if settings.kafka_tls or settings.kafka_sasl:
        # It loads aiokafka, which takes its time.
        from streams.clients.connection.probe import check_connection_now  # noqa: PLC0415

        check_connection_now(settings)
    timeout_ms = int(settings.kafka_timeout_s * 1000)
    return {
        "bootstrap_servers": [f"{host}:{port}" for host, port in addresses],
        "client_id": CLIENT_ID,
        "api_version": _api_version(settings.kafka_api_version),
        "bootstrap_timeout_ms": timeout_ms,
        "request_timeout_ms": timeout_ms,
        "reconnect_backoff_max_ms": 1000,
        **security_options(settings, SyncTokens),
    }


class SyncTokens(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """Access tokens as kafka-python asks for them."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self._tokens = tokens

    def token(self) -> str:
        """A token that lives."""
        return self._tokens.token()


def _api_version(version: str) -> tuple[int, ...] | None:
    """`2.0` as kafka-python wants it; raises what it would raise itself, with its sockets open."""
    if not version:
        return None
    numbers = tuple(map(int, version.split(".")))
    BrokerVersionData(numbers)
    return numbers


def _check_listening(settings: Settings, addresses: list[tuple[str, int]]) -> None:
    """Raises `KafkaUnreachable` at once when nobody listens at any of the addresses.

    kafka-python would keep trying for the whole timeout, and leave its sockets open in the end.
    """
    refusals = []
    for host, port in addresses:
        try:
            timeout_s = settings.kafka_timeout_s / len(addresses)
            socket.create_connection((host.strip("[]"), port), timeout_s).close()
        except OSError as error:
            refusals.append(error.strerror or str(error))
        else:
            return
    raise _unreachable(settings, "; ".join(refusals))


def _unreachable(settings: Settings, why: str, more: str = "") -> KafkaUnreachable:
    return KafkaUnreachable(
        f"no Kafka broker answered at {settings.kafka_bootstrap} ({why}): is it running, and is "
        f"GOESWITH_KAFKA_BOOTSTRAP (or --bootstrap) right? {more}".rstrip()
    )


def in_brief(error: Exception) -> str:
    """Name and first words of a Kafka error: whole requests are printed into some of them."""
    return " ".join(str(error).split())[:160]
