"""Inverted index of sessions by item, which session kNN asks: the latest sessions only.

Items and sessions are numbers here; arrays grow with what they hold, up to bounds. Behind the rows
of known items stand some that are always blank: they are lent, for one question, to items of a
session that nobody has learned of yet, so that these can be offered again.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from models.limits import at_least_one
from models.recommenders.session_index import neighbours, rings, sound
from models.recommenders.session_index.interning import Interner
from models.recommenders.session_index.records import ITEM, NOBODY, SESSION_MAX, VOTES, blank, grown
from models.recommenders.session_index.rings import EMPTY, FIRST_ROOM, Ints, Records
from models.snapshot import arrays

SESSIONS_PER_ITEM_MAX = 512
"""Sessions remembered of an item."""
RUNNING_MAX = 50_000
"""Sessions that can be continued: those that were used last."""
CONTEXT_MAX = 50
"""Items of a session that are looked at, the latest."""
NEIGHBOURS_MAX = 2_000
POOL_SPARE = 8 * SESSIONS_PER_ITEM_MAX
"""Places of the pool that one event may need."""
NAME_BYTES = 150
"""About what a name takes, as a key with its number."""
ACTIVE_MAX = 1 << 16
"""Items that sources may speak for: neighbours' items, partners, a shopper's and more."""
NUMBERS_MAX = 1 << 30
"""When so many sessions have begun, numbers go on from about half of that (`renumber`)."""
PLACES_MAX = (1 << 31) - 1
"""Places are told in four bytes."""
RINGS = 2
"""In states: rings hold nothing but their own, however late they were widened."""


class SessionIndex:
    """Items by number, sessions by number, and which was in which.

    Parameters
    ----------
    items_max
        Items known; then the sixteenth that was seen longest ago is forgotten.
    sessions_max
        Sessions kept; then each new one takes the place of the oldest.
    rings_more
        Rings in the pool that are not of items.

    Numbers of sessions and places of the pool have four bytes. Sessions are numbered anew before
    there are too many, and a pool that would be too long is refused here, with `ValueError`.
    """

    def __init__(self, items_max: int, sessions_max: int, rings_more: int = 0) -> None:
        at_least_one(items_max=items_max, sessions_max=sessions_max)
        self.sessions_max = sessions_max
        self.pool_max = growing_within(items_max, sessions_max)
        self.pool_end = self.pool_max + FIRST_ROOM * (items_max + rings_more) + POOL_SPARE
        if self.pool_end > PLACES_MAX:
            raise ValueError(
                f"items_max={items_max}, sessions_max={sessions_max}: rings in {self.pool_end} "
                f"places, more than the {PLACES_MAX} that can be told apart; give smaller ones"
            )
        self.names = Interner(items_max)
        self.items = blank(CONTEXT_MAX, ITEM)
        self.pool = np.zeros(2 * POOL_SPARE, np.int32)
        self.blocks = rings.no_blocks()
        self.sessions = np.zeros((0, 1 + SESSION_MAX), np.int32)
        self.begun = 0
        self.running: OrderedDict[str, int] = OrderedDict()  # a dict finds its first ever later
        self.votes = blank(len(self.items), VOTES)
        self.similarity = np.zeros(0, np.int32)
        self.found = np.zeros(CONTEXT_MAX * SESSIONS_PER_ITEM_MAX, np.int32)
        self.active = np.zeros(ACTIVE_MAX, np.int32)
        self.keys = np.zeros(ACTIVE_MAX)
        self.held = np.zeros(ACTIVE_MAX, np.int32)
        self.heap = np.zeros(NEIGHBOURS_MAX, np.int64)
        self.context = np.zeros(CONTEXT_MAX, np.int32)

    # Items

    @property
    def blank_from(self) -> int:
        """The number of the first row that is lent to strangers."""
        return len(self.items) - CONTEXT_MAX

    def item(self, name: str) -> int:
        """The number of an item, seen just now. There must be room: see `crowded`."""
        number = self.names.find(name)
        if number is None:
            number = self.names.add(name)
            if number >= self.blank_from:
                self._resize_items(number + 1 + CONTEXT_MAX)
        else:
            self.names.touch(name)
        return number

    def crowded(self, name: str) -> bool:
        """Whether items have to be forgotten before this one can be learned."""
        return self.names.full and self.names.find(name) is None

    def _resize_items(self, size: int) -> None:
        self.items = grown(self.items, size, self.names.size_max + CONTEXT_MAX)
        self.votes = blank(len(self.items), VOTES)

    def forget(self) -> Ints:
        """Forget a slab of items: 1 for each number that is gone, by number."""
        gone = np.zeros(len(self.items), np.int32)
        gone[self.names.forget()] = 1
        neighbours.forget(self.items, self.pool, self.blocks, self.sessions, gone)
        return gone

    def look(self, x: Sequence[str]) -> list[str]:
        """Write the numbers of the last items of `x` into the context; the strangers among them.

        The first stranger has the number `blank_from`, and so on.
        """
        tail = x[-CONTEXT_MAX:]
        find = self.names.find
        lent: dict[str, int] = {}
        for place, name in enumerate(tail):
            number = find(name)
            if number is None:
                number = lent.setdefault(name, self.blank_from + len(lent))
            self.context[place] = number
        return list(lent)

    # Sessions

    def own(self, x: Sequence[str], session: str) -> int:
        """The number of the running session that holds `x`; `NOBODY` if it is not in the index.

        A session without a name is the one that held the last item of `x` last.
        """
        number = self.running.get(session, NOBODY) if x else NOBODY
        if number < max(0, self.begun - self.sessions_max):
            return NOBODY
        return number if session or self._ends_with(number, x[-1]) else NOBODY

    def continued(self, x: Sequence[str], session: str) -> int:
        """The number of the running session that holds `x`, used just now, or `NOBODY`."""
        number = self.own(x, session)
        if number >= 0:
            self.running.move_to_end(session)
        return number

    def _ends_with(self, number: int, name: str) -> bool:
        kept = self.sessions[number % self.sessions_max]
        return bool(kept[0] > 0 and kept[kept[0]] == self.names.find(name))

    def begin(self, x: Sequence[str], session: str) -> int:
        """The number of a new session, which holds what is known of `x` already."""
        number = self.begun
        slot = number % self.sessions_max
        if slot >= len(self.sessions):
            self._resize_sessions(slot + 1)
        self.sessions[slot, 0] = 0
        self.begun += 1
        self.running.pop(session, None)
        self.running[session] = number
        if len(self.running) > RUNNING_MAX:
            self.running.popitem(last=False)
        if x:
            for item in self.names.numbers(x[-SESSION_MAX:]):
                self.enter(item, number)
        return number

    def renumber(self) -> int:
        """Number sessions anew once there are `NUMBERS_MAX`; by how much less than before.

        They keep their slots. Numbers of long ago are gone, and counts of items halve, so that
        what is rare stays so.
        """
        if self.begun < NUMBERS_MAX:
            return 0
        less = (self.begun - NUMBERS_MAX // 2) // self.sessions_max * self.sessions_max
        neighbours.renumber(self.items, self.pool, less)
        self.running = OrderedDict(
            (name, number - less) for name, number in self.running.items() if number >= less
        )
        self.begun -= less
        return less

    def _resize_sessions(self, size: int) -> None:
        self.sessions = grown(self.sessions, size, self.sessions_max)
        self.similarity = np.zeros(len(self.sessions), np.int32)

    def make_room(self) -> None:
        """Let the pool be large enough for what one event may need."""
        need = int(self.blocks[0]) + POOL_SPARE
        if need > len(self.pool):
            self.pool = grown(self.pool, need, self.pool_end)

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
        """Of all arrays, scratch included, and about what the names take."""
        held = sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))
        return held + self.names.bytes + NAME_BYTES * len(self.running)

    def state(self) -> dict[str, Any]:
        """All but scratch, and no more of the arrays than is used."""
        return {
            "names": self.names.state(),
            "items": arrays.written(self.items[: self.names.used]),
            "pool": arrays.written(self.pool[: self.blocks[0]]),
            "blocks": self.blocks.tolist(),
            "sessions": arrays.written(self.sessions[: min(self.begun, self.sessions_max)]),
            "begun": self.begun,
            "running": [[name, number] for name, number in self.running.items()],
            "rings": RINGS,
        }

    def restore(
        self, state: dict[str, Any], was: dict[str, Any], others: Sequence[sound.Heads] = ()
    ) -> None:
        """Take over what `state` returned, in a new index. Raises `ValueError` when it is unsound.

        `was` are the bounds with which it was written, and `others` have rings in its pool, too.
        More items and more or fewer sessions may fit in here; not fewer items than there are.
        """
        names = Interner.from_state(self.names.size_max, state["names"])
        begun, blocks = int(state["begun"]), np.array(state["blocks"], np.int32)
        items, pool = arrays.read(state["items"], ITEM), arrays.read(state["pool"], np.int32)
        sessions = arrays.read(state["sessions"], np.int32, 1 + SESSION_MAX)
        running = OrderedDict((str(name), int(number)) for name, number in state["running"])
        heads = [(items, SESSIONS_PER_ITEM_MAX), *others]
        if len(items) != names.used or len(pool) > self.pool_end - POOL_SPARE:
            raise ValueError(f"{names.used} items, or {len(pool)} places, that do not fit")
        sound.check_rings(pool, blocks, heads)
        if "rings" not in state:
            _mend(pool, heads, growing_within(int(was["items_max"]), int(was["sessions_max"])))
            held = sound.held_places(items)
            pool[held] = np.where((pool[held] >= 0) & (pool[held] < begun), pool[held], EMPTY)
        _check(items, pool, sessions, begun, running)
        for records, _ in heads:
            sound.settle_counts(records)
        self.names, self.begun, self.blocks, self.running = names, begun, blocks, running
        self._resize_items(names.used + CONTEXT_MAX)
        self.make_room()
        self.items[: len(items)], self.pool[: len(pool)] = items, pool
        self._lay_out(sessions)

    def _lay_out(self, sessions: Ints) -> None:
        """Give the latest sessions the slots that they have here; of others nothing is known."""
        kept, begun, size = len(sessions), self.begun, self.sessions_max
        self._resize_sessions(min(begun, size))
        numbers = np.arange(begun - min(kept, size), begun)
        if kept:
            self.sessions[numbers % size] = sessions[numbers % kept]


def growing_within(items_max: int, sessions_max: int) -> int:
    """Places of the pool in which rings may grow."""
    return 64 * items_max + 16 * sessions_max


def _mend(pool: Ints, heads: Sequence[sound.Heads], bound: int) -> None:
    """Rings of before, which may hold what is not theirs if their pool was ever at its bound."""
    reserve = 2 * FIRST_ROOM * (CONTEXT_MAX + sum(len(records) for records, _ in heads))
    if len(pool) + SESSIONS_PER_ITEM_MAX > bound - reserve:
        for records, _ in heads:
            sound.forget_doubtful(records, pool)


def _check(
    items: Records, pool: Ints, sessions: Ints, begun: int, running: OrderedDict[str, int]
) -> None:
    """A kernel looks where a number says: numbers beyond their array would be a crash."""
    counts = [items[name] for name in ("events", "slow", "fast", "taken", "again")]
    fits = (
        0 <= begun < 1 << 62
        and len(sessions) <= begun
        and bool(len(sessions)) == bool(begun)
        and sound.all_within(sessions[:, 0], 0, SESSION_MAX)
        and sound.all_within(sessions[:, 1:], 0, max(0, len(items) - 1))
        and sound.all_within(items["popular"], 0, 1)
        and sound.are_weights(*counts)
        and sound.all_within(pool[sound.held_places(items)], EMPTY, begun - 1)
        and all(0 <= number < begun for number in running.values())
    )
    if not fits:
        raise ValueError("an index whose parts do not fit together")
