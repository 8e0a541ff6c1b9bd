"""Arrivals: which events may be repeats, of those whose ids a session has forgotten.

A session remembers the ids of its latest 64 events. Of those that it has forgotten it knows how
late they were, by their own time, in blocks of 32. An unknown event that is not later than these
came at least 32 events late, or once more: nobody can tell it by its id, and an id alone would let
a storefront that sends a whole visit again count it again. What it is of may tell: an order and
what comes back of it by the order's number (`streams.shop.order_join`); a denial is the same how
often it may come (`streams.shop.people.identity`). All else changes nothing, and is counted.

```
events      1 … 32 | 33 … 64 | 65
latest       12:04 |   12:11 |        when a block was full, of all events by then
                              event 1 is forgotten: up to 12:04 in doubt
```

Most visits are over long before that: a session has arrivals from its ninth event on.
"""

from array import array
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, Self

from models.snapshot.elements import each

BLOCK = 32
"""Events whose times are kept as one: the latest of them, and of all before."""
BLOCK_BEFORE = 64
"""In sessions up to version 4, which kept the times of a block that was not full as well."""


@dataclass(slots=True)
class Arrivals:
    """The times of the events of a session, by block, and of what it has forgotten.

    >>> arrivals = Arrivals()
    >>> for at_ms in (11_000, 12_000, *range(12_000, 12_030)):
    ...     arrivals.note(latest_ms=at_ms)
    >>> arrivals.forget(offset=7)
    >>> arrivals.in_doubt(12_029, offset=9), arrivals.in_doubt(12_030, offset=9)
    (True, False)
    """

    noted: int = 0
    forgotten: int = 0
    until_ms: int = -1
    """The latest time of what is forgotten."""
    until_offset: int = -1
    """The latest offset of what is forgotten."""
    blocks_ms: "array[int]" = field(default_factory=partial(array, "q"))

    @classmethod
    def unknown(cls, number: int) -> Self:
        """Those of so many remembered events whose times were not kept: none is in doubt."""
        return cls(number, blocks_ms=array("q", [0]) * (number // BLOCK))

    def note(self, latest_ms: int) -> None:
        """Another event is remembered; it, or one before it, was at `latest_ms`."""
        self.noted += 1
        if self.noted % BLOCK == 0:
            self.blocks_ms.append(latest_ms)

    def forget(self, offset: int) -> None:
        """The oldest of those remembered, of a full block, is forgotten; it was at this offset."""
        self.until_ms = self.blocks_ms[0]
        self.until_offset = max(self.until_offset, offset)
        self.forgotten += 1
        if self.forgotten % BLOCK == 0:
            del self.blocks_ms[0]

    def in_doubt(self, at_ms: int, offset: int) -> bool:
        """Whether an event of this time and offset, whose id is not known, was taken for a repeat.

        One that was folded itself, and is forgotten since, was not.
        """
        return at_ms <= self.until_ms and offset > self.until_offset

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        said = self.noted, self.forgotten, self.until_ms, self.until_offset
        return [*said, list(self.blocks_ms)]

    @classmethod
    def from_state(cls, state: list[Any], seen: int) -> Self:
        """The one whose `state()` this is, of so many events that are remembered.

        Raises `TypeError` or `ValueError` when it is none.
        """
        noted, forgotten, until_ms, until_offset, blocks_ms = state
        each(int, [noted, forgotten, *blocks_ms], 0)
        each(int, [until_ms, until_offset], -1)
        held = noted // BLOCK - forgotten // BLOCK
        if noted - forgotten != seen or len(blocks_ms) != held:
            raise ValueError(f"{len(blocks_ms)} blocks of {noted} events less {forgotten}")
        if list(blocks_ms) != sorted([max(until_ms, 0), *blocks_ms])[1:]:
            raise ValueError("a block is earlier than what was before it")
        return cls(noted, forgotten, until_ms, until_offset, array("q", blocks_ms))

    @classmethod
    def of_version_4(cls, state: list[Any], seen: int) -> Self:
        """The same of a session whose blocks had 64 events, each its own times."""
        noted, forgotten, until_ms, until_offset, own_ms = state
        each(int, [noted, forgotten, *own_ms], 0)
        if len(own_ms) != -(-noted // BLOCK_BEFORE) - forgotten // BLOCK_BEFORE:
            raise ValueError(f"{len(own_ms)} blocks of {noted} events less {forgotten}")
        latest_ms = list(accumulate(own_ms, max, initial=max(until_ms, 0)))[1:]
        each_ms = [at_ms for at_ms in latest_ms for _ in range(BLOCK_BEFORE // BLOCK)]
        first = forgotten // BLOCK - forgotten // BLOCK_BEFORE * (BLOCK_BEFORE // BLOCK)
        full = each_ms[first : first + noted // BLOCK - forgotten // BLOCK]
        return cls.from_state([noted, forgotten, until_ms, until_offset, full], seen)
