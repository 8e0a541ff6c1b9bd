"""Inverse document frequency (IDF): how rare an item is among sessions, fair to what is new.

Sessions with the item and sessions at all are counted over the same time, which begins with the
first session in the item's ring: over all sessions that ever began, what came a short while ago
would look rare for years.
"""

import math
from typing import Any

from models.compiled import compiled
from models.recommenders.session_index.rings import Ints

FEW = 5.0
"""Sessions that say little of how rare an item is."""


@compiled
def rarity(ring: Any, pool: Ints, own: float, now: int) -> float:
    """What a vote for an item is worth, when `now` sessions have begun: the more, the rarer it is.

    Of an item of few sessions nobody knows whether it is new or rare; it is taken for rare, as if
    it had been there from the beginning. `own`: sessions of the ring that do not count.
    """
    held = min(ring.room, ring.count)
    if held == 0:
        return 1.0
    since = now - pool[ring.at + ((ring.count - held) & (ring.room - 1))]
    begun = since + (now - since) / (1.0 + (held / FEW) ** 2)
    return 1.0 + math.log(max(1.0, begun / max(1.0, held - own)))
