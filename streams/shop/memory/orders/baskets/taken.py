"""What was taken out of a basket, and how much of it had not come in yet.

```
12:00 remove 3 of 1       2 are missing: adds from before 12:00 that come now put in 2 fewer
12:05 remove 1 of 4       none is missing
12:03 (late) add 1        is in the basket: what was missing at 12:00 is not missing from it
```
"""

from collections.abc import Iterable
from functools import reduce
from sys import intern
from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS

TAKEN_MAX = 24
REMOVALS_MAX = 4
"""Removals of one item after which some of it was missing: of more the earliest are one."""
Missing = tuple[int, int]
"""When so many were taken out that were not there."""


class Taken(NamedTuple):
    """An item was taken out of the basket, removed or ordered: when last, and how many too many.

    >>> taken = Taken(0, 0).more(12_000, 2).more(17_000, 0)
    >>> taken.overtaken(11_000), taken.overtaken(15_000), taken.less(11_000, 2)
    (2, 0, Taken(at_ms=17000, missing=0, earlier=()))
    """

    at_ms: int
    missing: int
    """More than there were: adds from before that have not come yet, and have been overtaken."""
    earlier: tuple[int, ...] = ()
    """When, and how many, by removal: where not all of them were missing at `at_ms`."""

    @property
    def removals(self) -> list[Missing]:
        """When how many were missing, by time."""
        told = self.earlier or ((self.at_ms, self.missing) if self.missing else ())
        return list(zip(told[::2], told[1::2], strict=True))

    def overtaken(self, at_ms: int) -> int:
        """How many of what was added at this time were taken out after it."""
        return sum(missing for removed_ms, missing in self.removals if removed_ms > at_ms)

    def more(self, at_ms: int, missing: int) -> Self:
        """So many were missing at this time, too."""
        removals = dict(self.removals)
        if missing:
            removals[at_ms] = removals.get(at_ms, 0) + missing
        told = sorted(removals.items())
        while len(told) > REMOVALS_MAX:  # as of the first: who is in doubt keeps her bread
            (first_ms, first), (_, second), *later = told
            told = [(first_ms, first + second), *later]
        return self._with(max(self.at_ms, at_ms), told)

    def less(self, at_ms: int, quantity: int) -> Self:
        """So many of them were added at this time: the earliest removals after it had them."""
        left = []
        for removed_ms, missing in self.removals:
            there = min(quantity, missing) if removed_ms > at_ms else 0
            quantity -= there
            left.append((removed_ms, missing - there))
        return self._with(self.at_ms, [one for one in left if one[1]])

    def _with(self, at_ms: int, removals: Iterable[Missing]) -> Self:
        told = [number for removal in removals for number in removal]
        missing, simple = sum(told[1::2]), told in ([], [at_ms, *told[1:2]])
        return self._replace(at_ms=at_ms, missing=missing, earlier=() if simple else tuple(told))

    def state(self) -> list[int]:
        """Everything, as JSON."""
        return [self.at_ms, self.missing, *self.earlier]

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none."""
        at_ms, missing, *earlier = each(int, state, 0)
        each(int, earlier[::2], 0, YEAR_2100_MS)
        if earlier and (len(earlier) % 2 or missing != sum(earlier[1::2])):
            raise ValueError(f"{missing} are missing, and by removal {earlier}")
        return cls(at_ms, missing, tuple(earlier))


NOT_TAKEN = Taken(0, 0)


def take(basket: dict[str, int], item_id: str, quantity: int) -> int:
    """Take so many out of the basket; how many of them were not there."""
    left = basket.get(item_id, 0) - quantity
    if left > 0:
        basket[item_id] = left
    else:
        basket.pop(item_id, None)
    return max(0, -left)


def reckon(quantity: int, changes: Iterable[int]) -> int:
    """How many there are after so many came or went, one after the other; never less than none.

    >>> reckon(3, [-1]), reckon(1, [-3, 2])
    (2, 2)
    """
    return reduce(lambda there, more: max(0, there + more), changes, quantity)


def note_taken(taken: dict[str, Taken], item_id: str, at_ms: int, missing: int) -> None:
    """So many were taken out that were not there: an add may still be on its way."""
    taken[intern(item_id)] = taken.pop(item_id, NOT_TAKEN).more(at_ms, missing)
    bound(taken, TAKEN_MAX)


def bound(kept: dict[str, Any], most: int) -> None:
    """Forget the oldest of too many."""
    while len(kept) > most:
        del kept[next(iter(kept))]
