"""The clients by which a gateway writes events to Kafka, and reads prompts from it."""

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.clients.async_kafka import client_options, reading_options
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.contract.settings import Settings
from streams.contract.topics import RECORD_BYTES_MAX

CLIENT = {"client_id": "goeswith-gateway"}
BATCH_BYTES_MAX = 262_144
POLL_MS = 1000


def events_producer(settings: Settings) -> Any:
    """Idempotent, as far as the broker knows that."""
    producer = AIOKafkaProducer(
        **client_options(settings) | CLIENT,
        enable_idempotence=not settings.kafka_api_version,  # the embedded broker has none
        acks="all",
        linger_ms=0,
        max_batch_size=BATCH_BYTES_MAX,
        max_request_size=RECORD_BYTES_MAX,
    )
    limit_metadata_requests(producer.client)
    return producer


def prompts_consumer(settings: Settings) -> Any:
    """From the end on, also where the log no longer has what was not read: it has expired."""
    waits_ms = settings.fetch_busy_wait_ms if settings.fetch_wait_fixed else POLL_MS
    reading = reading_options(settings) | CLIENT | {"auto_offset_reset": "latest"}
    return AIOKafkaConsumer(**reading, fetch_max_wait_ms=waits_ms)


async def started(client: Any) -> Any:
    """The client, connected; closed where it cannot be."""
    try:
        await client.start()
    except BaseException:
        with heeding_our_cancellation():
            await client.stop()
        raise
    return client
