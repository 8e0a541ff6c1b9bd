"""What a basket has taught: each of its items once, and each two of them once.

```
add bread                    counts bread
add butter                   counts butter, and the pair
remove butter, add butter    counts nothing: one basket, one meeting
remove bread, add jam        counts jam, and (butter, jam); bread and jam stood apart
add bread                    counts (bread, jam), and bread no more
```

A snapshot of the basket teaches what is new in it, as if that had been added. Not so the first one
of a visit, nor of who signs in or out in it: what that brings, another session may have taught.

Two items meet when they stand together in the basket, or in an order. So that evidence counts
baskets ("41 of 57") whatever a storefront sends how often, nothing is forgotten here: a basket
that has taught as many items as it may remember teaches no further ones, and of too many items that
stood apart it does not learn any more when they meet. Its counts are then too modest.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from sys import intern
from typing import Any, NamedTuple, Self

from models.decay.tally import read, written
from models.snapshot.elements import each

TAUGHT_MAX = 85
"""Items that a basket teaches, with its order."""
APART_MAX = 16
"""Pairs of them that are remembered as not having met yet."""
PLACES = 256
"""Of items, as many as a byte can tell."""


class Lesson(NamedTuple):
    """What is new about an item that enters a basket."""

    item_id: str
    others: list[str]
    """Items that it has not met before."""
    first: bool
    """Whether it is new itself."""
    begins: bool
    """Whether it is the first item of its basket."""
    offered: bool = False
    """Whether a prompt brought it there; never of an order's lesson, so no part of the state."""

    def state(self, places: Mapping[str, int]) -> list[Any]:
        """As JSON: of the items in these places a bit for each that it met."""
        met = sum(1 << places[other] for other in self.others)
        return [self.item_id, written(met), self.first, self.begins]

    @classmethod
    def from_state(
        cls, present: list[str], item_id: Any, met: Any, first: Any, begins: Any
    ) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none."""
        each(str, [item_id])
        each(bool, [first, begins])
        bits = read(met)
        if bits >> len(present):  # or below nothing, which has all the higher ones
            raise ValueError(f"a lesson with others that were not there: {met}")
        others = [item for place, item in enumerate(present) if bits >> place & 1]
        return cls(item_id, others, first=first, begins=begins)


class Taught:
    """The items of one basket that have been counted, and which of them never met.

    >>> taught = Taught()
    >>> taught.lesson("bread", [])
    Lesson(item_id='bread', others=[], first=True, begins=True, offered=False)
    >>> taught.lesson("butter", ["bread"])
    Lesson(item_id='butter', others=['bread'], first=True, begins=False, offered=False)
    >>> taught.lesson("butter", ["bread"]) is None
    True
    """

    __slots__ = ("_apart", "_ended", "_items", "cart")

    def __init__(self, cart: str | None = None) -> None:
        self.cart = cart
        """Of which visit a snapshot told the basket last, and whether somebody was there by name.

        None: none did, since others signed in or out. Who it was is not kept: it outlives a visit.
        """
        self._items: dict[str, int] = {}
        """With their places."""
        self._ended = False
        self._apart = b""
        """The places of two items each, the earlier one first, a byte a place."""

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    def __len__(self) -> int:
        return len(self._items)

    @property
    def apart(self) -> int:
        """How many pairs have not met yet."""
        return len(self._apart) // 2

    def end(self) -> int:
        """It teaches no more; how many items it forgets for that."""
        number = len(self._items)
        self._items, self._apart, self._ended = {}, b"", True
        return number

    def lesson(self, item_id: str, present: Sequence[str]) -> Lesson | None:
        """What an item teaches that comes beside those present; None: nothing new."""
        if item_id in self._items:
            others = [other for other in present if self._meets(item_id, other)]
            return Lesson(item_id, others, first=False, begins=False) if others else None
        if len(self._items) >= TAUGHT_MAX or self._ended:
            return None
        others = [other for other in present if other in self._items]
        if len(others) < len(self._items):
            self._part({*others})
        begins = not self._items
        self._items[intern(item_id)] = len(self._items)
        return Lesson(item_id, others, first=True, begins=begins)

    def _part(self, present: set[str]) -> None:
        """Note the earlier items that the next one does not find present."""
        for other, place in self._items.items():
            if other not in present and self.apart < APART_MAX:
                self._apart += bytes((place, len(self._items)))

    def _meets(self, one: str, other: str) -> bool:
        """Whether two items that stood apart have met now."""
        if not self._apart or other not in self._items:
            return False
        pair = bytes(sorted((self._items[one], self._items[other])))
        for at in self._places():
            if self._apart[at : at + 2] == pair:
                self._apart = self._apart[:at] + self._apart[at + 2 :]
                return True
        return False

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        names = list(self._items)
        apart = [[names[place] for place in self._apart[at : at + 2]] for at in self._places()]
        taught: list[Any] = [None if self._ended else names, apart]
        return taught if self.cart is None else [*taught, self.cart]

    def _places(self) -> range:
        return range(0, len(self._apart), 2)

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The one whose `state()` this is, or what JSON made of it.

        Raises `TypeError` or `ValueError` when it is none.
        """
        items, apart, *cart = state
        taught = cls(*each(str, cart))
        taught._ended = items is None
        names = dict.fromkeys(each(str, () if items is None else map(intern, items)))
        taught._items = {item: place for place, item in enumerate(names)}
        each(str, chain.from_iterable(apart or ()))
        for one, other in apart or ():
            places = sorted(taught._items.get(item, PLACES) for item in (one, other))
            if places[1] < PLACES:  # there were more items once
                taught._apart += bytes(places)
        return taught
