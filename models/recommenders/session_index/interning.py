"""Interning: strings as small whole numbers, so that arrays can be indexed by them.

The number of strings is bounded. When there are as many as there may be, the sixteenth that was
seen longest ago is forgotten, and their numbers are given to newcomers: whoever keeps arrays by
number has to clear the rows of what was forgotten first.
"""

import sys
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from models.decay.eviction import slab
from models.limits import at_least_one

INT_BYTES = 28


class Interner:
    """Names and their numbers, from 0 without gaps at first, reused later.

    Parameters
    ----------
    size_max
        Names known at once; numbers are below it.

    Examples
    --------
    >>> items = Interner(size_max=2)
    >>> items.add("bread"), items.add("butter")
    (0, 1)
    >>> items.full, items.forget()
    (True, [0])
    >>> items.add("jam"), items.find("bread"), items.name(0)
    (0, None, 'jam')
    """

    __slots__ = ("_free", "_names", "_numbers", "find", "name", "size_max", "touch")

    def __init__(self, size_max: int) -> None:
        at_least_one(size_max=size_max)
        self.size_max = size_max
        self._restore(OrderedDict(), [], [])

    def _restore(self, numbers: OrderedDict[str, int], names: list[str], free: list[int]) -> None:
        self._numbers = numbers  # the one seen longest ago first
        self._names = names
        self._free = free
        self.find = numbers.get
        """The number of a name, or `None`."""
        self.touch = numbers.move_to_end
        """A name that is known was seen just now."""
        self.name = names.__getitem__
        """The name of a number."""

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def used(self) -> int:
        """Numbers below this one have been given at some time."""
        return len(self._names)

    @property
    def full(self) -> bool:
        """Whether some have to be forgotten before one can be added."""
        return len(self._numbers) >= self.size_max

    def add(self, name: str) -> int:
        """The number of a new name."""
        if self._free:
            number = self._free.pop()
            self._names[number] = name
        else:
            number = len(self._names)
            self._names.append(name)
        self._numbers[name] = number
        return number

    def forget(self) -> list[int]:
        """Forget the sixteenth that was seen longest ago: their numbers, soon to be reused."""
        gone = [self._numbers.popitem(last=False) for _ in range(slab(self.size_max))]
        numbers = [number for _, number in gone]
        for number in numbers:
            self._names[number] = ""
        self._free.extend(reversed(numbers))
        return numbers

    def remove(self, name: str) -> int | None:
        """Forget one name: its number, soon to be reused; None if it is not known."""
        number = self._numbers.pop(name, None)
        if number is not None:
            self._names[number] = ""
            self._free.append(number)
        return number

    def numbers(self, names: Iterable[str]) -> list[int]:
        """The numbers of those names that are known."""
        find = self.find
        return [number for name in names if (number := find(name)) is not None]

    @property
    def bytes(self) -> int:
        """What names and numbers take."""
        tables = sys.getsizeof(self._numbers) + sys.getsizeof(self._names)
        return tables + sum(map(sys.getsizeof, self._numbers)) + INT_BYTES * len(self._numbers)

    def state(self) -> dict[str, Any]:
        """Names and numbers, the one seen longest ago first, and the numbers to be reused."""
        return {
            "names": list(self._numbers),
            "numbers": list(self._numbers.values()),
            "free": list(self._free),
        }

    @classmethod
    def from_state(cls, size_max: int, state: dict[str, Any]) -> "Interner":
        """The interner whose `state()` this is.

        Raises `ValueError` if its numbers are not all from 0 on, or too many: none is given anew,
        as arrays are kept by number.
        """
        interner = cls(size_max)
        numbers = OrderedDict(
            (str(name), int(number))
            for name, number in zip(state["names"], state["numbers"], strict=True)
        )
        free = [int(number) for number in state["free"]]
        used = len(numbers) + len(free)
        if sorted([*numbers.values(), *free]) != list(range(used)) or used > size_max:
            raise ValueError(
                f"{used} numbers that are not 0 to {used - 1}, or more than {size_max}"
            )
        names = [""] * used
        for name, number in numbers.items():
            names[number] = name
        interner._restore(numbers, names, free)
        return interner
