"""Letters on their way: one failure stops no other, and it is told what became of each."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
)

from streams.clients.sync_kafka import open_producer
from streams.contract.errors import KafkaUnreachable
from streams.contract.settings import Settings
from streams.operations.dead_letters.letters import DeadLetter
from streams.operations.dead_letters.replay_plan import ReplayRules
from streams.operations.dead_letters.resending import send_again
from tests.operations.dead_letters.test_replay_plan import RULES, letter


class OnItsWay:
    """A record under way: acknowledged, or not."""

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure

    def get(self, timeout: float) -> None:
        """What became of it."""
        if self.failure is not None:
            raise self.failure


class Producer:
    """Takes records but those of the values that fail: as they are sent, or later."""

    def __init__(
        self,
        at_once: dict[bytes, Exception] | None = None,
        later: dict[bytes, BaseException] | None = None,
        *,
        once: bool = False,
    ) -> None:
        self.at_once, self.later, self.once = at_once or {}, later or {}, once
        self.tried: list[bytes] = []
        self.marked: list[str] = []

    def send(self, topic: str, *, value: bytes | None, key: bytes, **_: Any) -> OnItsWay:
        """Take one, or not; marks are told by their topic, and fail by their key."""
        if topic == RULES.settings.topics.dead_letters:
            self.marked.append(key.decode())
            value = key
        else:
            assert value is not None
            self.tried.append(value)
        if value in self.at_once:
            raise self.at_once[value]
        return OnItsWay(self.later.pop(value, None) if self.once else self.later.get(value))


def three() -> list[DeadLetter]:
    """Letters of partitions 1, 2 and 3."""
    return [letter(n, value=b"%d" % n, partition=1 + n) for n in range(3)]


def not_taken(producer: Producer, letters: Iterator[DeadLetter] | list[DeadLetter]) -> Any:
    """What became of three letters that may go."""
    return send_again(RULES, ["0:0", "0:1", "0:2"], letters, nullcontext(producer)).refused


def test_whatever_kafka_says_of_a_letter_the_others_go() -> None:
    """At once or later: too large, not allowed, no answer, too few replicas, no partition."""
    for error in (
        MessageSizeTooLargeError(),
        ClusterAuthorizationFailedError("no"),
        KafkaTimeoutError("no answer"),
        NotEnoughReplicasError(),
        ValueError("Unrecognized partition 1"),
    ):
        at_once = not_taken(sent := Producer(at_once={b"0": error}), three())

        assert ["0:0"] == list(at_once)
        assert [b"0", b"1", b"2"] == sent.tried
        if not isinstance(error, ValueError):
            assert ["0:0"] == list(not_taken(Producer(later={b"0": error}), three()))


def test_a_partition_that_took_nothing_in_time_is_not_waited_for_again() -> None:
    """A thousand letters of it would take a thousand timeouts; other partitions get theirs."""
    letters = [letter(n, value=b"%d" % n, partition=1 + n % 2) for n in range(3)]
    sent = Producer(at_once={b"0": KafkaTimeoutError("no answer")})
    said = not_taken(sent, letters)

    assert [b"0", b"1"] == sent.tried
    assert ["0:0", "0:2"] == list(said)
    assert "partition 1 took nothing within 10 s: KafkaTimeoutError: no answer" in said["0:0"]
    assert "sending it twice does no harm" in said["0:0"]
    assert said["0:2"].startswith("it was not sent: partition 1 took nothing")


def test_what_was_refused_for_another_record_of_its_batch_is_sent_again_alone() -> None:
    """Once: what kafka-python says of it is a bare KafkaError."""
    beside = KafkaError("it was part of a batch which had an invalid record")
    sent = Producer(later={b"0": InvalidRecordError("no key"), b"1": beside}, once=True)
    never = Producer(later={b"1": beside})

    assert ["0:0"] == list(not_taken(sent, three()))
    assert [b"0", b"1", b"2", b"1"] == sent.tried
    assert ["0:1"] == list(not_taken(never, three()))
    assert [b"0", b"1", b"2", b"1"] == never.tried


def test_what_is_gone_by_the_time_of_sending_is_told() -> None:
    """Retention does not wait for the operator's yes."""
    assert {"0:1": "there is no dead letter 0:1, or not any more"} == not_taken(
        Producer(), [three()[0], three()[2]]
    )


def test_a_log_that_cannot_be_read_to_its_end_leaves_the_rest_and_tells_what_went() -> None:
    """Those before have been sent, and are not told as failed."""

    def broken() -> Iterator[DeadLetter]:
        yield from three()[:2]
        raise KafkaUnreachable("stopped answering")

    assert {"0:2": "it was not sent: stopped answering"} == not_taken(Producer(), broken())


def test_ctrl_c_tells_what_went() -> None:
    """And of what is still under way, that nobody knows."""
    said = not_taken(Producer(later={b"1": KeyboardInterrupt()}), three())

    assert ["0:1", "0:2"] == list(said)
    assert "interrupted before Kafka said" in said["0:1"]


def test_without_a_broker_nothing_went() -> None:
    """In the same words for each."""
    nobody = Settings(kafka_bootstrap="localhost:1", topic_prefix="shop")
    rules = ReplayRules(nobody, partitions=4)
    said = send_again(rules, ["0:0"], three(), open_producer(nobody, idempotent=False)).refused

    assert "it was not sent: no Kafka broker answered at localhost:1" in said["0:0"]


def test_what_kafka_has_is_marked_and_nothing_else() -> None:
    """Before it is told; a letter that was sent once more beside a bad record is marked once."""
    refused = Producer(later={b"1": ClusterAuthorizationFailedError("no")})
    not_taken(refused, three())
    beside = KafkaError("it was part of a batch which had an invalid record")
    again = Producer(later={b"0": InvalidRecordError("no key"), b"1": beside}, once=True)
    not_taken(again, three())
    stopped = Producer(later={b"1": KeyboardInterrupt()})
    not_taken(stopped, three())

    assert ["0:0", "0:2"] == refused.marked
    assert ["0:2", "0:1"] == again.marked
    assert ["0:0"] == stopped.marked


def test_ctrl_c_among_marks_tells_which_are_not_known_to_be_there() -> None:
    """The letters went: each is either marked, or told."""
    stopped = Producer(later={b"0:1": KeyboardInterrupt()})
    became = send_again(RULES, ["0:0", "0:1", "0:2"], three(), nullcontext(stopped))

    assert {} == became.refused
    assert ["0:1", "0:2"] == list(became.unmarked)
    assert "interrupted before Kafka said that it has the mark" == became.unmarked["0:2"]


def test_a_mark_that_cannot_be_written_is_told_and_the_letter_went() -> None:
    """At once or later; after the first one no others are waited for."""
    for error in (ClusterAuthorizationFailedError("no"), KafkaTimeoutError("no answer")):
        at_once = Producer(at_once={b"0:0": error})
        became = send_again(RULES, ["0:0", "0:1", "0:2"], three(), nullcontext(at_once))
        later = Producer(later={b"0:1": error})
        told = send_again(RULES, ["0:0", "0:1", "0:2"], three(), nullcontext(later))

        assert ({}, {}) == (became.refused, told.refused)
        assert [b"0", b"1", b"2"] == at_once.tried
        assert ["0:0", "0:1", "0:2"] == list(became.unmarked)
        assert ["0:0"] == at_once.marked
        assert ["0:1"] == list(told.unmarked)
