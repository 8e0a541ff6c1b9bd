"""What came back of orders: cancelled, or returned in whole or in part.

Said in any session, and perhaps read before the order itself. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from streams.contract.events import OrderCancelled, OrderReturned
from streams.contract.events.fields import OrderLine

Pieces = Mapping[str, int]
"""How many of each item."""


class TakenBack:
    """Orders of which something came back, by number."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._parts: dict[str, dict[str, Pieces]] = {}
        """By event, which may be read more than once."""
        self.events = 0
        """How many were noted."""

    def note(self, event: OrderCancelled | OrderReturned) -> None:
        """An order that is off, or what of it came back; without lines that is all of it."""
        parts = self._parts.setdefault(event.order_id, {})
        self.events += event.event_id not in parts
        parts[event.event_id] = {} if event.lines is None else pieces(event.lines)
        if event.lines is None:
            self._whole.add(event.order_id)

    def kept(self, order_id: str, ordered: Pieces) -> Counter[str]:
        """What was kept of an order: pieces by item, without those of which none was."""
        if order_id in self._whole:
            return Counter()
        kept = Counter(ordered)
        for part in self._parts.get(order_id, {}).values():
            kept.subtract({item: number for item, number in part.items() if item in ordered})
        return +kept


def pieces(lines: Iterable[OrderLine]) -> Pieces:
    """How many of each item these lines have.

    >>> pieces([OrderLine(item_id="tea"), OrderLine(item_id="tea", quantity=2)])
    {'tea': 3}
    """
    found: dict[str, int] = {}
    for line in lines:
        found[line.item_id] = found.get(line.item_id, 0) + line.quantity
    return found
