"""A sample shop's items as records of the catalog topic, as a shop's own export would be."""

from collections.abc import Iterator
from typing import Any

from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.lab.demo.shops.assortment import Assortment

RELATED: dict[str, Any] = {"catalog_relations": "guards"}
"""What the catalogue says of upgrades is kept to: none is offered beside its base."""


def catalog_records(shop: Assortment) -> Iterator[CatalogItem]:
    """One record an item, all in stock.

    >>> from streams.lab.demo.shops.assortment import assortment
    >>> butter = next(r for r in catalog_records(assortment("grocery")) if r.item_id == "butter")
    >>> butter.titles["de"], butter.price_minor, butter.currency
    ('Butter', 229, 'EUR')
    """
    for item in shop.items.values():
        yield CatalogItem.model_validate(
            {
                "item_id": item.item_id,
                "titles": dict(item.titles),
                "category": item.category,
                "price_minor": item.price_minor,
                "margin_minor": item.margin_minor,
                "currency": shop.currency,
                "owned_once": item.owned_once,
                "relations": [
                    Relation.model_validate({"kind": kind, "item_id": other})
                    for kind, other in item.relations
                ],
            }
        )
