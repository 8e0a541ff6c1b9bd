"""Rings: the latest few numbers of each key, packed into one pool that has an upper bound.

A key's ring begins with four places and doubles when it is full, up to a limit; then the newest
overwrites the oldest. A ring that was outgrown is used again by the next ring of its size. When the
pool is at its bound, rings stop growing (and still hold their latest); a first ring of four is
always to be had, as that many are set aside.

Compiled: arrays in, arrays changed. A ring is the fields `at`, `room` and `count` of a record.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled

RING_FIELDS = [("at", "i4"), ("room", "i4"), ("count", "i4")]
"""Where it begins in the pool, places it has (a power of two), numbers ever pushed."""
FIRST_ROOM = 4
SIZES = 32
Ints = NDArray[np.int32]
Records = NDArray[Any]


def no_blocks() -> Ints:
    """The state of an empty pool: places used, then for each size the first free block plus 1."""
    return np.zeros(SIZES, np.int32)


@compiled
def size_of(room: int) -> int:
    """The list in which free blocks of this many places are kept."""
    size = 0
    while room > 1:
        room >>= 1
        size += 1
    return size


@compiled
def take(pool: Ints, blocks: Ints, room: int, limit: int) -> int:
    """Where a block of this many places begins; -1 when the pool has none within its limit."""
    size = size_of(room)
    if blocks[size] > 0:
        at = int(blocks[size]) - 1
        blocks[size] = pool[at]
        return at
    if blocks[0] + room > limit:
        return -1
    at = int(blocks[0])
    blocks[0] += room
    return at


@compiled
def give_back(pool: Ints, blocks: Ints, at: int, room: int) -> None:
    """A block that is no longer needed."""
    size = size_of(room)
    pool[at] = blocks[size]
    blocks[size] = at + 1


@compiled
def widen(ring: Any, pool: Ints, blocks: Ints, limit: int, reserve: int) -> None:
    """Double the room of a ring, if the pool allows."""
    room = 2 * ring.room if ring.room else FIRST_ROOM
    at = take(pool, blocks, room, limit - reserve if ring.room else limit)
    if at < 0:
        return
    if ring.room:
        for j in range(ring.count - ring.room, ring.count):
            pool[at + (j & (room - 1))] = pool[ring.at + (j & (ring.room - 1))]
        give_back(pool, blocks, ring.at, ring.room)
    ring.at = at
    ring.room = room


@compiled
def push(
    ring: Any, value: int, pool: Ints, blocks: Ints, room_max: int, limit: int, reserve: int
) -> None:
    """Add the newest number to a ring."""
    if ring.count >= ring.room and ring.room < room_max:
        widen(ring, pool, blocks, limit, reserve)
    if ring.room:
        pool[ring.at + (ring.count & (ring.room - 1))] = value
        ring.count += 1


@compiled
def empty(ring: Any, pool: Ints, blocks: Ints) -> None:
    """Forget a ring; its places are free again."""
    if ring.room:
        give_back(pool, blocks, ring.at, ring.room)
    ring.at = 0
    ring.room = 0
    ring.count = 0
