"""Meetings of items with their partners, in whole counts that do not fade."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.recommenders.pair_table.table import PairTable


class Companions(NamedTuple):
    """Whom some items met: arrays of one length, an entry for each two that are remembered."""

    place: NDArray[Any]
    """Which of the items it was, from 0 on,"""
    number: NDArray[Any]
    """and whom it met, as a place in `names`."""
    together: NDArray[Any]
    """How often they met,"""
    of: NDArray[Any]
    """how often the item was seen,"""
    seen: NDArray[Any]
    """and how often whom it met."""
    names: Sequence[str]


def seen(table: PairTable, item: str) -> int:
    """How often an item was seen."""
    number = table.number.get(item)
    return 0 if number is None else int(table.rows[number]["times"])


def meetings(table: PairTable, item: str) -> tuple[int, dict[str, int]]:
    """How often an item was seen, and how often with each partner that is remembered.

    >>> pairs = PairTable(row_max=64, norm=0.3)
    >>> pairs.learn([], "bread", 0, 1, first=1, near=False)
    >>> pairs.learn(["bread"], "butter", 0, 1, first=1, near=False)
    >>> meetings(pairs, "bread"), meetings(pairs, "jam")
    ((1, {'butter': 1}), (0, {}))
    """
    if (number := table.number.get(item)) is None:
        return 0, {}
    cells, names = table.partners(item), table.names
    counts = zip(cells["item"].tolist(), cells["times"].tolist(), strict=True)
    return int(table.rows[number]["times"]), {names[at]: times for at, times in counts}


def met(table: PairTable, a: str, b: str) -> tuple[int, int, int]:
    """How often each of two items was seen, and how often both; no other partner is looked at.

    The row of either may have forgotten the other one: what is remembered counts.

    >>> pairs = PairTable(row_max=64, norm=0.3)
    >>> pairs.learn([], "bread", 0, 1, first=1, near=False)
    >>> pairs.learn(["bread"], "butter", 0, 1, first=1, near=False)
    >>> met(pairs, "bread", "butter"), met(pairs, "jam", "bread")
    ((1, 1, 1), (0, 1, 0))
    """
    at_a, of_a, of_b = table.number.get(a), seen(table, a), seen(table, b)
    if at_a is None or b not in table.number:
        return of_a, of_b, 0
    cells = table.partners(b)
    found = cells["times"][cells["item"] == at_a]
    return of_a, of_b, int(found[0]) if len(found) else 0


def companions(table: PairTable, items: Sequence[str]) -> Companions:
    """How often each of some items met each of its partners, and how often both were seen.

    >>> pairs = PairTable(row_max=64, norm=0.3)
    >>> pairs.learn([], "bread", 0, 1, first=1, near=False)
    >>> pairs.learn(["bread"], "butter", 0, 1, first=1, near=False)
    >>> met = companions(pairs, ["jam", "butter"])
    >>> [met.names[number] for number in met.number], met.place.tolist(), met.together.tolist()
    (['bread'], [1], [1])
    """
    rows, cells = table.rows, table.cells
    numbers = np.array([table.number.get(item, -1) for item in items], np.int64)
    known = np.flatnonzero(numbers >= 0)
    those = rows[numbers[known]]
    starts, lengths = those["start"], those["length"]
    slices = [cells[at : at + length] for at, length in zip(starts, lengths, strict=True)]
    met = np.concatenate(slices) if slices else cells[:0]
    return Companions(
        np.repeat(known, lengths),
        met["item"],
        met["times"].astype(np.int64),
        np.repeat(those["times"].astype(np.int64), lengths),
        rows["times"][met["item"]].astype(np.int64),
        table.names,
    )
