"""Orders net of what came back of them: item by item, and never below nothing.

A return is joined with its order by the order's number, whichever came first. One without lines is
of everything. What came back with a price of its own, in the order's currency, takes that off what
the item was worth, and never more than is left; what came back without one takes its part of what
is left then. No piece takes more than the dearest of the order: a price above that is one before
discounts. Of the margin it takes its part. When all pieces are back nothing is left, whatever
prices were told: all of this is sums, so returns count alike in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from sys import intern
from typing import Any, NamedTuple

from streams.contract.published.outcomes import Ordered, Returned, Unmatched
from streams.contract.wire.numbers import Count, TimeMs, Whole


class CountedLine(NamedTuple):
    """What was ordered, or came back, of one item."""

    item_id: str
    quantity: Count
    """Positive, for returns too."""
    value_minor: Count | None = None
    """Their worth, likewise; None: no price was told."""
    margin_minor: Whole | None = None
    """What they earn, in minor units; less than 0 where they lose."""
    price_max_minor: Count | None = None
    """What the dearest of them cost; None: no more than the average."""

    def cost_max(self, pieces: int) -> int:
        """What so many of what was ordered cost at most.

        >>> alike, others = CountedLine("jam", 3, 2_500), CountedLine("jam", 2, 60, None, 50)
        >>> alike.cost_max(2), others.cost_max(1)
        (1666, 50)
        """
        if self.price_max_minor is not None:
            return pieces * self.price_max_minor
        return (self.value_minor or 0) * pieces // max(1, self.quantity)


At = tuple[TimeMs, str]
"""When, and by which event of which session: an order without ties."""


class OrderSeen(NamedTuple):
    """An order, as it was placed."""

    at: At
    experiment: str
    unit: str
    currency: str
    lines: tuple[CountedLine, ...]

    def state(self) -> list[Any]:
        """As JSON has it."""
        return [*self[:-1], lists_of(self.lines)]


class CameBack(NamedTuple):
    """What came back by one event."""

    lines: tuple[CountedLine, ...]
    """No line: all of the order."""
    currency: str | None = None
    """Of its prices; None: in the order's. "" is that of orders without one, and of what was told
    before returns had one: such prices may be in any, so they say nothing of an order with one."""

    def state(self) -> list[Any]:
        """As JSON has it."""
        return [lists_of(self.lines), self.currency]


@dataclass(slots=True)
class Gone:
    """What came back of an item in all."""

    pieces: int = 0
    priced: int = 0
    """How many of them told what they cost,"""
    worth: int = 0
    """and how much that was, in minor units of the order's currency."""


@dataclass(slots=True)
class UnitTotals:
    """What one unit did, net of what came back."""

    orders: int = 0
    items: int = 0
    returned: int = 0
    """Pieces that came back."""
    revenue: dict[str, int] = field(default_factory=dict)
    """In minor units, by currency; "" where the order told none."""
    valued: dict[str, int] = field(default_factory=dict)
    """Orders with a price, by currency."""
    margin: dict[str, int] = field(default_factory=dict)
    """In minor units, by currency, of lines that told one."""
    margined: dict[str, int] = field(default_factory=dict)
    """Orders with a margin, by currency."""
    before: int = 0
    """What it had ordered before it was assigned."""
    context: str = ""
    """Placement and segment of what it asked first; "" where that was not told."""


def at_of(record: Ordered | Returned | Unmatched) -> At:
    """When it happened, and by which event of which session."""
    return record.occurred_at_ms, f"{record.session_id} {record.caused_by}"


def lines_of(record: Ordered | Returned | Unmatched) -> tuple[CountedLine, ...]:
    """The record's lines; what came back without its sign."""
    sign = 1 if isinstance(record, Ordered) else -1
    return tuple(
        CountedLine(
            line.item_id,
            abs(line.quantity),
            None if line.value_minor is None else abs(line.value_minor),
            None if line.margin_minor is None else sign * line.margin_minor,
            line.price_max_minor,
        )
        for line in record.lines
    )


def lists_of(lines: Iterable[CountedLine]) -> list[list[Any]]:
    """Lines as JSON has them."""
    return [list(line) for line in lines]


def tuples_of(lines: list[Any]) -> tuple[CountedLine, ...]:
    """Lines that JSON has made lists; those of before had no margin."""
    return tuple(CountedLine(*line) for line in lines)


def back_seen(record: Returned | Unmatched) -> CameBack:
    """What came back by a record. A `returned` one names the currency of an order that has one."""
    none_told = "" if isinstance(record, Returned) else None
    return CameBack(lines_of(record), record.currency or none_told)


def back_of(lines: list[Any], currency: str | None = "") -> CameBack:
    """The one that JSON has made a list; those of before told no currency."""
    return CameBack(tuples_of(lines), currency and intern(currency))


def order_of(state: list[Any]) -> OrderSeen:
    """The order that JSON has made a list; raises `TypeError` or `ValueError` if it is none.

    Experiment and currency are one text for all orders that share them.
    """
    (at_ms, event), experiment, unit, currency, lines = state
    shared = intern(experiment), unit, intern(currency)
    return OrderSeen((at_ms, event), *shared, tuples_of(lines))


def order_seen(record: Ordered) -> OrderSeen:
    """The order of a record."""
    said = record.experiment, record.unit, record.currency or "", lines_of(record)
    return OrderSeen(at_of(record), *said)


def count(unit: UnitTotals, order: OrderSeen, returns: Iterable[CameBack]) -> None:
    """Add an order to a unit, net of what came back of it."""
    back = _back(order, returns)
    kept = sum(line.quantity - back[line.item_id].pieces for line in order.lines)
    unit.orders += kept > 0
    unit.items += kept
    unit.returned += sum(gone.pieces for gone in back.values())
    _add_money(unit.revenue, unit.valued, order, kept, _worth_left(order, back))
    _add_money(unit.margin, unit.margined, order, kept, _margin_left(order, back))


def _add_money(
    money: dict[str, int], orders: dict[str, int], order: OrderSeen, kept: int, left: list[int]
) -> None:
    """Add what is left of lines that told it, and the order, if anything of it is left."""
    if left:
        money[order.currency] = money.get(order.currency, 0) + sum(left)
        orders[order.currency] = orders.get(order.currency, 0) + (kept > 0)


def _back(order: OrderSeen, returns: Iterable[CameBack]) -> dict[str, Gone]:
    """By item what came back: no more than was ordered; of a return without lines all."""
    back = {line.item_id: Gone() for line in order.lines}
    bought = {line.item_id: line for line in order.lines}
    for one in returns:
        alike = one.currency in (None, order.currency)
        for line in one.lines or order.lines:
            if (gone := back.get(line.item_id)) is not None:
                gone.pieces += line.quantity
                if one.lines and alike and line.value_minor is not None:
                    gone.priced += line.quantity
                    cost_max = bought[line.item_id].cost_max(line.quantity)
                    gone.worth += min(line.value_minor, cost_max)
    for line in order.lines:
        gone = back[line.item_id]
        gone.pieces = min(gone.pieces, line.quantity)
    return back


def _worth_left(order: OrderSeen, back: dict[str, Gone]) -> list[int]:
    """What is left of each line that tells its worth: nothing where all came back.

    >>> lines = CountedLine("jam", 3, 1_000), CountedLine("tea", 1)
    >>> order = OrderSeen((0, ""), "", "", "EUR", lines)
    >>> _worth_left(order, {"jam": Gone(1)}), _worth_left(order, {"jam": Gone(2, 1, 600)})
    ([667], [200])
    """
    left = []
    for line in order.lines:
        if line.value_minor is not None:
            gone = back[line.item_id]
            all_back = gone.pieces == line.quantity > 0
            worth = 0 if all_back else max(0, line.value_minor - gone.worth)
            told = gone.priced  # fewer than there are, if not all are back
            left.append(_rest(worth, gone.pieces - told, line.quantity - told))
    return left


def _margin_left(order: OrderSeen, back: dict[str, Gone]) -> list[int]:
    """What is left of each line that tells its margin, likewise."""
    return [
        _rest(line.margin_minor, back[line.item_id].pieces, line.quantity)
        for line in order.lines
        if line.margin_minor is not None
    ]


def _rest(worth: int, gone: int, of: int) -> int:
    """What is left when so many of so many pieces are gone, each of them a part.

    >>> _rest(1_000, 1, 3), _rest(-100, 3, 3), _rest(390, 0, 0)
    (667, 0, 390)
    """
    return worth - worth * gone // max(1, of)
