"""A session, as the twin knows it: who is there; and its trail, the basket and what is about it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from streams.contract.events import (
    BasketUpdated,
    Event,
    ItemAdded,
    OrderPlaced,
    OrderTakenBack,
    ShopperForgotten,
)
from streams.lab.chaos.twin.order import Pair, TwinLesson, summed
from streams.lab.chaos.twin.prompt import TwinPrompt
from streams.lab.chaos.twin.told import Told

CHANGED_MAX = 4
"""Items of a basket of which it is known when they were changed last."""
CHANGES_MAX = 2
"""Changes of one of them after a cart: with more of them it stays as it is."""


def is_of_somebody(event: Event) -> bool:
    """Whether it names whose an order was, or who is forgotten: nobody need be there."""
    return isinstance(event, OrderTakenBack | ShopperForgotten)


@dataclass(eq=False)
class TwinSession:
    """What is of one session id alone, for its whole life."""

    session_id: str
    visitor: str | None
    trail: "TwinTrail"
    seen: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """The orders that it has told itself."""
    signed_in: str | None = None
    signed_ms: int = 0
    came_ms: int = 0
    """Since when they have been there; 0: always."""
    stays: list[tuple[str, int, int]] = field(default_factory=list)
    """Who has left in this visit, and from when to when they were there."""
    paused: tuple[str | None, int, str] = (None, 0, "")
    """Who was there before this visit, since when, and with which event it began."""
    side: Told | None = None
    side_ms: int = 0
    """When what put it on that side happened."""
    left_ms: int = 0
    """When another session of its visitor went on with its trail,"""
    left_orders: frozenset[str] = frozenset()
    """and the orders that were known by then."""

    def sign(self, event: Event, who: str | None, gap_ms: float) -> bool:
        """The event says who is signed in, or that nobody is; whether that is another one."""
        before = self.signed_in
        known = who or before or event.schema_version > 1  # version 1 has no word for signing out
        says = event.says_who or event.consent is False
        early_ms = self.trail.began_ms - event.occurred_at_ms
        if early_ms > (0 if isinstance(event, OrderPlaced) else gap_ms):
            says = False  # of an earlier visit
        if says and event.occurred_at_ms >= self.signed_ms and known:
            self.signed_in, self.signed_ms = who, event.occurred_at_ms
        if self.signed_in == before:
            if who is not None and who == before:
                self._came_by(event.occurred_at_ms)
            return False
        self._changed(before, event)
        self.trail.cart = ()
        return True

    def _changed(self, before: str | None, event: Event) -> None:
        """Somebody else is there; who comes back from a pause at once has not been away."""
        at_ms = event.occurred_at_ms
        if before is not None:
            self.stays.append((before, self.came_ms, at_ms))
        who, came_ms, began = self.paused
        back = (who, began) == (self.signed_in, event.event_id)
        self.came_ms = 0 if len(self.seen) == 1 else came_ms if back else at_ms

    def _came_by(self, at_ms: int) -> None:
        """Who is there was so by then, as is told late, if nobody has left in this visit since."""
        if not self.trail.began_ms <= at_ms < self.came_ms:
            return
        for who, came_ms, left_ms in self.stays[-1:]:
            replaced = left_ms == self.came_ms  # who left because they came had left by then
            if at_ms < left_ms and not (replaced and came_ms < at_ms):
                return
            self.stays[-1] = who, came_ms, min(left_ms, at_ms)
        self.came_ms = at_ms

    def denied_by(self, event: Event) -> bool:
        """Whether an event that denies is of who is signed in."""
        named = event.shopper_id
        return not event.says_who if named is None else named == self.signed_in

    def was_there(self, at_ms: int) -> str | None:
        """Who was there at a time, of the latest two who have left and who is there."""
        here = [(self.signed_in, self.came_ms, at_ms + 1)] if self.signed_in else []
        stays = [*here, *self.stays[-2:]]
        return next((who for who, came_ms, left_ms in stays if came_ms <= at_ms < left_ms), None)

    def pause(self, event: Event) -> None:
        """A visit begins, and nobody is there until it is said."""
        self.paused, self.stays = (self.signed_in, self.came_ms, event.event_id), []
        self.signed_in, self.signed_ms = None, 0
        self.trail.began_ms = self.trail.last_ms = event.occurred_at_ms
        self.trail.cart = ()

    @property
    def holds(self) -> bool:
        """Whether its trail is with it, and not with a later session of its visitor."""
        return self.trail.names[-1] == self.session_id


@dataclass(eq=False)
class TwinTrail:
    """What follows a visitor from one session into the next."""

    names: list[str]
    """The sessions that are of it, the one that has it last."""
    last_ms: int
    began_ms: int
    """When this visit began."""
    whose: str | None = None
    closed: bool = False
    basket: dict[str, int] = field(default_factory=dict)
    missing: dict[str, list[int]] = field(default_factory=dict)
    """When pieces of an item were taken out that were not there (yet): a time for each of them."""
    cart_ms: int = 0
    """Of when the latest cart was."""
    changed: dict[str, Counter[int]] = field(default_factory=dict)
    """By how many the items that were so last were added, removed or ordered, by time."""
    unsure_ms: int = 0
    """When an item was that is not among them."""
    had: dict[str, None] = field(default_factory=dict)
    apart: set[Pair] = field(default_factory=set)
    """The items of this basket, and those of them that have not met: `apart_max` are noted."""
    apart_max: float = inf
    cart: tuple[bool, ...] = ()
    """Whether somebody was there by name when all of the basket was told last.

    Nothing: it was not, since others signed in or out, or in this visit.
    """
    orders: set[str] = field(default_factory=set)
    before: int | None = None
    """How many of them were known when its visitor was first put on a side."""
    prompts: dict[str, TwinPrompt] = field(default_factory=dict)
    forgotten: tuple[int, str] = (0, "")
    """The newest prompt that it remembers no more."""

    def signed(self, event: Event, who: str | None) -> None:
        """Somebody signs in or out, or is named without consent: then `who` is None."""
        denies = event.consent is False or isinstance(event, ShopperForgotten)
        if self.whose is not None and self.whose == event.shopper_id and not denies:
            return
        if self.whose is None and who == event.shopper_id and not self.closed:
            self.whose = who
        else:
            self.closed = True

    def entering(self, event: ItemAdded) -> int:
        """How many an add puts in: not what a removal or a cart has overtaken."""
        at_ms = event.occurred_at_ms
        overtaken = sum(out_ms > at_ms for out_ms in self.missing.get(event.item_id, ()))
        return 0 if at_ms < self.cart_ms else max(0, event.quantity - overtaken)

    def lesson(self, item_id: str, present: Iterable[str]) -> TwinLesson:
        """What an item teaches that comes beside those present."""
        first, begins = item_id not in self.had, not self.had
        others = [frozenset((item_id, other)) for other in self.had if other != item_id]
        beside = {frozenset((item_id, other)) for other in present}
        met = beside & ({*others} if first else self.apart)
        for pair in others if first else ():
            if pair not in met and len(self.apart) < self.apart_max:
                self.apart.add(pair)
        self.had[item_id] = None
        self.apart -= met
        return TwinLesson(item_id, first, begins, frozenset(met))

    def add(self, event: ItemAdded) -> TwinLesson | None:
        """An item enters the basket; what that teaches."""
        item_id, entering = event.item_id, self.entering(event)
        lesson = None
        if entering and item_id not in self.basket:
            lesson = self.lesson(item_id, self.basket)
        pieces = sorted(self.missing.get(item_id, ()))
        for out_ms in [ms for ms in pieces if ms > event.occurred_at_ms][
            : event.quantity - entering
        ]:
            self.missing[item_id].remove(out_ms)
        if entering:
            self.basket[item_id] = self.basket.get(item_id, 0) + entering
        self._changes(item_id, event.occurred_at_ms, event.quantity)
        return lesson

    def _changes(self, item_id: str, at_ms: int, more: int) -> None:
        """An item was changed: carts from before that, which come late, do not tell of it."""
        if at_ms < self.cart_ms:
            return
        changes = self.changed[item_id] = self.changed.pop(item_id, Counter())
        changes[at_ms] += more
        if len(self.changed) > CHANGED_MAX:
            first = self.changed.pop(next(iter(self.changed)))
            self.unsure_ms = max(self.unsure_ms, *first)

    def _since_cart(self, item_id: str, told: int) -> int:
        """How many there are of an item that was changed after a cart, which had so many."""
        changes = sorted(self.changed[item_id].items())
        if len(changes) > CHANGES_MAX:
            return self.basket.get(item_id, 0)
        for _, more in changes:
            told = max(0, told + more)
        return told

    def set_basket(self, event: BasketUpdated, who: str | None) -> list[TwinLesson]:
        """All that is in the basket is told; what that teaches: of the first time nothing.

        It is the first time, too, when somebody else is there, or the visit is another one.
        """
        somebody = who is not None or event.shopper_id is not None
        told_before, self.cart = self.cart == (somebody,), (somebody,)
        before = self.basket
        if event.occurred_at_ms >= max(self.cart_ms, self.unsure_ms):
            self.cart_ms = event.occurred_at_ms
            told = summed(event.lines)
            for item, all_of_it in [*self.changed.items()]:
                later = {ms: more for ms, more in all_of_it.items() if ms > self.cart_ms}
                self.changed[item] = Counter(later)
                if not later:
                    del self.changed[item]
            told |= {item: self._since_cart(item, told.get(item, 0)) for item in self.changed}
            self.basket = {item: told[item] for item in (*self.changed, *told) if told[item]}
        if not told_before or event.occurred_at_ms < self.last_ms:
            return []
        there = [item for item in before if item in self.basket]
        lessons = []
        for item_id in self.basket:
            if item_id not in before:
                lessons.append(self.lesson(item_id, there))
                there.append(item_id)
        return lessons

    def take(self, item_id: str, quantity: int, at_ms: int) -> int:
        """So many leave the basket; how many of them were not there. A cart knows better."""
        if at_ms < self.cart_ms:
            return 0
        self._changes(item_id, at_ms, -quantity)
        left = self.basket.pop(item_id, 0) - quantity
        if left > 0:
            self.basket[item_id] = left
        return max(0, -left)

    def note_taken(self, item_id: str, missing: int, at_ms: int) -> None:
        """So many were taken out that were not there: an add may still be on its way."""
        self.missing.setdefault(item_id, []).extend([at_ms] * missing)

    def order(self, quantities: Mapping[str, int], at_ms: int) -> None:
        """What was bought leaves the basket; an empty one begins anew."""
        for item_id, quantity in quantities.items():
            if missing := self.take(item_id, quantity, at_ms):
                self.note_taken(item_id, missing, at_ms)
        if not self.basket:
            self.had, self.apart = {}, set()
