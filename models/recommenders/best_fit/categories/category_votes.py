"""Category votes for cold items: what is known of a category, where little is known of an item.

A category is learned as an item is: it has its events, the items that sell best in it, and a row of
the categories that come together with it. So a shopper who always takes some yoghurt is understood
when the yoghurt is a new one, and pasta that nobody has bought yet votes for sauces.

```
session ──its categories──► pasta ──is a partner of──► sauces: votes for every sauce
shopper ──takes of────────► yoghurt: own history, added up over all candidates of that category
```

Compiled. Categories are numbers here; those of a session leave out items of no known category,
whose number is 0. Scratch (`votes`) is zero before `cast_votes` and after `describe`.
"""

import math
from typing import Any

import numpy as np

from models.compiled import compiled
from models.recommenders.best_fit import candidates, features
from models.recommenders.best_fit.counts import pairs
from models.recommenders.session_index.records import SESSION_MAX
from models.recommenders.session_index.rings import Ints, Records

INSIDE_MAX = 6.0
"""More items of one category in a session say no more than these."""
PROPOSING_MAX = 8
"""Categories whose best sellers are proposed."""
SELLERS = 4
"""Best sellers that each proposes."""


@compiled
def numbers_of(items: Records, held: Ints, n: int, numbers: Ints) -> int:
    """Write the known categories of the first `n` items that are held; how many."""
    known = 0
    for i in range(n):
        if items[held[i]].category > 0:
            numbers[known] = items[held[i]].category
            known += 1
    return known


@compiled
def learn(
    items: Records,
    counts: Records,
    partners: Records,
    sellers: Records,
    session: Ints,
    item: int,
    weight: float,
    number: int,
) -> None:
    """An item is about to enter session `number`: its category comes after those that are there."""
    category = items[item].category
    if category > 0:
        numbers = np.zeros(1 + SESSION_MAX, np.int32)
        numbers[0] = numbers_of(items, session[1:], session[0], numbers[1:])
        counts[category].events += weight
        pairs.add_pairs(partners, numbers, category, weight, number)
        pairs.add(sellers[category], category, item, weight, number)


@compiled
def cast_votes(
    items: Records,
    counts: Records,
    partners: Records,
    votes: Records,
    active: Ints,
    context: Ints,
    n: int,
    running: bool,
) -> int:
    """Let the categories of a session with `n` items vote for others; how many are active."""
    numbers = np.empty(max(1, n), np.int32)
    known = numbers_of(items, context, n, numbers)
    active_count = 0
    for p in range(known):
        active_count = candidates.activate(votes, active, active_count, numbers[p])
        vote = votes[numbers[p]]
        vote.held += 1
        vote.times += 1.0 if running else 0.0
    active_count = pairs.vote(
        counts, partners, votes, active, active_count, numbers, known, running
    )
    for i in range(active_count):
        vote = votes[active[i]]
        vote.basket /= math.sqrt(max(1.0, counts[active[i]].events - vote.times))
    return active_count


@compiled
def suggest(
    votes: Records, active: Ints, active_count: int, sellers: Records, offered: Ints
) -> None:
    """Write the best sellers of the categories that are voted for most; -1 where none is left."""
    offered[:] = -1
    for place in range(min(active_count, PROPOSING_MAX)):
        most = 0.0
        category = 0
        for i in range(active_count):
            vote = votes[active[i]]
            if vote.status == 1 and vote.basket > most:
                most = vote.basket
                category = active[i]
        if category == 0:
            return
        votes[category].status = 2
        best_sellers(sellers[category], offered[place * SELLERS : (place + 1) * SELLERS])


@compiled
def best_sellers(row: Any, best: Ints) -> None:
    """Write the items that weigh most in a row, the heaviest first."""
    kept = 0
    weights = np.zeros(len(best))
    for i in range(len(row)):
        if row[i].item < 0:
            return
        weight = float(row[i].weight)
        place = kept
        while place > 0 and weights[place - 1] < weight:
            if place < len(best):
                best[place] = best[place - 1]
                weights[place] = weights[place - 1]
            place -= 1
        if place < len(best):
            best[place] = row[i].item
            weights[place] = weight
            kept = min(kept + 1, len(best))


@compiled
def describe(
    items: Records,
    counts: Records,
    votes: Records,
    active: Ints,
    active_count: int,
    last: int,
    chosen: Ints,
    count: int,
    xs: Any,
) -> None:
    """Describe candidates by what their categories say; `last` is the latest item, or -1."""
    strongest = 0.0
    for i in range(count):
        vote = votes[items[chosen[i]].category]
        vote.own += xs[i, features.OWN_SHARE]
        vote.own_latest = max(vote.own_latest, xs[i, features.OWN_LATEST])
        strongest = max(strongest, vote.basket)
    latest = items[last].category if last >= 0 else 0
    for i in range(count):
        item = items[chosen[i]]
        if item.category > 0:
            vote = votes[item.category]
            describe_one(xs[i], item, vote, counts[item.category].events, strongest)
            xs[i, features.CATEGORY_LAST] = 1.0 if item.category == latest else 0.0
        else:
            for f in range(features.CATEGORY_INSIDE, features.CATEGORY_EVENTS + 1):
                xs[i, f] = 0.0
    for i in range(active_count):
        clear(votes[active[i]])
    for i in range(count):
        clear(votes[items[chosen[i]].category])


@compiled
def describe_one(x: Any, item: Any, vote: Any, events: float, strongest: float) -> None:
    """All of that of a candidate but whether its category is the latest."""
    others = max(1.0, events - vote.times)
    x[features.CATEGORY_INSIDE] = min(INSIDE_MAX, float(vote.held)) / 2
    x[features.CATEGORY_OWN] = min(features.OFTEN, vote.own)
    x[features.CATEGORY_LATEST] = vote.own_latest
    x[features.OWN_OF_CATEGORY] = x[features.OWN_SHARE] / vote.own if vote.own > 0.0 else 0.0
    x[features.CATEGORY_TOGETHER] = vote.basket / strongest if strongest > 0.0 else 0.0
    x[features.OF_CATEGORY] = min(1.0, item.events / others)
    x[features.CATEGORY_EVENTS] = math.log1p(others) / 5


@compiled
def clear(vote: Any) -> None:
    """Leave the scratch as it was."""
    vote.together = 0.0
    vote.basket = 0.0
    vote.own = 0.0
    vote.own_latest = 0.0
    vote.times = 0.0
    vote.held = 0
    vote.status = 0
