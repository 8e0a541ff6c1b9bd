"""Serial returners: of whom, and of which items, too large a share of what was ordered came back.

Read off the orders that are remembered anyway (`streams.shop.memory.orders.orders`), of all
partitions: a line counts once, and came back when nothing of it was kept, sent back or cancelled.
An order that is told on several partitions (by the browser and by a webhook) is one by its number.
So nothing more is folded, no digest and no checkpoint changes, and what is forgotten there (the
oldest orders, those of who denies, what is kept by person too long) is forgotten here. Workers that
follow less far may differ for a moment. Kept only where a setting asks for it.
"""

from collections.abc import Iterable
from typing import Self

from streams.contract.settings import Settings
from streams.shop.memory.orders.order import Order

OFTEN_BACK_MAX = 1_000
"""Items that are withheld for it; further ones are offered."""


class Tallies(dict[str, list[int]]):
    """By name how many lines there were, and how many of them came back."""

    def count(self, name: str, lines: int, back: int) -> list[int]:
        """So many more; what is at nothing leaves."""
        tally = self.setdefault(name, [0, 0])
        tally[0] += lines
        tally[1] += back
        if not tally[0]:
            del self[name]
        return tally


class ReturnedShares:
    """Lines and returned lines, by shopper and by item, of the orders that are remembered.

    >>> from streams.contract.schemas.examples import ORDER_PLACED
    >>> shares = ReturnedShares(share_max=0.5, lines_min=1)
    >>> order = Order.of(ORDER_PLACED, "ann")
    >>> shares.ordered(order)
    >>> shares.gone(order, [*order.lines])
    >>> shares.returns_too_much("ann"), shares.returns_too_much("bob")
    (True, False)
    """

    def __init__(self, share_max: float, lines_min: int) -> None:
        self.share_max, self.lines_min = share_max, lines_min
        self.often_back: set[str] = set()
        """The items that come back too often."""
        self._shoppers, self._items = Tallies(), Tallies()
        self._counted: dict[str, Order] = {}
        self._again: dict[str, list[Order]] = {}
        """By its number what else was told of an order, on other partitions."""

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Empty ones; None: the settings do not ask for it."""
        if settings.returned_share_max >= 1.0:
            return None
        return cls(settings.returned_share_max, settings.returned_lines_min)

    def returns_too_much(self, shopper_id: str | None) -> bool:
        """Whether this shopper is better left alone; nobody of whom it is not known who it is."""
        return shopper_id is not None and self._too_much(self._shoppers.get(shopper_id, (0, 0)))

    def ordered(self, order: Order) -> None:
        """An order is remembered, with what came back of it by now.

        Told twice it counts once: by whom it is known whose it is.
        """
        counted = self._counted.get(order.order_id)
        if counted is None:
            self._begin(order)
        elif counted.shopper_id is None and order.shopper_id is not None:
            self._end(counted)
            self._again.setdefault(order.order_id, []).append(counted)
            self._begin(order)
        else:
            self._again.setdefault(order.order_id, []).append(order)

    def gone(self, order: Order, items: Iterable[str]) -> None:
        """Nothing was kept of these items of an order."""
        if self._counts(order):
            for item in items:
                self._count(order, item, 0, 1)

    def left(self, order: Order) -> None:
        """An order is remembered no longer, where it was told: another one of its number counts.

        As it is when they are told: one of which it is known whose it is, if there is any.
        """
        others = [one for one in self._again.pop(order.order_id, ()) if one is not order]
        if self._counts(order):
            self._end(order)
            if others:
                known = (at for at, one in enumerate(others) if one.shopper_id is not None)
                self._begin(others.pop(next(known, -1)))
        if others:
            self._again[order.order_id] = others

    def nobodys(self, order: Order) -> None:
        """Who placed an order is about to be forgotten; what it was of is not."""
        if order.shopper_id is not None and self._counts(order):
            for line in order.lines.values():
                self._shoppers.count(order.shopper_id, -1, -int(not line.stands))

    def _counts(self, order: Order) -> bool:
        return self._counted.get(order.order_id) is order

    def _begin(self, order: Order) -> None:
        self._counted[order.order_id] = order
        for item, line in order.lines.items():
            self._count(order, item, 1, int(not line.stands))

    def _end(self, order: Order) -> None:
        del self._counted[order.order_id]
        for item, line in order.lines.items():
            self._count(order, item, -1, -int(not line.stands))

    def _count(self, order: Order, item: str, lines: int, back: int) -> None:
        if order.shopper_id is not None:
            self._shoppers.count(order.shopper_id, lines, back)
        if not self._too_much(self._items.count(item, lines, back)):
            self.often_back.discard(item)
        elif len(self.often_back) < OFTEN_BACK_MAX:
            self.often_back.add(item)

    def _too_much(self, tally: Iterable[int]) -> bool:
        lines, back = tally
        return lines >= self.lines_min and back > self.share_max * lines
