"""What becomes of an item by its own record and by that of its product, for whoever runs a shop."""

from collections.abc import Iterator
from typing import NamedTuple

from streams.cli.printable import printable
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.catalog.catalog import Withholding, reason_to_withhold, with_product


class ItemFate(NamedTuple):
    """Whether an item is offered, and to whom."""

    withheld: Withholding | None
    """Why nobody is offered it; None: it may be offered."""
    withheld_by: str | None
    """The item whose record says so: itself, or its product."""
    conditions: tuple[str, ...]
    """To whom alone, in words."""


def fate_of(item: CatalogItem, product: CatalogItem | None, margin_ratio_min: float) -> ItemFate:
    """What becomes of an item; `product`: the record of what it is a variant of, if there is one.

    >>> vodka = CatalogItem(item_id="vodka", restricted="age")
    >>> bottle = CatalogItem(item_id="vodka-70cl", variant_of="vodka")
    >>> fate_of(bottle, vodka, -1.0)
    ItemFate(withheld='restricted', withheld_by='vodka', conditions=())
    """
    why, by = reason_to_withhold(item, margin_ratio_min), item.item_id
    if product is not None:
        joint = with_product(why, reason_to_withhold(product, margin_ratio_min))
        why, by = joint, by if joint == why else product.item_id
    conditions = [*_conditions(item, "")]
    if product is not None:
        conditions += _conditions(product, f", by its product {printable(product.item_id)}")
    return ItemFate(why, None if why is None else by, tuple(conditions))


def _conditions(item: CatalogItem, by: str) -> Iterator[str]:
    """Whom the record of an item allows it to, or not; `by`: whose record it is."""
    if item.eligible_segments:
        yield f"to {', '.join(map(printable, item.eligible_segments))} alone{by}"
    if item.excluded_segments:
        yield f"not to {', '.join(map(printable, item.excluded_segments))}{by}"
    if item.owned_once:
        yield f"not to who has one{by}"


def in_words(fate: ItemFate, item_id: str) -> str:
    """The same in a line."""
    if fate.withheld is None:
        return "; ".join(("may be offered", *fate.conditions))
    own = fate.withheld_by in (None, item_id)
    by = "" if own else f", by its product {printable(fate.withheld_by or '')}"
    return f"withheld: {fate.withheld}{by}"
