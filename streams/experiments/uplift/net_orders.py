"""Orders net of what came back of them: item by item, and never below nothing.

A return is joined with its order by the order's number, whichever came first. One without lines is
of everything. What is left of a line is worth its part of what the line was worth.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streams.contract.prompts import Ordered, Returned, Unmatched

Line = tuple[str, int, int | None]
"""Item, quantity and worth in minor units; both positive, for returns too."""
At = tuple[int, str]
"""When, and by which event of which session: an order without ties."""


class OrderSeen(NamedTuple):
    """An order, as it was placed."""

    at: At
    experiment: str
    unit: str
    currency: str
    lines: tuple[Line, ...]


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


def at_of(record: Ordered | Returned | Unmatched) -> At:
    """When it happened, and by which event of which session."""
    return record.occurred_at_ms, f"{record.session_id} {record.caused_by}"


def lines_of(record: Ordered | Returned | Unmatched) -> tuple[Line, ...]:
    """The record's lines, without a sign."""
    return tuple(
        (
            line.item_id,
            abs(line.quantity),
            None if line.value_minor is None else abs(line.value_minor),
        )
        for line in record.lines
    )


def tuples_of(lines: list[Any]) -> tuple[Line, ...]:
    """Lines that JSON has made lists."""
    return tuple((item, quantity, value) for item, quantity, value in lines)


def order_of(state: list[Any]) -> OrderSeen:
    """The order that JSON has made a list; raises `TypeError` or `ValueError` if it is none."""
    (at_ms, event), experiment, unit, currency, lines = state
    return OrderSeen((at_ms, event), experiment, unit, currency, tuples_of(lines))


def count(unit: UnitTotals, order: OrderSeen, returns: Iterable[tuple[Line, ...]]) -> None:
    """Add an order to a unit, net of what came back of it."""
    back = _back(order, returns)
    kept = sum(quantity - back[item] for item, quantity, _ in order.lines)
    worth = list(_worth(order, back))
    unit.orders += kept > 0
    unit.items += kept
    unit.returned += sum(back.values())
    if worth:
        unit.revenue[order.currency] = unit.revenue.get(order.currency, 0) + sum(worth)
        unit.valued[order.currency] = unit.valued.get(order.currency, 0) + (kept > 0)


def _back(order: OrderSeen, returns: Iterable[tuple[Line, ...]]) -> dict[str, int]:
    """By item how much came back: no more than was ordered; of a return without lines all."""
    back = {item: 0 for item, _, _ in order.lines}
    for lines in returns:
        for item, quantity, _ in lines or order.lines:
            if item in back:
                back[item] += quantity
    return {item: min(back[item], quantity) for item, quantity, _ in order.lines}


def _worth(order: OrderSeen, back: dict[str, int]) -> Iterator[int]:
    """What is left of each line that has a price, in minor units."""
    for item, quantity, value in order.lines:
        if value is not None:
            yield value - value * back[item] // quantity
