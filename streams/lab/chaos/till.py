"""A till, a transactional producer: two of three transactions it commits, the third it aborts.

librdkafka's producer sends them, compressed, as foreign producers do. What is aborted are visits of
its own, whose items nobody else has: were any of it learned or answered, it would show. The till
keeps books of what it has committed and aborted, and they alone say what happened: a broker that is
killed in between may have aborted more than the till did. A producer that is told at its commit
that it is fenced, or has no transaction to commit, was too late: the broker aborts only what
it was not told to commit, and to a commit that it knows already it says yes again. Where it says
anything else the transaction is in doubt, and counts as it is found.
"""

import logging
import random
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import orjson
from confluent_kafka import KafkaError, KafkaException, Producer

from streams.contract.errors import GoeswithError
from streams.contract.events import Event, ItemAdded, OrderLine, OrderPlaced, encode
from streams.contract.settings import Settings
from streams.lab.bench.stage.tape import partition_of
from streams.lab.chaos.books.books import AuditedRecord
from streams.lab.chaos.ground.traffic import now_ms, visit

ABORTED_ONE_IN = 3
GHOSTS = ("ghost-vodka", "ghost-nappies")
GHOSTS_TIMES = 5
TRANSACTION_S_MAX = 10.0
"""From then on the broker aborts what nobody ends; a broker that is away can take longer."""
PATIENCE_S = 180.0
"""So long the till tries to end a transaction, or to begin anew."""
ANSWER_S_MAX = 5.0
TOO_LATE = (
    KafkaError._FENCED,  # noqa: SLF001  # that is how confluent-kafka names it
    KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
    KafkaError.INVALID_TXN_STATE,
)

SILENT = logging.getLogger("librdkafka")
SILENT.disabled = True  # the broker goes away: that is the idea

R = TypeVar("R", bound=AuditedRecord)


class Books(NamedTuple):
    """The ids of events by what became of their transaction, one set for each transaction."""

    committed: list[frozenset[str]]
    aborted: list[frozenset[str]]
    in_doubt: list[frozenset[str]]

    def happened(self, log: Sequence[R], seen: Collection[str]) -> list[R]:
        """What is left of a log, read with all that it holds, without what never happened.

        `seen` are the ids that a reader of what is committed finds: they decide what is in doubt,
        and nothing else.
        """
        never = set[str]().union(
            *self.aborted, *(ids for ids in self.in_doubt if ids.isdisjoint(seen))
        )
        return [record for record in log if event_id(record) not in never]


def event_id(record: AuditedRecord) -> str:
    """The id of the event in a record."""
    return str(orjson.loads(record.value or b"{}").get("event_id", ""))


def ghosts(session_id: str) -> Iterator[Event]:
    """What must never have happened: the same two items bought together, again and again."""
    for number in range(GHOSTS_TIMES):
        about: dict[str, Any] = {"session_id": f"{session_id}-{number}"}
        for item in GHOSTS:
            identity = f"{session_id}-{number}-{item}"
            yield ItemAdded(event_id=identity, occurred_at_ms=now_ms(), item_id=item, **about)
        yield OrderPlaced(
            event_id=f"{session_id}-{number}-order",
            occurred_at_ms=now_ms(),
            order_id=f"order-{session_id}-{number}",
            lines=tuple(OrderLine(item_id=item) for item in GHOSTS),
            **about,
        )


class Fenced(Exception):
    """The producer is of no more use: a new one has to take its place."""


class Till:
    """Sends transactions in a thread of its own, for the length of a `with` block.

    After the block none is open. Raises `GoeswithError` then, if the broker refused something.
    """

    def __init__(self, settings: Settings, per_s: float, seed: int) -> None:
        self.books = Books([], [], [])
        self._settings = settings
        self._pause_s = 1 / per_s if per_s else 0.0
        self._dice = random.Random(seed)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: Exception | None = None

    def __enter__(self) -> Self:
        if self._pause_s:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        if error is not None or not self._pause_s:
            return  # the thread is a daemon, and whoever failed has more to say
        self._thread.join()
        if self._error is not None:
            raise GoeswithError(f"the till had to close: {self._error!r}") from self._error

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                self._serve()
            self._producer()  # whatever a fenced one has left open is ended by the next
        except (KafkaException, GoeswithError) as error:
            self._error = error

    def _serve(self) -> None:
        """One transaction after the other, as long as the producer is good for it."""
        producer = self._producer()
        try:
            for number in iter(self._dice.random, None):
                if self._closed.wait(self._pause_s):
                    return
                self._transact(producer, abort=number * ABORTED_ONE_IN < 1)
        except Fenced:
            return

    def _producer(self) -> Any:
        """A producer that has ended whatever the one before it had begun."""
        producer = Producer(
            {
                "bootstrap.servers": self._settings.kafka_bootstrap,
                "transactional.id": f"till-{self._settings.topic_prefix}",
                "transaction.timeout.ms": int(TRANSACTION_S_MAX * 1000),
                "compression.type": "zstd",
                "linger.ms": 2,
            },
            logger=SILENT,
        )
        _until_done(producer.init_transactions)
        return producer

    def _transact(self, producer: Any, *, abort: bool) -> None:
        session = f"till-{self._dice.getrandbits(48):012x}"
        events = list(ghosts(session) if abort else visit(session, self._dice))
        ids = frozenset(event.event_id for event in events)
        try:
            producer.begin_transaction()
            self._send(producer, events)
        except KafkaException as error:
            self.books.aborted.append(ids)
            _abort(producer)
            raise Fenced from error
        if abort:
            self.books.aborted.append(ids)
            _abort(producer)
            return
        try:
            _until_done(producer.commit_transaction)
        except KafkaException as error:
            if error.args[0].txn_requires_abort():
                self.books.aborted.append(ids)
                _abort(producer)
                return
            late = error.args[0].code() in TOO_LATE
            (self.books.aborted if late else self.books.in_doubt).append(ids)
            raise Fenced from error
        self.books.committed.append(ids)

    def _send(self, producer: Any, events: Iterable[Event]) -> None:
        for event in events:
            key = event.session_id
            producer.produce(
                self._settings.topics.events,
                encode(event),
                key.encode(),
                partition_of(key, self._settings.partitions),
            )
        producer.flush(ANSWER_S_MAX)  # so that what is aborted is in the log


def _abort(producer: Any) -> None:
    try:
        _until_done(producer.abort_transaction)
    except KafkaException as error:
        raise Fenced from error


def _until_done(ask: Any) -> None:
    """Ask, and again while the broker is away. Raises what it will not take back."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            ask(ANSWER_S_MAX)
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline_s:
                raise
        else:
            return
