"""What waits on the embedded broker can be looked at again and again."""

from aiokafka import AIOKafkaProducer

from streams.clients.log_reader import open_reader
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker

PARTITIONS = 4
RECORDS = 3


async def test_the_first_waiting_records_are_found_each_time(
    embedded_broker: EmbeddedBroker, topic_prefix: str
) -> None:
    """Each look asks for other partitions from other offsets; none is barred by the look before."""
    settings = Settings(
        kafka_bootstrap=embedded_broker.bootstrap,
        kafka_api_version="2.0",
        topic_prefix=topic_prefix,
    )
    topic = settings.topics.events
    embedded_broker.create_topic(topic, PARTITIONS)
    async with AIOKafkaProducer(bootstrap_servers=embedded_broker.bootstrap) as producer:
        for number in range(PARTITIONS):
            for _ in range(RECORDS):
                await producer.send_and_wait(topic, b"bread", partition=number)

    with open_reader(settings, topic) as reader:
        ends = reader.ends()
        for look in range(2 * PARTITIONS):
            waiting = {
                at: (at.number + look) % RECORDS
                for at in reader.partitions
                if at.number != look % PARTITIONS
            }
            found = reader.first_times_ms(waiting, ends)

            assert set(waiting) == set(found)
            assert None not in found.values()
