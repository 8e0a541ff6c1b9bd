"""A catalogue for the benchmark: the workload's items first, then as many as are asked for.

Each has a price, a margin, a category and titles; one in ten is the better of its neighbour, one in
ten an accessory of it, and one in a hundred is sold out. No clock and no Kafka in here.
"""

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.events.reference.codec import encode_reference
from streams.lab.bench.stage.tape import Taped
from streams.lab.bench.stage.workload import AISLE_ITEMS, AISLES

EVERY_RELATION, EVERY_SOLD_OUT = 10, 100
SETTINGS: dict[str, Any] = {
    "catalog_items_max": 1_000_000,
    "catalog_prices_max": 1_000_000,
    "catalog_relations": "arms",
    "free_shipping": "EUR=500",
    **dict.fromkeys(("upgrade_prompts_max", "checkout_prompts_max"), 1_000_000),
    "slot_cool_down_s": 0.0,
}
"""With which every arm has something to say."""


def assortment(items: int) -> Iterator[CatalogItem]:
    """So many items.

    >>> [(item.item_id, item.price_minor) for item in assortment(2)]
    [('item-0-0', 100), ('item-0-1', 101)]
    """
    names = (f"item-{aisle}-{item}" for aisle in range(AISLES) for item in range(AISLE_ITEMS))
    more = (f"more-{number}" for number in count())
    known = AISLES * AISLE_ITEMS
    for number, name in enumerate(islice(names, items)):
        yield _item(name, number)
    for number, name in enumerate(islice(more, max(0, items - known)), start=known):
        yield _item(name, number)


def _item(name: str, number: int) -> CatalogItem:
    aisle, _, place = name.rpartition("-")
    neighbour = f"{aisle}-{int(place) - 1}"
    kind = {1: "upgrade_of", 2: "accessory_of"}.get(number % EVERY_RELATION)
    relations = (Relation(kind=kind, item_id=neighbour),) if kind and int(place) else ()
    price = 100 + int(place) % AISLE_ITEMS
    return CatalogItem(
        item_id=name,
        titles={"en": f"Item {number}"},
        category=f"{aisle}-{int(place) % AISLE_ITEMS // 4}",
        price_minor=price,
        margin_minor=price // 4,
        currency="EUR",
        in_stock=number % EVERY_SOLD_OUT != EVERY_SOLD_OUT - 1,
        relations=relations,
    )


def taped_assortment(items: int) -> list[Taped]:
    """The same as records of the catalogue's topic, which has one partition."""
    return [Taped(0, item.item_id.encode(), encode_reference(item)) for item in assortment(items)]
