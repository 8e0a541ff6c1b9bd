"""The compiled loops that take back what a table of pairs has counted, as if it had never been.

To take back is rare beside counting, and exact: whole numbers are subtracted where they were added.
What has fallen off with its era, or out of a full row, is gone already. A pair that never met any
more leaves its row. Each has a plain twin in the tests that proves it right.
"""

from models.compiled import compiled
from models.recommenders.pair_table.counting import update_damping
from models.recommenders.pair_table.layout import Cells, Numbers, Rows


@compiled
def uncount_pair(
    cells: Cells, rows: Rows, a: int, b: int, weight: int, early: int, times: int
) -> None:
    """Item `a` did not meet `b`; a partner that it never met leaves, the last takes its place."""
    row = rows[a]
    for at in range(row.start, row.start + row.length):
        if cells[at].item != b:
            continue
        cells[at].times = max(0, cells[at].times - times)
        if early == 0:
            cells[at].latest = max(0, cells[at].latest - weight)
        elif early == 1:
            cells[at].before = max(0, cells[at].before - weight)
        if cells[at].times == 0:
            row.length -= 1
            cells[at] = cells[row.start + row.length]
        return


@compiled
def uncount(
    cells: Cells,
    rows: Rows,
    context: Numbers,
    y: int,
    weight: int,
    early: int,
    times: int,
    alone: bool,
    norm: float,
) -> None:
    """Take back an item (unless `alone`: its pairs alone) and its pairs with a context.

    The context has each item once.
    """
    if not alone:
        row = rows[y]
        row.times = max(0, row.times - times)
        if early == 0:
            row.latest = max(0, row.latest - weight)
        elif early == 1:
            row.before = max(0, row.before - weight)
        update_damping(row, norm)
    for x in context:
        if x != y:
            uncount_pair(cells, rows, x, y, weight, early, times)
            uncount_pair(cells, rows, y, x, weight, early, times)
