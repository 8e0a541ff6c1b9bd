"""What becomes of a transaction whose producer fails: producers in memory, no broker."""

import pytest
from kafka import errors

from streams.clients.checkpoints.topic.transaction import begun
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings

BROKEN = RuntimeError("the client has a fault of its own")


class Producer:
    """Fails as it is told to, when it commits and when it aborts."""

    def __init__(self, at_commit: Exception | None, at_abort: Exception | None = None) -> None:
        self.done: list[str] = []
        self._fails = {"commit": at_commit, "abort": at_abort}

    def init_transactions(self) -> None:
        """It may write."""
        self.done.append("init")

    def begin_transaction(self) -> None:
        """It writes."""
        self.done.append("begin")

    def commit_transaction(self) -> None:
        """All of it is there, or it fails."""
        self._do("commit")

    def abort_transaction(self) -> None:
        """Nothing of it is there, or it fails."""
        self._do("abort")

    def _do(self, what: str) -> None:
        self.done.append(what)
        if failure := self._fails[what]:
            raise failure


def write(producer: Producer) -> None:
    """A transaction in which nothing is sent."""
    with begun(producer, Settings(), "shop.checkpoints"):
        pass


def test_a_commit_that_succeeds_is_all() -> None:
    """Nothing is aborted."""
    producer = Producer(None)
    write(producer)

    assert ["init", "begin", "commit"] == producer.done


@pytest.mark.parametrize("at_abort", [None, ValueError("and another one"), errors.KafkaError()])
def test_a_commit_that_fails_in_any_way_is_none(at_abort: Exception | None) -> None:
    """Not what Kafka says alone; and what an abort says behind it does not hide it."""
    producer = Producer(BROKEN, at_abort)
    with pytest.raises(RuntimeError) as raised:
        write(producer)

    assert BROKEN is raised.value
    assert ["init", "begin", "commit", "abort"] == producer.done


def test_a_writer_that_was_fenced_says_so() -> None:
    """Somebody else writes."""
    with pytest.raises(GoeswithError, match="somebody else has begun to write"):
        write(Producer(errors.ProducerFencedError()))
