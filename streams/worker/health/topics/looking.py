"""One look at the topics: which are there, how they are configured, where the log begins and ends.

All of it beside the hot path, by an admin client of its own that is kept open.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupAuthorizationFailedError

from streams.clients.async_kafka import client_options, committed, configured
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.topics.findings import PartitionSeen, TopicSeen, TopicsSeen
from streams.clients.connection.topics.judge import ASKED
from streams.clients.connection.topics.topic_ids import topics_seen
from streams.contract.settings import Settings


class LookedAtReplica(Protocol):
    """What is asked of a replica."""

    following: bool
    """Whether it stands where the log begins, or further."""

    def position(self, partition: int) -> int:
        """The next offset of a partition to fold."""

    async def begins(self) -> Mapping[int, int]:
        """The first offset that each partition still holds."""

    async def ends(self) -> Mapping[int, int]:
        """Where the log of each partition ends."""


class TopicsLook:
    """Looks at the topics of an installation; raises aiokafka's errors, and `TimeoutError`."""

    def __init__(self, settings: Settings, replica: LookedAtReplica) -> None:
        self._settings, self._replica = settings, replica
        self._admin: Any = None
        self._opening = asyncio.Lock()

    async def look(self) -> TopicsSeen:
        """What is to be seen now; of the log only where it has the partitions that it should."""
        settings, admin = self._settings, await self._opened()
        topics = await topics_seen(admin, list(settings.topics.declared()))
        told = await configured(admin, [_asked(name) for name in topics if self._may_ask(name)])
        topics = {name: seen._replace(config=told.get(name, {})) for name, seen in topics.items()}
        return TopicsSeen(topics, await self._log(admin, topics))

    async def events_id(self) -> str | None:
        """The id of the events topic now; empty: not told; None: it is not there."""
        events = self._settings.topics.events
        seen = (await topics_seen(await self._opened(), [events])).get(events)
        return None if seen is None else seen.topic_id

    async def close(self) -> None:
        """Close the client."""
        if self._admin is not None:
            admin, self._admin = self._admin, None
            await admin.close()

    async def _opened(self) -> Any:
        async with self._opening:  # who writes a checkpoint asks, too
            if self._admin is None:
                admin = AIOKafkaAdminClient(**client_options(self._settings))
                limit_metadata_requests(admin._client)  # noqa: SLF001
                try:
                    await admin.start()
                except BaseException:
                    await admin.close()
                    raise
                self._admin = admin
            return self._admin

    def _may_ask(self, name: str) -> bool:
        """Nobody needs a right to ask how the topic of agreement is configured."""
        return name != self._settings.topics.agreement

    async def _log(self, admin: Any, topics: Mapping[str, TopicSeen]) -> dict[int, PartitionSeen]:
        """Positions and commits are read first: both only grow, and so does the end."""
        settings, replica = self._settings, self._replica
        events = topics.get(settings.topics.events)
        if not replica.following or events is None or events.partitions < settings.partitions:
            return {}
        numbers = range(settings.partitions)
        stands = {number: replica.position(number) for number in numbers}
        try:
            answered = await committed(admin, settings)
        except GroupAuthorizationFailedError:  # a standby needs no right on the group
            answered = {}
        begins, ends = await replica.begins(), await replica.ends()
        return {
            number: PartitionSeen(
                begins[number], ends[number], answered.get(number) or None, stands[number]
            )
            for number in numbers
        }


def _asked(topic: str) -> ConfigResource:
    return ConfigResource(ConfigResourceType.TOPIC, topic, dict.fromkeys(ASKED))
