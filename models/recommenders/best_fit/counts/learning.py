"""How `BestFit` learns one event: in its session, its pairs, its popularity and its shopper's ring.

Compiled; one call an event.
"""

from typing import Any

from models.compiled import compiled
from models.recommenders.best_fit.counts import pairs, trending
from models.recommenders.session_index import neighbours
from models.recommenders.session_index.records import GONE
from models.recommenders.session_index.rings import Ints, Records, empty, push

SHOPPER_ROOM_MAX = 256
"""Events remembered of a shopper, ends of sessions included."""


@compiled
def add_to_history(
    items: Records,
    shoppers: Records,
    pool: Ints,
    blocks: Ints,
    shopper: int,
    item: int,
    number: int,
    fresh: bool,
    pool_max: int,
) -> None:
    """A shopper takes an item, and may have taken it before."""
    ring = shoppers[shopper]
    again = False
    for j in range(ring.count - min(ring.count, ring.room), ring.count):
        again |= pool[ring.at + (j & (ring.room - 1))] == item
    items[item].taken += 1.0
    if again:
        items[item].again += 1.0
    if fresh:
        ring.sessions += 1
        push(ring, GONE - 1 - number, pool, blocks, SHOPPER_ROOM_MAX, pool_max)
    push(ring, item, pool, blocks, SHOPPER_ROOM_MAX, pool_max)


@compiled
def learn(
    items: Records,
    pool: Ints,
    blocks: Ints,
    sessions: Ints,
    partners: Records,
    nexts: Records,
    shoppers: Records,
    popular_items: Ints,
    clock: Any,
    item: int,
    slot: int,
    number: int,
    fresh: bool,
    shopper: int,
    weight: float,
    room_max: int,
    pool_max: int,
) -> int:
    """An item enters a session; how many places of the pool are used now."""
    if fresh:
        trending.decay(items, clock)
    pairs.add_pairs(partners, sessions[slot], item, weight, number)
    pairs.add_next(nexts, sessions[slot], item, weight)
    neighbours.index(items, pool, blocks, sessions, item, slot, number, room_max, pool_max)
    trending.count(items, clock, popular_items, item, weight)
    if shopper >= 0:
        add_to_history(items, shoppers, pool, blocks, shopper, item, number, fresh, pool_max)
    return int(blocks[0])


@compiled
def forget(
    items: Records,
    pool: Ints,
    partners: Records,
    nexts: Records,
    shoppers: Records,
    popular_items: Ints,
    gone: Ints,
) -> None:
    """Take forgotten items out of everything but the sessions."""
    trending.forget(items, popular_items, gone)
    for item in range(len(items)):
        pairs.remove_items(partners[item], gone)
        pairs.remove_items(nexts[item], gone)
        if gone[item]:
            items[item].category = 0
            for i in range(len(partners[item])):
                partners[item, i].item = -1
                partners[item, i].weight = 0.0
            for i in range(len(nexts[item])):
                nexts[item, i].item = -1
                nexts[item, i].weight = 0.0
    for s in range(len(shoppers)):
        ring = shoppers[s]
        for j in range(ring.count - min(ring.count, ring.room), ring.count):
            place = ring.at + (j & (ring.room - 1))
            if pool[place] >= 0 and gone[pool[place]]:
                pool[place] = GONE


@compiled
def renumber(shoppers: Records, pool: Ints, less: int) -> None:
    """Sessions have lower numbers, by so much; shoppers' sessions of long ago become the first."""
    for s in range(len(shoppers)):
        ring = shoppers[s]
        for place in range(ring.at, ring.at + min(ring.count, ring.room)):
            if pool[place] < GONE:
                pool[place] = min(GONE - 1, pool[place] + less)


@compiled
def forget_shoppers(shoppers: Records, pool: Ints, blocks: Ints, gone: Ints) -> None:
    """Clear the rings of shoppers, by number."""
    for i in range(len(gone)):
        shoppers[gone[i]].sessions = 0
        empty(shoppers[gone[i]], pool, blocks)
