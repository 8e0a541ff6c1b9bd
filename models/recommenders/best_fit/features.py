"""Features of a candidate, for the ranker: 43 numbers, each of about -3 to 3, always finite.

Votes are shares of the strongest vote; shares enter as they are and as logarithms, as the ranker's
sums are then products, too. Whatever is unknown is 0.
"""

import math
from typing import Any

import numpy as np

from models.compiled import compiled
from models.recommenders.session_index.rings import Ints, Records

FEATURES = (
    "knn",
    "knn without rarity",
    "follows in neighbours",
    "together",
    "next",
    "events",
    "slow popularity",
    "fast popularity",
    "in session",
    "is last",
    "place in session",
    "log knn",
    "log together",
    "log next",
    "log follows",
    "knn x together",
    "1 / rank by knn",
    "1 / rank by together",
    "in session x length",
    "own",
    "own, latest",
    "own x again",
    "length",
    "is trending",
    "together with all",
    "own, of sessions",
    "own, is due",
    "own, again",
    "own, age",
    "own, faded",
    "own, in sessions alike",
    "second hop, together",
    "second hop, next",
    "log second hop, together",
    "log second hop, next",
    "category, in session",
    "category, of the last",
    "category, own",
    "category, own, latest",
    "own, of category",
    "category, together",
    "of category",
    "category, events",
)
"""Their names, in order."""
(
    KNN,
    PLAIN,
    FOLLOWS,
    TOGETHER,
    NEXT,
    EVENTS,
    SLOW,
    FAST,
    INSIDE,
    LAST,
    PLACE,
    LOG_KNN,
    LOG_TOGETHER,
    LOG_NEXT,
    LOG_FOLLOWS,
    KNN_TOGETHER,
    RANK_KNN,
    RANK_TOGETHER,
    INSIDE_LENGTH,
    OWN,
    OWN_LATEST,
    OWN_AGAIN,
    LENGTH,
    TREND,
    BASKET,
    OWN_SHARE,
    OWN_DUE,
    AGAIN,
    OWN_AGE,
    OWN_FADED,
    OWN_ALIKE,
    SECOND_HOP,
    SECOND_HOP_NEXT,
    LOG_SECOND_HOP,
    LOG_SECOND_HOP_NEXT,
    CATEGORY_INSIDE,
    CATEGORY_LAST,
    CATEGORY_OWN,
    CATEGORY_LATEST,
    OWN_OF_CATEGORY,
    CATEGORY_TOGETHER,
    OF_CATEGORY,
    CATEGORY_EVENTS,
) = range(43)
WIDTH = 43
OFTEN = 3.0
"""What is taken several times a session says no more than this."""


@compiled
def log_share(share: float) -> float:
    """The logarithm of a share: 0 for all, -2.3 for nothing."""
    return math.log(share + 0.01) / 2


@compiled
def best(votes: Records, active: Ints, count: int, scales: Any) -> None:
    """The strongest vote of each kind, 1 if there is none: what shares are of."""
    for i in range(len(scales)):
        scales[i] = 0.0
    for i in range(count):
        vote = votes[active[i]]
        scales[KNN] = max(scales[KNN], vote.knn)
        scales[PLAIN] = max(scales[PLAIN], vote.plain)
        scales[FOLLOWS] = max(scales[FOLLOWS], vote.follows)
        scales[TOGETHER] = max(scales[TOGETHER], vote.together)
        scales[BASKET] = max(scales[BASKET], vote.basket)
        scales[OWN_ALIKE] = max(scales[OWN_ALIKE], vote.own_alike)
        scales[NEXT] += vote.next
    for i in range(len(scales)):
        if scales[i] == 0.0:
            scales[i] = 1.0


@compiled
def due(times: float, first: int, last: int, now: int) -> float:
    """How far the pause since an item was taken last has come, by the mean pause before.

    Time is told by sessions of all shoppers. Positive: it should have been taken already. Nothing
    is due that was taken in one session only.
    """
    if first >= last:
        return 0.0
    pause = (last - first) / (times - 1.0)
    return min(2.0, max(-2.0, math.log(max(1, now - last) / pause)))


@compiled
def describe(
    xs: Any,
    row: int,
    items: Records,
    votes: Records,
    scales: Any,
    clock: Any,
    item: int,
    last: int,
    n: int,
    visits: int,
    now: int,
) -> None:
    """All but ranks and second hop of a candidate of a visit with `n` items, `last` the latest."""
    x = xs[row]
    it, vote = items[item], votes[item]
    inside = 1.0 if vote.place > 0 else 0.0
    events = max(0.0, it.events - vote.times)
    slow = max(0.0, it.slow / clock.slow - vote.times)
    fast = max(0.0, it.fast / clock.fast - vote.times)
    x[KNN] = vote.knn / scales[KNN]
    x[PLAIN] = vote.plain / scales[PLAIN]
    x[FOLLOWS] = vote.follows / scales[FOLLOWS]
    x[TOGETHER] = vote.together / scales[TOGETHER]
    x[NEXT] = vote.next / scales[NEXT]
    x[EVENTS] = np.log1p(events) / 5
    x[SLOW] = np.log1p(slow) / 3
    x[FAST] = np.log1p(fast) / 2
    x[INSIDE] = inside
    x[LAST] = 1.0 if item == last else 0.0
    x[PLACE] = vote.place / max(1, n)
    x[LOG_KNN] = log_share(x[KNN])
    x[LOG_TOGETHER] = log_share(x[TOGETHER])
    x[LOG_NEXT] = log_share(x[NEXT])
    x[LOG_FOLLOWS] = log_share(x[FOLLOWS])
    x[KNN_TOGETHER] = x[KNN] * x[TOGETHER]
    x[INSIDE_LENGTH] = inside * min(n, 5) / 5
    x[LENGTH] = min(n, 10) / 10
    x[BASKET] = vote.basket / scales[BASKET]
    x[TREND] = (np.log1p(20.0 * fast) - np.log1p(2.0 * slow)) / 3
    describe_own(x, it, vote, scales[OWN_ALIKE], visits, now)


@compiled
def describe_own(x: Any, it: Any, vote: Any, alike: float, visits: int, now: int) -> None:
    """What the shopper's earlier sessions say: so many `visits`; `now` sessions of all began."""
    again = (it.again + 1.0) / (it.taken + 3.0)
    known = vote.own > 0.0
    x[OWN] = np.log1p(vote.own) / 2
    x[OWN_LATEST] = vote.own_latest
    x[OWN_AGAIN] = x[OWN] * again
    x[OWN_SHARE] = min(OFTEN, vote.own / (visits + 2.0))
    x[OWN_DUE] = due(vote.own, vote.own_first, vote.own_last, now)
    x[OWN_AGE] = math.log1p((now - vote.own_last) / 100) / 3 if known else 0.0
    x[OWN_FADED] = min(OFTEN, vote.own_faded / (1.0 + math.log1p(visits)))
    x[OWN_ALIKE] = vote.own_alike / alike
    x[AGAIN] = again if known else 0.0


@compiled
def ranks(xs: Any, count: int, by: int, into: int) -> None:
    """One by the rank of each candidate by one of its features; the earlier first among equals.

    Most candidates say nothing, with 0, and come after the others in the order in which they are.
    Every key is compared with every other: without a branch that is quicker than to sort them.
    """
    keys = np.empty(count)
    found = 0
    for i in range(count):
        if xs[i, by] > 0.0:
            keys[found] = xs[i, by]
            found += 1
    loud = 0
    for i in range(count):
        rank = 1
        if xs[i, by] > 0.0:
            for j in range(loud):
                rank += keys[j] >= keys[loud]
            for j in range(loud + 1, found):
                rank += keys[j] > keys[loud]
            loud += 1
        else:
            rank += found + i - loud
        xs[i, into] = 1.0 / rank
