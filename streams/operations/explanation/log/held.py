"""A log that is short enough is held in memory: read once, however often it is asked.

A question is looked for in the log, which then is folded, step by step, and the next question wants
the same log again. Of a long log each reads what it needs; of a short one, as a demo's is, reading
takes longer than all else: its broker hands out a batch of each partition at a time. What is held
is dropped where it is too large, where nobody has asked for a while, and after an error. Whoever
follows the log may have its beginning forgotten, so that its end is held however long it grows:
what was forgotten is read again where somebody asks for it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from time import monotonic

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord
from streams.contract.errors import GoeswithError, KafkaUnreachable, NotEnough

HELD_MAX = 150_000
"""Records that are held, at most."""
HELD_BYTES_MAX = 150_000_000
"""And the memory that they take, about."""
RECORD_BYTES = 500
"""What a record takes beside its key, its value and its headers."""
HEADER_BYTES = 150
"""What a header takes beside its own bytes."""
IDLE_S = 300.0
"""So long after the last question nothing is held any more."""


class HeldLog:
    """The records of some topics, for one thread.

    Parameters
    ----------
    records_max, bytes_max
        Of a reader whose topics have more, nothing is held.
    steady_s
        A time in seconds that nobody sets.
    """

    def __init__(
        self,
        records_max: int = HELD_MAX,
        bytes_max: int = HELD_BYTES_MAX,
        steady_s: Callable[[], float] = monotonic,
    ) -> None:
        self.records_max, self.bytes_max = records_max, bytes_max
        self.too_large = self.holds = False
        """Whether it takes too much memory to be held; and whether it was held when last asked."""
        self.bytes = self.generation = 0
        """The memory that it takes, about; and how often all of it was dropped."""
        self._steady_s = steady_s
        self._asked_s = steady_s()
        self._drop()

    def _drop(self) -> None:
        self._records: dict[Partition, list[RawRecord]] = {}
        self._first: dict[Partition, int] = {}
        """What lies before is not held, though it may be there."""
        self._next: dict[Partition, int] = {}
        self._begins: dict[Partition, int] = {}
        self.bytes = 0
        self.generation += 1

    def __len__(self) -> int:
        return sum(map(len, self._records.values()))

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Somebody asks; what goes wrong may be because of what is held: it is read anew."""
        try:
            yield
        except (NotEnough, KafkaUnreachable):
            raise
        except GoeswithError:
            self._drop()
            raise
        finally:
            self._asked_s = self._steady_s()

    def rest(self) -> None:
        """Nobody asks just now: after a while nothing is held any more."""
        if self._steady_s() - self._asked_s > IDLE_S:
            self._drop()
            self.too_large = False

    def over(self, reader: LogReader) -> LogReader:
        """A reader that reads each record once; where there are too many, the reader itself."""
        begins, ends = reader.begins(), reader.ends()
        if not self._goes_on(reader, begins, ends):
            self._drop()
        left = sum(end - max(begins[at], self._next.get(at, 0)) for at, end in ends.items())
        self.holds = not self.too_large and left + len(self) <= self.records_max
        if not self.holds:
            self._drop()
            return reader
        self.forget(begins)
        self._begins |= begins
        return _HeldReader(reader, self, ends)

    def forget(self, before: Offsets) -> None:
        """Hold nothing any more of what lies before these offsets.

        How far a partition was read is known as long as a record of its topic is held, by which a
        topic that was made anew is told: one that is empty is not asked again at each look.
        """
        for at, offset in before.items():
            held = self._held(at)
            gone = bisect_left(held, offset, key=_offset)
            self.bytes -= sum(map(_bytes_of, held[:gone]))
            del held[:gone]
            self._first[at] = max(offset, self._first.get(at, 0))
        holding = {at.topic for at, held in self._records.items() if held}
        for at in before:
            read = self._next.get(at, 0) if at.topic in holding else 0
            self._next[at] = max(self._first[at], read)

    def first(self, at: Partition) -> int:
        """From there on it is held, as far as it was read."""
        return self._first[at]

    def between(self, at: Partition, begin: int, end: int) -> Iterator[RawRecord]:
        """What is held of these offsets."""
        held = self._held(at)
        first, last = (bisect_left(held, offset, key=_offset) for offset in (begin, end))
        yield from islice(held, first, last)

    def read_on(self, reader: LogReader, wanted: Offsets, along: Offsets) -> Iterator[RawRecord]:
        """Read until what is wanted is held, and of the others up to `along` what comes meanwhile.

        A broker that hands out a batch of each partition at a time is asked for all of them.
        """
        left = {at for at, end in wanted.items() if self._next[at] < end}
        if not left:
            return
        upto = {at: max(end, along.get(at, 0)) for at, end in wanted.items()}
        upto |= {at: end for at, end in along.items() if at not in upto}
        starts = {at: self._next[at] for at, end in upto.items() if self._next[at] < end}
        for record in reader.between(starts, upto):
            self._hold(record)
            yield record
            if record.offset + 1 >= wanted.get(record.at, record.offset + 2):
                left.discard(record.at)
                if not left:
                    return
        for at in () if self.too_large else starts:  # markers of transactions are no records
            self._next[at] = max(upto[at], self._next[at])

    def _held(self, at: Partition) -> list[RawRecord]:
        return self._records.setdefault(at, [])

    def _hold(self, record: RawRecord) -> None:
        """Unless it is too much: then nothing is held, and readers read on by themselves."""
        if self.too_large:
            return
        self._held(record.at).append(record)
        self._next[record.at] = record.offset + 1
        self.bytes += _bytes_of(record)
        if self.bytes > self.bytes_max:
            self.too_large = True
            self._drop()

    def _goes_on(self, reader: LogReader, begins: Offsets, ends: Offsets) -> bool:
        """Whether it is the log that is held: a topic that was made anew holds other records."""
        if any(ends[at] < self._next.get(at, 0) for at in ends):
            return False
        if any(begin < self._begins.get(at, 0) for at, begin in begins.items()):
            return False
        of_topics = {at.topic: at for at, held in self._records.items() if held and at in ends}
        last = {
            at: self._records[at][-1] for at in of_topics.values()
        }  # it is made anew as a whole
        offsets = {at: record.offset for at, record in last.items()}
        found = reader.first_times_ms(offsets, ends) if last else {}
        return all(found.get(at) == record.timestamp_ms for at, record in last.items())


class _HeldReader(LogReader):
    """Reads what is held from memory, and on from there."""

    def __init__(self, reader: LogReader, log: HeldLog, ends: Offsets) -> None:
        self.partitions = reader.partitions
        self._reader, self._log, self._ends = reader, log, ends

    def begins(self) -> dict[Partition, int]:
        return self._reader.begins()

    def ends(self) -> dict[Partition, int]:
        """When it was opened: so that all topics are read along at once, for one question."""
        return dict(self._ends)

    def since(self, time_ms: int) -> dict[Partition, int]:
        return self._reader.since(time_ms)

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        if self._log.too_large:
            yield from self._reader.between(begins, ends)
            return
        first = {at: min(ends[at], self._log.first(at)) for at in begins}
        early = {at: begin for at, begin in begins.items() if begin < first[at]}
        yield from self._reader.between(early, first)
        for at, begin in begins.items():
            yield from self._log.between(at, begin, ends[at])
        wanted = {at: ends[at] for at in begins}
        for record in self._log.read_on(self._reader, wanted, self._ends):
            if begins.get(record.at, record.offset + 1) <= record.offset < wanted[record.at]:
                yield record


def _offset(record: RawRecord) -> int:
    return record.offset


def _bytes_of(record: RawRecord) -> int:
    """The memory that a record takes, about."""
    headers = sum(HEADER_BYTES + len(name) + len(value or b"") for name, value in record.headers)
    return RECORD_BYTES + len(record.key or b"") + len(record.value or b"") + headers
