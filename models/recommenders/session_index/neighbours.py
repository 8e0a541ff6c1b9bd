"""Session kNN: what sessions like this one held. VMIS-kNN, kept up to date event by event.

Every session has a number, in order of its first event; a ring of them is kept. Each item knows
the latest sessions that it was in. The last items of the session that asks give their places (the
latest item the most) to the sessions that share them; the most similar, the later first among
equals, vote for what they held.

Kersbergen, Sprangers and Schelter: Serenade. SIGMOD 2022 (VMIS-kNN); Ludewig and Jannach:
Evaluation of session-based recommendation algorithms. UMUAI 2018 (V-SKNN).
"""

from typing import Any

import numpy as np

from models.compiled import compiled
from models.recommenders.session_index.rarity import rarity
from models.recommenders.session_index.rings import EMPTY, Ints, Records, empty, holds, push

REACH = 3
"""How far behind the latest shared item of a neighbour an item still follows it."""


@compiled
def slot_of(number: int, now: int, size: int) -> int:
    """Where a session is kept in a ring of `size`; `now` sessions have begun."""
    turn = now - now % size
    return number - turn if number >= turn else number - turn + size


@compiled
def enter(session: Ints, item: int) -> bool:
    """Append an item to a session, whose oldest goes if it is full; whether it was not in yet."""
    length = session[0]
    first = True
    for i in range(1, length + 1):
        first &= session[i] != item
    if length == len(session) - 1:
        for i in range(1, length):
            session[i] = session[i + 1]
    else:
        length += 1
        session[0] = length
    session[length] = item
    return first


@compiled
def index(
    items: Records,
    pool: Ints,
    blocks: Ints,
    sessions: Ints,
    item: int,
    slot: int,
    number: int,
    room_max: int,
    pool_max: int,
) -> None:
    """Enter an item into a session, and the session into the item's ring, once."""
    if enter(sessions[slot], item) and not holds(items[item], pool, number):
        push(items[item], number, pool, blocks, room_max, pool_max)


@compiled
def forget(items: Records, pool: Ints, blocks: Ints, sessions: Ints, gone: Ints) -> None:
    """Clear what is known of the items that are gone, and take them out of all sessions."""
    for item in range(len(items)):
        if gone[item]:
            empty(items[item], pool, blocks)
    for s in range(len(sessions)):
        session = sessions[s]
        kept = 0
        for i in range(1, session[0] + 1):
            if not gone[session[i]]:
                kept += 1
                session[kept] = session[i]
        session[0] = kept


@compiled
def renumber(items: Records, pool: Ints, less: int) -> None:
    """Sessions have lower numbers, by so much; those that would be below 0 are gone.

    The count of a ring, of all sessions with its item, falls by half, in whole turns of the ring.
    """
    for i in range(len(items)):
        ring = items[i]
        for place in range(ring.at, ring.at + min(ring.count, ring.room)):
            pool[place] = max(EMPTY, pool[place] - less)
        if ring.room:
            ring.count -= ring.count // 2 // ring.room * ring.room


@compiled
def places(votes: Records, context: Ints, begin: int, length: int) -> None:
    """Note the latest place of each item of the context, counted from `begin`."""
    for p in range(begin, length):
        votes[context[p]].place = p - begin + 1


@compiled
def clear_places(votes: Records, context: Ints, length: int) -> None:
    """Note that nothing is in the session."""
    for p in range(length):
        votes[context[p]].place = 0


@compiled
def similar(
    items: Records,
    pool: Ints,
    votes: Records,
    similarity: Ints,
    found: Ints,
    context: Ints,
    begin: int,
    length: int,
    now: int,
    size: int,
    own: int,
    sessions_per_item: int,
) -> int:
    """Add up the places of shared items for each session; how many sessions share any.

    `votes[...].place` must be noted from `begin`. `similarity` is by slot, `found` by number.
    """
    count = 0
    turn = now - now % size
    oldest = max(0, now - size)
    for p in range(length - 1, begin - 1, -1):
        item = items[context[p]]
        place = p - begin + 1
        if votes[context[p]].place != place:
            continue
        newest = item.count - 1
        for j in range(newest, newest - min(item.room, item.count, sessions_per_item), -1):
            number = pool[item.at + (j & (item.room - 1))]
            if number < oldest or number >= now or number == own:
                continue
            slot = number - turn if number >= turn else number - turn + size
            found[count] = number
            count += similarity[slot] == 0  # without a branch that nobody can predict
            similarity[slot] += place
    return count


@compiled
def nearest(
    similarity: Ints, found: Ints, count: int, now: int, size: int, heap: Any, k: int
) -> int:
    """The k most similar sessions, the later first among equals, as a heap; how many."""
    turn = now - now % size
    kept = 0
    for i in range(count):
        number = found[i]
        slot = number - turn if number >= turn else number - turn + size
        key = (np.int64(similarity[slot]) << 32) | number
        if kept < k:
            j = kept
            kept += 1
            while j > 0 and heap[(j - 1) >> 1] > key:
                heap[j] = heap[(j - 1) >> 1]
                j = (j - 1) >> 1
            heap[j] = key
        elif key > heap[0]:
            sift(heap, kept, key)
    return kept


@compiled
def sift(heap: Any, size: int, key: int) -> None:
    """Put a key in the place of the least, and restore the heap."""
    j = 0
    while 2 * j + 1 < size:
        child = 2 * j + 1
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[j] = heap[child]
        j = child
    heap[j] = key


@compiled
def forget_similarity(similarity: Ints, found: Ints, count: int, now: int, size: int) -> None:
    """Leave the scratch as it was."""
    for i in range(count):
        similarity[slot_of(found[i], now, size)] = 0


@compiled
def prefetch(sessions: Ints, heap: Any, kept: int, now: int, size: int) -> int:
    """Prefetch: touch both ends of the neighbours' rows before they are read one after the other.

    Memory answers many questions in the time of one if none of them waits for another.
    """
    held = 0
    for q in range(kept):
        slot = slot_of(heap[q] & 0xFFFFFFFF, now, size)
        held += sessions[slot, 0] + (sessions[slot, sessions.shape[1] - 1] >= 0)
    return held


@compiled
def cast_votes(
    votes: Records,
    active: Ints,
    count: int,
    sessions: Ints,
    heap: Any,
    kept: int,
    length: int,
    now: int,
    size: int,
) -> int:
    """Let the neighbours vote for what they held; how many items are active now.

    `plain` is the sum of the votes, `follows` that of what came shortly after the latest shared
    item. A neighbour's vote is its similarity, less a tenth for each place that its latest shared
    item is away from the last of the session.
    """
    if prefetch(sessions, heap, kept, now, size) == 0:
        return count
    for q in range(kept):
        slot = slot_of(heap[q] & 0xFFFFFFFF, now, size)
        held = sessions[slot, 0]
        latest = 0
        match = 0
        for i in range(1, held + 1):
            place = votes[sessions[slot, i]].place
            if place > 0 and place >= latest:
                latest = place
                match = i
        weight = max(0.0, 1.0 - 0.1 * (length - latest)) * (heap[q] >> 32) / length
        for i in range(1, held + 1):
            item = sessions[slot, i]
            if votes[item].status == 0:
                votes[item].status = 1
                active[count] = item
                count += 1
            again = False
            for j in range(1, i):
                again |= sessions[slot, j] == item
            if not again:
                votes[item].plain += weight
                votes[item].held += 1
            if match < i <= match + REACH:
                votes[item].follows += weight / (i - match)
    return count


@compiled
def recommend(
    items: Records,
    pool: Ints,
    sessions: Ints,
    votes: Records,
    similarity: Ints,
    found: Ints,
    active: Ints,
    scores: Any,
    helds: Ints,
    heap: Any,
    context: Ints,
    n: int,
    now: int,
    size: int,
    own: int,
    last_items: int,
    sessions_per_item: int,
    k: int,
) -> tuple[int, int]:
    """Plain session kNN: fill `active`, `scores`, `helds`; how many items, how many neighbours."""
    begin = max(0, n - last_items)
    places(votes, context, begin, n)
    shared = similar(
        items, pool, votes, similarity, found, context, begin, n, now, size, own, sessions_per_item
    )
    kept = nearest(similarity, found, shared, now, size, heap, k)
    count = cast_votes(votes, active, 0, sessions, heap, kept, n - begin, now, size)
    forget_similarity(similarity, found, shared, now, size)
    clear_places(votes, context, n)
    for i in range(count):
        vote = votes[active[i]]
        scores[i] = vote.plain * rarity(items[active[i]], pool, 0.0, now)
        helds[i] = vote.held
        vote.plain = 0.0
        vote.follows = 0.0
        vote.held = 0
        vote.status = 0
    return count, kept
