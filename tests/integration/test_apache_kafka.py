"""The real broker that other tests lean on: it can be killed, and keeps what it acknowledged."""

from aiokafka import AIOKafkaProducer

from streams.contract.settings import Settings
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.operations.topics import create_topics

TOPIC = Settings().topics.events


async def _append(broker: RealKafka) -> int:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
        appended = await producer.send_and_wait(TOPIC, b"bread")
        offset: int = appended.offset
        return offset


async def test_a_killed_broker_comes_back_with_its_records(own_kafka: RealKafka) -> None:
    """The same address, and the log goes on where it was."""
    create_topics(Settings(kafka_bootstrap=own_kafka.bootstrap, partitions=1))
    first = await _append(own_kafka)
    own_kafka.kill()
    own_kafka.start()
    second = await _append(own_kafka)
    own_kafka.stop()

    assert [0, 1] == [first, second]
