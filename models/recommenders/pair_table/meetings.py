"""Meetings of items with their partners, in whole counts that do not fade."""

from models.recommenders.pair_table.table import PairTable


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
