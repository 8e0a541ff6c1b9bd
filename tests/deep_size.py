"""How many bytes of memory an object takes, with all that only it holds."""

import sys
from collections.abc import Iterable
from itertools import chain
from typing import Any

ATOMS = (str, bytes, bytearray, int, float)
SMALL = range(-5, 257)
"""Numbers that there are once in a process."""


def deep_size(*things: Any, shared: Iterable[Any] = ()) -> int:
    """The bytes of these, and of what they refer to, each once; not of what is `shared`.

    >>> deep_size(["bread", "bread"]) - deep_size([None, None]) == sys.getsizeof("bread")
    True
    """
    counted = {id(thing) for thing in shared}
    waiting, total = [*things], 0
    while waiting:
        thing = waiting.pop()
        if _is_everybodys(thing) or id(thing) in counted:
            continue
        counted.add(id(thing))
        total += sys.getsizeof(thing)
        waiting += _inside(thing)
    return total


def _is_everybodys(thing: Any) -> bool:
    """Whether there is one of it in a process."""
    small = type(thing) is int and thing in SMALL
    return thing is None or small or isinstance(thing, bool | type)


def _inside(thing: Any) -> list[Any]:
    if isinstance(thing, ATOMS) or callable(thing):
        return []
    if isinstance(thing, dict):
        return [*chain.from_iterable(thing.items())]
    if isinstance(thing, list | tuple | set | frozenset):
        return [*thing]
    slots = chain.from_iterable(_slots(one) for one in type(thing).__mro__)
    held = [getattr(thing, name) for name in slots if hasattr(thing, name)]
    return [*held, *vars(thing).values()] if hasattr(thing, "__dict__") else held


def _slots(kind: type) -> Iterable[str]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else slots
