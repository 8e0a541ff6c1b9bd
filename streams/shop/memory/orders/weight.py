"""What a session weighs in memory, and what a busy one lets go so as to weigh no more than 8 KB.

Most visits keep all that they may. One with hundreds of events cannot keep all of that at once; it
is weighed every few events, and lets go, in this order and only as far as it has to:

1. how items of its basket were changed last: a cart that comes late overrules what came after it;
   after a pause that is noted anew, and what was taken out before it is let go instead
2. which items it has looked at: its further looks teach nothing
3. the oldest of what was taken out: it may be offered again, and an add from before is no more late
4. which items its basket has taught: it teaches no more, until it begins anew
5. the oldest of what nobody known has bought: it may be offered again
6. the oldest impressions but two: they earn no more, and their receipts are refused from then on
7. its oldest orders: what comes back of them is nobody's
8. the oldest impressions but one
9. the last impression, if it is a large one: of dozens of stages, or of orders with long ids
10. ids of events of one moment, beyond those that are remembered of any: they may count again

The other event ids and the basket stay: they are bounded by themselves. What is let go follows from
the events of the session alone, so it is the same for every worker. Weights are those of CPython's
containers, a little rounded up; ids of items are shared by all sessions, and not weighed. Other ids
are taken to have 40 characters, and weigh more if all of them together do.
"""

from bisect import bisect_left
from typing import Any, ClassVar, Protocol

from streams.shop.memory.orders.baskets.moments import LOST, Moments
from streams.shop.memory.orders.impression import Impression, Prompted
from streams.shop.memory.orders.seen import SEEN_MAX, Seen
from streams.shop.memory.taught import Taught

BYTES_MAX = 8192
"""Of one session, without the ids of items."""
ROOM_BYTES = 500
"""How much more a session may weigh when it is weighed next: after so many events."""
WEIGHED_EVERY = 4
WEIGHED_FROM = 16
EMPTY_BYTES = 3220
"""A session that has nothing yet, its place among the others included."""
SEEN_BYTES = 16
DICT_BYTES = [(0, 64), (5, 184), (10, 272), (21, 464), (42, 848), (85, 1584), (170, 3088)]
"""Of a dictionary whose keys are texts: that of so many entries, and its size."""
BYTES_OF = [
    DICT_BYTES[bisect_left(DICT_BYTES, (entries + (WEIGHED_EVERY if entries else 0), 0))][1]
    for entries in range(DICT_BYTES[-1][0] - WEIGHED_EVERY + 1)
]
"""The same, by how many there are when it is weighed."""
CHANGING = 2
"""One in which entries come and go takes as much as one of twice as many."""
LARGE_NUMBER_BYTES, SMALL_MAX = 32, 256
"""Numbers up to this one are there once in a process: not so grams."""
TAKEN_BYTES = 150
EARLIER_BYTES = 400
MOMENTS_BYTES, MOMENT_BYTES, CHANGED_BYTES = 100, 32, 1000
POINTER_BYTES = 8
BOUGHT_BYTES = 75
ORDER_BYTES = 250
CART_BYTES = 70
TALLY_BYTES = 230
ID_BYTES = 40
SINCE_BYTES, STAY_BYTES = 40, 320
"""Of who has come and left in a session: most have been there all the time."""
LARGE_BYTES = 3072
"""Of an impression that goes even if it is the last."""


class Presence(Protocol):
    """When who is signed in came, and who was there before."""

    since_ms: int
    gone: tuple[Any, ...]


class Weighed(Protocol):
    """What of a session has a weight."""

    bytes_max: ClassVar[int]
    """How much it may weigh."""
    session_id: str
    seen: Seen
    basket: dict[str, int]
    taught: Taught
    looked: dict[str, None] | None
    taken: dict[str, Any]
    bought: dict[str, int]
    orders: dict[str, str]
    impressions: dict[str, Impression]
    forgotten: Prompted
    moments: Moments
    tallies: tuple[Any, ...]

    @property
    def signed_in(self) -> Presence:
        """Who is."""

    def forget_impression(self) -> None:
        """Forget the oldest one."""


def weight(session: Weighed) -> int:
    """About how many bytes of memory a session takes."""
    return (
        EMPTY_BYTES
        + SEEN_BYTES * len(session.seen)
        + _dict_bytes(CHANGING * len(session.basket))
        + LARGE_NUMBER_BYTES * sum(map(SMALL_MAX.__lt__, session.basket.values()))
        + _dict_bytes(len(session.taught))
        + (CART_BYTES if session.taught.cart else 0)
        + _dict_bytes(len(session.looked or ()))
        + TAKEN_BYTES * len(session.taken)
        + EARLIER_BYTES * sum(bool(taken.earlier) for taken in session.taken.values())
        + _of_moments(session.moments)
        + BOUGHT_BYTES * len(session.bought)
        + ORDER_BYTES * len(session.orders)
        + TALLY_BYTES * len(session.tallies)
        + _of_presence(session.signed_in)
        + _long_ids(session)
        + _told(session)
    )


def _of_moments(moments: Moments) -> int:
    """Of the times that are there, and of the visits of another."""
    *times, anothers, changed = moments
    known = 0 if changed is LOST else CHANGED_BYTES  # there, or by the next event
    if not any(moments):
        return known
    return (
        MOMENTS_BYTES + MOMENT_BYTES * sum(map(bool, times)) + POINTER_BYTES * len(anothers) + known
    )


def _of_presence(signed_in: Presence) -> int:
    """Of who came later than with the first event, and of those who have left."""
    return (SINCE_BYTES if signed_in.since_ms > SMALL_MAX else 0) + STAY_BYTES * len(signed_in.gone)


def _long_ids(session: Weighed) -> int:
    """By how much the ids of session, events and orders are longer than they are taken to be."""
    named, orders = session.seen.named, session.orders
    text = session.session_id + "".join(named)
    if orders:
        text += "".join(orders) + "".join(orders.values())
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return max(0, size - ID_BYTES * (1 + len(named) + 2 * len(orders)))


def _dict_bytes(entries: int) -> int:
    """Of so many, and of those that may come until it is weighed next."""
    return BYTES_OF[min(entries, len(BYTES_OF) - 1)]


def lighten(session: Weighed) -> None:
    """Let go what is too much."""
    over = weight(session) + ROOM_BYTES - session.bytes_max
    if over <= 0:
        return
    changes_bytes = _of_moments(session.moments)
    session.moments = session.moments.lightened()
    over -= changes_bytes - _of_moments(session.moments)
    if over <= 0:
        return
    session.basket = dict([*session.basket.items()])  # without the room of what was taken out
    if session.looked is not None:
        over -= _dict_bytes(len(session.looked))
        session.looked = None
    over = _forget(session.taken, TAKEN_BYTES, over)
    if len(session.seen) > SEEN_MAX:
        session.taken = dict([*session.taken.items()])  # as the basket
    if over > 0:
        over -= _dict_bytes(session.taught.end()) - _dict_bytes(0)  # an empty one stays
    over = _forget(session.bought, BOUGHT_BYTES, over)
    over = _forget_impressions(session, 2, over)
    over = _forget(session.orders, ORDER_BYTES, over)
    over = _forget_impressions(session, 1, over)
    if over > 0 and _told(session) > LARGE_BYTES:
        session.forget_impression()
    items = len(session.basket)
    if over > _dict_bytes(CHANGING * items) - _dict_bytes(items):  # which it takes no more
        session.seen.forget_tied()


def _forget(kept: dict[str, Any], each_bytes: int, over: int) -> int:
    """Forget as many of the oldest as it needs, but not the last one; how much is still over."""
    number = max(0, min(-(-over // each_bytes), len(kept) - 1))
    for oldest in [*kept][:number]:
        del kept[oldest]
    return over - each_bytes * number


def _forget_impressions(session: Weighed, kept: int, over: int) -> int:
    """Forget as many as it needs, but these; how much is still over."""
    while over > 0 and len(session.impressions) > kept:
        before = _told(session)
        session.forget_impression()
        over -= before - _told(session)
    return over


def _told(session: Weighed) -> int:
    """The bytes of its impressions."""
    kept = session.impressions  # as nearly always there are none
    return sum(one.kept_bytes for one in kept.values()) if kept else 0
