"""Record layouts: the arrays of the learned recommenders, by item, pair, session and shopper.

| array | one for each | holds |
|---|---|---|
| `ITEM` | item | its counts, and the ring of the latest sessions that it was in |
| `PAIR`, `PARTNERS_MAX` a row | item | what comes together with it, and how much |
| `PAIR`, `NEXT_MAX` a row | item | what came right after it |
| sessions, `1 + SESSION_MAX` numbers a row | session | how many of its items are kept, and these |
| `SHOPPER` | shopper | the ring of what they took of late |
| `CATEGORY` | category | its events; number 0 is that of items of no known category |
| `CLOCK` | model | what an event of popularity weighs now |
| `VOTES` | item | scratch: what speaks for it, zero between any two questions |

A row of pairs is full to the left: its first pair without an item ends it.

Most numbers have four bytes, which a long life must not exceed:

| number | bound |
|---|---|
| of an item, a shopper, a category | as many as there may be, which are less than 2**31 |
| places of the pool, room | refused from 2**31 on (`session_index.PLACES_MAX`) |
| of a session, in rings and scratch | counted anew from 2**30 on (`SessionIndex.renumber`) |
| count of a ring | falls back by half at 2**30 (`rings.COUNT_MAX`) |
| weight of a pair | 2**20 an event at most; by ones it counts to 2**24, and stays there |
| sessions of a shopper | nobody reads it |
| events, taken, again | eight bytes: exact to 2**53 |
| slow, fast, clock | eight bytes: brought back at 1e100 (`trending.WEIGHT_MAX`) |
| votes | of one question: at most 2000 neighbours, 256 events of a shopper, 50 items of a session |
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.recommenders.session_index.rings import EMPTY, RING_FIELDS

SESSION_MAX = 20
"""Items kept of a session, the latest."""
PARTNERS_MAX = 64
NEXT_MAX = 16
POPULAR_MAX = 16
"""Items among the most popular of late."""
NOBODY = -1
"""No item, no session, no shopper."""
GONE = EMPTY
"""In a ring: an item that was forgotten. In a shopper's, `GONE - 1 - n`: session `n` began."""

ITEM = np.dtype(
    [
        *RING_FIELDS,
        ("popular", "i4"),  # 1 if it stands in the list of the most popular
        ("events", "f8"),  # weights of its events
        ("slow", "f8"),  # the same, faded slowly, as the clock says
        ("fast", "f8"),  # and quickly
        ("taken", "f8"),  # events of shoppers that we know
        ("again", "f8"),  # and those of shoppers who had taken it before
        ("category", "i8"),  # its number, 0 if unknown; in eight bytes, as padding has no value
    ],
    align=True,
)
PAIR = np.dtype([("item", "i4"), ("weight", "f4")], align=True)
SHOPPER = np.dtype([("sessions", "i4"), *RING_FIELDS], align=True)
CATEGORY = np.dtype([("events", "f8")], align=True)
CLOCK = np.dtype([("slow", "f8"), ("fast", "f8")], align=True)
VOTES = np.dtype(
    [
        ("knn", "f4"),
        ("plain", "f4"),
        ("follows", "f4"),
        ("together", "f4"),
        ("basket", "f4"),  # as together, from all of the session alike
        ("next", "f4"),
        ("own", "f4"),
        ("own_latest", "f4"),
        ("own_faded", "f4"),
        ("own_alike", "f4"),
        ("own_first", "i4"),  # number of the session in which the shopper took it first
        ("own_last", "i4"),  # and last
        ("times", "f4"),  # in the running session, if that was learned from already
        ("place", "i4"),  # of its latest event in the session, from 1; 0 if not in it
        ("held", "i2"),  # neighbours that held it
        ("status", "i2"),  # 1 once it is active, 2 once a candidate
        ("self_contribution", "f4"),  # of the running session, to its pair with the item that votes
    ],
    align=True,
)

Records = NDArray[Any]


def blank(size: int, kind: np.dtype[Any], width: int = 0) -> Records:
    """Records of nothing: no item is `NOBODY`, everything else 0."""
    records = np.zeros((size, width) if width else size, kind)
    if kind == PAIR:
        records["item"] = NOBODY
    return records


def grown(records: Records, size: int, limit: int) -> Records:
    """The records with at least twice the room, and at least `size` places, blank behind.

    >>> len(grown(blank(4, ITEM), 5, limit=100)), len(grown(blank(4, ITEM), 5, limit=6))
    (8, 6)
    """
    longer = min(max(2 * len(records), size), max(limit, size))
    more = np.zeros((longer - len(records), *records.shape[1:]), records.dtype)
    if records.dtype == PAIR:
        more["item"] = NOBODY
    return np.concatenate([records, more])
