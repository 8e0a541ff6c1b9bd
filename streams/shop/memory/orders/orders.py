"""The orders of one partition: what each of them taught, so that a return can take back just that.

```
order o-7: butter x 10, jam       taught (bread, butter), (butter, jam); credited to prompt p
return o-7: butter x 1            a tenth of the butter's part of what p earned by it
return o-7: butter x 9            the butter has taught nothing: (bread, butter), (butter, jam) go
```

An order counts once by its number, in whichever sessions of the partition it is told. It is kept
with the partition of its session, so that what is forgotten, oldest first, follows that partition's
log. A return belongs to the orders with its number on all partitions, those that are there and
those that will come: it is noted with the order of its own partition, or *waits* there for one. So
the two are joined whichever comes first: what is kept are two sets, and each looks up the other.
(One memory of all partitions would forget by how workers interleave them.)

What a partition has forgotten, a return on another one may or may not have found in time. Once
anything was forgotten *and* something came back, workers may differ in what returns took back; the
parts that orders teach are then left out of the digest (`streams.shop.state`).
"""

from collections.abc import Iterator
from typing import Any

from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.order import ALL_OF_IT, Back, FindImpression, Order, add_back
from streams.shop.memory.orders.outcomes import LetGo
from streams.shop.memory.orders.reward.returned_shares import ReturnedShares
from streams.shop.people.shoppers import ShopperSessions

ORDERS_MAX = 4_096
"""Orders of a partition; some two kilobytes each."""
LINES_MAX = 32_768
"""Their lines in all; an order has 2,000 at most."""
WAITING_MAX = 1_024
"""Returns of a partition that have found no order there."""


class Orders:
    """The orders of one partition, and the returns there that found none of them."""

    def __init__(self, orders_max: int = ORDERS_MAX, waiting_max: int = WAITING_MAX) -> None:
        self.orders_max = orders_max
        self.waiting_max = waiting_max
        self.forgot = False
        """Whether an order or a waiting return ever had to leave."""
        self.forgot_ms: int | None = 0
        """When the latest of the orders that left was placed; None: it was not noted once."""
        self.came_back = False
        """Whether anything ever came back."""
        self.shoppers = ShopperSessions()
        self.let_go = LetGo()
        """What the sessions of the partition have told, and do not remember."""
        self.returned: ReturnedShares | None = None
        """What is read off the orders of all partitions, where anybody asks for it."""
        self._orders: dict[str, Order] = {}
        self._waiting: dict[str, dict[str, int]] = {}
        self._lines = self._waiting_lines = 0

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._orders

    def get(self, order_id: str) -> Order | None:
        """The order of this number, if it was counted here."""
        return self._orders.get(order_id)

    def may_have_forgotten(self, at_ms: int) -> bool:
        """Whether an order of that time may have been counted here, and is not remembered."""
        return self.forgot and (self.forgot_ms is None or at_ms <= self.forgot_ms)

    def credited(self) -> Iterator[Impression]:
        """The impressions that sold something, whether their sessions remember them or not."""
        for order in self._orders.values():
            yield from order.credited.values()

    def remember(self, order: Order) -> None:
        """Keep an order; of too many the oldest is forgotten, and can be returned no more."""
        self._orders[order.order_id] = order
        self._lines += order.size
        if self.returned is not None:
            self.returned.ordered(order)
        self._forget()

    def _forget(self) -> None:
        while len(self._orders) > self.orders_max or self._lines > LINES_MAX:
            oldest = self._orders.pop(next(iter(self._orders)))
            self._lines -= oldest.size
            self.forgot = True
            if self.forgot_ms is not None:
                self.forgot_ms = max(self.forgot_ms, oldest.at_ms)
            if self.returned is not None:
                self.returned.left(oldest)

    def note_back(self, order_id: str, back: Back) -> None:
        """Keep what came back: with its order, or until there is one."""
        self.came_back = True
        if (order := self._orders.get(order_id)) is not None:
            before = order.size
            add_back(order.told_back, back)
            self._lines += order.size - before
            self._forget()
            return
        waiting = self._waiting.setdefault(order_id, {})
        before_lines = len(waiting)
        add_back(waiting, back)
        self._waiting_lines += len(waiting) - before_lines
        while len(self._waiting) > self.waiting_max or self._waiting_lines > LINES_MAX:
            self._waiting_lines -= len(self._waiting.pop(next(iter(self._waiting))))
            self.forgot = True

    def told_back(self, order_id: str) -> Back | None:
        """What of this order came back, as it was told here."""
        order = self._orders.get(order_id)
        return self._waiting.get(order_id) if order is None else order.told_back

    def forget_shopper(self, shopper_id: str, until_s: int) -> None:
        """Nothing is kept of who bought, of this shopper's orders up to then, and supposed ones."""
        for order in self._orders.values():
            early = order.supposed or order.at_ms // 1000 <= until_s
            if early and order.shopper_id == shopper_id:
                self._forget_who(order)

    def forget_shoppers(self, until_ms: float) -> None:
        """Nothing is kept of who bought up to a time."""
        for order in self._orders.values():
            if order.at_ms <= until_ms:
                self._forget_who(order)

    def _forget_who(self, order: Order) -> None:
        if self.returned is not None:
            self.returned.nobodys(order)
        order.shopper_id = None

    def state(self, *, whole: bool = True) -> list[Any]:
        """Everything, as JSON; else what the events of its partition alone have told."""
        return [
            [order.state(whole=whole) for order in self._orders.values()],
            [[order_id, *back.items()] for order_id, back in self._waiting.items()],
            self.forgot,
            self.came_back,
            *([self.forgot_ms] if self.forgot and self.forgot_ms is not None else ()),
        ]

    def restore(self, state: list[Any], find: FindImpression) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none.

        A prompt that several orders credit is one, be it remembered by its session or not: what is
        told of one order is known where another one comes back.
        """
        orders, waiting, forgot, came_back, *noted = state
        self.forgot, self.came_back = each(bool, [forgot, came_back])
        noted_ms = each(int, noted, 0, YEAR_2100_MS)
        self.forgot_ms = noted_ms[0] if noted_ms else None if forgot else 0
        for order_id, *back in waiting:
            each(str, [order_id, *dict(back)])
            each(int, dict(back).values(), 1, ALL_OF_IT)
            self._waiting[order_id] = dict(back)
        self._waiting_lines = sum(map(len, self._waiting.values()))
        known: dict[str, Impression] = {}

        def found(prompt_id: str) -> Impression | None:
            return find(prompt_id) or known.get(prompt_id)

        for said in orders:
            order = Order.from_state(said, found)
            known.update(order.credited)
            self.remember(order)

    def __bool__(self) -> bool:
        return bool(self._orders or self._waiting or self.forgot or self.came_back)
