"""Rounds (batches): what one fetch brought, of all partitions, handed over and acknowledged as one.

Faust's price is per message, so a message is a round: it is paid once for hundreds of records.
This module is the arithmetic of it, without Faust: cutting, and the rule of the *next offset*.

The rule: for each partition there is exactly one offset to hand over next. Below it, a record was
handed over before and is left out. Above it, something is missing. If the batch was read from the
next offset on, the log does not hold what is missing (retention, a transaction that was aborted, a
marker). If it was read from further on, there is a *hole*: records that were fetched and then
dropped, as Faust does in several races around a rebalance. A hole is asked for again; if the answer
shows it again, the log does not hold it either.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

SLICE = 64
"""Records that are processed without yielding to the event loop."""


class KafkaRecord(Protocol):
    """What we use of a record of Kafka (aiokafka's `ConsumerRecord` has it)."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970: of the append, or the sender's, as the topic is configured."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value; None is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Its headers, in order; names may repeat."""


class TopicPartitionLike(Protocol):
    """Faust's `TP` and aiokafka's `TopicPartition` are of this shape, and equal to each other."""

    @property
    def topic(self) -> str:
        """Name of the topic."""

    @property
    def partition(self) -> int:
        """Number of the partition."""


K = TypeVar("K", bound=Hashable)
P = TypeVar("P", bound=TopicPartitionLike)
R = TypeVar("R", bound=KafkaRecord)
Round = Sequence[tuple[P, Sequence[R]]]
"""Records by partition, ascending and without a hole in between, except real ones."""

_offset = attrgetter("offset")


class NextOffset(Generic[K]):
    """Where each partition goes on.

    >>> from types import SimpleNamespace as Loaf
    >>> counter: NextOffset[str] = NextOffset()
    >>> counter.start({"bread": 7})
    >>> loaves = [Loaf(offset=n) for n in (6, 7, 8)]
    >>> fresh, hole = counter.sift("bread", loaves, since=6)
    >>> [loaf.offset for loaf in fresh], hole
    ([7, 8], None)
    >>> counter.handed("bread", fresh)
    >>> counter.sift("bread", [Loaf(offset=12)], since=11)  # 9 and 10 are missing: ask for 9
    ([], 9)
    """

    def __init__(self) -> None:
        self._next: dict[K, int] = {}
        self._asked: dict[K, int] = {}

    def start(self, offsets: Mapping[K, int]) -> None:
        """These are the offsets to hand over next, whatever was handed over before."""
        for tp, offset in offsets.items():
            self._next[tp] = offset
            self._asked.pop(tp, None)

    def sift(self, tp: K, batch: Sequence[R], since: int | None) -> tuple[Sequence[R], int | None]:
        """The records to hand over, and the offset to ask for again, where there is a hole.

        `since` is the offset from which on the batch was read, where that is known.
        """
        expected = self._next.get(tp)
        if expected is None:
            return batch, None
        fresh = batch[bisect_left(batch, expected, key=_offset) :]
        asked = self._asked.pop(tp, None) if fresh else None
        missing = fresh and fresh[0].offset > expected and (since is None or since > expected)
        return ([], expected) if missing and asked != expected else (fresh, None)

    def next(self, places: Iterable[K]) -> dict[K, int]:
        """The offset to hand over next of each of these partitions, where that is known."""
        return {tp: self._next[tp] for tp in places if tp in self._next}

    def asked(self, holes: Mapping[K, int]) -> None:
        """These holes have been asked for: if the answer shows them again, they are real."""
        self._asked.update(holes)

    def ask_anew(self) -> None:
        """An answer to what was asked may have been lost on the way."""
        self._asked.clear()

    def handed(self, tp: K, batch: Sequence[R]) -> None:
        """These records are in the agent's hands."""
        self._next[tp] = batch[-1].offset + 1


class FetchPositions(Generic[K]):
    """From which offset on the latest batch of each partition was read.

    A reader passes over what is no record, such as what was aborted and a transaction's marker,
    before or behind a batch or without bringing any. The next batch was read from the last record
    on that was brought.

    >>> from types import SimpleNamespace as Loaf
    >>> positions: FetchPositions[str] = FetchPositions()
    >>> positions.begins({"bread": 5})
    >>> positions.ended({"bread": 8}, {"bread": [Loaf(offset=5), Loaf(offset=6)]})  # 7 is a marker
    >>> positions.begins({"bread": 8})
    >>> positions.since
    {'bread': 7}
    """

    def __init__(self) -> None:
        self.since: Mapping[K, int] = {}
        self._passed: dict[K, tuple[int, int]] = {}

    def begins(self, positions: Mapping[K, int]) -> None:
        """A read begins at these positions."""
        nothing = (-1, -1)
        self.since = {
            tp: since if passed == at else at
            for tp, at in positions.items()
            for passed, since in [self._passed.get(tp, nothing)]
        }

    def ended(self, positions: Mapping[K, int], batches: Mapping[K, Sequence[R]]) -> None:
        """It has moved on to these positions, and brought these batches."""
        self._passed = {
            tp: (at, batches[tp][-1].offset + 1 if tp in batches else self.since.get(tp, at))
            for tp, at in positions.items()
        }


def cut(
    batches: Mapping[P, Sequence[R]], records_max: int
) -> Iterator[list[tuple[P, Sequence[R]]]]:
    """Rounds of at most so many records of each partition.

    >>> list(cut({"bread": "abcde", "jam": "fg"}, 2))
    [[('bread', 'ab'), ('jam', 'fg')], [('bread', 'cd')], [('bread', 'e')]]
    """
    for at in range(0, max(map(len, batches.values()), default=0), records_max):
        parts = ((tp, batch[at : at + records_max]) for tp, batch in batches.items())
        yield [(tp, part) for tp, part in parts if part]


def slices(round_: Round[P, R], records_max: int = SLICE) -> Iterator[tuple[int, Sequence[R]]]:
    """The round in pieces of one partition, each small enough to process without yielding.

    >>> from types import SimpleNamespace
    >>> list(slices([(SimpleNamespace(partition=3), "abc")], 2))
    [(3, 'ab'), (3, 'c')]
    """
    for tp, batch in round_:
        for at in range(0, len(batch), records_max):
            yield tp.partition, batch[at : at + records_max]
