"""One example of each record of the reference topics: the butter of the other examples' story."""

from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import Declaration
from streams.contract.schemas.examples import NEW_YEAR_MS

CATALOG_ITEM = CatalogItem(
    item_id="butter-250g",
    titles={"en": "Butter, 250 g", "de": "Butter, 250 g"},
    category="dairy/butter",
    price_minor=319,
    margin_minor=90,
    currency="EUR",
    in_stock=True,
    variant_of="butter",
    image_url="https://shop.example/i/butter.webp",
    url="https://shop.example/p/butter",
    relations=(Relation(kind="accessory_of", item_id="bread"),),
)
CONTROL_RECORD = ControlRecord(
    key="arms.popular.state",
    value="shadow",
    author="ann@shop.example",
    reason="compare without it for a week",
    at_ms=NEW_YEAR_MS,
)
DECLARATION = Declaration(
    metric="orders", least_effect=0.05, experiment="holdout-1f", start_ms=NEW_YEAR_MS
)
"""What is asked of an experiment: the value of a control."""
REFERENCE_EXAMPLES: dict[str, CatalogItem | ControlRecord] = {
    example.type: example for example in (CATALOG_ITEM, CONTROL_RECORD)
}
"""By the name that each carries as `type`."""
