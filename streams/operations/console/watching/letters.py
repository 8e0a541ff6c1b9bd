"""The newest dead letters, and how many there are of each kind: the topic, read as it grows.

At the start the end of each partition is read, so that a topic full of them holds up nobody; from
then on everything. Letters are kept as text, escaped and cut.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from streams.clients.log_reader import LogReader, Partition, open_reader
from streams.contract.settings import Settings
from streams.operations.console.watching.poller import MadeAnew, Opening
from streams.operations.dead_letters.letters import DeadLetter, Kind, kind_of, opened
from streams.operations.dead_letters.marks import mark
from streams.operations.dead_letters.tables import as_text

NEWEST = 50
LATEST_MIN = 10
"""Minutes in which a dead letter is news."""
AT_START = 2_000
"""So many records of a partition are read at the first look."""
AT_ONCE = 5_000
VALUE_CHARS_MAX = 2_000


class LetterSeen(NamedTuple):
    """A dead letter, as text."""

    id: str
    at_ms: int
    text: dict[str, Any]
    """See `streams.operations.dead_letters.tables.as_text`."""
    sent_again_ms: int | None = None


class LettersSeen(NamedTuple):
    """Dead letters, the newest first, and their kinds, the most frequent first."""

    newest: tuple[LetterSeen, ...]
    kinds: tuple[Kind, ...]
    earlier: int
    """Records of the topic that were not read."""
    lately: int
    """How many came within the last minutes."""


class LetterFold:
    """Counts letters as they come; memory is bounded."""

    def __init__(self) -> None:
        self._anew = MadeAnew()
        self._begin()

    def _begin(self) -> None:
        self._newest: deque[LetterSeen] = deque(maxlen=NEWEST)
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._sent_ms: dict[str, int] = {}
        self._next: dict[Partition, int] = {}
        self._times_ms: deque[int] = deque(maxlen=AT_ONCE)
        self._earlier = 0

    def look(self, reader: LogReader, now_ms: int) -> LettersSeen:
        """Read what came since the last look."""
        begins, ends = reader.begins(), reader.ends()
        if self._anew.told(self._next, ends):
            self._begin()
        starts = {at: self._start(at, begins[at], end) for at, end in ends.items()}
        self._next |= starts
        for record in reader.between(starts, ends):
            self._next[record.at] = record.offset + 1  # Kafka may go away before the next one
            noted = mark(record)
            if noted is not None:
                self._sent_ms[noted.letter_id] = noted.at_ms
            else:
                self._count(opened(record))
        self._next |= {at: max(end, starts[at]) for at, end in ends.items()}
        kept = {letter.id for letter in self._newest}
        self._sent_ms = {name: at for name, at in self._sent_ms.items() if name in kept}
        newest = (one._replace(sent_again_ms=self._sent_ms.get(one.id)) for one in self._newest)
        since_ms = now_ms - LATEST_MIN * 60_000
        return LettersSeen(
            tuple(sorted(newest, key=lambda one: -one.at_ms)),
            tuple(sorted(self._kinds.values(), key=lambda kind: (-kind.count, kind.reason))),
            self._earlier,
            sum(at_ms >= since_ms for at_ms in self._times_ms),
        )

    def _start(self, at: Partition, begin: int, end: int) -> int:
        known = self._next.get(at)
        start = max(begin, end - AT_START) if known is None else max(begin, known)
        start = max(start, end - AT_ONCE)
        self._earlier += start - (begin if known is None else max(begin, known))
        return start

    def _count(self, letter: DeadLetter) -> None:
        record = letter.record
        key = kind_of(letter.reason, letter.message, self._kinds)
        kind = self._kinds.setdefault(key, Kind(*key))
        kind.count += 1
        if record.timestamp_ms >= kind.newest_ms:
            kind.newest_ms, kind.newest_id = record.timestamp_ms, letter.id
        self._times_ms.append(record.timestamp_ms)
        text = as_text(letter)
        text["value"] = text["value"][:VALUE_CHARS_MAX]
        self._newest.append(LetterSeen(letter.id, record.timestamp_ms, text))


def letter_looks(settings: Settings) -> Opening[LettersSeen]:
    """What opens looks at the topic of dead letters; what was counted outlives the clients."""
    fold = LetterFold()

    @contextmanager
    def opening() -> Iterator[Callable[[], LettersSeen]]:
        with open_reader(settings, settings.topics.dead_letters) as reader:
            yield lambda: fold.look(reader, int(time.time() * 1000))

    return opening
