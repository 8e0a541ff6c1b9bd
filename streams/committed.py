"""What a consumer group has answered, asked with aiokafka by tools that live in an event loop."""

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

from streams.contract.settings import Settings

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
