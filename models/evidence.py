"""What to say for a candidate: its strongest source, an anchor, and counts of sessions.

"41 of the 57 latest sessions with bread had butter, too." Compiled; only for what is shown.
"""

from typing import Any

import numpy as np

from models import features, neighbours, pairs
from models.compiled import compiled
from models.rings import Ints, Records

SOURCES = ("knn", "together", "next", "own", "popular", "session")
"""Session kNN, co-occurrence, next items, the shopper's own history, popularity, and the session
itself, for an item that nothing else speaks for."""
KNN, TOGETHER, NEXT, OWN, POPULAR, SESSION = range(6)
SOURCE, ANCHOR, MET, OF = range(4)


@compiled
def source_of(xs: Any, count: int, i: int) -> int:
    """The source that speaks loudest for a candidate, compared with what it says of others."""
    loudest = 0.0
    source = SESSION if xs[i, features.INSIDE] > 0.0 else POPULAR
    for s, feature in (
        (KNN, features.KNN),
        (TOGETHER, features.TOGETHER),
        (NEXT, features.NEXT),
        (OWN, features.OWN),
    ):
        voice = xs[i, feature]
        if voice <= loudest:
            continue
        highest = 0.0
        for j in range(count):
            highest = max(highest, xs[j, feature])
        if voice / highest > loudest:
            loudest = voice / highest
            source = s
    return source


@compiled
def anchor_of(partners: Records, context: Ints, n: int, item: int) -> int:
    """The place in the session of the item that meets this one most; the last if none does."""
    place = n - 1
    most = 0.0
    decay = 1.0
    for p in range(n - 1, max(-1, n - 1 - pairs.VOTERS_MAX), -1):
        row = partners[context[p]]
        total = 0.0
        met = 0.0
        for i in range(len(row)):
            if row[i].item < 0:
                break
            total += row[i].weight
            if row[i].item == item and context[p] != item:
                met = row[i].weight
        if met > 0.0 and decay * met / np.sqrt(total) > most:
            most = decay * met / np.sqrt(total)
            place = p
        decay *= pairs.VOTER_DECAY
    return place


@compiled
def common(
    items: Records, pool: Ints, similarity: Ints, one: int, other: int, now: int, size: int
) -> tuple[int, int]:
    """Of the latest sessions with one item those that had the other; and how many they are."""
    a, b = items[one], items[other]
    of = 0
    met = 0
    for j in range(a.count - min(a.room, a.count), a.count):
        number = pool[a.at + (j & (a.room - 1))]
        if now - size <= number < now:
            similarity[neighbours.slot_of(number, now, size)] = 1
    for j in range(b.count - min(b.room, b.count), b.count):
        number = pool[b.at + (j & (b.room - 1))]
        if now - size <= number < now:
            slot = neighbours.slot_of(number, now, size)
            if similarity[slot] == 1:
                similarity[slot] = 2
                met += 1
    for j in range(a.count - min(a.room, a.count), a.count):
        number = pool[a.at + (j & (a.room - 1))]
        if now - size <= number < now:
            slot = neighbours.slot_of(number, now, size)
            of += similarity[slot] > 0
            similarity[slot] = 0
    return met, of


@compiled
def taken(ring: Any, pool: Ints, item: int) -> tuple[int, int]:
    """How often a shopper took an item of late, and how often anything."""
    met = 0
    of = 0
    for j in range(ring.count - min(ring.count, ring.room), ring.count):
        value = pool[ring.at + (j & (ring.room - 1))]
        met += value == item
        of += value >= 0
    return met, of


@compiled
def tell(
    items: Records,
    pool: Ints,
    partners: Records,
    shoppers: Records,
    similarity: Ints,
    context: Ints,
    chosen: Ints,
    xs: Any,
    shown: Any,
    out: Any,
    count: int,
    n: int,
    now: int,
    size: int,
    shopper: int,
) -> None:
    """For each shown candidate: its source, the place of its anchor or -1, and two counts."""
    for s in range(len(shown)):
        i = shown[s]
        item = chosen[i]
        source = source_of(xs, count, i)
        place = -1
        met = items[item].count
        of = max(met, now)
        if source in (KNN, TOGETHER, NEXT):
            place = n - 1 if source == NEXT else anchor_of(partners, context, n, item)
            met, of = common(items, pool, similarity, context[place], item, now, size)
        elif source == OWN:
            met, of = taken(shoppers[shopper], pool, item)
        out[s, SOURCE] = source
        out[s, ANCHOR] = place
        out[s, MET] = met
        out[s, OF] = of
