"""What a consumer group has answered, asked with aiokafka by tools that live in an event loop."""

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.settings import Settings


async def committed(admin: AIOKafkaAdminClient, settings: Settings) -> dict[int, int]:
    """The next offset that the workers will answer, by partition of the events topic; 0: none."""
    partitions = [
        TopicPartition(settings.topics.events, number) for number in range(settings.partitions)
    ]
    found = await admin.list_consumer_group_offsets(settings.group_id, partitions=partitions)
    return {at.partition: max(0, answered.offset) for at, answered in found.items()}
