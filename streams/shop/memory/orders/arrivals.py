"""Arrivals: which events may be repeats, of those whose ids a session has forgotten.

A session remembers the ids of its latest 64 events. Of those that it has forgotten it knows how
late they were, by their own time, in blocks of 32. An unknown event that is not later than these
came at least 32 events late, or once more: nobody can tell, and it changes nothing. An id alone
would let a storefront that sends a whole visit again count it again.

```
events      1 … 32 | 33 … 64 | 65
latest       12:04 |   12:11 |        by block
                              event 1 is forgotten: up to 12:04 in doubt
```
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from models.snapshot.elements import each
from streams.contract.events import Event
from streams.shop.memory.orders.seen import Seen

BLOCK = 32
"""Events whose times are kept as one: the latest of them."""
BLOCK_BEFORE = 64
"""In sessions up to version 4."""


@dataclass(slots=True)
class Arrivals:
    """The times of the events of a session, by block, and of what it has forgotten.

    >>> arrivals = Arrivals()
    >>> for at_ms in (12_000, 11_000, 13_000):
    ...     arrivals.note(at_ms)
    >>> arrivals.forget(offset=7)
    >>> arrivals.in_doubt(13_000, offset=9), arrivals.in_doubt(13_001, offset=9)
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
        return cls(number, blocks_ms=array("q", [0]) * -(-number // BLOCK))

    def note(self, at_ms: int) -> None:
        """Another event is remembered."""
        if self.noted % BLOCK == 0:
            self.blocks_ms.append(at_ms)
        elif at_ms > self.blocks_ms[-1]:
            self.blocks_ms[-1] = at_ms
        self.noted += 1

    def forget(self, offset: int) -> None:
        """The oldest of those remembered is forgotten; it was the one at this offset."""
        self.until_ms = max(self.until_ms, self.blocks_ms[0])
        self.until_offset = max(self.until_offset, offset)
        self.forgotten += 1
        if self.forgotten % BLOCK == 0:
            del self.blocks_ms[0]

    def in_doubt(self, at_ms: int, offset: int) -> bool:
        """Whether an event of this time and offset, whose id is not known, was taken for a repeat.

        One that was folded itself, and is forgotten since, was not.
        """
        return at_ms <= self.until_ms and offset > self.until_offset

    def first_seen(self, seen: Mapping[str, int] | Seen, event: Event, offset: int) -> int:
        """Where an event that is told at this offset was seen first; -1: somewhere before."""
        first = seen.get(event.event_id)
        if first is None:
            return -1 if self.in_doubt(event.occurred_at_ms, offset) else offset
        return first

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        said = self.noted, self.forgotten, self.until_ms, self.until_offset
        return [*said, list(self.blocks_ms)]

    @classmethod
    def from_state(cls, state: list[Any], seen: int, block: int = BLOCK) -> Self:
        """The one whose `state()` this is, of so many events that are remembered.

        `block` is how many events its blocks have. Raises `TypeError` or `ValueError` when it is
        none.
        """
        noted, forgotten, until_ms, until_offset, blocks_ms = state
        each(int, [noted, forgotten, *blocks_ms], 0)
        each(int, [until_ms, until_offset], -1)
        held = -(-noted // block) - forgotten // block
        if noted - forgotten != seen or len(blocks_ms) != held:
            raise ValueError(f"{len(blocks_ms)} blocks of {noted} events less {forgotten}")
        each_ms = [at_ms for at_ms in blocks_ms for _ in range(block // BLOCK)]
        first = forgotten // BLOCK - forgotten // block * (block // BLOCK)
        until = first - (-noted // BLOCK) - forgotten // BLOCK
        return cls(noted, forgotten, until_ms, until_offset, array("q", each_ms[first:until]))
