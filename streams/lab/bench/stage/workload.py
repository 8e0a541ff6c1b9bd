"""Shoppers for the benchmark: a seeded stream of views and adds, the same for every contender.

Sessions of some eight events, hundreds of them open at once. A session keeps to one aisle of
`AISLE_ITEMS` items; aisles, and items within an aisle, are chosen by Zipf's law, and half of the
time the next item is a companion of the last, so that there is something to learn. What people view
they sometimes add. No item has more partners than a shop of default settings remembers: nothing is
forgotten, so that a fold in any order must come to the same bits. No clock and no Kafka in here.
"""

from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from streams.contract.events import ItemAdded, ItemViewed
from streams.contract.events.slots import Placement

AISLES = 84
AISLE_ITEMS = 60
SHOPPERS = 20_000
OPEN_SESSIONS = 400
EVENTS_PER_SESSION = 8.0
COMPANIONS = 4
COMPANION_SHARE = 0.5
ADD_SHARE = 0.35
STEP_MS = 1.0
START_MS = 1_767_225_600_000


def workload(
    events: int,
    *,
    seed: int = 1,
    start_ms: int = START_MS,
    step_ms: float = STEP_MS,
    slots: tuple[Placement, ...] | None = None,
) -> Iterator[ItemViewed | ItemAdded]:
    """So many views and adds, in the order of their times: unless told, one a ms from 2026 on.

    Each asks for a prompt in each of these slots, unless told where it happens.

    >>> [(event.type, event.item_id) for event in workload(3, seed=7)]
    [('item_viewed', 'item-0-0'), ('item_viewed', 'item-2-4'), ('item_viewed', 'item-0-10')]
    """
    chance = Random(seed)
    visits = [_Visit(number, chance) for number in range(OPEN_SESSIONS)]
    started = OPEN_SESSIONS
    for number in range(events):
        place = int(chance.random() * OPEN_SESSIONS)
        at_ms = start_ms + round(number * step_ms)
        yield visits[place].next(f"e{seed}-{number}", at_ms, chance, slots)
        if chance.random() < 1 / EVENTS_PER_SESSION:
            visits[place] = _Visit(started, chance)
            started += 1


class _Visit:
    """One session that is going on."""

    def __init__(self, number: int, chance: Random) -> None:
        self.session_id = f"session-{number}"
        self.shopper_id = f"shopper-{int(chance.random() * SHOPPERS)}"
        self.aisle = _drawn(_AISLES, chance)
        self.item = _drawn(_ITEMS, chance)
        self.may_add = False

    def next(
        self, event_id: str, at_ms: int, chance: Random, slots: tuple[Placement, ...] | None
    ) -> ItemViewed | ItemAdded:
        """What the shopper does next: adds what is being looked at, or looks at something else."""
        adds = self.may_add and chance.random() < ADD_SHARE
        if not adds:
            self.item = _looked_at_after(self.item, chance)
        self.may_add = not adds
        return (ItemAdded if adds else ItemViewed)(
            event_id=event_id,
            session_id=self.session_id,
            shopper_id=self.shopper_id,
            consent=True,
            occurred_at_ms=at_ms,
            item_id=f"item-{self.aisle}-{self.item}",
            price_minor=100 + self.item,
            currency="EUR",
            slots=slots,
        )


def _looked_at_after(item: int, chance: Random) -> int:
    """An item of the same aisle: a companion of this one, or any."""
    if chance.random() < COMPANION_SHARE:
        return (item * COMPANIONS + 1 + int(chance.random() * COMPANIONS)) % AISLE_ITEMS
    return _drawn(_ITEMS, chance)


def _drawn(law: tuple[float, ...], chance: Random) -> int:
    return bisect(law, chance.random() * law[-1])


def _zipf(number: int) -> tuple[float, ...]:
    return tuple(accumulate(1 / rank for rank in range(1, number + 1)))


_AISLES, _ITEMS = _zipf(AISLES), _zipf(AISLE_ITEMS)
