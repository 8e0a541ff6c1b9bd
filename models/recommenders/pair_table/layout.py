"""Record layouts of a table of pairs, in memory (`models.recommenders.pair_table.table`).

Items are whole numbers from 0 on. A row is a chunk of cells, one for each partner of an item, in
the order in which they met; chunks have room for 4, 8, 16, … cells, and one that is outgrown is
kept for another row of its size.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.decay.eras import EARLIER, ONE, EraUnit

ERAS_MAX = 8
"""Votes that are older still count as if they were so many eras old: nothing is nothing at all."""

CELL = np.dtype(
    [("item", np.int32), ("times", np.int32), ("latest", np.int64), ("before", np.int64)],
    align=True,
)
"""A partner: how often the two met, and how much that weighs, by era (`models.decay.eras`).

Times stop at `TIMES_MAX`. A weight has eight bytes: room for a billion meetings in a half-life."""
TIMES_MAX = (1 << 31) - 1
WEIGHED = ("times", "latest", "before")
"""What is counted of items and of pairs."""
ROW = np.dtype(
    [
        ("start", np.int64),  # of its chunk of cells
        ("length", np.int32),  # partners
        ("room", np.int32),  # cells of its chunk; 0: it has none yet
        ("latest", np.int64),  # weight of the item itself, by era
        ("before", np.int64),
        ("times", np.int64),  # how often it was seen
        ("damping", np.float64),  # its weight ** -popularity_norm; 0 for what weighs nothing
        ("hash", np.int64),  # of its name: puts equals in an order that every worker agrees on
        ("trimmed", np.int32),  # 1: partners of it were forgotten
        ("place", np.int32),  # scratch of `learn`: the nearest place of the item in the context
    ],
    align=True,
)
"""An item."""
VOTE = np.dtype(
    [("score", np.float64), ("strongest", np.float64), ("voter", np.int32), ("met", np.int32)],
    align=True,
)
"""Scratch of `rank`, one an item, all zero in between: the sum of votes, the strongest voter."""
FACTS = 4
"""Of a candidate, beside its score: its number, how often it and its strongest voter met, how often
that was seen, and that one's number. In whole numbers: a row of records takes five times as long to
become Python's own."""
Cells: TypeAlias = NDArray[Any]
Rows: TypeAlias = NDArray[Any]
Votes: TypeAlias = NDArray[Any]
Facts: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

SMALLEST = 4
"""Cells of the smallest chunk."""
CLASSES = 24
"""Sizes of chunks: `SMALLEST << class`."""
ROW_MAX = SMALLEST << CLASSES - 1
"""No row has more partners: this is the largest chunk that there is."""
ITEMS_MAX = (1 << 31) - 1
"""Items have numbers of four bytes."""
TOP = CLASSES
"""Where `chunks` says how many cells were ever in use; before it, a free chunk of each class."""
NONE = -1
NOBODY = -1
"""A voter that is not known: it has no vote, and keeps its place."""
STEP = 5
"""Numbers that a step is written as: items in its context, the item, its weight, how many eras ago,
and flags: that this counts as a meeting (1), that the nearer weighs more (`NEAR`), that the item
itself was counted before (`ALONE`)."""
NEAR = 2
ALONE = 4


class VoteWeights(NamedTuple):
    """How votes count: in events of `unit`, see `models.recommenders.cooccurrence`."""

    worth: float
    """What a vote of the first voter is worth."""
    unit: float
    """A weight times this is a number of events."""
    decay: float
    """What a vote is worth relative to that of the voter before."""
    norm: float
    """Power of its own events by which a voter's votes are divided."""


@lru_cache(maxsize=256)
def vote_weights(
    now: EraUnit, era: int, popularity_norm: float, decay: float, norm: float
) -> VoteWeights:
    """How votes of a table's latest era count now. What the damping leaves out is put in here."""
    unit = EARLIER ** min(now.era - era, ERAS_MAX) / now.weight
    return VoteWeights(unit / (unit * ONE) ** popularity_norm, unit, decay, norm)


Support: TypeAlias = tuple[int, int, float]
"""What evidence a candidate must have, from one of the voters at least: how often the two must have
met; how many sessions there were, to know what chance makes of a pair; and how many standard errors
it must be beyond chance (`ranking.beyond_chance`; 0: chance will do). Every arm is asked for it at
every decision, and plain tuples take a fraction of the time."""


class PairLift(NamedTuple):
    """How much more often two items meet than chance says, and the counts that say so.

    `lift` is `together * sessions / (of_a * of_b)`: 1 by chance, 0 if they never met.
    """

    lift: float
    together: int
    of_a: int
    of_b: int
    sessions: int


Ranked = tuple[float, str, int, int, int]
"""A candidate: minus its score, the item, and the evidence (how often it met the strongest voter,
how often that was seen, and its number). As a plain tuple it goes into its order by itself."""
GROWTH = 1.5


def longer(array: NDArray[Any], more: int = 1) -> NDArray[Any]:
    """A copy with room for at least so many more, the new ones zero."""
    copy = np.zeros(max(int(len(array) * GROWTH), len(array) + more), array.dtype)
    copy[: len(array)] = array
    return copy


def name_hash(item: str) -> int:
    """An item's `hash`: in whatever order items came, equals stand in the same order by it."""
    return int.from_bytes(blake2b(item.encode("utf-8", "surrogatepass"), digest_size=7).digest())
