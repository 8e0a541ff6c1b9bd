"""A small shop with a known truth: what is for sale, and what really goes with what.

Simulated shoppers act by `COMPLEMENTS`, so afterwards we can say how much of it goeswith has found.
Three things make it as hard as a real shop: everybody buys `POPULAR` items anyway, so that mere
counting says that milk goes with everything; complements are only probable; and `SUBSTITUTES` are
looked at together, but bought instead of each other.
"""

from typing import NamedTuple

CURRENCY = "EUR"


class Item(NamedTuple):
    """One thing for sale; `price_minor` is in cents of `CURRENCY`."""

    item_id: str
    category: str
    price_minor: int


PRICES_MINOR: dict[str, dict[str, int]] = {
    "bakery": {"bread": 249, "wholegrain-bread": 299, "bagels": 279, "burger-buns": 199},
    "dairy": {
        "milk": 119,
        "butter": 229,
        "margarine": 189,
        "cheddar": 319,
        "parmesan": 449,
        "cream-cheese": 199,
        "sour-cream": 129,
        "eggs": 289,
    },
    "fruit and vegetables": {
        "bananas": 159,
        "tomatoes": 249,
        "lettuce": 149,
        "avocados": 299,
        "limes": 99,
        "blueberries": 349,
    },
    "pantry": {
        "jam": 279,
        "pasta": 139,
        "spelt-pasta": 239,
        "tomato-sauce": 219,
        "rice": 259,
        "curry-paste": 329,
        "coconut-milk": 179,
        "taco-shells": 229,
        "taco-seasoning": 119,
        "salad-dressing": 249,
        "croutons": 159,
        "pancake-mix": 259,
        "maple-syrup": 549,
        "flour": 109,
        "yeast": 59,
        "baking-powder": 79,
    },
    "snacks": {"chips": 199, "salsa": 249, "guacamole": 329, "popcorn": 179, "chocolate": 149},
    "drinks": {"coffee": 649, "coffee-filters": 199, "tea": 349, "honey": 499, "water": 79},
    "meat": {"patties": 599, "smoked-salmon": 699},
    "household": {
        "toothbrush": 299,
        "toothpaste": 249,
        "dental-floss": 279,
        "shampoo": 399,
        "conditioner": 429,
        "razor": 899,
        "shaving-foam": 349,
        "kitchen-paper": 289,
        "shopping-bag": 99,
    },
    "barbecue": {"grill": 7999, "charcoal": 899, "firelighters": 349},
    "electronics": {
        "phone": 49900,
        "phone-case": 1999,
        "screen-protector": 1499,
        "earphones": 5999,
        "ear-tips": 899,
        "printer": 12900,
        "ink": 2499,
        "printer-paper": 599,
        "torch": 1299,
        "batteries": 699,
    },
    "outdoors": {
        "swimsuit": 3499,
        "sunscreen": 999,
        "beach-towel": 1999,
        "tent": 15900,
        "sleeping-bag": 6999,
        "camping-mat": 3999,
        "bicycle-helmet": 5999,
        "bicycle-lights": 2999,
        "running-shoes": 11900,
        "running-socks": 1299,
        "yoga-mat": 2999,
        "yoga-block": 1199,
    },
}

ITEMS: dict[str, Item] = {
    item_id: Item(item_id, category, price_minor)
    for category, prices in PRICES_MINOR.items()
    for item_id, price_minor in prices.items()
}
"""Everything for sale, by id."""

COMPLEMENTS: dict[str, dict[str, float]] = {
    "bread": {"butter": 0.40, "jam": 0.30},
    "bagels": {"cream-cheese": 0.45, "smoked-salmon": 0.30},
    "pasta": {"tomato-sauce": 0.45, "parmesan": 0.35},
    "rice": {"curry-paste": 0.40, "coconut-milk": 0.30},
    "chips": {"salsa": 0.45, "guacamole": 0.30},
    "taco-shells": {"taco-seasoning": 0.45, "sour-cream": 0.35, "limes": 0.25},
    "burger-buns": {"patties": 0.50, "cheddar": 0.35},
    "lettuce": {"salad-dressing": 0.40, "croutons": 0.25},
    "pancake-mix": {"maple-syrup": 0.45, "blueberries": 0.30},
    "flour": {"yeast": 0.40, "baking-powder": 0.30},
    "coffee": {"coffee-filters": 0.40},
    "tea": {"honey": 0.40},
    "toothbrush": {"toothpaste": 0.45, "dental-floss": 0.25},
    "shampoo": {"conditioner": 0.45},
    "razor": {"shaving-foam": 0.45},
    "grill": {"charcoal": 0.50, "firelighters": 0.35},
    "phone": {"phone-case": 0.45, "screen-protector": 0.35},
    "earphones": {"ear-tips": 0.40},
    "printer": {"ink": 0.45, "printer-paper": 0.35},
    "torch": {"batteries": 0.50},
    "swimsuit": {"sunscreen": 0.40, "beach-towel": 0.30},
    "tent": {"sleeping-bag": 0.40, "camping-mat": 0.35},
    "bicycle-helmet": {"bicycle-lights": 0.40},
    "running-shoes": {"running-socks": 0.40},
    "yoga-mat": {"yoga-block": 0.40},
}
"""The truth: for each staple, the probability that who buys it takes the other one unprompted."""

STAPLES: tuple[str, ...] = tuple(COMPLEMENTS)
"""The anchor items: what shoppers come for."""

POPULAR: dict[str, float] = {
    "milk": 0.50,
    "bananas": 0.45,
    "eggs": 0.30,
    "water": 0.25,
    "tomatoes": 0.20,
    "chocolate": 0.20,
    "kitchen-paper": 0.12,
    "shopping-bag": 0.12,
}
"""Probability that any visit takes it, whatever else it buys: the trap for mere counting."""

SUBSTITUTES: dict[str, str] = {
    "bread": "wholegrain-bread",
    "pasta": "spelt-pasta",
    "butter": "margarine",
    "chips": "popcorn",
    "salsa": "avocados",
}
"""Looked at together, bought instead of each other: never a complement."""


def wanted(item_id: str, basket: frozenset[str] | set[str]) -> float:
    """How probably somebody with this basket takes an item of their own accord, by the truth.

    >>> wanted("butter", {"bread", "torch"})
    0.4
    >>> wanted("milk", {"bread"})
    0.5
    >>> wanted("tent", {"bread"})
    0.0
    """
    by_anchor = (COMPLEMENTS.get(anchor, {}).get(item_id, 0.0) for anchor in basket)
    return max(POPULAR.get(item_id, 0.0), *by_anchor, 0.0)


def goes_with(item_id: str, anchor: str) -> bool:
    """Whether an item truly completes a staple.

    >>> goes_with("jam", "bread"), goes_with("milk", "bread")
    (True, False)
    """
    return item_id in COMPLEMENTS.get(anchor, {})
