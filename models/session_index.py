"""Which items were in which of the latest sessions: the index that session kNN asks.

Items and sessions are numbers; the index says which. Arrays grow with what they hold, up to bounds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models import neighbours, pairs, rings
from models.interning import Interner
from models.limits import at_least_one
from models.rings import Ints
from models.shelves import ITEM, NOBODY, SESSION_MAX, VOTES, blank, grown

SESSIONS_PER_ITEM_MAX = 512
"""Sessions remembered of an item."""
RUNNING_MAX = 50_000
"""Sessions that can be continued, the latest begun."""
CONTEXT_MAX = 50
"""Items of a session that are looked at, the latest."""
POOL_BEGIN = 1 << 12


class SessionIndex:
    """Items by number, sessions by number, and which was in which.

    Parameters
    ----------
    items_max
        Items known; then the sixteenth that was seen longest ago is forgotten.
    sessions_max
        Sessions kept; then each new one takes the place of the oldest.
    """

    def __init__(self, items_max: int, sessions_max: int) -> None:
        at_least_one(items_max=items_max, sessions_max=sessions_max)
        self.sessions_max = sessions_max
        self.pool_max = 64 * items_max + 16 * sessions_max
        self.names = Interner(items_max)
        self.items = blank(0, ITEM)
        self.pool = np.zeros(POOL_BEGIN, np.int32)
        self.blocks = rings.no_blocks()
        self.sessions = np.zeros((0, 1 + SESSION_MAX), np.int32)
        self.begun = 0
        self.running: dict[str, int] = {}
        self._scratch()

    def _scratch(self) -> None:
        self.votes = blank(len(self.items), VOTES)
        self.similarity = np.zeros(len(self.sessions), np.int32)
        self.found = np.zeros(16 * SESSIONS_PER_ITEM_MAX, np.int32)
        self.touched = np.zeros(1 << 14, np.int32)
        self.heap = np.zeros(1 << 11, np.int64)
        self.context = np.zeros(CONTEXT_MAX, np.int32)

    # Items

    def item(self, name: str) -> int:
        """The number of an item, seen just now. There must be room: see `crowded`."""
        number = self.names.find(name)
        if number is None:
            number = self.names.add(name)
            if number >= len(self.items):
                self._grow_items(number + 1)
        else:
            self.names.touch(name)
        return number

    def crowded(self, name: str) -> bool:
        """Whether items have to be forgotten before this one can be learned."""
        return self.names.full and self.names.find(name) is None

    def _grow_items(self, size: int) -> None:
        self.items = grown(self.items, size, self.names.size_max)
        self.votes = blank(len(self.items), VOTES)

    def forget(self) -> Ints:
        """Forget a slab of items: 1 for each number that is gone, by number."""
        gone = np.zeros(len(self.items), np.int32)
        gone[self.names.forget()] = 1
        neighbours.forget(self.items, self.pool, self.blocks, self.sessions, gone)
        return gone

    def look(self, x: Sequence[str]) -> int:
        """Write the known of the last items of `x` into the context; how many."""
        numbers = self.names.numbers(x[-CONTEXT_MAX:])
        self.context[: len(numbers)] = numbers
        return len(numbers)

    # Sessions

    def own(self, x: Sequence[str], session: str) -> int:
        """The number of the running session that holds `x`; `NOBODY` if it is not in the index."""
        number = self.running.get(session, NOBODY) if x else NOBODY
        if number < self.begun - self.sessions_max or not (session or self._ends_with(number, x)):
            return NOBODY
        return number

    def _ends_with(self, number: int, x: Sequence[str]) -> bool:
        """Whether a session without a name may be the one that `x` comes from."""
        if number < 0:
            return False
        kept = self.sessions[number % self.sessions_max]
        return kept[0] > 0 and kept[kept[0]] == self.names.find(x[-1])

    def begin(self, x: Sequence[str], session: str) -> int:
        """The number of a new session, which holds what is known of `x` already."""
        number = self.begun
        slot = number % self.sessions_max
        if slot >= len(self.sessions):
            self._grow_sessions(slot + 1)
        self.sessions[slot, 0] = 0
        self.begun += 1
        self.running.pop(session, None)
        self.running[session] = number
        if len(self.running) > RUNNING_MAX:
            del self.running[next(iter(self.running))]
        for item in self.names.numbers(x[-SESSION_MAX:]):
            self.enter(item, number)
        return number

    def _grow_sessions(self, size: int) -> None:
        self.sessions = grown(self.sessions, size, self.sessions_max)
        self.similarity = np.zeros(len(self.sessions), np.int32)

    def make_room(self) -> None:
        """Let the pool be large enough for what one event may need."""
        need = int(self.blocks[0]) + 4 * SESSIONS_PER_ITEM_MAX
        if need > len(self.pool):
            self.pool = grown(self.pool, need, self.pool_max + 4 * SESSIONS_PER_ITEM_MAX)

    def enter(self, item: int, number: int) -> None:
        """Item by number, session by number: now it is in."""
        self.make_room()
        neighbours.index(
            self.items, self.pool, self.blocks, self.sessions, item,
            number % self.sessions_max, number, SESSIONS_PER_ITEM_MAX, self.pool_max,
        )  # fmt: skip

    # Memory

    @property
    def bytes(self) -> int:
        """Of all arrays, scratch included."""
        return sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))
