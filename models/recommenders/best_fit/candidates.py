"""Candidate generation for `BestFit`: the union of what each source proposes, with features.

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
def activate(votes: Records, active: Ints, count: int, item: int) -> int:
    """Add an item that has a vote to the active list, once; how many are active now."""
    if votes[item].status == 0:
        votes[item].status = 1
        active[count] = item
        count += 1
    return count


@compiled
def choose(votes: Records, chosen: Ints, count: int, item: int) -> int:
    """Make an active item a candidate, once; how many are chosen now."""
    if votes[item].status == 1 and count < CANDIDATES_MAX:
        votes[item].status = 2
        chosen[count] = item
        count += 1
    return count


@compiled
def strongest(keys: Any, active: Ints, count: int, k: int, heap: Any, heads: Any) -> int:
    """The k active items of the greatest keys above 0, as a heap of keys; how many."""
    kept = 0
    for i in range(count):
        key = keys[i]
        if key <= 0.0:
            continue
        if kept < k:
            j = kept
            kept += 1
        elif key > heads[0] or (key == heads[0] and active[i] < heap[0]):
            j = 0
            while 2 * j + 1 < kept:
                c = 2 * j + 1
                if c + 1 < kept and (
                    heads[c + 1] < heads[c] or (heads[c + 1] == heads[c] and heap[c + 1] > heap[c])
                ):
                    c += 1
                if heads[c] > key or (heads[c] == key and heap[c] < active[i]):
                    break
                heads[j] = heads[c]
                heap[j] = heap[c]
                j = c
            heads[j] = key
            heap[j] = active[i]
            continue
        else:
            continue
        while j > 0:
            p = (j - 1) >> 1
            if heads[p] < key or (heads[p] == key and heap[p] > active[i]):
                break
            heads[j] = heads[p]
            heap[j] = heap[p]
            j = p
        heads[j] = key
        heap[j] = active[i]
    return kept


@compiled
def session_similarity(pool: Ints, ring: Any, votes: Records, begin: int) -> float:
    """Similarity of the asking session to the one that begins here in a shopper's ring."""
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
def vote_history(
    shoppers: Records,
    pool: Ints,
    votes: Records,
    active: Ints,
    count: int,
    shopper: int,
    running: bool,
) -> tuple[int, int]:
    """What the shopper took in earlier sessions: how many items are active now, in how many."""
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
    alike = session_similarity(pool, ring, votes, oldest)
    for j in range(oldest, ring.count):
        item = pool[ring.at + (j & (ring.room - 1))]
        if item < GONE:
            ago -= 1
            begun = GONE - 1 - item
            alike = session_similarity(pool, ring, votes, j + 1)
        elif GONE < item < len(votes) and ago > 0:
            count = activate(votes, active, count, item)
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
def collect_votes(
    items: Records, pool: Ints, sessions: Ints, partners: Records, nexts: Records,
    shoppers: Records, popular: Ints, votes: Records, similarity: Ints, found: Ints,
    active: Ints, heap: Any, context: Ints, n: int, now: int, size: int, own: int, shopper: int,
) -> tuple[int, int]:  # fmt: skip
    """Let every source vote: how many items are active, from how many sessions of the shopper."""
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
        count = neighbours.cast_votes(
            votes, active, count, sessions, heap, kept, n - begin, now, size
        )
        neighbours.forget_similarity(similarity, found, shared, now, size)
        neighbours.places(votes, context, 0, n)
        for p in range(n):
            count = activate(votes, active, count, context[p])
            if running:
                votes[context[p]].times += 1.0
        count = pairs.vote(items, partners, votes, active, count, context, n, running)
        count = pairs.vote_next(nexts, votes, active, count, context, n, running)
    if shopper >= 0:
        count, visits = vote_history(shoppers, pool, votes, active, count, shopper, running)
    for i in range(len(popular)):
        if popular[i] >= 0:
            count = activate(votes, active, count, popular[i])
    return count, visits


@compiled
def weigh(items: Records, pool: Ints, votes: Records, active: Ints, count: int, now: int) -> None:
    """Votes of session kNN for what is rare weigh more; those of pairs for what is popular less."""
    for i in range(count):
        item = active[i]
        vote = votes[item]
        vote.knn = vote.plain * rarity(items[item], pool, min(1.0, vote.times), now)
        if vote.basket > 0.0:
            damping = max(1.0, items[item].events - vote.times) ** pairs.POPULARITY_NORM
            vote.together /= damping
            vote.basket /= damping


@compiled
def choose_strongest(
    votes: Records, active: Ints, count: int, keys: Any, heap: Any, chosen: Ints, total: int
) -> int:
    """Make the active items of the greatest keys candidates; how many are chosen now."""
    heads = np.empty(FROM_EACH)
    for i in range(strongest(keys, active, count, FROM_EACH, heap, heads)):
        total = choose(votes, chosen, total, heap[i])
    return total


@compiled
def select(
    popular: Ints,
    votes: Records,
    active: Ints,
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
        keys[i] = votes[active[i]].knn
    total = choose_strongest(votes, active, count, keys, heap, chosen, total)
    for i in range(count):
        keys[i] = votes[active[i]].together
    total = choose_strongest(votes, active, count, keys, heap, chosen, total)
    for i in range(len(popular)):
        if popular[i] >= 0:
            total = choose(votes, chosen, total, popular[i])
    for i in range(count):
        if votes[active[i]].next > 0.0 or votes[active[i]].own > 0.0:
            total = choose(votes, chosen, total, active[i])
    for p in range(n - 1, max(-1, n - 1 - FROM_SESSION), -1):
        total = choose(votes, chosen, total, context[p])
    return total


@compiled
def propose(
    items: Records, pool: Ints, sessions: Ints, partners: Records, nexts: Records,
    shoppers: Records, popular: Ints, clock: Records, votes: Records, similarity: Ints,
    found: Ints, active: Ints, heap: Any, keys: Any, context: Ints, chosen: Ints, xs: Any,
    n: int, now: int, size: int, own: int, shopper: int,
) -> int:  # fmt: skip
    """Fill `chosen` with the candidates and `xs` with their features; how many."""
    count, visits = collect_votes(
        items, pool, sessions, partners, nexts, shoppers, popular, votes, similarity, found,
        active, heap, context, n, now, size, own, shopper,
    )  # fmt: skip
    weigh(items, pool, votes, active, count, now)
    total = select(popular, votes, active, count, heap, keys, context, n, chosen)
    scales = np.empty(features.WIDTH)
    features.best(votes, active, count, scales)
    last = context[n - 1] if n else -1
    for i in range(total):
        features.describe(xs, i, items, votes, scales, clock[0], chosen[i], last, n, visits, now)
    second_hop.describe(partners, votes, chosen, total, xs)
    features.ranks(xs, total, features.KNN, features.RANK_KNN)
    features.ranks(xs, total, features.TOGETHER, features.RANK_TOGETHER)
    clear(votes, active, count)
    return total


@compiled
def clear(votes: Records, active: Ints, count: int) -> None:
    """Leave the scratch as it was."""
    for i in range(count):
        vote = votes[active[i]]
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
        vote.status = 0
        vote.held = 0
        vote.place = 0
