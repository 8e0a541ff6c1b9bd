"""The candidates of `BestFit`: the union of what each source proposes, described for the ranker.

Compiled; scratch (`votes`, `similarity`) is zero before and after.
"""

import math
from typing import Any

import numpy as np

from models.compiled import compiled
from models.recommenders.best_fit import features, second_hop
from models.recommenders.best_fit.counts import pairs
from models.recommenders.session_index import neighbours
from models.recommenders.session_index.rarity import rarity
from models.recommenders.session_index.records import GONE
from models.recommenders.session_index.rings import Ints, Records

FROM_EACH = 40
"""Candidates from session kNN and from co-occurrence, each."""
FROM_SESSION = 10
CANDIDATES_MAX = 256
LAST_ITEMS = 9
"""Items of the session that look for neighbours."""
NEIGHBOURS = 100
SESSIONS_PER_ITEM = 500


@compiled
def touch(votes: Records, touched: Ints, count: int, item: int) -> int:
    """Note that something speaks for an item; how many are touched now."""
    if votes[item].mark == 0:
        votes[item].mark = 1
        touched[count] = item
        count += 1
    return count


@compiled
def choose(votes: Records, chosen: Ints, count: int, item: int) -> int:
    """Make a touched item a candidate, once; how many are chosen now."""
    if votes[item].mark == 1 and count < CANDIDATES_MAX:
        votes[item].mark = 2
        chosen[count] = item
        count += 1
    return count


@compiled
def strongest(keys: Any, touched: Ints, count: int, k: int, heap: Any, heads: Any) -> int:
    """The k touched items of the greatest keys above 0, as a heap of keys; how many."""
    kept = 0
    for i in range(count):
        key = keys[i]
        if key <= 0.0:
            continue
        if kept < k:
            j = kept
            kept += 1
        elif key > heads[0] or (key == heads[0] and touched[i] < heap[0]):
            j = 0
            while 2 * j + 1 < kept:
                c = 2 * j + 1
                if c + 1 < kept and (
                    heads[c + 1] < heads[c] or (heads[c + 1] == heads[c] and heap[c + 1] > heap[c])
                ):
                    c += 1
                if heads[c] > key or (heads[c] == key and heap[c] < touched[i]):
                    break
                heads[j] = heads[c]
                heap[j] = heap[c]
                j = c
            heads[j] = key
            heap[j] = touched[i]
            continue
        else:
            continue
        while j > 0:
            p = (j - 1) >> 1
            if heads[p] < key or (heads[p] == key and heap[p] > touched[i]):
                break
            heads[j] = heads[p]
            heap[j] = heap[p]
            j = p
        heads[j] = key
        heap[j] = touched[i]
    return kept


@compiled
def likeness(pool: Ints, ring: Any, votes: Records, begin: int) -> float:
    """How like the session that asks is to the one that begins here in a shopper's ring."""
    shared = 0.0
    held = 0.0
    for j in range(begin, ring.count):
        item = pool[ring.at + (j & (ring.room - 1))]
        if item < GONE:
            break
        held += 1.0
        if 0 <= item < len(votes) and votes[item].place > 0:
            shared += 1.0
    return shared / math.sqrt(held) if held > 0.0 else 0.0


@compiled
def recall(
    shoppers: Records,
    pool: Ints,
    votes: Records,
    touched: Ints,
    count: int,
    shopper: int,
    running: bool,
) -> tuple[int, int]:
    """What the shopper took in earlier sessions: how many items are touched now, in how many."""
    ring = shoppers[shopper]
    oldest = ring.count - min(ring.count, ring.room)
    visits = 0
    begun = -1
    for j in range(ring.count - 1, oldest - 1, -1):
        value = pool[ring.at + (j & (ring.room - 1))]
        if value < GONE:
            visits += 1
            begun = GONE - 1 - value
    ago = visits if running else visits + 1
    alike = likeness(pool, ring, votes, oldest)
    for j in range(oldest, ring.count):
        item = pool[ring.at + (j & (ring.room - 1))]
        if item < GONE:
            ago -= 1
            begun = GONE - 1 - item
            alike = likeness(pool, ring, votes, j + 1)
        elif GONE < item < len(votes) and ago > 0:
            count = touch(votes, touched, count, item)
            vote = votes[item]
            if vote.own == 0.0:
                vote.own_first = begun
            vote.own += 1.0
            vote.own_latest = 1.0 / ago
            vote.own_last = begun
            vote.own_faded += 1.0 / ago
            vote.own_alike += alike
    return count, max(0, visits - 1 if running else visits)


@compiled
def gather(
    items: Records, pool: Ints, sessions: Ints, partners: Records, nexts: Records,
    shoppers: Records, popular: Ints, votes: Records, similarity: Ints, found: Ints,
    touched: Ints, heap: Any, context: Ints, n: int, now: int, size: int, own: int, shopper: int,
) -> tuple[int, int]:  # fmt: skip
    """Let every source speak: how many items are touched, from how many sessions of the shopper."""
    count = 0
    visits = 0
    running = own >= 0
    if n:
        begin = max(0, n - LAST_ITEMS)
        neighbours.places(votes, context, begin, n)
        shared = neighbours.similar(
            items, pool, votes, similarity, found, context, begin, n, now, size, own,
            SESSIONS_PER_ITEM,
        )  # fmt: skip
        kept = neighbours.nearest(similarity, found, shared, now, size, heap, NEIGHBOURS)
        count = neighbours.hear(votes, touched, count, sessions, heap, kept, n - begin, now, size)
        neighbours.forget_similarity(similarity, found, shared, now, size)
        neighbours.places(votes, context, 0, n)
        for p in range(n):
            count = touch(votes, touched, count, context[p])
            if running:
                votes[context[p]].times += 1.0
        count = pairs.vote(items, partners, votes, touched, count, context, n, running)
        count = pairs.follow(nexts, votes, touched, count, context, n, running)
    if shopper >= 0:
        count, visits = recall(shoppers, pool, votes, touched, count, shopper, running)
    for i in range(len(popular)):
        if popular[i] >= 0:
            count = touch(votes, touched, count, popular[i])
    return count, visits


@compiled
def weigh(items: Records, pool: Ints, votes: Records, touched: Ints, count: int, now: int) -> None:
    """Votes of session kNN for what is rare weigh more; those of pairs for what is popular less."""
    for i in range(count):
        item = touched[i]
        vote = votes[item]
        vote.knn = vote.plain * rarity(items[item], pool, min(1.0, vote.times), now)
        if vote.basket > 0.0:
            damping = max(1.0, items[item].events - vote.times) ** pairs.POPULARITY_NORM
            vote.together /= damping
            vote.basket /= damping


@compiled
def choose_strongest(
    votes: Records, touched: Ints, count: int, keys: Any, heap: Any, chosen: Ints, total: int
) -> int:
    """Make the touched items of the greatest keys candidates; how many are chosen now."""
    heads = np.empty(FROM_EACH)
    for i in range(strongest(keys, touched, count, FROM_EACH, heap, heads)):
        total = choose(votes, chosen, total, heap[i])
    return total


@compiled
def select(
    popular: Ints,
    votes: Records,
    touched: Ints,
    count: int,
    heap: Any,
    keys: Any,
    context: Ints,
    n: int,
    chosen: Ints,
) -> int:
    """The candidates: the strongest of each source; how many."""
    total = 0
    for i in range(count):
        keys[i] = votes[touched[i]].knn
    total = choose_strongest(votes, touched, count, keys, heap, chosen, total)
    for i in range(count):
        keys[i] = votes[touched[i]].together
    total = choose_strongest(votes, touched, count, keys, heap, chosen, total)
    for i in range(len(popular)):
        if popular[i] >= 0:
            total = choose(votes, chosen, total, popular[i])
    for i in range(count):
        if votes[touched[i]].next > 0.0 or votes[touched[i]].own > 0.0:
            total = choose(votes, chosen, total, touched[i])
    for p in range(n - 1, max(-1, n - 1 - FROM_SESSION), -1):
        total = choose(votes, chosen, total, context[p])
    return total


@compiled
def propose(
    items: Records, pool: Ints, sessions: Ints, partners: Records, nexts: Records,
    shoppers: Records, popular: Ints, clock: Records, votes: Records, similarity: Ints,
    found: Ints, touched: Ints, heap: Any, keys: Any, context: Ints, chosen: Ints, xs: Any,
    n: int, now: int, size: int, own: int, shopper: int,
) -> int:  # fmt: skip
    """Fill `chosen` with the candidates and `xs` with their features; how many."""
    count, visits = gather(
        items, pool, sessions, partners, nexts, shoppers, popular, votes, similarity, found,
        touched, heap, context, n, now, size, own, shopper,
    )  # fmt: skip
    weigh(items, pool, votes, touched, count, now)
    total = select(popular, votes, touched, count, heap, keys, context, n, chosen)
    scales = np.empty(features.WIDTH)
    features.best(votes, touched, count, scales)
    last = context[n - 1] if n else -1
    for i in range(total):
        features.describe(xs, i, items, votes, scales, clock[0], chosen[i], last, n, visits, now)
    second_hop.listen(partners, votes, chosen, total, xs)
    features.ranks(xs, total, features.KNN, features.RANK_KNN)
    features.ranks(xs, total, features.TOGETHER, features.RANK_TOGETHER)
    clear(votes, touched, count)
    return total


@compiled
def clear(votes: Records, touched: Ints, count: int) -> None:
    """Leave the scratch as it was."""
    for i in range(count):
        vote = votes[touched[i]]
        vote.knn = 0.0
        vote.plain = 0.0
        vote.follows = 0.0
        vote.together = 0.0
        vote.next = 0.0
        vote.times = 0.0
        vote.own = 0.0
        vote.own_latest = 0.0
        vote.own_faded = 0.0
        vote.own_alike = 0.0
        vote.own_first = 0
        vote.own_last = 0
        vote.basket = 0.0
        vote.mark = 0
        vote.held = 0
        vote.place = 0
