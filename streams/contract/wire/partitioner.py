"""Which partition a key belongs to: murmur2, as Kafka's own clients choose it.

A session has to stay on one partition, whoever writes its events: so all of them hash alike. This
is `org.apache.kafka.common.utils.Utils.murmur2` of Kafka's Java client, the default there and in
kafka-python, aiokafka and kafkajs; librdkafka's default is another one (CRC-32), and takes
`partitioner=murmur2_random`.
"""

SEED = 0x9747B28C
MIX = 0x5BD1E995
WORD = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """The hash of a key, as the 32 bits that Java has it in, without a sign.

    >>> murmur2(b"foobar") - 2**32  # Java says it with one
    -790332482
    """
    whole = len(key) & ~3
    hashed = SEED ^ len(key)
    for at in range(0, whole, 4):
        word = int.from_bytes(key[at : at + 4], "little") * MIX & WORD
        word = (word ^ word >> 24) * MIX & WORD
        hashed = (hashed * MIX & WORD) ^ word
    if rest := key[whole:]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * MIX & WORD
    hashed = (hashed ^ hashed >> 13) * MIX & WORD
    return hashed ^ hashed >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key.

    >>> partition_of(b"session-7", 12)
    6
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions
