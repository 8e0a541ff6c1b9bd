"""Taking back what a table of pairs was taught: see `models.recommenders.pair_table.uncounting`."""

from collections.abc import Sequence

import numpy as np

from models.recommenders.pair_table.table import PairTable
from models.recommenders.pair_table.uncounting import uncount


def take_back(
    table: PairTable, context: Sequence[str], y: str, era: int, weight: int, *, alone: bool
) -> None:
    """The event that `PairTable.learn` was told of never happened, `alone`: in its pairs.

    What is not known (any more) has nothing that could be taken back.
    """
    number = table.number.get(y)
    if number is None:
        return
    known = (table.number.get(item) for item in dict.fromkeys(context))
    numbers = np.array([at for at in known if at is not None], np.int64)
    early = min(table.era - era, 2)
    uncount(
        *(table.cells, table.rows, numbers, number, weight, early, 1, alone),
        table.norm,
    )
