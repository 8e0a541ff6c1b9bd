"""A session: what one visitor sees, has in the basket and was prompted with, folded from events.

```
t1 add bread      viewed []                basket {bread: 1}
t2 add butter     viewed []                basket {bread: 1, butter: 1}
t3 remove bread   viewed []                basket {butter: 1}
   … a pause longer than session_gap_s: the next visit …
t4 view tea       viewed [tea]             basket {butter: 1}
t5 order butter   viewed [tea]             basket {}              bought {butter: t5}
```

The basket is the shop's: it outlives visits, and ends by orders, line by line, or by its time to
live. What a visit looked at, was shown and took out again ends with the visit.

A session's events are all on one partition, so each worker folds them in the same order. It takes
8 KB at most (`weight`), and the number of sessions of a partition is bounded: the idlest leaves
first. Sessions of one visitor go on from each other: see `streams.shop.people.visitors`.

A prompt makes one impression in its whole life. A session keeps when the newest impression that it
forgot was prompted (`forgotten`), and so does a partition: what was prompted before, and is not
remembered, may have been counted, and is not counted again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Self

from streams.contract.events import (
    BasketUpdated,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderPlaced,
)
from streams.contract.receipts import Receipt
from streams.shop.memory.orders.impression import Impression, Prompted
from streams.shop.memory.orders.orders import Orders
from streams.shop.memory.orders.seen import REFUSED, UNREAD, Seen
from streams.shop.memory.orders.slot_tally import Tallies, own_slot, shown_once
from streams.shop.memory.orders.taken import NOT_TAKEN, Taken, bound
from streams.shop.memory.orders.weight import WEIGHED_EVERY, WEIGHED_FROM, lighten
from streams.shop.memory.taught import Taught
from streams.shop.people.assignment import Assignment
from streams.shop.people.shoppers import note_shopper
from streams.shop.people.sign_in import KEEP, SignIn
from streams.shop.people.ties import NO_TIES, Ties

VIEWED_MAX = 20
LOOKED_MAX = 42
TAKEN_MAX = 24
ORDERS_MAX = 16
PATH_MAX = 20
BASKET_MAX = 54
BOUGHT_MAX = 40
IMPRESSIONS_MAX = 8
NEVER: Prompted = (0, "")
VERSION = 7
"""Of a session's state: see `streams.shop.memory.sessions`."""


@dataclass(slots=True)
class Session:
    """One visit, and what outlives it.

    `basket` maps an item to its quantity, in the order in which they were added; `bought` an item
    to the time of its latest order by nobody whom we know.
    """

    session_id: str
    started_ms: int
    last_ms: int
    shopper_id: str | None = None
    """Whose history the latest event may use: see `streams.shop.people.identity`."""
    basket: dict[str, int] = field(default_factory=dict)
    viewed: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    bought: dict[str, int] = field(default_factory=dict)
    in_checkout: bool = False
    shown: int = 0
    last_shown_ms: int = 0
    dismissals: int = 0
    seen: Seen = field(default_factory=Seen)
    impressions: dict[str, Impression] = field(default_factory=dict)
    taught: Taught = field(default_factory=Taught)
    looked: dict[str, None] | None = field(default_factory=dict)
    """What this visit has looked at; None: too many, and no further look teaches."""
    taken: dict[str, Taken] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    """By its number the event that brought each order; empty: one of a session before this one."""
    forgotten: Prompted = NEVER
    assignment: Assignment | None = None
    """The side of the experiment that it is on, since it asked first."""
    signed_in: SignIn = field(default_factory=SignIn)
    refused_consent: bool = False
    buyer: str | None = None
    names_shopper: bool = False
    """Whose history the latest event adds to; as `shopper_id`, no part of the state."""
    order_memory: Orders = field(default_factory=Orders)
    """The orders of its partition."""
    ties: Ties = NO_TIES
    tallies: Tallies = ()
    """What the visit was shown in slots that do not share `shown` and `dismissals`."""

    def note(self, event: Event, offset: int) -> None:
        """Remember that this event was seen, and at which offset."""
        at_ms = event.occurred_at_ms
        if at_ms > self.last_ms:  # noqa: PLR1730  # no call on every event
            self.last_ms = at_ms
        if self.seen.note(event.event_id, offset, at_ms):
            noted = self.seen.noted
            if noted > WEIGHED_FROM and noted % WEIGHED_EVERY == 0:
                lighten(self)

    def looks_first(self, item_id: str) -> bool:
        """Whether a look at this item teaches: the first one, of `LOOKED_MAX` items of a visit."""
        looked = self.looked
        return looked is not None and item_id not in looked and len(looked) < LOOKED_MAX

    def view(self, event: ItemViewed) -> None:
        """The item becomes the latest of those viewed."""
        item_id, viewed = intern(event.item_id), self.viewed
        if self.looked is not None and len(self.looked) < LOOKED_MAX:
            self.looked[item_id] = None
        if item_id in viewed:
            viewed.remove(item_id)
        viewed.append(item_id)
        if len(viewed) > VIEWED_MAX:
            del viewed[:-VIEWED_MAX]

    def add(self, event: ItemAdded) -> None:
        """More of the item is in the basket; a full basket takes no further kinds of items."""
        item_id, entering = event.item_id, self.entering(event)
        if entering < event.quantity:
            at_ms, missing = self.taken[item_id]
            self.taken[item_id] = Taken(at_ms, missing - event.quantity + entering)
        if entering and (item_id in self.basket or len(self.basket) < BASKET_MAX):
            self.basket[intern(item_id)] = self.basket.get(item_id, 0) + entering
        self.in_checkout = False

    def entering(self, event: ItemAdded) -> int:
        """How many this add puts in: not what a removal or an order that overtook it took out."""
        if not self.taken:  # as nearly always
            return event.quantity
        at_ms, missing = self.taken.get(event.item_id, NOT_TAKEN)
        overtaken = missing if event.occurred_at_ms < at_ms else 0
        return max(0, event.quantity - overtaken)

    def step(self, item_id: str) -> None:
        """The latest item that was looked at or taken, where somebody learns from paths."""
        self.path.append(intern(item_id))
        del self.path[:-PATH_MAX]

    def remove(self, event: ItemRemoved) -> None:
        """Less of the item is in the basket, never less than none."""
        missing = self._take(event.item_id, event.quantity)
        self._note_taken(event.item_id, event.occurred_at_ms, missing)
        self.in_checkout = False
        lighten(self)

    def _note_taken(self, item_id: str, at_ms: int, missing: int) -> None:
        before = self.taken.pop(item_id, NOT_TAKEN)
        self.taken[intern(item_id)] = Taken(max(before.at_ms, at_ms), before.missing + missing)
        bound(self.taken, TAKEN_MAX)

    def _take(self, item_id: str, quantity: int) -> int:
        """Take so many out of the basket; how many of them were not there."""
        left = self.basket.get(item_id, 0) - quantity
        if left > 0:
            self.basket[item_id] = left
        else:
            self.basket.pop(item_id, None)
        return max(0, -left)

    def taken_in_this_visit(self) -> list[str]:
        """What the shopper put back: to offer that at once would be deaf."""
        return [item for item, taken in self.taken.items() if taken.at_ms >= self.started_ms]

    def bought_since(self, at_ms: float) -> set[str]:
        """What was ordered in this session, from this time on."""
        return {item for item, bought_ms in self.bought.items() if bought_ms >= at_ms}

    def order(self, event: OrderPlaced) -> None:
        """What was ordered is bought, and no more in the basket; an empty one begins anew."""
        self.orders[event.order_id] = event.event_id
        bound(self.orders, ORDERS_MAX)
        at_ms = event.occurred_at_ms
        for line in event.lines:
            if missing := self._take(line.item_id, line.quantity):
                self._note_taken(line.item_id, at_ms, missing)
            if not self.names_shopper:
                self.bought[intern(line.item_id)] = max(self.bought.pop(line.item_id, 0), at_ms)
        bound(self.bought, BOUGHT_MAX)
        if not self.basket:
            self.taught = Taught(self.taught.cart)
        self.in_checkout = False
        lighten(self)

    def was_ordered_by(self, event: OrderPlaced) -> bool:
        """Whether this event brought its order, and no other one before."""
        return self.orders.get(event.order_id) == event.event_id

    def set_basket(self, event: BasketUpdated) -> None:
        """The basket is what the shop says; a full one takes no further kinds of items."""
        self.basket.clear()
        for line in event.lines:
            if line.item_id in self.basket or len(self.basket) < BASKET_MAX:
                self.basket[intern(line.item_id)] = self.basket.get(line.item_id, 0) + line.quantity
        self.in_checkout = False
        lighten(self)

    def forget_basket(self) -> None:
        """Nobody has come back to it for too long."""
        self.basket, self.taught = {}, Taught()

    def after_pause(self, event: Event) -> Self:
        """The next visit, which this event begins.

        The basket outlives the pause, and what it taught, what was seen, shown, ordered, sent away:
        a repeated event changes nothing, late feedback counts. Nor does the session change sides.
        """
        return type(self)(
            *(self.session_id, event.occurred_at_ms, event.occurred_at_ms),
            basket=self.basket,
            bought=self.bought,
            seen=self.seen,
            impressions=self.impressions,
            taught=self.taught,
            taken=self.taken,
            orders=self.orders,
            forgotten=self.forgotten,
            assignment=self.assignment,
            refused_consent=self.refused_consent,
            order_memory=self.order_memory,
            ties=self.ties,
        )

    def remember(self, impression: Impression) -> None:
        """A prompt was shown; of too many, the one that was prompted first is forgotten."""
        if len(self.impressions) >= IMPRESSIONS_MAX:
            self.forget_impression()
        self.impressions[impression.receipt.prompt_id] = impression
        if slot := own_slot(impression.receipt.context):
            self.tallies = shown_once(self.tallies, slot, impression.shown_ms)
        else:
            self.shown += 1
            self.last_shown_ms = max(self.last_shown_ms, impression.shown_ms)
        note_shopper(self)
        lighten(self)

    def forget_impression(self) -> None:
        """Of its impressions the one that was prompted first is forgotten."""
        first = min(self.impressions.values(), key=lambda one: one.prompted)
        del self.impressions[first.receipt.prompt_id]
        self.forgotten = max(self.forgotten, first.prompted)

    def may_have_forgotten(self, receipt: Receipt) -> bool:
        """Whether this prompt may have been shown here, and is not remembered."""
        prompted = receipt.prompted_at_ms, receipt.prompt_id
        return prompted <= self.forgotten and receipt.prompt_id not in self.impressions

    @property
    def newest(self) -> Prompted:
        """The newest of its impressions, remembered or forgotten."""
        return max(self.forgotten, *(one.prompted for one in self.impressions.values()), NEVER)

    def state(
        self, kept: Callable[[SignIn], str | None] = KEEP, *, whole: bool = True
    ) -> list[Any]:
        """Everything, as JSON; else what the events of its partition alone have told.

        `kept` says which shopper a sign-in may be kept with.
        """
        return [
            self.session_id,
            self.started_ms,
            self.last_ms,
            [*self.signed_in.state(kept(self.signed_in)), self.refused_consent],
            list(self.basket.items()),
            list(self.viewed),
            list(self.path),
            list(self.bought.items()),
            self.in_checkout,
            [self.shown, self.last_shown_ms, self.dismissals],
            *self.seen.state(),
            [impression.state(whole=whole) for impression in self.impressions.values()],
            VERSION,
            self.taught.state(),
            None if self.looked is None else list(self.looked),
            [[item, *taken] for item, taken in self.taken.items()],
            list(self.orders.items()),
            list(self.forgotten),
            *map(self.seen.marked, (REFUSED, UNREAD)),
            None if self.assignment is None else list(self.assignment),
            self.seen.arrivals and self.seen.arrivals.state(),
            self.ties.state(),
            self.seen.latest_ms,
            *([list(map(list, self.tallies))] if self.tallies else ()),
        ]
