"""How events change a basket, each by its own time: adds, removals, orders, carts, partings."""

from collections.abc import Collection
from sys import intern

from streams.contract.events import BasketUpdated, ItemAdded, ItemRemoved, OrderPlaced
from streams.shop.memory.orders.baskets.moments import Moments
from streams.shop.memory.orders.baskets.taken import Taken, bound, note_taken, reckon, take

BASKET_MAX = 54
BOUGHT_MAX = 40
NO_FIELDS = ()


class BasketChanges:
    """What a session does with its basket; the fields are the session's."""

    __slots__ = NO_FIELDS  # by that name: whoever has the fields has their places

    started_ms: int
    basket: dict[str, int]
    taken: dict[str, Taken]
    bought: dict[str, int]
    viewed: list[str]
    path: list[str]
    moments: Moments
    in_checkout: bool
    names_shopper: bool
    of_before: bool

    def add(self, event: ItemAdded) -> None:
        """More of the item is in the basket; a full basket takes no further kinds of items."""
        item_id, entering = event.item_id, self.entering(event)
        at_ms, overtaken = event.occurred_at_ms, event.quantity - entering
        if overtaken and item_id in self.taken:
            self.taken[item_id] = self.taken[item_id].less(at_ms, overtaken)
        if entering and (item_id in self.basket or len(self.basket) < BASKET_MAX):
            self.basket[intern(item_id)] = self.basket.get(item_id, 0) + entering
        if item_id in self.basket and (item_id in self.moments.anothers) != self.of_before:
            self.moments = self.moments.added(item_id, anothers=self.of_before)
        if item_id in self.basket or not entering:  # else there was no room
            self._change(item_id, at_ms, event.quantity)
        self.in_checkout = False

    def _change(self, item_id: str, at_ms: int, more: int) -> None:
        """A cart from before this does not know of it; from before a cart it was no change."""
        moments = self.moments
        if at_ms >= moments.cart_ms:
            self.moments = moments.after_change(intern(item_id), at_ms, more)

    def entering(self, event: ItemAdded) -> int:
        """How many this add puts in: not what a removal or an order that overtook it took out.

        Nor anything from before a cart: that has told what is there.
        """
        at_ms, taken = event.occurred_at_ms, self.taken
        if at_ms < self.moments.cart_ms:
            return 0
        if not taken or event.item_id not in taken:  # as nearly always
            return event.quantity
        return max(0, event.quantity - taken[event.item_id].overtaken(at_ms))

    def gone(self, event: ItemAdded, until_ms: int, orders_ms: Collection[int]) -> int:
        """How many of what this adds were taken out before a time, by removals that overtook it.

        What orders took out at their times was not removed.
        """
        taken = self.taken.get(event.item_id)
        overtaken = range(event.occurred_at_ms + 1, until_ms)
        return sum(
            missing
            for at_ms, missing in (taken.removals if taken else ())
            if at_ms in overtaken and at_ms not in orders_ms
        )

    def _take(self, item_id: str, quantity: int, at_ms: int) -> int:
        """Take so many out; how many were missing. From before a cart none is, and none goes."""
        return 0 if at_ms < self.moments.cart_ms else take(self.basket, item_id, quantity)

    def _take_out(self, event: ItemRemoved) -> None:
        """Less of the item is in the basket, never less than none."""
        at_ms = event.occurred_at_ms
        missing = self._take(event.item_id, event.quantity, at_ms)
        note_taken(self.taken, event.item_id, at_ms, missing)
        self._change(event.item_id, at_ms, -event.quantity)
        self.in_checkout = False

    def _buy(self, event: OrderPlaced) -> None:
        """What was ordered is bought, and no more in the basket."""
        at_ms = event.occurred_at_ms
        for line in event.lines:
            if missing := self._take(line.item_id, line.quantity, at_ms):
                note_taken(self.taken, line.item_id, at_ms, missing)
            self._change(line.item_id, at_ms, -line.quantity)
            if not self.names_shopper:
                self.bought[intern(line.item_id)] = max(self.bought.pop(line.item_id, 0), at_ms)
        bound(self.bought, BOUGHT_MAX)
        self.in_checkout = False

    def _set(self, event: BasketUpdated) -> None:
        """The basket is what the shop says; a full one takes no further kinds of items.

        What was added, removed or ordered after it, and told before, is reckoned on top. A cart
        from before another one says nothing, nor one from before what nobody knows any more.
        """
        at_ms, moments = event.occurred_at_ms, self.moments
        if at_ms < max(moments.cart_ms, moments.unsure_ms):
            return
        before, anothers, later = dict(self.basket), moments.anothers, moments.since(at_ms)
        self.moments, told = moments._replace(cart_ms=at_ms), dict[str, int]()
        for line in event.lines:
            told[line.item_id] = told.get(line.item_id, 0) + line.quantity
        for item, more in later.items():
            told[item] = before.get(item, 0) if more is None else reckon(told.get(item, 0), more)
        kept = {item: told.pop(item) for item in before if item in later}
        self.basket.clear()
        for item, quantity in (*kept.items(), *told.items()):
            if quantity and len(self.basket) < BASKET_MAX:
                self.basket[intern(item)] = quantity
        for item_id in before:
            if item_id not in self.basket and item_id not in anothers:
                note_taken(self.taken, item_id, event.occurred_at_ms, 0)
        if self.basket != before:  # who pays changes no basket
            self.in_checkout = False

    @property
    def own_basket(self) -> list[str]:
        """What is in the basket, but for what somebody put there who has left."""
        anothers = self.moments.anothers
        return (
            [item for item in self.basket if item not in anothers] if anothers else [*self.basket]
        )

    def taken_in_this_visit(self) -> list[str]:
        """What the shopper put back: to offer that at once would be deaf."""
        since_ms = max(self.started_ms, self.moments.parted_ms + 1)
        return [item for item, taken in self.taken.items() if taken.at_ms >= since_ms]

    def bought_since(self, at_ms: float) -> set[str]:
        """What was ordered in this session, from this time on."""
        return {item for item, bought_ms in self.bought.items() if bought_ms >= at_ms}

    @property
    def parted_ms(self) -> int:
        """When somebody left who was known; 0: nobody has."""
        return self.moments.parted_ms

    def part(self, at_ms: int) -> None:
        """Somebody who was known has left: nothing that they did speaks for prompts any more.

        Who left before somebody else did, and tells it late, changes nothing.
        """
        if at_ms < self.moments.parted_ms:
            return
        self.viewed, self.path = [], []
        self.moments = self.moments.parted(at_ms, self.basket)
