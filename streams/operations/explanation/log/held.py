"""A log that is short enough is held in memory: read once, however often it is asked.

A question is looked for in the log, which then is folded, step by step, and the next question wants
the same log again. Of a long log each reads what it needs; of a short one, as a demo's is, reading
takes longer than all else: its broker hands out a batch of each partition at a time.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord, open_reader
from streams.contract.settings import Settings

HELD_MAX = 150_000
"""Records that are held, at most: some 150 MB."""
Opened = Callable[..., AbstractContextManager[LogReader]]
"""As `open_reader`: settings, and the names of topics."""


class HeldLog:
    """The records of some topics, for one thread.

    Parameters
    ----------
    records_max
        Of a reader whose topics have more, nothing is held.
    """

    def __init__(self, records_max: int = HELD_MAX) -> None:
        self.records_max = records_max
        self._records: dict[Partition, list[RawRecord]] = {}
        self._next: dict[Partition, int] = {}

    @contextmanager
    def open(self, settings: Settings, *topics: str) -> Iterator[LogReader]:
        """As `open_reader`, but that each record is read once."""
        with open_reader(settings, *topics) as reader:
            yield self.over(reader)

    def over(self, reader: LogReader) -> LogReader:
        """A reader that reads each record once; where there are too many, the reader itself."""
        begins, ends = reader.begins(), reader.ends()
        if sum(ends[at] - begins[at] for at in ends) > self.records_max:
            self._records, self._next = {}, {}
            return reader
        if not self._goes_on(reader, ends):
            self._records, self._next = {}, {}
        for at, begin in begins.items():
            held = self._held(at)
            del held[: bisect_left(held, begin, key=_offset)]
            self._next[at] = max(begin, self._next.get(at, 0))
        return _HeldReader(reader, self, ends)

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
            self._held(record.at).append(record)
            self._next[record.at] = record.offset + 1
            yield record
            if self._next[record.at] >= wanted.get(record.at, record.offset + 2):
                left.discard(record.at)
                if not left:
                    return
        for at in starts:  # markers of transactions are no records
            self._next[at] = max(upto[at], self._next[at])

    def _held(self, at: Partition) -> list[RawRecord]:
        return self._records.setdefault(at, [])

    def _goes_on(self, reader: LogReader, ends: Offsets) -> bool:
        """Whether it is the log that is held: a topic that was made anew holds other records."""
        last = {at: held[-1] for at, held in self._records.items() if held and at in ends}
        if any(ends[at] <= record.offset for at, record in last.items()):
            return False
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
        return self._reader.ends()

    def since(self, time_ms: int) -> dict[Partition, int]:
        return self._reader.since(time_ms)

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        for at, begin in begins.items():
            yield from self._log.between(at, begin, ends[at])
        wanted = {at: ends[at] for at in begins}
        for record in self._log.read_on(self._reader, wanted, self._ends):
            if begins.get(record.at, record.offset + 1) <= record.offset < wanted[record.at]:
                yield record


def _offset(record: RawRecord) -> int:
    return record.offset
