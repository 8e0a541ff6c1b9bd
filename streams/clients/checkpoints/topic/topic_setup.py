"""The topic of checkpoints as it has to be: one partition, compacted; made here if it may be."""

from typing import Any

from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType

from streams.clients.sync_kafka import make_topics, open_admin, partition_counts
from streams.contract.errors import TopicsWrong
from streams.contract.settings import Settings
from streams.contract.topics import CHECKPOINTS

CHUNK_BYTES_MAX = 900_000
"""What brokers of default settings take, with room: 1,048,588 bytes with all that is around it."""
FRAME_BYTES = 1_000
"""Of a batch of one record: its header, its key."""


def prepared(settings: Settings, topic: str) -> int:
    """How large a chunk may be there, in bytes, once the topic is as it has to be.

    Raises `TopicsWrong` with the command that helps.
    """
    with open_admin(settings) as admin:
        counts = partition_counts(admin, [topic])
        if topic not in counts:
            _create(settings, topic, admin)
            counts = {topic: 1}
        config = _config(admin, topic)
    if counts[topic] != 1:
        raise TopicsWrong(
            f"topic {topic} has {counts[topic]} partitions, and checkpoints need one: name another "
            f"topic in GOESWITH_CHECKPOINT_URL, or make it anew: {command(settings, topic)}"
        )
    if (policy := config.get("cleanup.policy", "compact")) != "compact":
        raise TopicsWrong(
            f"topic {topic} has cleanup.policy={policy}, and would lose checkpoints: name another "
            "topic in GOESWITH_CHECKPOINT_URL, or, if nothing else is in this one, mend it: "
            f"kafka-configs.sh --bootstrap-server {settings.kafka_bootstrap} --alter --topic "
            f"{topic} --add-config cleanup.policy=compact"
        )
    bytes_max = int(config.get("max.message.bytes", CHUNK_BYTES_MAX + FRAME_BYTES))
    return max(1, min(CHUNK_BYTES_MAX, bytes_max - FRAME_BYTES))


def command(settings: Settings, topic: str) -> str:
    """The command that makes the topic, for somebody who may.

    >>> print(command(Settings(), "shop.checkpoints"))  # doctest: +NORMALIZE_WHITESPACE
    kafka-topics.sh --bootstrap-server 127.0.0.1:9092 --create --topic shop.checkpoints
        --partitions 1 --replication-factor 1 --config cleanup.policy=compact
        --config segment.bytes=67108864 --config delete.retention.ms=3600000
    """
    where = f"--bootstrap-server {settings.kafka_bootstrap} --create --topic {topic}"
    shape = f"--partitions 1 --replication-factor {settings.replication}"
    config = " ".join(
        f"--config {name}={value}" for name, value in CHECKPOINTS.created_with.items()
    )
    return f"kafka-topics.sh {where} {shape} {config}"


def _create(settings: Settings, topic: str, admin: Any) -> None:
    """Make the topic; raises `TopicsWrong` if we may not, or cannot."""
    try:
        whys = [failed.why for failed in make_topics(admin, {topic: CHECKPOINTS}, settings)]
    except errors.UnknownBrokerIdError:
        whys = ["this broker creates none"]
    for why in whys:
        raise TopicsWrong(
            f"there is no topic {topic} for checkpoints, and Kafka did not make it "
            f"({why}). Make it: {command(settings, topic)}"
        )


def _config(admin: Any, topic: str) -> dict[str, str]:
    """How the topic is configured; nothing where the broker does not say, or not to us."""
    try:
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic)]
        told = admin.describe_configs(asked, config_filter="all")["topic"][topic]
    except (
        errors.AuthorizationError,
        errors.KafkaConnectionError,  # how the embedded broker says that it cannot
        errors.UnsupportedVersionError,
    ):
        return {}
    return {name: entry["value"] for name, entry in told.items() if entry["value"] is not None}
