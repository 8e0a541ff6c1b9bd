"""The catalogue as far as decisions ask for it: what is withheld, what fits to what, what it earns.

An item that may be offered, and of which nothing else is said, takes no memory. It follows the
topic record by record; what one decision sees of it is
`streams.shop.decision.catalog.exclusions.Exclusions`.

What keeps an item from being offered has room first. All else has bounds of its own, and is left
out where there is no room, and counted: a record is never refused for it.
"""

from collections import Counter
from sys import intern
from typing import Literal

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.loyalty import LoyaltyProgram
from streams.contract.settings import Settings
from streams.contract.wire.shop.catalog import RelationsUse
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.catalog.categories import Categories
from streams.shop.decision.catalog.curation import Curation
from streams.shop.decision.catalog.eligibility import Barred, Eligibility, says_whom
from streams.shop.decision.catalog.relations import Conflict, Relations
from streams.shop.decision.catalog.substitutes import NEVER
from streams.shop.decision.slots.bundles import Bundles
from streams.shop.decision.slots.top_up import Prices
from streams.shop.decision.slots.upgrades import Upgrades, upgraded

Withholding = Literal[
    "hidden", "restricted", "out_of_stock", "margin", Barred, "variant", Conflict, "substitute"
]
"""Why an item is not offered: the first of these that is so."""
INHERITED: tuple[Withholding, ...] = ("hidden", "restricted")
"""What holds for all variants of a product of which it is said; stock and margin are each one's."""
NO_FLOOR = -1.0
"""The margin by price that is no floor: nothing is withheld for what it earns."""
FULL = "full"
"""Why a record is refused that there is no room for."""


class Catalog:
    """Which items are withheld, which are variants of one product, and what fits to what.

    It is false while it knows nothing that a decision asks for. With `worths` it keeps what each
    item earns, some 250 bytes an item. `margin_ratio_min` is the margin floor: what an item has to
    earn by its price. Below a `substitute_probability_max` of 1 it keeps categories, by which items
    replace each other. What relations decide is `relations_use`; upgrades are known whatever it is.
    `items_max` bounds what is withheld or a variant, and each further table by itself.

    >>> catalog = Catalog()
    >>> catalog.put(CatalogItem(item_id="jam", in_stock=False))
    True
    >>> catalog.withheld, bool(catalog)
    ({'jam': 'out_of_stock'}, True)
    >>> catalog.put(CatalogItem(item_id="jam"))
    True
    >>> bool(catalog)
    False
    """

    def __init__(
        self,
        items_max: int = 1_000_000,
        prices_max: int = 0,
        *,
        worths: bool = False,
        margin_ratio_min: float = NO_FLOOR,
        substitute_probability_max: float = NEVER,
        relations_use: RelationsUse = "off",
    ) -> None:
        self.items_max, self.margin_ratio_min = items_max, margin_ratio_min
        self.substitute_probability_max = substitute_probability_max
        self.worths: dict[str, ItemWorth] | None = {} if worths else None
        """What each item earns, if decisions ask for it."""
        self.withheld: dict[str, Withholding] = {}
        self.products: dict[str, str] = {}
        """Variant -> the product that it is one of."""
        self._variants = Counter[str]()
        """How many variants of each product there are."""
        self.eligibility = Eligibility()
        self.categories = Categories(items_max)
        self.upgrades, self.prices = Upgrades(), Prices(prices_max)
        self.relations_use: RelationsUse = relations_use
        self.relations = Relations(items_max)
        self.left_out: Counter[str] = Counter()
        """Records of which something was left out, for want of room, by what it was."""
        self.curation = Curation()
        """What people say goes with what; it comes by the controls."""
        self.bundles = Bundles()
        """What is cheaper together; it comes by the controls, too."""
        self.loyalty: LoyaltyProgram | None = None
        """What members get for what they pay, by a control."""
        self.hidden: frozenset[str] = frozenset()
        """Items and products that a control hides, whatever their records say."""
        self.stopped: frozenset[str] = frozenset()
        """Arms that a control has stopped: what they offer is taken back."""

    @classmethod
    def of(cls, settings: Settings) -> "Catalog":
        """An empty one that keeps what these settings ask for."""
        return cls(
            settings.catalog_items_max,
            settings.catalog_prices_max,
            worths=settings.reward == "net",
            margin_ratio_min=settings.margin_ratio_min,
            substitute_probability_max=settings.substitute_probability_max,
            relations_use=settings.catalog_relations,
        )

    def __bool__(self) -> bool:
        """Whether it knows anything that a decision asks for: every event that asks looks."""
        known = self.withheld or self.products or self.hidden or self.prices.of or self.worths
        return bool(known or self.categories) or len(self) > 0

    def __len__(self) -> int:
        """How much it keeps; an item that it keeps in several places counts in each of them."""
        related = self.upgrades.relations + len(self.relations)
        said = len(self.hidden) + len(self.curation) + len(self.bundles)
        return self._withholding() + related + said

    def _withholding(self) -> int:
        """How much it keeps of what is not offered, or not beside another one."""
        return len(self.withheld) + len(self.products) + len(self.eligibility)

    @property
    def judges_pairs(self) -> bool:
        """Whether two items of one prompt have to fit each other."""
        return self.relations_use != "off" or len(self.categories) > 0

    def put(self, item: CatalogItem) -> bool:
        """An item as it is from now on; False: there was no room, and it is as it was."""
        self.prices.put(item)
        item_id, product, why = item.item_id, item.variant_of, self.reason_to_withhold(item)
        kept = self._withholding()
        before = (item_id in self.withheld) + (item_id in self.products)
        before += item_id in self.eligibility
        needed = bool(why) + bool(product) + says_whom(item)
        if kept - before + needed > max(kept, self.items_max):
            return False
        self._drop(item_id)
        if why is not None:
            self.withheld[item_id] = why
        if product is not None:
            self.products[item_id] = product
            self._variants[product] += 1
        self.eligibility.put(item)
        self._put_more(item)
        return True

    def _put_more(self, item: CatalogItem) -> None:
        """What there is room for of what a record says besides."""
        better = len({*upgraded(item)})
        if better and self.upgrades.relations + better <= self.items_max:
            self.upgrades.put(item)
        elif better:
            self.left_out["upgrades"] += 1
        if self.relations_use != "off" and not self.relations.put(item):
            self.left_out["relations"] += 1
        kind = item.category if self.substitute_probability_max < NEVER else None
        if kind is not None and not self.categories.put(item.item_id, kind):
            self.left_out["categories"] += 1
        if self.worths is not None and item.currency is not None:
            if len(self.worths) < self.items_max:
                worth = ItemWorth(item.margin_minor, item.price_minor, intern(item.currency))
                self.worths[item.item_id] = worth
            else:
                self.left_out["worths"] += 1

    def take_out(self, item_id: str) -> None:
        """Nothing is known of this item any more: it may be offered."""
        self.prices.of.pop(item_id, None)
        self._drop(item_id)

    def _drop(self, item_id: str) -> None:
        self.withheld.pop(item_id, None)
        if (product := self.products.pop(item_id, None)) is not None:
            self._variants[product] -= 1
            if not self._variants[product]:
                del self._variants[product]
        self.eligibility.take_out(item_id)
        self.upgrades.take_out(item_id)
        self.relations.take_out(item_id)
        self.categories.take_out(item_id)
        if self.worths is not None:
            self.worths.pop(item_id, None)

    def clear(self) -> None:
        """The topic is another one: nothing of what it held counts; what curators say does."""
        self.withheld.clear()
        self.products.clear()
        self._variants.clear()
        self.eligibility.clear()
        self.upgrades.clear()
        self.relations.clear()
        self.categories.clear()
        self.prices.of.clear()
        if self.worths is not None:
            self.worths.clear()

    def product_of(self, item_id: str) -> str:
        """What an item is a variant of; the item itself if it is none. A product has no product."""
        return self.products.get(item_id, item_id)

    def why_withheld(self, item_id: str, product: str) -> Withholding | None:
        """Why an item is offered to nobody, by its own record or by its product's."""
        why = self.withheld.get(item_id)
        if product == item_id:
            return why
        return with_product(why, self.withheld.get(product))

    def said_of_variants(self, item_id: str) -> tuple[Withholding | None, object]:
        """What an item's record says of its variants, too: that it is for nobody, or for whom.

        Nothing, where it has none.
        """
        if item_id not in self._variants:
            return None, None
        why = self.withheld.get(item_id)
        return why if why in INHERITED else None, self.eligibility.of(item_id)

    def reason_to_withhold(self, item: CatalogItem) -> Withholding | None:
        """Why an item is offered to nobody at present."""
        return reason_to_withhold(item, self.margin_ratio_min)


def reason_to_withhold(item: CatalogItem, margin_ratio_min: float) -> Withholding | None:
    """Why an item is offered to nobody at present; whoever asks has to say the margin floor."""
    if item.hidden:
        return "hidden"
    if item.restricted is not None:
        return "restricted"
    if not item.in_stock:
        return "out_of_stock"
    return "margin" if earns_less(item, margin_ratio_min) else None


def with_product(own: Withholding | None, of_product: Withholding | None) -> Withholding | None:
    """Why a variant is offered to nobody, by what is so of it and of its product.

    >>> with_product(None, "restricted"), with_product("margin", "out_of_stock")
    ('restricted', 'margin')
    """
    if of_product in INHERITED and own != INHERITED[0]:
        return of_product
    return own


def earns_less(item: CatalogItem, ratio: float) -> bool:
    """Whether an item earns less than this share of its price; no, where nobody says its margin.

    One whose price is not known is below a floor if it loses.

    >>> jam = CatalogItem(item_id="jam", price_minor=400, margin_minor=60, currency="EUR")
    >>> earns_less(jam, 0.2), earns_less(jam, 0.15), earns_less(jam, NO_FLOOR)
    (True, False, False)
    """
    if ratio <= NO_FLOOR or item.margin_minor is None:
        return False
    return item.margin_minor < ratio * (item.price_minor or 0)
