"""Sends dead letters again, and tells of each whether Kafka has it.

What fails for one letter stops no other. Only a partition that took a letter neither at once nor
within the timeout is not tried again: its other letters would wait as long, one after the other.

What Kafka has taken is marked (`streams.operations.dead_letters.marks`), so that whoever replays it
once more is told. A mark that could not be written changes nothing of that.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from kafka.errors import KafkaError

from streams.clients.sync_kafka import TOO_LARGE, in_brief
from streams.contract.dead_letters import replay_headers
from streams.contract.errors import GoeswithError
from streams.operations.dead_letters.letters import NO_LETTER, DeadLetter
from streams.operations.dead_letters.marks import mark_headers
from streams.operations.dead_letters.replay_plan import ReplayRules

IN_FLIGHT_MAX = 64
"""Letters sent and not yet acknowledged."""
BEYOND_DELIVERY_S = 2.0
"""A future is waited for so much longer than the timeout: the producer gives up before, and says
why."""

TWICE = "should it have arrived, sending it twice does no harm"


class Became(NamedTuple):
    """What became of letters that were to be sent again, by id."""

    refused: dict[str, str]
    """Why Kafka does not have them."""
    unmarked: dict[str, str]
    """Kafka has them: why their marks are missing."""


def send_again(
    rules: ReplayRules,
    allowed: Sequence[str],
    chosen: Iterable[DeadLetter],
    opening: AbstractContextManager[Any],
) -> Became:
    """Send those of the chosen letters that are allowed, with the producer that `opening` opens.

    Returns when it is known what became of each. Raises nothing for what fails on the way, Ctrl-C
    included: what was sent is to be told.
    """
    sending, wanted = Resending(rules), frozenset(allowed)
    because = ""
    try:
        with opening as producer:
            try:
                for one in chosen:
                    if one.id in wanted:
                        sending.send(producer, one)
            finally:
                sending.settle(producer)
    except GoeswithError as error:
        because = f"it was not sent: {error}"
    except KeyboardInterrupt:
        because = "it was not sent: interrupted"
    sending.refuse_in_flight()
    refused = {
        one: sending.refused.get(one) or because or NO_LETTER.format(one)
        for one in allowed
        if one not in sending.taken
    }
    return Became(refused, sending.unmarked)


class Resending:
    """Letters on their way: what Kafka took, and what it did not and why, by id."""

    def __init__(self, rules: ReplayRules) -> None:
        self.taken: set[str] = set()
        self.refused: dict[str, str] = {}
        self.unmarked: dict[str, str] = {}
        self._marked: set[str] = set()
        self._marks: deque[tuple[str, Any]] = deque()
        self._rules = rules
        self._in_flight: deque[tuple[DeadLetter, Any]] = deque()
        self._beside: list[DeadLetter] = []
        """Refused for another record of their batch."""
        self._silent: dict[int, str] = {}
        """Why partitions took nothing in time."""

    def send(self, producer: Any, letter: DeadLetter) -> None:
        """Send a letter, or refuse it.

        A header without a value is sent as an empty one: kafka-python writes no other. One that is
        sent twice does no harm, so the producer need not be idempotent.
        """
        assert letter.cause is not None  # noqa: S101  # the plan has refused it
        partition = self._rules.partition(letter)
        if because := self._silent.get(partition):
            self.refused[letter.id] = f"it was not sent: {because}"
            return
        headers = replay_headers(letter.cause, letter.id)
        try:
            future = producer.send(
                letter.cause.topic,
                key=self._rules.key(letter),
                value=letter.record.value,
                partition=partition,
                headers=[(name, value or b"") for name, value in headers],
            )
        except (KafkaError, ValueError) as error:  # a ValueError for a partition that is gone
            self._refuse(letter, error)
            return
        self._in_flight.append((letter, future))
        if len(self._in_flight) >= IN_FLIGHT_MAX:
            self.settle(producer)

    def settle(self, producer: Any) -> None:
        """Wait until it is known what became of all.

        A broker refuses a batch for one record in it: the others are sent again, each alone.
        """
        while self._in_flight:
            self._settle_first(producer)
        beside, self._beside = self._beside, []
        for letter in beside:
            self.send(producer, letter)
            while self._in_flight:
                self._settle_first(producer)
        self._beside.clear()
        while self._marks:
            self._settle_mark(*self._marks.popleft())

    def refuse_in_flight(self) -> None:
        """Wait no longer: of what is still in flight nobody knows, be it a letter or a mark."""
        for letter, _ in self._in_flight:
            self.refused[letter.id] = f"interrupted before Kafka said that it has it; {TWICE}"
        unknown = "interrupted before Kafka said that it has the mark"
        for letter_id in sorted(self.taken - self._marked):
            self.unmarked.setdefault(letter_id, unknown)

    def _mark(self, producer: Any, letter: DeadLetter) -> None:
        """Mark a letter that Kafka has; where one mark failed, the others would wait as long."""
        assert letter.cause is not None  # noqa: S101  # the plan has refused it
        if self.unmarked:
            self.unmarked[letter.id] = "another mark failed"
            return
        at = letter.record.at
        try:
            future = producer.send(
                at.topic,
                key=letter.id.encode(),
                value=None,
                partition=at.number,
                headers=mark_headers(letter.id, letter.cause),
            )
        except (KafkaError, ValueError) as error:
            self.unmarked[letter.id] = in_brief(error)
        else:
            self._marks.append((letter.id, future))

    def _settle_mark(self, letter_id: str, future: Any) -> None:
        try:
            future.get(timeout=self._rules.settings.kafka_timeout_s + BEYOND_DELIVERY_S)
        except KafkaError as error:
            self.unmarked[letter_id] = in_brief(error)
        else:
            self._marked.add(letter_id)

    def _settle_first(self, producer: Any) -> None:
        letter, future = self._in_flight[0]
        try:
            future.get(timeout=self._rules.settings.kafka_timeout_s + BEYOND_DELIVERY_S)
        except KafkaError as error:
            self._refuse(letter, error)
            if type(error) is KafkaError:  # what kafka-python says of those beside a bad record
                self._beside.append(letter)
        else:
            self.taken.add(letter.id)
            self._mark(producer, letter)
        self._in_flight.popleft()

    def _refuse(self, letter: DeadLetter, error: Exception) -> None:
        """Keep why; what the producer has tried again and again marks the partition."""
        if isinstance(error, TOO_LARGE):
            size = len(letter.record.value or b"")
            self.refused[letter.id] = (
                f"with the headers of a replay it is larger than the topic allows ({size:,} bytes)"
            )
        elif isinstance(error, KafkaError) and error.retriable:
            partition = self._rules.partition(letter)
            because = (
                f"partition {partition} took nothing within "
                f"{self._rules.settings.kafka_timeout_s:g} s: {in_brief(error)}"
            )
            self._silent[partition] = because
            self.refused[letter.id] = f"{because}; {TWICE}"
        else:
            self.refused[letter.id] = f"Kafka refused it: {in_brief(error)}"
