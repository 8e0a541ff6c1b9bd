"""One writer at a time in a topic of checkpoints: transactions under one id, which is its name.

Whoever begins to write fences whoever wrote before (KIP-98): of two writers the earlier one fails
as a whole, whatever it has sent, and a process that came back from a long pause writes nothing at
all. When `transaction` has begun, what other writers did is committed or aborted: what is read then
is what there is, until somebody else begins.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

from kafka import errors

from streams.clients.sync_kafka import TOO_LARGE, TRANSACTION_S_MAX, open_producer
from streams.contract.errors import GoeswithError, KafkaUnreachable, TopicsWrong
from streams.contract.settings import Settings

FENCED = (errors.ProducerFencedError, errors.InvalidProducerEpochError)
IN_FLIGHT_MAX = 4
"""Records that are sent and not yet acknowledged: what they take of memory, and of a network."""

Records = Iterable[tuple[str, bytes | None]]
"""Keys and values; None deletes what has this key."""


class Sender:
    """Sends within a transaction."""

    def __init__(self, producer: Any, topic: str, timeout_s: float) -> None:
        self._producer, self._topic, self._timeout_s = producer, topic, timeout_s
        self._waiting: deque[Any] = deque()

    def send(self, records: Records) -> list[int]:
        """The offsets of records, once all of them are there; raises what Kafka says."""
        offsets = []
        for key, value in records:
            if len(self._waiting) == IN_FLIGHT_MAX:
                offsets.append(self._acknowledged())
            sent = self._producer.send(self._topic, value, key=key.encode(), partition=0)
            self._waiting.append(sent)
        while self._waiting:
            offsets.append(self._acknowledged())
        return offsets

    def first_failure(self) -> Exception | None:
        """Why the first record failed of those that were not asked after yet."""
        failed = (sent.exception for sent in self._waiting if sent.failed())
        return next(failed, None)

    def _acknowledged(self) -> int:
        return int(self._waiting.popleft().get(timeout=self._timeout_s).offset)


@contextmanager
def transaction(settings: Settings, topic: str) -> Iterator[Sender]:
    """All that is sent within the block is there when it ends, or nothing of it.

    Raises a `GoeswithError` when it is not, and so when somebody else has begun to write meanwhile.
    """
    with (
        open_producer(settings, transactional_id=topic) as producer,
        begun(producer, settings, topic) as sender,
    ):
        yield sender


@contextmanager
def begun(producer: Any, settings: Settings, topic: str) -> Iterator[Sender]:
    """The transaction of a producer that is open, as `transaction` has it."""
    sender = Sender(producer, topic, settings.kafka_timeout_s)
    try:
        producer.init_transactions()
        producer.begin_transaction()
        yield sender
        _bounded(producer.commit_transaction, settings)
    except BaseException as error:
        with suppress(Exception):  # the next writer does it for us, and `error` is what is told
            _bounded(producer.abort_transaction, settings)
        if isinstance(error, errors.KafkaError):
            raise _told(sender.first_failure() or error, topic) from error
        raise


def _told(error: Exception, topic: str) -> Exception:
    """What we say of an error of Kafka's; itself, where others say it."""
    if isinstance(error, FENCED):
        return GoeswithError(
            f"somebody else has begun to write to topic {topic}, or this took longer than "
            f"{TRANSACTION_S_MAX} s: nothing of it is kept"
        )
    if isinstance(error, errors.TransactionalIdAuthorizationFailedError):
        named: Exception = type(error)(topic)  # it does not say which one
        return named
    if isinstance(error, TOO_LARGE):
        return TopicsWrong(f"topic {topic} takes no records of this size: see max.message.bytes")
    return error


def _bounded(call: Callable[[], None], settings: Settings) -> None:
    """Do what has no bound of its own; raises `KafkaUnreachable` after `kafka_timeout_s`.

    And what the call raises, whatever that is: a thread that ended so has not done it.
    """
    failed: list[Exception] = []

    def work() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  # it is raised where the call was asked for
            failed.append(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(settings.kafka_timeout_s)
    if thread.is_alive():
        raise KafkaUnreachable(
            f"Kafka at {settings.kafka_bootstrap} did not say whether a transaction has ended"
        )
    for error in failed:
        raise error
