"""Allocator of chunks, the stretches of cells that rows of pairs live in: free lists by size.

A free chunk keeps the start of the next free one of its size in its first cell, as the free lists
of a buddy allocator do. Compiled.
"""

from models.compiled import compiled
from models.recommenders.pair_table.layout import NONE, SMALLEST, TOP, Cells, Numbers


@compiled
def size_class(room: int) -> int:
    """The class of a chunk of this room."""
    size = 0
    while SMALLEST << size < room:
        size += 1
    return size


@compiled
def allocate(cells: Cells, chunks: Numbers, size: int) -> int:
    """The start of a chunk of this class; the caller has seen to it that there is one."""
    start = int(chunks[size])
    if start == NONE:
        start = int(chunks[TOP])
        chunks[TOP] = start + (SMALLEST << size)
    else:
        chunks[size] = cells[start].latest
    return start


@compiled
def release(cells: Cells, chunks: Numbers, start: int, room: int) -> None:
    """A chunk is free for another row."""
    size = size_class(room)
    cells[start].latest = chunks[size]
    chunks[size] = start
