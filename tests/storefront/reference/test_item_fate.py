"""What `goeswith catalog get` says of an item: with what its product says of all its variants."""

from typing import Any

import pytest

from streams.contract.events.reference.catalog import CatalogItem
from streams.storefront.reference.item_fate import fate_of, in_words


@pytest.mark.parametrize(
    ("own", "of_product", "said"),
    [
        ({}, {}, "may be offered"),
        ({}, {"restricted": "age"}, "withheld: restricted, by its product shirt"),
        ({"in_stock": False}, {"hidden": True}, "withheld: hidden, by its product shirt"),
        ({"restricted": "age"}, {"restricted": "age"}, "withheld: restricted"),
        ({}, {"in_stock": False}, "may be offered"),
        ({"margin_minor": -1, "currency": "EUR"}, {}, "withheld: margin"),
        (
            {},
            {"eligible_segments": ("club", "staff")},
            "may be offered; to club, staff alone, by its product shirt",
        ),
        (
            {"excluded_segments": ("new",)},
            {"owned_once": True},
            "may be offered; not to new; not to who has one, by its product shirt",
        ),
    ],
    ids=str,
)
def test_what_becomes_of_a_variant_is_told_with_what_its_product_says(
    own: dict[str, Any], of_product: dict[str, Any], said: str
) -> None:
    """Stock and margin are its own; what is restricted, hidden or for some holds for all sizes."""
    variant = CatalogItem(item_id="shirt-m", variant_of="shirt", **own)
    product = CatalogItem(item_id="shirt", **of_product)

    assert said == in_words(fate_of(variant, product, 0.1), "shirt-m")


def test_an_item_for_some_alone_is_said_to_be_so() -> None:
    """Without any product."""
    card = CatalogItem(item_id="card", eligible_segments=("premium",))

    assert "may be offered; to premium alone" == in_words(fate_of(card, None, 0.1), "card")
