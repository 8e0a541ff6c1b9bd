"""The partitioner: bit for bit that of Kafka's Java client."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner import murmur2 as signed_murmur2

from streams.contract.wire.partitioner import murmur2, partition_of

OF_JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""`testMurmur2` in org.apache.kafka.common.utils.UtilsTest."""


def test_the_hash_is_that_of_the_java_client() -> None:
    """Its own test vectors, of each length behind the last word of four bytes."""
    assert OF_JAVA == {key: murmur2(key) - (murmur2(key) >> 31 << 32) for key in OF_JAVA}


@given(st.binary(max_size=64), st.integers(1, 64))
def test_a_key_lies_where_other_clients_put_it(key: bytes, partitions: int) -> None:
    """Those of kafka-python and aiokafka."""
    everywhere = list(range(partitions))

    assert murmur2(key) == signed_murmur2(key) & 0xFFFFFFFF
    assert partition_of(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)
