"""The compiled loops that fill a table of pairs: count, make room, forget.

Each has a plain twin in the tests that proves it right.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled
from models.decay.eras import EARLIER, ONE
from models.recommenders.pair_table.chunks import allocate, release, size_class
from models.recommenders.pair_table.layout import (
    ALONE,
    NEAR,
    SMALLEST,
    STEP,
    TIMES_MAX,
    TOP,
    Cells,
    Numbers,
    Rows,
)


@compiled
def grow(cells: Cells, rows: Rows, chunks: Numbers, item: int) -> None:
    """Move a full row to a chunk of twice the room."""
    row = rows[item]
    room = max(SMALLEST, 2 * row.room)
    start = allocate(cells, chunks, size_class(room))
    for at in range(row.length):
        cells[start + at] = cells[row.start + at]
    if row.room:
        release(cells, chunks, row.start, row.room)
    rows[item].start = start
    rows[item].room = room


@compiled
def lighter(rows: Rows, one: Any, other: Any) -> bool:
    """Whether a cell weighs less than another; of equals, what met less often; then by hash."""
    if one.latest != other.latest:
        return bool(one.latest < other.latest)
    if one.before != other.before:
        return bool(one.before < other.before)
    if one.times != other.times:
        return bool(one.times < other.times)
    return bool(rows[one.item].hash < rows[other.item].hash)


@compiled
def lightest(cells: Cells, rows: Rows, item: int) -> int:
    """Where the lightest partner of an item stands, which has some."""
    least = int(rows[item].start)
    for at in range(least + 1, least + rows[item].length):
        if lighter(rows, cells[at], cells[least]):
            least = at
    return least


@compiled
def trim(cells: Cells, rows: Rows, item: int, surplus: int) -> None:
    """Forget the lightest partners of an item, one after the other; the last takes its place."""
    for _ in range(surplus):
        least = lightest(cells, rows, item)
        rows[item].length -= 1
        cells[least] = cells[rows[item].start + rows[item].length]
    rows[item].trimmed = 1


@compiled
def fit(cells: Cells, rows: Rows, row_max: int) -> None:
    """Forget the lightest partners of all rows that are longer than they may be."""
    for item in range(len(rows)):
        if rows[item].length > row_max:
            trim(cells, rows, item, rows[item].length - row_max)


@compiled
def count_pair(
    cells: Cells,
    rows: Rows,
    chunks: Numbers,
    a: int,
    b: int,
    weight: int,
    early: int,
    times: int,
    row_max: int,
) -> None:
    """Item `a` met `b`: `weight` in this era (`early` 0) or the one before (1)."""
    start = rows[a].start
    at = start
    end = start + rows[a].length
    while at < end and cells[at].item != b:
        at += 1
    if at == end:
        if rows[a].length >= row_max:
            trim(cells, rows, a, max(1, row_max // 4))
        elif rows[a].length == rows[a].room:
            grow(cells, rows, chunks, a)
        at = rows[a].start + rows[a].length
        rows[a].length += 1
        cells[at].item = b
        cells[at].times = 0
        cells[at].latest = 0
        cells[at].before = 0
    cells[at].times = min(TIMES_MAX, cells[at].times + times)
    if early == 0:
        cells[at].latest += weight
    elif early == 1:
        cells[at].before += weight


@compiled
def update_damping(row: Any, norm: float) -> None:
    """An item's damping: its weight ** -norm, or 0."""
    weight = (row.latest + row.before * EARLIER) / ONE
    row.damping = weight**-norm if weight > 0.0 else 0.0


@compiled
def count(row: Any, weight: int, early: int, times: int, norm: float) -> None:
    """The item itself was seen: `weight` in this era (`early` 0) or the one before (1)."""
    row.times += times
    if early == 0:
        row.latest += weight
    elif early == 1:
        row.before += weight
    update_damping(row, norm)


@compiled
def count_pairs(
    cells: Cells,
    rows: Rows,
    chunks: Numbers,
    context: Numbers,
    step: Numbers,
    row_max: int,
) -> None:
    """Count the pairs of a step's item with those before it, each by its nearest place."""
    n, y, weight, early, times = step[0], step[1], step[2], step[3], step[4] & 1
    for place in range(n):
        rows[context[place]].place = place + 1
    for place in range(n):
        x = context[place]
        if x != y and rows[x].place == place + 1:
            share = weight // (n - place) if step[4] & NEAR else weight
            count_pair(cells, rows, chunks, x, y, share, early, times, row_max)
            count_pair(cells, rows, chunks, y, x, share, early, times, row_max)


@compiled
def learn(
    cells: Cells,
    rows: Rows,
    chunks: Numbers,
    steps: Numbers,
    contexts: Numbers,
    done: int,
    at: int,
    row_max: int,
    norm: float,
) -> tuple[int, int]:
    """Count the steps (see `layout.STEP`) from one on; their contexts begin at `at`.

    Returns where to go on: behind the last step, unless there may be too few cells for the next.
    """
    while done < len(steps):
        step = steps[done : done + STEP]
        n = step[0]
        if chunks[TOP] + 4 * n * max(SMALLEST, row_max) > len(cells):
            break
        if not step[4] & ALONE:
            count(rows[step[1]], step[2], step[3], step[4] & 1, norm)
        count_pairs(cells, rows, chunks, contexts[at : at + n], step, row_max)
        done += STEP
        at += n
    return done, at


@compiled
def advance_eras(cells: Cells, rows: Rows, eras: int, norm: float) -> None:
    """A later era has begun, so many eras on: what was the latest is the one before."""
    for item in range(len(rows)):
        row = rows[item]
        if eras:
            row.before = row.latest if eras == 1 else 0
            row.latest = 0
            for at in range(row.start, row.start + row.length):
                cells[at].before = cells[at].latest if eras == 1 else 0
                cells[at].latest = 0
        update_damping(row, norm)


@compiled
def forget(cells: Cells, rows: Rows, chunks: Numbers, gone: NDArray[np.bool_]) -> None:
    """Take away items (`gone[item]` is true) and their pairs, in both directions."""
    for item in range(len(rows)):
        row = rows[item]
        if gone[item]:
            if row.room:
                release(cells, chunks, row.start, row.room)
            row.start, row.length, row.room, row.trimmed = 0, 0, 0, 0
            row.latest, row.before, row.times, row.damping = 0, 0, 0, 0.0
            continue
        kept = row.start
        for at in range(row.start, row.start + row.length):
            if not gone[cells[at].item]:
                cells[kept] = cells[at]
                kept += 1
        if kept < row.start + row.length:
            row.trimmed = 1
        row.length = kept - row.start
