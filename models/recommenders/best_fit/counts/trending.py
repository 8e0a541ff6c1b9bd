"""Trending items: popularity by two exponentially decayed counts, and the most popular."""

from typing import Any

import numpy as np

from models.compiled import compiled
from models.recommenders.session_index.rings import Ints, Records

SLOW = 20_000
FAST = 2_000
"""Sessions after which an event counts 1/e."""
WEIGHT_MAX = 1e100


@compiled
def decay(items: Records, clock: Any) -> None:
    """Forward decay by a session: new events weigh more, which makes old ones weigh less."""
    clock[0].slow *= np.exp(1.0 / SLOW)
    clock[0].fast *= np.exp(1.0 / FAST)
    if clock[0].fast > WEIGHT_MAX or clock[0].slow > WEIGHT_MAX:
        for i in range(len(items)):
            items[i].slow /= clock[0].slow
            items[i].fast /= clock[0].fast
        clock[0].slow = 1.0
        clock[0].fast = 1.0


@compiled
def count(items: Records, clock: Any, popular: Ints, item: int, weight: float) -> None:
    """One more event of an item; it may now stand among the most popular."""
    it = items[item]
    it.events += weight
    it.slow += weight * clock[0].slow
    it.fast += weight * clock[0].fast
    if it.popular:
        return
    least = 0
    for i in range(len(popular)):
        if popular[i] < 0:
            least = i
            break
        if items[popular[i]].slow < items[popular[least]].slow:
            least = i
    if popular[least] >= 0:
        if items[popular[least]].slow >= it.slow:
            return
        items[popular[least]].popular = 0
    popular[least] = item
    it.popular = 1


@compiled
def forget(items: Records, popular: Ints, gone: Ints) -> None:
    """Take forgotten items out of the list, and clear their counts."""
    for i in range(len(popular)):
        if popular[i] >= 0 and gone[popular[i]]:
            popular[i] = -1
    for i in range(len(items)):
        if gone[i]:
            it = items[i]
            it.popular = 0
            it.events = 0.0
            it.slow = 0.0
            it.fast = 0.0
            it.taken = 0.0
            it.again = 0.0
