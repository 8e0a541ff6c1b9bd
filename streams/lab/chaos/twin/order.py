"""An order, as the twin knows it: what was bought, what it taught, what came back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.contract.events import OrderLine, OrderPlaced
from streams.lab.chaos.twin.prompt import TwinPrompt

Back = Mapping[str, int] | None
"""What came back, by item; None: all of it."""
Pair = frozenset[str]


class TwinLesson(NamedTuple):
    """What is new about an item: itself, that a basket begins, and whom it meets."""

    item_id: str
    first: bool
    begins: bool
    met: frozenset[Pair]


@dataclass(eq=False)
class TwinOrder:
    """An order that was told on a partition."""

    event: OrderPlaced
    buyer: str | None
    lessons: list[TwinLesson]
    back: list[Back] = field(default_factory=list)
    """What came back, as its own partition tells,"""
    away: list[Back] = field(default_factory=list)
    """and as others tell."""
    told_for: str | None = None
    """The session that is on a side, and told it first."""
    prompts: list[TwinPrompt] = field(default_factory=list)
    """Those that sold some of it."""

    @property
    def quantities(self) -> dict[str, int]:
        """How many were bought of each item."""
        return summed(self.event.lines)

    def value_minor(self, item_id: str, quantity: int) -> int | None:
        """The part that so many of an item have of what its lines with a price are worth."""
        lines = [line for line in self.event.lines if line.item_id == item_id]
        if all(line.price_minor is None for line in lines):
            return None
        whole = sum(line.quantity * (line.price_minor or 0) for line in lines)
        return whole * quantity // self.quantities[item_id]

    def gone(self, item_id: str, told: Iterable[Back]) -> int:
        """How many of an item came back, by what was told."""
        bought = self.quantities.get(item_id, 0)
        return min(bought, sum(bought if b is None else b.get(item_id, 0) for b in told))

    def all_gone(self, item_id: str) -> int:
        """How many of an item came back in all; each side tells at most what was bought."""
        return self.gone(item_id, self.back) + self.gone(item_id, self.away)

    def stands(self, item_id: str) -> bool:
        """Whether some of it was kept; what was not bought did not come back."""
        bought = self.quantities.get(item_id)
        return bought is None or self.all_gone(item_id) < bought

    @property
    def kept(self) -> list[str]:
        """The items of which some were kept."""
        return [item for item in self.quantities if self.stands(item)]


def summed(lines: Iterable[OrderLine]) -> dict[str, int]:
    """How many of each item.

    >>> summed([OrderLine(item_id="jam"), OrderLine(item_id="jam", quantity=2)])
    {'jam': 3}
    """
    quantities: dict[str, int] = {}
    for line in lines:
        quantities[line.item_id] = quantities.get(line.item_id, 0) + line.quantity
    return quantities
