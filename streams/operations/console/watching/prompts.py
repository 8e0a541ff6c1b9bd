"""The newest prompts, and how many come a second: the end of the prompts topic, read as it grows.

Of a flood only the end of each look is read: the page shows what is new, not all of it. Of what was
not read, as many records are taken to be prompts as of what was; the others are withdrawals.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pydantic import ValidationError

from streams.clients.log_reader import LogReader, Partition, RawRecord, open_reader
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.settings import Settings
from streams.operations.console.watching.poller import MadeAnew, Opening

NEWEST = 200
"""So many prompts are kept."""
AT_ONCE = 25
"""So many records of a partition are read at a look."""
RATE_S = 30.0
"""So far back a rate looks."""


class PromptSeen(NamedTuple):
    """A prompt on the topic."""

    at_ms: int
    """When the broker got it."""
    prompt: Prompt


class PromptsSeen(NamedTuple):
    """The newest prompts, the newest first."""

    newest: tuple[PromptSeen, ...]
    per_s: float | None
    """Prompts a second; None: one look tells none."""


class PromptCount(NamedTuple):
    """What had been seen of the topic at a moment."""

    at_s: float
    end: int
    """Of all partitions together."""
    read: int
    """Records, since the start."""
    prompts: int
    """How many of them were prompts."""


class PromptTail:
    """Follows the end of the topic."""

    def __init__(self) -> None:
        self._anew = MadeAnew()
        self._newest: deque[PromptSeen] = deque(maxlen=NEWEST)
        self._next: dict[Partition, int] = {}
        self._counts: deque[PromptCount] = deque()
        self._read = self._prompts = 0

    def look(self, reader: LogReader, now_s: float) -> PromptsSeen:
        """Read what came since the last look, or its end; `now_s` by a clock that goes forward."""
        begins, ends = reader.begins(), reader.ends()
        if self._anew.told(self._next, ends):
            self._next, self._counts = {}, deque()
        starts = {
            at: max(begins[at], end - AT_ONCE, self._next.get(at, 0)) for at, end in ends.items()
        }
        records = list(reader.between(starts, ends))
        found = [seen for record in records if (seen := _prompt(record))]
        self._read, self._prompts = self._read + len(records), self._prompts + len(found)
        self._next = {at: max(end, self._next.get(at, 0)) for at, end in ends.items()}
        self._newest.extend(sorted(found, key=lambda seen: seen.at_ms))
        self._counts.append(PromptCount(now_s, sum(self._next.values()), self._read, self._prompts))
        while now_s - self._counts[0].at_s > RATE_S:
            self._counts.popleft()
        return PromptsSeen(tuple(reversed(self._newest)), self._per_s())

    def _per_s(self) -> float | None:
        first, last = self._counts[0], self._counts[-1]
        if last.at_s <= first.at_s:
            return None
        read, prompts = last.read - first.read, last.prompts - first.prompts
        share = prompts / read if read else 1.0
        return share * (last.end - first.end) / (last.at_s - first.at_s)


def prompt_looks(settings: Settings) -> Opening[PromptsSeen]:
    """What opens looks at the prompts topic; what was seen outlives the clients."""
    tail = PromptTail()

    @contextmanager
    def opening() -> Iterator[Callable[[], PromptsSeen]]:
        with open_reader(settings, settings.topics.prompts) as reader:
            yield lambda: tail.look(reader, time.monotonic())

    return opening


def _prompt(record: RawRecord) -> PromptSeen | None:
    try:
        said = ANY_PUBLISHED.validate_json(record.value or b"")
    except ValidationError:
        return None
    return PromptSeen(record.timestamp_ms, said) if isinstance(said, Prompt) else None
