"""What to forget when a table is full: the lightest entries, a slab at a time.

Forgetting one entry for each newcomer would search the table each time. Forgetting a slab of it
searches once for many newcomers, so that the price of one newcomer does not grow with the table.
Which entries go depends on what is in the table, never on the order in which it came.
"""

from collections.abc import Mapping


def lightest(totals: Mapping[str, int], number: int) -> list[str]:
    """The `number` ids of the smallest totals; of equal ones, those last in the alphabet.

    >>> sorted(lightest({"bread": 7, "butter": 2, "jam": 2, "milk": 1}, 2))
    ['jam', 'milk']
    """
    if number <= 0:
        return []
    bar = sorted(totals.values())[min(number, len(totals)) - 1]
    below = [name for name, total in totals.items() if total < bar]
    level = sorted((name for name, total in totals.items() if total == bar), reverse=True)
    return below + level[: number - len(below)]


def slab(size_max: int) -> int:
    """How many entries leave at once when a table of `size_max` is full: a sixteenth.

    >>> slab(200_000), slab(4)
    (12500, 1)
    """
    return max(1, size_max // 16)
