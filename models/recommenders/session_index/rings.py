"""Ring buffers: the latest few numbers of each key, packed into one pool that has an upper bound.

A key's ring begins with four places and doubles when it is full, up to a limit; then the newest
overwrites the oldest. A ring that was outgrown is used again by the next ring of its size. When the
pool is at its bound, a full ring stays as it is (and still holds its latest) and asks again each
time that it has been written over from end to end; a first ring of four is always to be had.

```
count 6, room 4    4 5 2 3            number j is at j modulo room; at 4 the pool had no block of 8
count 8, room 4    4 5 6 7            now it has one
         room 8    - - - - 4 5 6 7    - is EMPTY
count 10           8 9 - - 4 5 6 7
```

All of the `min(count, room)` latest places of a ring may be read, always: each holds a number that
was pushed to this very ring, or `EMPTY`.

Compiled: arrays in, arrays changed. A ring is the fields `at`, `room` and `count` of a record.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled

RING_FIELDS = [("at", "i4"), ("room", "i4"), ("count", "i4")]
"""Where it begins in the pool, places it has (a power of two), numbers ever pushed.

In four bytes each: a pool has less than 2**31 places
(`models.recommenders.session_index.session_index` sees to it), and a count of 2**30 goes on from
half of that."""
FIRST_ROOM = 4
SIZES = 32
EMPTY = -1
"""What a place holds that was never written to."""
COUNT_MAX = 1 << 30
"""Where a count falls back by half: a multiple of every room, so that numbers stay in place."""
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
def allocate(pool: Ints, blocks: Ints, room: int, limit: int) -> int:
    """Where a block of this many places begins; -1 when the pool has none within its limit."""
    size = size_of(room)
    if blocks[size] > 0:
        at = int(blocks[size]) - 1
        blocks[size] = pool[at]
        return at
    if blocks[0] + room > min(limit, len(pool)):
        return -1
    at = int(blocks[0])
    blocks[0] += room
    return at


@compiled
def release(pool: Ints, blocks: Ints, at: int, room: int) -> None:
    """A block that is no longer needed."""
    size = size_of(room)
    pool[at] = blocks[size]
    blocks[size] = at + 1


@compiled
def widen(ring: Any, pool: Ints, blocks: Ints, limit: int) -> None:
    """Double the room of a full ring, if the pool allows; its first room is beyond any limit."""
    room = 2 * ring.room if ring.room else FIRST_ROOM
    at = allocate(pool, blocks, room, limit if ring.room else len(pool))
    if at < 0:
        return
    pool[at : at + room] = EMPTY
    if ring.room:
        for j in range(ring.count - ring.room, ring.count):
            pool[at + (j & (room - 1))] = pool[ring.at + (j & (ring.room - 1))]
        release(pool, blocks, ring.at, ring.room)
    ring.at = at
    ring.room = room


@compiled
def push(ring: Any, value: int, pool: Ints, blocks: Ints, room_max: int, limit: int) -> None:
    """Add the newest number to a ring; lost where the pool itself is too short for a first room."""
    if ring.count & (ring.room - 1) == 0:  # full from end to end, or without any room yet
        if ring.count >= COUNT_MAX:
            ring.count -= COUNT_MAX // 2
        if ring.room < room_max:
            widen(ring, pool, blocks, limit)
    if ring.room:
        pool[ring.at + (ring.count & (ring.room - 1))] = value
        ring.count += 1


@compiled
def holds(ring: Any, pool: Ints, value: int) -> bool:
    """Whether a number is among those that a ring remembers."""
    found = False
    for j in range(ring.count - min(ring.room, ring.count), ring.count):
        found |= pool[ring.at + (j & (ring.room - 1))] == value
    return found


@compiled
def empty(ring: Any, pool: Ints, blocks: Ints) -> None:
    """Forget a ring; its places are free again."""
    if ring.room:
        release(pool, blocks, ring.at, ring.room)
    ring.at = 0
    ring.room = 0
    ring.count = 0
