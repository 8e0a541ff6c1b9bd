"""A session, as the twin knows it: who is there, what is in the basket, what that has taught."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from streams.contract.events import Event, ItemAdded
from streams.lab.chaos.twin.order import Pair, TwinLesson
from streams.lab.chaos.twin.prompt import TwinPrompt
from streams.lab.chaos.twin.told import Told


@dataclass
class TwinSession:
    """One session, for its whole life."""

    last_ms: int
    seen: set[str] = field(default_factory=set)
    signed_in: str | None = None
    signed_ms: int = 0
    side: Told | None = None
    basket: dict[str, int] = field(default_factory=dict)
    taken: dict[str, tuple[int, int]] = field(default_factory=dict)
    """When an item was taken out last, and how many then were not there (yet)."""
    had: dict[str, None] = field(default_factory=dict)
    apart: set[Pair] = field(default_factory=set)
    """The items of this basket, and those of them that have not met: `apart_max` are noted."""
    apart_max: float = inf
    orders: set[str] = field(default_factory=set)
    prompts: dict[str, TwinPrompt] = field(default_factory=dict)
    forgotten: tuple[int, str] = (0, "")
    """The newest prompt that it remembers no more."""

    def sign(self, event: Event, who: str | None) -> None:
        """The event says who is signed in, or that nobody is."""
        if event.says_who and event.occurred_at_ms >= self.signed_ms:
            self.signed_in, self.signed_ms = who, event.occurred_at_ms

    def entering(self, event: ItemAdded) -> int:
        """How many an add puts in: not what a removal has overtaken."""
        at_ms, missing = self.taken.get(event.item_id, (0, 0))
        return max(0, event.quantity - missing) if event.occurred_at_ms < at_ms else event.quantity

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
        if entering < event.quantity:
            at_ms, missing = self.taken[item_id]
            self.taken[item_id] = at_ms, missing - (event.quantity - entering)
        if entering:
            self.basket[item_id] = self.basket.get(item_id, 0) + entering
        return lesson

    def take(self, item_id: str, quantity: int) -> int:
        """So many leave the basket; how many of them were not there."""
        left = self.basket.pop(item_id, 0) - quantity
        if left > 0:
            self.basket[item_id] = left
        return max(0, -left)

    def note_taken(self, item_id: str, missing: int, at_ms: int) -> None:
        """So many were taken out that were not there: an add may still be on its way."""
        before_ms, before = self.taken.get(item_id, (0, 0))
        self.taken[item_id] = max(before_ms, at_ms), before + missing

    def order(self, quantities: Mapping[str, int], at_ms: int) -> None:
        """What was bought leaves the basket; an empty one begins anew."""
        for item_id, quantity in quantities.items():
            if missing := self.take(item_id, quantity):
                self.note_taken(item_id, missing, at_ms)
        if not self.basket:
            self.had, self.apart = {}, set()
