"""Denials: who does not want to be remembered, by withdrawn consent or by being forgotten.

They are kept without an end, under a hash of the id: what was forgotten must not be remembered for
the sake of forgetting. The latest of several is the same in whichever order they come.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Any

from models.decay.eviction import lightest, slab
from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS

HASH_BYTES = 12


class Denials:
    """When each shopper denied consent last, in seconds since 1970; shoppers by their hash.

    >>> denials, ann = Denials(shoppers_max=2), hashed("ann")
    >>> denials.note(ann, 100_000), denials.note(ann, 50_000)
    (True, False)
    >>> denials.covers(ann, 100_999), denials.covers(ann, 101_000)
    (True, False)
    """

    def __init__(self, shoppers_max: int) -> None:
        self.shoppers_max = shoppers_max
        self.full = False
        """Whether one ever had to leave."""
        self.at_s: dict[str, int] = {}

    def note(self, who: str, at_ms: int) -> bool:
        """A denial; whether it is the latest one of this shopper so far."""
        at_s = at_ms // 1000
        if at_s <= self.at_s.get(who, -1):
            return False
        self.at_s[who] = at_s
        if len(self.at_s) > self.shoppers_max:
            self.full = True
            for gone in lightest(self.at_s, slab(self.shoppers_max)):
                del self.at_s[gone]
        return True

    def __contains__(self, who: str) -> bool:
        return who in self.at_s

    def __len__(self) -> int:
        return len(self.at_s)

    def covers(self, who: str, at_ms: int) -> bool:
        """Whether what happened then is denied, by a denial in the same second or later."""
        return at_ms // 1000 <= self.at_s.get(who, -1)

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        return [self.full, dict(self.at_s)]

    def restore(self, state: list[Any]) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        full, at_s = state
        (self.full,) = each(bool, [full])
        each(str, at_s)
        each(int, at_s.values(), 0, YEAR_2100_MS // 1000)
        self.at_s = dict(at_s)


@lru_cache(maxsize=8192)
def hashed(shopper_id: str) -> str:
    """What stands for a shopper: the same for every worker."""
    return blake2b(shopper_id.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).hexdigest()
