"""Whether arrays are sound that were read from outside: compiled loops look where they point.

A snapshot can be undamaged and still be false. So before a loop sees any number of it, each is
checked here, and whoever reads it raises `ValueError`, which becomes a `SnapshotError`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.recommenders.session_index.rings import (
    COUNT_MAX,
    EMPTY,
    FIRST_ROOM,
    SIZES,
    Ints,
    Records,
)

Heads = tuple[Records, int]
"""Records that have a ring each, and the most places that such a ring may have."""
Places = NDArray[np.int64]


def all_within(numbers: NDArray[Any], low: float, high: float) -> bool:
    """Whether no number is outside `[low, high]`, or none at all.

    >>> all_within(np.array([3, 4]), 0, 4), all_within(np.array([]), 0, 4)
    (True, True)
    >>> all_within(np.array([0.5, np.nan]), 0, np.inf)
    False
    """
    return bool(np.all((numbers >= low) & (numbers <= high)))


def are_weights(*sums: NDArray[Any]) -> bool:
    """Whether these are sums of weights: finite, and not below 0.

    >>> are_weights(np.array([0.0, 2.5])), are_weights(np.array([np.inf]))
    (True, False)
    """
    return all(all_within(each, 0.0, np.finfo(each.dtype).max) for each in sums)


def check_rings(pool: Ints, blocks: Ints, heads: Sequence[Heads]) -> None:
    """Raise `ValueError` unless each place is of exactly one ring, or of one free block."""
    used = len(pool)
    if blocks.shape != (SIZES,) or blocks[0] != used or not all_within(blocks, 0, used):
        raise ValueError(f"blocks that are not those of a pool with {used} places")
    begins, rooms = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for records, room_max in heads:
        at, room, count = (records[name].astype(np.int64) for name in ("at", "room", "count"))
        powers = (room & (room - 1) == 0) & ((room == 0) | (room >= FIRST_ROOM))
        if not (powers.all() and all_within(room, 0, room_max) and all_within(count, 0, np.inf)):
            raise ValueError("a ring of no such room, or that holds less than nothing")
        if count[room == 0].any():
            raise ValueError("a ring that holds something, without any room")
        begins.append(at[room > 0])
        rooms.append(room[room > 0])
    free = list(_free_blocks(pool, blocks))
    begins.append(np.array([at for at, _ in free], np.int64))
    rooms.append(np.array([room for _, room in free], np.int64))
    _check_partition(np.concatenate(begins), np.concatenate(rooms), used)


def _free_blocks(pool: Ints, blocks: Ints) -> Iterator[tuple[int, int]]:
    """Where each free block begins, and its room. Raises `ValueError` when a list has no end."""
    used = len(pool)
    for size in range(1, SIZES):
        at, room, found = int(blocks[size]) - 1, 1 << size, 0
        while at >= 0:
            found += 1
            if room < FIRST_ROOM or at + room > used or found * room > used:
                raise ValueError(f"a list of free blocks with {room} places that leads astray")
            yield at, room
            at = int(pool[at]) - 1


def _check_partition(begins: Places, rooms: Places, used: int) -> None:
    order = np.argsort(begins, kind="stable")
    ends = np.concatenate([[0], begins[order] + rooms[order]])
    if not (np.array_equal(ends[:-1], begins[order]) and ends[-1] == used):
        raise ValueError("rings and free blocks that overlap, or leave a gap")


def held_places(records: Records) -> Places:
    """The places of a pool that rings may be read from."""
    lengths = np.minimum(records["count"], records["room"]).astype(np.int64)
    firsts = np.cumsum(lengths) - lengths
    starts = records["at"].astype(np.int64) - firsts
    return np.repeat(starts, lengths) + np.arange(int(lengths.sum()))


def settle_counts(records: Records) -> None:
    """Let counts fall back as `rings.push` does, which looks at them now and then only."""
    count = records["count"]
    records["count"] = np.where(count < COUNT_MAX, count, COUNT_MAX // 2 + count % (COUNT_MAX // 2))


def forget_doubtful(records: Records, pool: Ints) -> None:
    """Of rings that were written over, keep the four newest numbers, which are theirs for sure.

    A ring that was widened late, when its pool had been at its bound, had numbers of others in the
    places that it never wrote to: until snapshots said `rings`.
    """
    for at, room, count in records[["at", "room", "count"]].tolist():
        if count > room > FIRST_ROOM:
            newest = np.arange(count - FIRST_ROOM, count) & (room - 1)
            block = pool[at : at + room]
            kept = block[newest]
            block[:] = EMPTY
            block[newest] = kept
