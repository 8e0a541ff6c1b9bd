"""The log shows how its senders choose partitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.operations.dead_letters.partitioners import PARTITIONERS, Placed, partitioner_of
from streams.operations.dead_letters.replay_plan import ReplayRules
from tests.operations.dead_letters.test_replay_plan import SETTINGS, letter

KEYS = [f"session-{number}".encode() for number in range(200)]


def placed(name: str, partitions: int) -> list[Placed]:
    """Where senders with this partitioner put their events."""
    return [Placed(key, PARTITIONERS[name](key, partitions)) for key in KEYS]


@pytest.mark.parametrize("name", PARTITIONERS)
@pytest.mark.parametrize("partitions", [2, 3, 12])
def test_a_partitioner_is_known_by_where_events_lie(name: str, partitions: int) -> None:
    """Also where a few were sent by hand."""
    by_hand = [Placed(key, partitions - 1) for key in KEYS[:10]]

    assert name == partitioner_of([*placed(name, partitions)[10:], *by_hand], partitions)


def test_events_that_lie_otherwise_show_none() -> None:
    """A partitioner of one's own, or topics that were given more partitions since."""
    assert partitioner_of([Placed(key, len(key) % 3) for key in KEYS], 3) is None
    assert partitioner_of(placed("crc32", 3), 4) is None


def test_on_one_partition_and_without_events_any_will_do() -> None:
    """Then it is that of Kafka's own clients."""
    assert "murmur2" == partitioner_of(placed("crc32", 1), 1) == partitioner_of([], 3)


@given(st.binary(max_size=40), st.integers(1, 100))
def test_a_partition_is_one_of_the_topic(key: bytes, partitions: int) -> None:
    """Whatever the key."""
    assert all(0 <= of(key, partitions) < partitions for of in PARTITIONERS.values())


@pytest.mark.parametrize("name", PARTITIONERS)
def test_a_letter_with_another_key_goes_to_where_its_session_is(name: str) -> None:
    """Not to where Kafka's own clients would send it."""
    rules = ReplayRules(SETTINGS, 12, "session_id", partitioner=PARTITIONERS[name])

    assert PARTITIONERS[name](b"s1", 12) == rules.partition(letter(key=b"somebody"))
    assert 3 == rules._replace(key_from=None).partition(letter(key=b"somebody"))
