"""What is read of the log for people, as far as no broker is needed to show it."""

from collections.abc import Mapping
from time import sleep
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from kafka import TopicPartition
from kafka.errors import CoordinatorNotAvailableError

from streams.clients.log_reader import POLL_S, LogReader, Partition, committed_offsets
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from tests.stories import OPEN

EVENTS = Partition("goeswith.events", 0)
OTHER = Partition("goeswith.events", 1)


class Committed(NamedTuple):
    """What a broker says of a partition."""

    offset: int


class NewBroker:
    """Answers questions about a group once it has been asked so many times in vain."""

    def __init__(self, vain: int) -> None:
        self.vain = vain

    def list_group_offsets(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Every offset is 7."""
        self.vain -= 1
        if self.vain >= 0:
            raise CoordinatorNotAvailableError("not yet")
        return {
            group: dict.fromkeys(partitions, Committed(7)) for group, partitions in asked.items()
        }


def test_a_group_is_asked_for_again_while_its_coordinator_is_being_found() -> None:
    """The first question makes a new cluster look for a coordinator: it is no failure."""
    assert {EVENTS: 7} == committed_offsets(Settings(**OPEN), NewBroker(vain=2), [EVENTS])


def test_a_group_without_a_coordinator_is_an_error_in_the_end() -> None:
    """A broker that never finds one is not asked for ever."""
    settings = Settings(**{**OPEN, "kafka_timeout_s": 1.0})

    with pytest.raises(GoeswithError, match="CoordinatorNotAvailable"):
        committed_offsets(settings, NewBroker(vain=1_000_000), [EVENTS])


class LongAborted:
    """A consumer of a partition whose every record was aborted: it passes one at each poll."""

    def __init__(self) -> None:
        self.at = 0

    def assign(self, _: object) -> None:
        """There is one partition."""

    def seek(self, _: object, offset: int) -> None:
        """Go there."""
        self.at = offset

    def poll(self, timeout_ms: int, max_records: int) -> dict[object, list[object]]:
        """Takes all of its time, and brings nothing."""
        sleep(timeout_ms / 1000)
        self.at += 1
        return {}

    def position(self, _: object) -> int:
        """The next offset to read."""
        return self.at


def test_a_reader_that_gets_on_over_what_was_aborted_is_not_given_up() -> None:
    """It takes longer than a broker may take to answer, and brings no record all the while."""
    settings = Settings(**{**OPEN, "kafka_timeout_s": 1.0})
    polls = round(1.5 / POLL_S)

    assert [] == list(
        LogReader(LongAborted(), [EVENTS], settings).between({EVENTS: 0}, {EVENTS: polls})
    )


class TwoPartitions:
    """A consumer that reads the second partition when it has read the first one."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.at = {TopicPartition(*EVENTS): 0, TopicPartition(*OTHER): 0}

    def assign(self, _: object) -> None:
        """Nothing is fetched ahead."""

    def seek(self, at: TopicPartition, offset: int) -> None:
        """Go there."""
        self.at[at] = offset

    def poll(self, timeout_ms: int, max_records: int) -> dict[object, list[object]]:
        """One record."""
        at = next(at for at, offset in self.at.items() if offset < self.each)
        record = SimpleNamespace(
            topic=at.topic,
            partition=at.partition,
            offset=self.at[at],
            timestamp=0,
            key=b"",
            value=b"",
            headers=(),
        )
        self.at[at] += 1
        return {at: [record]}

    def position(self, at: TopicPartition) -> int:
        """The next offset to read."""
        return self.at[at]


def test_a_reader_says_which_partitions_it_has_not_read_to_the_end() -> None:
    """While it reads; who joins records of several must know what may still come."""
    reader = LogReader(TwoPartitions(2), [EVENTS, OTHER], Settings(**OPEN))
    records = reader.between({EVENTS: 0, OTHER: 0}, {EVENTS: 2, OTHER: 2})

    assert [{0, 1}, {0, 1}, {1}, {1}] == [reader.unread() for _ in records]
    assert not reader.unread()


def test_whoever_takes_long_over_a_record_is_not_told_that_the_broker_is_away() -> None:
    """The time that a broker may take is its own, wherever in a batch the record stood."""
    settings = Settings(**{**OPEN, "kafka_timeout_s": 1.0})
    records = LogReader(TwoPartitions(3), [EVENTS, OTHER], settings).between(
        {EVENTS: 0, OTHER: 0}, {EVENTS: 3, OTHER: 3}
    )
    read = 0
    for record in records:
        read += 1
        if record.offset == 0:
            sleep(1.1)

    assert 6 == read
