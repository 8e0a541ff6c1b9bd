"""The orders of one partition: what each of them taught, so that a return can take back just that.

```
order o-7: butter x 10, jam       taught (bread, butter), (butter, jam); credited to prompt p
return o-7: butter x 1            a tenth of the butter's part of what p earned by it
return o-7: butter x 9            the butter has taught nothing: (bread, butter), (butter, jam) go
```

An order counts once by its number, in whichever sessions of the partition it is told. It is kept
with the partition of its session, so that what is forgotten, oldest first, follows that partition's
log. A return belongs to the order of its own partition; if that does not know the number, it
*waits*, and belongs to the orders of all others with this number, those that are there and those
that will come. So the two are joined whichever comes first: what is kept are two sets, and each
looks up the other. (One memory of all partitions would forget by how workers interleave them.)

What a partition has forgotten, a return on another one may or may not have found in time. Once
anything was forgotten *and* a return has waited, workers may differ in what returns took back; the
parts that orders teach are then left out of the digest (`streams.shop.state`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.decay.tally import read, written
from models.snapshot.elements import each
from streams.contract.events import OrderLine, OrderPlaced
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.taught import Lesson
from streams.shop.people.shoppers import ShopperSessions

ORDERS_MAX = 4_096
"""Orders of a partition; some two kilobytes each."""
LINES_MAX = 32_768
"""Their lines in all; an order has 2,000 at most."""
WAITING_MAX = 1_024
"""Returns of a partition that have found no order there."""
ALL_OF_IT = 1 << 40
"""More than any order has of anything: it all came back."""
EVERYTHING = ""
"""Stands for each item of an order, where a return names none."""
Back = Mapping[str, int]
"""How many came back, by item."""
FindImpression = Callable[[str], Impression | None]
"""By prompt."""


@dataclass(slots=True)
class BoughtLine:
    """What was bought of one item, all its lines together."""

    quantity: int
    value_minor: int | None
    back: int = 0
    """How many came back, as the order's own partition tells,"""
    away: int = 0
    """and as others tell: which of them came first, nobody can say."""

    @property
    def stands(self) -> bool:
        """Whether anything of it was kept."""
        return self.back + self.away < self.quantity

    @property
    def came_back(self) -> tuple[int, ...]:
        """As it is kept: what was told elsewhere, where anything was."""
        return (self.back, self.away) if self.away else (self.back,)

    def value_of(self, quantity: int) -> int | None:
        """The part of its value, in minor units, that so many of it have."""
        return None if self.value_minor is None else self.value_minor * quantity // self.quantity


@dataclass(slots=True)
class Order:
    """An order that was counted, and what follows from it."""

    order_id: str
    session_id: str
    at_ms: int
    shopper_id: str | None
    currency: str | None
    lines: dict[str, BoughtLine]
    lessons: tuple[Lesson, ...] = ()
    """What it taught beyond what the basket had: its own items, each beside the others."""
    credited: dict[str, Impression] = field(default_factory=dict)
    """The impressions that sold some of it, by prompt."""

    @classmethod
    def of(cls, event: OrderPlaced, shopper_id: str | None) -> "Order":
        """What an event says, before it has taught anything."""
        lines: dict[str, BoughtLine] = {}
        for line in event.lines:
            told = _value(line)
            before = lines.get(line.item_id)
            if before is None:
                lines[line.item_id] = BoughtLine(line.quantity, told)
            else:
                before.quantity += line.quantity
                known = told is not None and before.value_minor is not None
                before.value_minor = (before.value_minor or 0) + (told or 0) if known else None
        at_ms, currency = event.occurred_at_ms, event.currency
        return cls(event.order_id, event.session_id, at_ms, shopper_id, currency, lines)

    @property
    def time_s(self) -> float:
        """When it was placed, in seconds since 1970."""
        return self.at_ms / 1000

    def give_back(self, back: Back, *, away: bool) -> dict[str, int]:
        """Note what came back, on another partition or on its own; how many of each item.

        Each side by itself takes back at most what was bought: so neither depends on the other.
        """
        gone = {}
        everything, side = back.get(EVERYTHING, 0), "away" if away else "back"
        for item_id, line in self.lines.items():
            before = line.away if away else line.back
            more = min(line.quantity - before, back.get(item_id, 0) + everything)
            if more > 0:
                setattr(line, side, before + more)
                gone[item_id] = more
        return gone

    def unlearned(self, gone: Iterable[str]) -> Iterator[Lesson]:
        """The lessons that no longer hold when these items, which stood, were not bought.

        A pair holds while both of its items stand; that a basket began, while any lesson does.
        """
        stand = {item for item, line in self.lines.items() if line.stands} | {*gone}
        for item_id in gone:
            stand.discard(item_id)
            taught = [lesson for lesson in self.lessons if lesson.item_id in stand]
            for lesson in self.lessons:
                if lesson.item_id == item_id:
                    others = [o for o in lesson.others if o not in self.lines or o in stand]
                    ends = any(one.begins for one in self.lessons) and not taught
                    yield lesson._replace(others=others, begins=ends)
            for lesson in taught:
                if item_id in lesson.others:
                    yield Lesson(lesson.item_id, [item_id], first=False, begins=False)

    def state(self, *, whole: bool = True) -> list[Any]:
        """Everything, as JSON; else what the events of its partition alone have told."""
        present = list(dict.fromkeys(o for lesson in self.lessons for o in lesson.others))
        places = {item: place for place, item in enumerate(present)}
        return [
            self.order_id,
            self.session_id,
            self.at_ms,
            self.shopper_id if whole else None,
            self.currency,
            [
                [item, line.quantity, line.value_minor, *(line.came_back if whole else (0,))]
                for item, line in self.lines.items()
            ],
            present,
            [
                [item, written(sum(1 << places[o] for o in others)), first, begins]
                for item, others, first, begins in self.lessons
            ],
            [one.state() for one in self.credited.values()] if whole else sorted(self.credited),
        ]

    @classmethod
    def from_state(cls, state: list[Any], find: FindImpression) -> "Order":
        """The order whose `state()` this is; impressions that are still remembered are those.

        Raises `TypeError` or `ValueError` when it is none.
        """
        order_id, session_id, at_ms, shopper_id, currency, lines, present, lessons, sold = state
        names = [order_id, session_id, *present]
        each(str, names + [name for name in (shopper_id, currency) if name is not None])
        each(int, [at_ms], 0, YEAR_2100_MS)
        order = cls(order_id, session_id, at_ms, shopper_id, currency, {})
        for item, quantity, value_minor, *back in lines:
            each(int, [quantity], 1)
            each(int, [0 if value_minor is None else value_minor, *back], 0)
            order.lines[each(str, [item])[0]] = BoughtLine(quantity, value_minor, *back)
        order.lessons = tuple(_lesson(present, *said) for said in lessons)
        for one in map(Impression.from_state, sold):
            prompt_id = one.receipt.prompt_id
            order.credited[prompt_id] = find(prompt_id) or one
        return order


def _value(line: OrderLine) -> int | None:
    return None if line.price_minor is None else line.price_minor * line.quantity


def _lesson(present: list[str], item_id: Any, met: Any, first: Any, begins: Any) -> Lesson:
    """A lesson as JSON has it: of those present a bit for each that the item met."""
    each(str, [item_id])
    each(bool, [first, begins])
    bits = read(met)
    if bits < 0 or bits >> len(present):
        raise ValueError(f"a lesson with others that were not there: {met}")
    others = [item for place, item in enumerate(present) if bits >> place & 1]
    return Lesson(item_id, others, first=first, begins=begins)


class Orders:
    """The orders of one partition, and the returns there that found none of them."""

    def __init__(self, orders_max: int = ORDERS_MAX, waiting_max: int = WAITING_MAX) -> None:
        self.orders_max = orders_max
        self.waiting_max = waiting_max
        self.forgot = False
        """Whether an order or a waiting return ever had to leave."""
        self.waited = False
        """Whether a return ever had to wait."""
        self.shoppers = ShopperSessions()
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

    def remember(self, order: Order) -> None:
        """Keep an order; of too many the oldest is forgotten, and can be returned no more."""
        self._orders[order.order_id] = order
        self._lines += len(order.lines)
        while len(self._orders) > self.orders_max or self._lines > LINES_MAX:
            gone = self._orders.pop(next(iter(self._orders)))
            self._lines -= len(gone.lines)
            self.forgot = True

    def wait(self, order_id: str, back: Back) -> None:
        """Keep a return whose order is not known here."""
        waiting = self._waiting.setdefault(order_id, {})
        before, self.waited = len(waiting), True
        for item_id, quantity in back.items():
            waiting[item_id] = min(ALL_OF_IT, waiting.get(item_id, 0) + quantity)
        self._waiting_lines += len(waiting) - before
        while len(self._waiting) > self.waiting_max or self._waiting_lines > LINES_MAX:
            self._waiting_lines -= len(self._waiting.pop(next(iter(self._waiting))))
            self.forgot = True

    def waiting(self, order_id: str) -> Back | None:
        """What of this order came back here before anything was known of it here."""
        return self._waiting.get(order_id)

    def forget_shopper(self, shopper_id: str, until_s: int) -> None:
        """Nothing is kept of who bought, of this shopper's orders; what they taught stays."""
        for order in self._orders.values():
            if order.shopper_id == shopper_id and order.at_ms // 1000 <= until_s:
                order.shopper_id = None

    def forget_shoppers(self, until_ms: float) -> None:
        """Nothing is kept of who bought up to a time."""
        for order in self._orders.values():
            if order.at_ms <= until_ms:
                order.shopper_id = None

    def state(self, *, whole: bool = True) -> list[Any]:
        """Everything, as JSON; else what the events of its partition alone have told."""
        return [
            [order.state(whole=whole) for order in self._orders.values()],
            [[order_id, *back.items()] for order_id, back in self._waiting.items()],
            self.forgot,
            self.waited,
        ]

    def restore(self, state: list[Any], find: FindImpression) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        orders, waiting, forgot, waited = state
        self.forgot, self.waited = each(bool, [forgot, waited])
        for order_id, *back in waiting:
            each(str, [order_id, *dict(back)])
            each(int, dict(back).values(), 1, ALL_OF_IT)
            self._waiting[order_id] = dict(back)
        self._waiting_lines = sum(map(len, self._waiting.values()))
        for said in orders:
            self.remember(Order.from_state(said, find))

    def __bool__(self) -> bool:
        return bool(self._orders or self._waiting or self.forgot or self.waited)


def returned_lines(lines: Iterable[OrderLine] | None) -> dict[str, int]:
    """How many came back by item, lines summed; without lines it is all of the order.

    >>> returned_lines([OrderLine(item_id="jam"), OrderLine(item_id="jam", quantity=2)])
    {'jam': 3}
    >>> returned_lines(None)[EVERYTHING] == ALL_OF_IT
    True
    """
    back: dict[str, int] = {}
    for line in lines or ():
        back[line.item_id] = back.get(line.item_id, 0) + line.quantity
    return back or {EVERYTHING: ALL_OF_IT}
