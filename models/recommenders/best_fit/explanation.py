"""Explanations: the strongest source of a candidate, an anchor, and counts of sessions.

"41 of the 57 latest sessions with bread had butter, too." Compiled; only for what is shown.
"""

from typing import Any

import numpy as np

from models.compiled import compiled
from models.recommenders.best_fit import features
from models.recommenders.best_fit.counts import pairs
from models.recommenders.session_index import neighbours
from models.recommenders.session_index.rings import Ints, Records

SOURCES = ("knn", "together", "next", "own", "popular", "session", "category")
"""Session kNN, co-occurrence, next items and the shopper's own history; for an item that none of
these votes for: the session itself, a category that goes with those of the session, popularity."""
KNN, TOGETHER, NEXT, OWN, POPULAR, SESSION, CATEGORY = range(7)
SOURCE_FEATURES = (features.KNN, features.TOGETHER, features.NEXT, features.OWN)
"""The features that hold the votes of the first four."""
SOURCE, ANCHOR, MET, OF = range(4)


@compiled
def strongest_of_each(xs: Any, count: int) -> Any:
    """Each source's vote for the candidate that it votes for most; 1 where it has none."""
    highest = np.zeros(len(SOURCE_FEATURES))
    for i in range(count):
        for source in range(len(SOURCE_FEATURES)):
            highest[source] = max(highest[source], xs[i, SOURCE_FEATURES[source]])
    for source in range(len(SOURCE_FEATURES)):
        if highest[source] == 0.0:
            highest[source] = 1.0
    return highest


@compiled
def source_of(x: Any, highest: Any) -> int:
    """The source whose vote for a candidate is strongest, as a share of its strongest vote."""
    source = CATEGORY if x[features.CATEGORY_TOGETHER] > 0.0 else POPULAR
    if x[features.INSIDE] > 0.0:
        source = SESSION
    most = 0.0
    for each in range(len(SOURCE_FEATURES)):
        share = x[SOURCE_FEATURES[each]] / highest[each]
        if share > most:
            most = share
            source = each
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
def relabel(
    ring: Any, pool: Ints, similarity: Ints, now: int, size: int, old: int, new: int
) -> int:
    """Give label `new` to the sessions of an item that have label `old`; how many there were."""
    met = 0
    oldest = max(0, now - size)
    for j in range(ring.count - min(ring.room, ring.count), ring.count):
        number = pool[ring.at + (j & (ring.room - 1))]
        if oldest <= number < now:
            slot = neighbours.slot_of(number, now, size)
            if similarity[slot] == old:
                similarity[slot] = new
                met += 1
    return met


@compiled
def common(
    items: Records,
    pool: Ints,
    similarity: Ints,
    chosen: Ints,
    shown: Any,
    out: Any,
    anchor: int,
    place: int,
    now: int,
    size: int,
) -> None:
    """Of the latest sessions with an anchor: how many they are, and how many had the shown item."""
    of = relabel(items[anchor], pool, similarity, now, size, 0, 1)
    for s in range(len(shown)):
        if out[s, ANCHOR] == place:
            ring = items[chosen[shown[s]]]
            out[s, OF] = of
            out[s, MET] = relabel(ring, pool, similarity, now, size, 1, 2)
            relabel(ring, pool, similarity, now, size, 2, 1)
    relabel(items[anchor], pool, similarity, now, size, 1, 0)


@compiled
def history_counts(ring: Any, pool: Ints, item: int) -> tuple[int, int]:
    """How often a shopper took an item of late, and how often anything."""
    met = 0
    of = 0
    for j in range(ring.count - min(ring.count, ring.room), ring.count):
        value = pool[ring.at + (j & (ring.room - 1))]
        met += value == item
        of += value >= 0
    return met, of


@compiled
def explain(
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
    highest = strongest_of_each(xs, count)
    anchors = np.zeros(max(1, n), np.int32)
    for s in range(len(shown)):
        item = chosen[shown[s]]
        source = source_of(xs[shown[s]], highest)
        out[s, SOURCE] = source
        out[s, ANCHOR] = -1
        out[s, MET] = items[item].count
        out[s, OF] = max(items[item].count, now)
        if source in (KNN, TOGETHER, NEXT):
            out[s, ANCHOR] = n - 1 if source == NEXT else anchor_of(partners, context, n, item)
            anchors[out[s, ANCHOR]] = 1
        elif source == OWN:
            out[s, MET], out[s, OF] = history_counts(shoppers[shopper], pool, item)
    for place in range(n):
        if anchors[place]:
            common(items, pool, similarity, chosen, shown, out, context[place], place, now, size)
