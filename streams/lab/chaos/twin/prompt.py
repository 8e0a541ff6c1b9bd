"""One prompt that was seen, as the twin knows it: what was done with it, and what that earned."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from streams.contract.receipts import Receipt
from streams.contract.settings import Settings


class Move(NamedTuple):
    """So many of an item were added, or removed again."""

    item_id: str
    quantity: int
    at_ms: int


class Sale(NamedTuple):
    """So many of an item were bought by an order."""

    order_id: str
    item_id: str
    quantity: int
    at_ms: int


Back = Callable[[str, str], int]
"""How many of an order's item came back."""


@dataclass(eq=False)
class TwinPrompt:
    """A prompt, and everything that was done with it."""

    receipt: Receipt
    signs_ms: list[int] = field(default_factory=list)
    """When it was seen, clicked or sent away."""
    clicks_ms: list[int] = field(default_factory=list)
    dismissed: bool = False
    added: list[Move] = field(default_factory=list)
    removed: list[Move] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    back: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many of an order's item came back, as the order's own partition tells."""

    @property
    def shown_ms(self) -> int:
        """When it was shown."""
        return max(min(self.signs_ms), self.receipt.prompted_at_ms)

    @property
    def place(self) -> tuple[int, str]:
        """When it was prompted, and which one of that moment it is."""
        return self.receipt.prompted_at_ms, self.receipt.prompt_id

    def late_ms(self, at_ms: int) -> int:
        """How long after it was shown that was."""
        return at_ms - self.shown_ms

    def standing(self, item_id: str, until_ms: float) -> int:
        """How many an order of then finds: what was taken out at that time went after it."""
        return sum(self._basket_and_bag(item_id, until_ms, lambda at_ms: at_ms < until_ms))

    def in_basket(self, item_id: str, until_ms: float) -> int:
        """How many were neither bought nor taken out again by then."""
        return self._basket_and_bag(item_id, until_ms, lambda at_ms: at_ms <= until_ms)[0]

    def _basket_and_bag(
        self, item_id: str, until_ms: float, out_by_then: Callable[[int], bool]
    ) -> tuple[int, int]:
        steps = [(m.at_ms, "1 in", m.quantity) for m in self.added if m.item_id == item_id]
        steps += [(s.at_ms, "2 bought", s.quantity) for s in self.sales if s.item_id == item_id]
        steps += [
            (m.at_ms, "3 out", m.quantity)
            for m in self.removed
            if m.item_id == item_id and out_by_then(m.at_ms)
        ]
        basket = bag = 0
        for at_ms, what, quantity in sorted(steps):
            if at_ms <= until_ms:
                basket, before = (
                    max(0, basket + (quantity if what == "1 in" else -quantity)),
                    basket,
                )
                bag += before - basket if what == "2 bought" else 0
        return basket, bag

    def earned(self, settings: Settings, back: Back | None = None) -> float:
        """What it is worth: the better of click and add, lifted by the order that kept most."""
        back = back or (lambda order_id, item_id: self.back[order_id, item_id])
        base = settings.reward_clicked if self.clicks_ms else 0.0
        if any(self.standing(one.item_id, inf) for one in self.added):
            base = max(base, settings.reward_added)
        shares = [0.0]
        for order_id in {sale.order_id for sale in self.sales}:
            sold = [
                sale
                for sale in self.sales
                if sale.order_id == order_id and self.standing(sale.item_id, sale.at_ms)
            ]
            kept = [max(0, s.quantity - back(order_id, s.item_id)) / s.quantity for s in sold]
            shares.append(sum(kept) / len(kept) if kept else 0.0)
        return base + max(0.0, settings.reward_bought - base) * max(shares)
