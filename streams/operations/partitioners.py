"""How senders choose a record's partition by its key: the two that clients of Kafka come with."""

from kafka.partitioner import murmur2 as signed_murmur2


def murmur2(key: bytes, partitions: int) -> int:
    """As Kafka's own clients do, and most others: the Java client, kafka-python, aiokafka.

    >>> murmur2(b"session-7", partitions=12)
    6
    """
    return int(signed_murmur2(key) & 0x7FFFFFFF) % partitions
