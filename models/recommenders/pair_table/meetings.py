"""Meetings of one item with its partners, in whole counts that do not fade."""

from models.recommenders.pair_table.table import PairTable


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
