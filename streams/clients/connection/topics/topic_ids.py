"""The ids of topics, by aiokafka: it asks for metadata in a version that does not have them.

A topic that is deleted and made anew under its name is another topic, and has another id: nothing
else tells for certain. Metadata has them from version 10 on (KIP-516); this is version 12, which
Kafka has spoken since 2.8. It also says how many replicas a partition has.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from streams.clients.connection.topics.findings import TopicSeen

METADATA, VERSION = 3, 12
NO_ID = UUID(int=0)


class Uuid(AbstractType[UUID]):  # type: ignore[misc]  # aiokafka has no types
    """An id on the wire: sixteen bytes."""

    @classmethod
    def encode(cls, value: UUID) -> bytes:
        """As bytes."""
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        """From bytes."""
        return UUID(bytes=data.read(16))


class MetadataResponse(Response):  # type: ignore[misc]  # aiokafka has no types
    """What a broker says of topics."""

    API_KEY = METADATA
    API_VERSION = VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class MetadataRequest(RequestStruct):  # type: ignore[misc]  # aiokafka has no types
    """Asks for the metadata of topics by name; no broker makes one because of that."""

    FLEXIBLE_VERSION = True
    API_KEY = METADATA
    API_VERSION = VERSION
    RESPONSE_TYPE = MetadataResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid), ("topic", CompactString("utf-8")), ("tags", TaggedFields)
            ),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicMetadata(Request[MetadataRequest]):  # type: ignore[misc]  # aiokafka has no types
    """The same, as a client of aiokafka takes it."""

    API_KEY = METADATA

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[MetadataRequest]) -> MetadataRequest:
        """The request itself."""
        no_tags: dict[int, bytes] = {}
        asked = [(NO_ID, topic, no_tags) for topic in self._topics]
        return request_struct_class(asked, False, False, no_tags)


async def topics_seen(admin: Any, topics: Sequence[str]) -> dict[str, TopicSeen]:
    """Those of the topics that are there, by name; without ids where the broker knows none.

    `admin` is an `AIOKafkaAdminClient`. Raises aiokafka's errors.
    """
    try:
        answer = await admin._send_request(TopicMetadata(topics))  # noqa: SLF001
    except (IncompatibleBrokerVersion, NotImplementedError):
        return _described(await admin.describe_topics([*topics]))
    return _described(answer.to_object()["topics"])


async def topic_id(admin: Any, topic: str) -> str:
    """The id of a topic; empty where there is no such topic, or the broker knows no ids."""
    seen = (await topics_seen(admin, [topic])).get(topic)
    return seen.topic_id if seen is not None else ""


def _described(topics: Sequence[Mapping[str, Any]]) -> dict[str, TopicSeen]:
    return {
        topic["topic"]: TopicSeen(
            len(topic["partitions"]),
            min(len(partition["replicas"]) for partition in topic["partitions"]),
            str(topic["topic_id"]) if topic.get("topic_id", NO_ID) != NO_ID else "",
        )
        for topic in topics
        if topic["partitions"]
    }
