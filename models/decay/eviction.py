"""Eviction: what to forget when a table is full: the lightest entries, a slab at a time.

Forgetting one entry for each newcomer would search the table each time. Forgetting a slab of it
searches once for many newcomers, so that the price of one newcomer does not grow with the table.
Which entries go depends on what is in the table, never on the order in which it came.
"""

from collections.abc import Mapping
from typing import Any


def lightest(totals: Mapping[str, Any], number: int) -> list[str]:
    """The `number` ids of the smallest totals, which may be anything that has an order.

    Of equal ones, those last in the alphabet.

    >>> sorted(lightest({"bread": 7, "butter": 2, "jam": 2, "milk": 1}, 2))
    ['jam', 'milk']
    """
    if number <= 0:
        return []
    if number >= len(totals):
        return list(totals)
    order = sorted(totals.values())
    bar = order[number]  # the lightest that stays, unless some of its weight have to go
    below = [name for name, total in totals.items() if total < bar]
    if len(below) < number:
        level = sorted((name for name, total in totals.items() if total == bar), reverse=True)
        below += level[: number - len(below)]
    return below


def slab(size_max: int) -> int:
    """How many entries leave at once when a table of `size_max` is full: a sixteenth.

    >>> slab(200_000), slab(4)
    (12500, 1)
    """
    return max(1, size_max // 16)
