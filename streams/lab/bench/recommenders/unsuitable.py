"""What must never be offered, looked for by plain books that share no code with the decision.

| name | the item, or two of one prompt |
|---|---|
| `in_basket`, `asked`, `ordered` | is in the basket, asked itself, or was just ordered |
| `out_of_stock`, `hidden`, `restricted` | by the catalogue, or a control, as it is now |
| `below_floor` | earns less of its price than the floor |
| `variant` | is of one product with another one there |
| `excluded`, `upgrade` | excludes another one there, or is better than it, either way about |
| `requires` | needs what is neither there nor bought |

"There" is the basket, what asked, and what stands in the same prompt.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from streams.contract.events import Event, ItemAdded, ItemRemoved, OrderPlaced
from streams.contract.events.reference.catalog import CatalogItem

KINDS = (
    *("in_basket", "asked", "ordered", "out_of_stock", "hidden", "restricted", "below_floor"),
    *("variant", "excluded", "upgrade", "requires"),
)


class PlainBooks:
    """Baskets, orders and the catalogue, as events and records tell them."""

    def __init__(self, margin_ratio_min: float) -> None:
        self.items: dict[str, CatalogItem] = {}
        self.hidden: frozenset[str] = frozenset()
        self._floor = margin_ratio_min
        self._baskets: dict[str, Counter[str]] = {}
        self._bought: dict[str, set[str]] = {}

    def note(self, event: Event) -> None:
        """An event has happened."""
        basket = self._baskets.setdefault(event.session_id, Counter())
        if isinstance(event, ItemAdded):
            basket[event.item_id] += event.quantity
        elif isinstance(event, ItemRemoved):
            basket[event.item_id] = max(0, basket[event.item_id] - event.quantity)
        elif isinstance(event, OrderPlaced):
            ordered = {line.item_id for line in event.lines}
            self._bought.setdefault(event.session_id, set()).update(ordered)
            for item in ordered:
                del basket[item]

    def unsuitable(
        self, event: Event, placement: str, anchor: str, items: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        """What is wrong with a prompt for an event, and with which item."""
        basket = set(+self._baskets[event.session_id])
        bought = self._bought.get(event.session_id, set())
        instead = placement == "upgrade"  # one of these is chosen instead of what asked
        just_now = event.lines if isinstance(event, OrderPlaced) else ()
        there = basket | {line.item_id for line in just_now}
        beside = there - {anchor} if instead else there | {anchor, *items}
        for item in items:
            if item in basket:
                yield "in_basket", item
            if item == anchor:
                yield "asked", item
            if item in bought:
                yield "ordered", item
            yield from ((name, item) for name in self._alone(item))
            yield from ((name, item) for name in self._beside(item, beside - {item}))
            if not self._has_required(item, basket | bought | {anchor}):
                yield "requires", item

    def _alone(self, item: str) -> Iterator[str]:
        """What is wrong with an item wherever it stands."""
        said = self.items.get(item)
        if said is None:
            return
        if not said.in_stock:
            yield "out_of_stock"
        both = said, self.items.get(self._product(item), said)
        if self.hidden & self._names(item) or any(one.hidden for one in both):
            yield "hidden"
        if any(one.restricted for one in both):
            yield "restricted"
        if (
            said.margin_minor is not None
            and said.price_minor
            and said.margin_minor / said.price_minor < self._floor
        ):
            yield "below_floor"

    def _beside(self, item: str, others: set[str]) -> Iterator[str]:
        """What is wrong with an item beside these."""
        mine = self._names(item)
        for other in others:
            theirs = self._names(other)
            if self._product(item) == self._product(other):
                yield "variant"
            if self._says(item, "excludes") & theirs or self._says(other, "excludes") & mine:
                yield "excluded"
            if self._lesser(item) & theirs or self._lesser(other) & mine:
                yield "upgrade"

    def _has_required(self, item: str, there: set[str]) -> bool:
        names = set[str]().union(*map(self._names, there))
        return self._says(item, "requires") <= names

    def _lesser(self, item: str) -> set[str]:
        """What an item is better than, at once or by way of others."""
        found, steps = set[str](), [item]
        for step in steps:
            for less in self._says(step, "upgrade_of") - found:
                found.add(less)
                steps.append(less)
        return found

    def _says(self, item: str, kind: str) -> set[str]:
        said = self.items.get(item)
        relations = () if said is None else said.relations
        return {relation.item_id for relation in relations if relation.kind == kind}

    def _product(self, item: str) -> str:
        said = self.items.get(item)
        return item if said is None else said.variant_of or item

    def _names(self, item: str) -> set[str]:
        return {item, self._product(item)}
