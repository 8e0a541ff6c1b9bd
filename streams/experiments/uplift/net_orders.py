"""Orders net of what came back of them: item by item, and never below nothing.

A return is joined with its order by the order's number, whichever came first. One without lines is
of everything. What is left of a line is worth its part of what the line was worth, and earns its
part of the line's margin.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from sys import intern
from typing import Any, NamedTuple

from streams.contract.prompts import Ordered, Returned, Unmatched
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
        )
        for line in record.lines
    )


def lists_of(lines: Iterable[CountedLine]) -> list[list[Any]]:
    """Lines as JSON has them."""
    return [list(line) for line in lines]


def tuples_of(lines: list[Any]) -> tuple[CountedLine, ...]:
    """Lines that JSON has made lists; those of before had no margin."""
    return tuple(CountedLine(*line) for line in lines)


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


def count(unit: UnitTotals, order: OrderSeen, returns: Iterable[tuple[CountedLine, ...]]) -> None:
    """Add an order to a unit, net of what came back of it."""
    back = _back(order, returns)
    kept = sum(line.quantity - back[line.item_id] for line in order.lines)
    unit.orders += kept > 0
    unit.items += kept
    unit.returned += sum(back.values())
    _add_money(unit.revenue, unit.valued, order, kept, _left_of(order, back, "value_minor"))
    _add_money(unit.margin, unit.margined, order, kept, _left_of(order, back, "margin_minor"))


def _add_money(
    money: dict[str, int], orders: dict[str, int], order: OrderSeen, kept: int, left: list[int]
) -> None:
    """Add what is left of lines that told it, and the order, if anything of it is left."""
    if left:
        money[order.currency] = money.get(order.currency, 0) + sum(left)
        orders[order.currency] = orders.get(order.currency, 0) + (kept > 0)


def _back(order: OrderSeen, returns: Iterable[tuple[CountedLine, ...]]) -> dict[str, int]:
    """By item how much came back: no more than was ordered; of a return without lines all."""
    back = {line.item_id: 0 for line in order.lines}
    for lines in returns:
        for line in lines or order.lines:
            if line.item_id in back:
                back[line.item_id] += line.quantity
    return {line.item_id: min(back[line.item_id], line.quantity) for line in order.lines}


def _left_of(order: OrderSeen, back: dict[str, int], name: str) -> list[int]:
    """What is left of each line that tells this, in minor units: nothing where all came back.

    >>> lines = CountedLine("jam", 3, 1_000, -100), CountedLine("tea", 1)
    >>> order = OrderSeen((0, ""), "", "", "EUR", lines)
    >>> _left_of(order, {"jam": 1}, "value_minor"), _left_of(order, {"jam": 3}, "margin_minor")
    ([667], [0])
    """
    told = ((line, getattr(line, name)) for line in order.lines)
    return [
        worth - worth * back[line.item_id] // max(1, line.quantity)
        for line, worth in told
        if worth is not None
    ]
