"""Rate limits: the generic cell rate algorithm (GCRA, ITU-T I.371), one number a name.

Of each name it is known when its bucket would be full again; a request that would fill it beyond
its size is refused, with the time after which it would not be. That is exact, takes one look at a
table, and has a bound: who has been quiet for longest leaves first, and by then starts anew.

By itself it is of one gateway alone: `shared_rates` lets several share what they take. (The package
`limits` shares its counts through Redis, at a round trip a request; in memory it looks through all
of its keys at each of them.)
"""

from collections import OrderedDict
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from streams.contract.errors import RequestRefused

MINUTE_MS = 60_000
NAMES_MAX = 100_000
NETWORKS_KEPT_MAX = 10_000
"""Addresses of which is known whose they are: a shop's server, or a proxy, asks again and again."""
HOST_BITS = 64
"""Of an IPv6 address: who has one has a network of these."""


class RateLimit:
    """So much a minute for each name, all of it at once if need be.

    >>> rate = RateLimit(a_minute=2)
    >>> rate.take("ann", 0), rate.take("ann", 0), rate.take("ann", 0), rate.take("ann", 30_000)
    (0, 0, 30, 0)
    """

    def __init__(self, a_minute: int, names_max: int = NAMES_MAX) -> None:
        self.pause_ms = MINUTE_MS / a_minute
        self.names_max = names_max
        self.notes_taken = False
        """Whether what is taken is kept to be told to others."""
        self._empty_at_ms: OrderedDict[str, float] = OrderedDict()
        self._taken_ms: dict[str, float] = {}

    def take(self, name: str, now_ms: int, cost: int = 1) -> int:
        """0: it may be; else the seconds after which it may be, and nothing is taken."""
        empty_at_ms = self._filled(name, now_ms, cost)
        if again_s := _over_s(empty_at_ms, now_ms):
            return again_s
        self._keep(name, empty_at_ms)
        if self.notes_taken and len(self._taken_ms) < self.names_max:
            self._taken_ms[name] = self._taken_ms.get(name, 0.0) + cost * self.pause_ms
        return 0

    def check(self, name: str, now_ms: int, cost: int = 1) -> None:
        """The same; raises `RequestRefused`, 429."""
        if again_s := self.take(name, now_ms, cost):
            raise _refusal(again_s)

    def look(self, name: str, now_ms: int, cost: int = 1) -> None:
        """Take nothing; raises `RequestRefused`, 429, where so much more would not be taken."""
        if again_s := _over_s(self._filled(name, now_ms, cost), now_ms):
            raise _refusal(again_s)

    def taken_since(self) -> dict[str, float]:
        """What was taken since this was asked last: by name, in milliseconds of its bucket."""
        taken, self._taken_ms = self._taken_ms, {}
        return taken

    def note_others(self, name: str, empty_at_ms: float) -> None:
        """When a bucket would be empty again by what all have told by now; it is never too late."""
        with_ours = empty_at_ms + self._taken_ms.get(name, 0.0)
        self._keep(name, max(with_ours, self._empty_at_ms.get(name, 0)))

    def _keep(self, name: str, empty_at_ms: float) -> None:
        self._empty_at_ms[name] = empty_at_ms
        self._empty_at_ms.move_to_end(name)
        if len(self._empty_at_ms) > self.names_max:
            self._empty_at_ms.popitem(last=False)

    def _filled(self, name: str, now_ms: int, cost: int) -> float:
        return max(now_ms, self._empty_at_ms.get(name, 0)) + cost * self.pause_ms


def _over_s(empty_at_ms: float, now_ms: int) -> int:
    return max(0, ceil((empty_at_ms - now_ms - MINUTE_MS) / 1000))


def _refusal(again_s: int) -> RequestRefused:
    said = f"too many requests: again in {again_s} s"
    return RequestRefused(429, "too_many", said, again_s=again_s)


@lru_cache(NETWORKS_KEPT_MAX)
def network(address: str) -> str:
    """Whose an address is: itself, or the network of an IPv6 address.

    >>> network("203.0.113.7"), network("2001:db8::7"), network("::ffff:203.0.113.7"), network("-")
    ('203.0.113.7', '2001:db8::/64', '203.0.113.7', '-')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), HOST_BITS), strict=False))
