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
from typing import Any, ClassVar, Self

from streams.contract.events import (
    TOLD_OF_SOMEBODY,
    BasketUpdated,
    CheckoutLeft,
    CheckoutStarted,
    Event,
    ItemRemoved,
    ItemViewed,
    OrderPlaced,
)
from streams.contract.receipts import Receipt
from streams.shop.memory.orders.baskets.changes import BasketChanges
from streams.shop.memory.orders.baskets.moments import NO_MOMENTS, Moments
from streams.shop.memory.orders.baskets.taken import Taken, bound
from streams.shop.memory.orders.impression import Impression, Prompted
from streams.shop.memory.orders.orders import Orders
from streams.shop.memory.orders.seen import REFUSED, UNREAD, Seen
from streams.shop.memory.orders.slot_tally import Tallies, own_slot, shown_once
from streams.shop.memory.orders.weight import (
    BYTES_MAX,
    WEIGHED_EVERY,
    WEIGHED_FROM,
    lighten,
)
from streams.shop.memory.taught import Taught
from streams.shop.people.assignment import Assignment, Experiment
from streams.shop.people.shoppers import note_shopper
from streams.shop.people.sign_in import KEEP, SignIn
from streams.shop.people.ties import NO_TIES, Ties

VIEWED_MAX = 20
LOOKED_MAX = 42
ORDERS_MAX = 16
PATH_MAX = 20
IMPRESSIONS_MAX = 8
NEVER: Prompted = (0, "")
VERSION = 7
"""Of a session's state: see `streams.shop.memory.sessions`."""


@dataclass(slots=True)
class Session(BasketChanges):
    """One visit, and what outlives it.

    `basket` maps an item to its quantity, in the order in which they were added; `bought` an item
    to the time of its latest order by nobody whom we know.
    """

    bytes_max: ClassVar[int] = BYTES_MAX

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
    """By its number the event that brought each order; empty, or `TOLD_TOO`: another session's."""
    forgotten: Prompted = NEVER
    assignment: Assignment | None = None
    """The side of the experiment that it is on, since it asked first."""
    orders_before: int | None = None
    """How many were known when a session of its visitor was first assigned; None: none has been."""
    signed_in: SignIn = field(default_factory=SignIn)
    refused_consent: bool = False
    consent_ms: int = 0
    """When that was said, where the setting supposes consent."""
    buyer: str | None = None
    names_shopper: bool = False  # as `shopper_id` and `buyer`, no part of the state
    order_memory: Orders = field(default_factory=Orders)
    """The orders of its partition."""
    ties: Ties = NO_TIES
    moments: Moments = NO_MOMENTS
    of_before: bool = False
    """Whether the latest event is of somebody who has left since; no part of the state."""
    tallies: Tallies = ()
    """What the visit was shown in slots that do not share `shown` and `dismissals`."""

    def note(self, event: Event, offset: int) -> None:
        """Remember that this event was seen, and at which offset; no visit goes on by refunds."""
        at_ms = event.occurred_at_ms
        if at_ms > self.last_ms and type(event) not in TOLD_OF_SOMEBODY:
            self.last_ms = at_ms
        if self.seen.note(event.event_id, offset, at_ms):
            noted = self.seen.noted
            if noted > WEIGHED_FROM and noted % WEIGHED_EVERY == 0:
                lighten(self)

    def take_part(self, experiment: Experiment, event: Event, offset: int) -> None:
        """It is assigned; what was ordered since any session of its visitor was is no more before.

        That is in the log already, of an earlier experiment, whose prompts may have brought it.
        """
        before = len(self.orders) if self.orders_before is None else self.orders_before
        self.assignment = experiment.assigned(event, offset, before)
        if self.assignment is not None:
            self.orders_before = before

    def looks_first(self, item_id: str) -> bool:
        """Whether a look at this item teaches: the first one, of `LOOKED_MAX` items of a visit."""
        looked = self.looked
        return looked is not None and item_id not in looked and len(looked) < LOOKED_MAX

    def view(self, event: ItemViewed) -> None:
        """The item becomes the latest of those viewed."""
        item_id, viewed = intern(event.item_id), self.viewed
        if self.looked is not None and len(self.looked) < LOOKED_MAX:
            self.looked[item_id] = None
        if self.of_before:
            return
        if item_id in viewed:
            viewed.remove(item_id)
        viewed.append(item_id)
        if len(viewed) > VIEWED_MAX:
            del viewed[:-VIEWED_MAX]

    def remove(self, event: ItemRemoved) -> None:
        """Less of the item is in the basket."""
        self._take_out(event)
        lighten(self)

    def order(self, event: OrderPlaced) -> None:
        """What was ordered is bought, and no more in the basket; an empty one begins anew."""
        self.orders[event.order_id] = event.event_id
        bound(self.orders, ORDERS_MAX)
        self._buy(event)
        if not self.basket:
            self.taught = Taught(self.taught.cart)
        lighten(self)

    def set_basket(self, event: BasketUpdated) -> None:
        """The basket is what the shop says."""
        self._set(event)
        lighten(self)

    def leave(self, event: CheckoutLeft) -> None:
        """The checkout is over."""
        self.in_checkout = False
        at_ms = max(self.moments.left_ms, event.occurred_at_ms)
        self.moments = self.moments._replace(left_ms=at_ms)

    def check_out(self, event: CheckoutStarted) -> None:
        """Nobody interrupts, unless what ends a checkout has happened since: see `docs/prompts`."""
        at_ms, orders = event.occurred_at_ms, map(self.order_memory.get, self.orders)
        ended = any(order is not None and order.at_ms >= at_ms for order in orders)
        ended = ended or any(taken.at_ms > at_ms for taken in self.taken.values())
        self.in_checkout = not ended and at_ms >= self.moments.left_ms

    def step(self, item_id: str) -> None:
        """The latest item that was looked at or taken, where somebody learns from paths."""
        self.path.append(intern(item_id))
        del self.path[:-PATH_MAX]

    def was_ordered_by(self, event: OrderPlaced) -> bool:
        """Whether this event brought its order, and no other one before."""
        return self.orders.get(event.order_id) == event.event_id

    def forget_basket(self) -> None:
        """Nobody has come back to it for too long."""
        self.basket, self.taught = {}, Taught()

    def after_pause(self, event: Event) -> Self:
        """The next visit, which this event begins.

        The basket outlives the pause, and what it taught, what was seen, shown, ordered, sent away:
        a repeated event changes nothing, late feedback counts. Nor does the session change sides.
        """
        visit = type(self)(
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
            orders_before=self.orders_before,
            refused_consent=self.refused_consent,
            consent_ms=self.consent_ms,
            order_memory=self.order_memory,
            ties=self.ties,
            moments=self.moments.anew(self.last_ms),
            signed_in=self.signed_in.after_pause(event),
        )
        if self.signed_in.is_anothers(event):
            visit.part(event.occurred_at_ms)
        return visit

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
        self.order_memory.let_go.note(first)
        self.forgotten = max(self.forgotten, first.prompted)

    def may_have_forgotten(self, receipt: Receipt) -> bool:
        """Whether this prompt may have been shown here, and is not remembered."""
        prompted = receipt.prompted_at_ms, receipt.prompt_id
        return prompted <= self.forgotten and receipt.prompt_id not in self.impressions

    @property
    def newest(self) -> Prompted:
        """The newest of its impressions, remembered or forgotten."""
        return max(self.forgotten, *(one.prompted for one in self.impressions.values()), NEVER)

    def _late(self) -> list[Any]:
        """The times that decide what of late events counts, if there are any."""
        times = [self.consent_ms, *self.moments.state()]
        presence = self.signed_in.presence()
        return [times, presence] if presence else [times] if times != [0] else []

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
            [*self.signed_in.state(kept(self.signed_in)), self.refused_consent, *self._late()],
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
            [[item, *taken.state()] for item, taken in self.taken.items()],
            list(self.orders.items()),
            list(self.forgotten),
            *map(self.seen.marked, (REFUSED, UNREAD)),
            self.orders_before if self.assignment is None else list(self.assignment),
            self.seen.arrivals and self.seen.arrivals.state(),
            self.ties.state(),
            self.seen.latest_ms,
            *([list(map(list, self.tallies))] if self.tallies else ()),
        ]
