"""What the catalogue says of prompts: what is out of stock, hidden, restricted, a variant, better.

Only what a decision asks for is kept: an item that may be offered takes no memory. `Catalog`
follows the topic record by record; `Exclusions` is what one decision sees of it. Nothing in here is
folded: workers that have followed less far withhold less for a moment, and learn the same.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from sys import intern
from typing import Literal

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.slots.top_up import Prices
from streams.shop.decision.slots.upgrades import Upgrades, upgraded
from streams.shop.memory.answer import Silence

Withholding = Literal["hidden", "restricted", "out_of_stock", "variant"]
"""Why an item is not offered: the first of these that is so."""
UNKNOWN = ItemWorth()
FULL = "full"
"""Why a record is refused that there is no room for."""


class Catalog:
    """Which items are withheld, and which are variants of one product.

    It is false while it knows nothing that a decision asks for. With `worths` it keeps what each
    item earns, some 250 bytes an item.

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
        self, items_max: int = 1_000_000, prices_max: int = 0, *, worths: bool = False
    ) -> None:
        self.items_max = items_max
        self.worths: dict[str, ItemWorth] | None = {} if worths else None
        """What each item earns, if decisions ask for it."""
        self.withheld: dict[str, Withholding] = {}
        self.products: dict[str, str] = {}
        """Variant -> the product that it is one of."""
        self.upgrades, self.prices = Upgrades(), Prices(prices_max)
        self.hidden: frozenset[str] = frozenset()
        """Items and products that a control hides, whatever their records say."""

    def __bool__(self) -> bool:
        """Whether it knows anything that a decision asks for."""
        return bool(len(self) or self.prices.of or self.worths)

    def __len__(self) -> int:
        """How much it keeps; an item that it keeps in several places counts in each of them."""
        return self._kept() + len(self.hidden)

    def _kept(self) -> int:
        """The same of what records say, which is bounded."""
        return len(self.withheld) + len(self.products) + self.upgrades.relations

    def put(self, item: CatalogItem) -> bool:
        """An item as it is from now on; False: there was no room, and it is as it was."""
        self.prices.put(item)
        why, product, item_id = reason_to_withhold(item), item.variant_of, item.item_id
        better, kept = {*upgraded(item)}, self._kept()
        before = (item_id in self.withheld) + (item_id in self.products)
        before += self.upgrades.relations_of(item_id)
        wanted = kept - before + bool(why) + bool(product) + len(better)
        if wanted > max(kept, self.items_max):
            return False
        if not self._has_room_for_worth(item):
            return False
        self._drop(item_id)
        if why is not None:
            self.withheld[item_id] = why
        if product is not None:
            self.products[item_id] = product
        if better:
            self.upgrades.put(item)
        if self.worths is not None and item.currency is not None:
            worth = ItemWorth(item.margin_minor, item.price_minor, intern(item.currency))
            self.worths[item_id] = worth
        return True

    def _has_room_for_worth(self, item: CatalogItem) -> bool:
        """Whether what an item earns can be kept, if there is anything to keep."""
        worths = self.worths
        if worths is None or item.currency is None or item.item_id in worths:
            return True
        return len(worths) < self.items_max

    def take_out(self, item_id: str) -> None:
        """Nothing is known of this item any more: it may be offered."""
        self.prices.of.pop(item_id, None)
        self._drop(item_id)

    def _drop(self, item_id: str) -> None:
        self.withheld.pop(item_id, None)
        self.products.pop(item_id, None)
        self.upgrades.take_out(item_id)
        if self.worths is not None:
            self.worths.pop(item_id, None)

    def clear(self) -> None:
        """The topic is another one: nothing of what it held counts."""
        self.withheld.clear()
        self.products.clear()
        self.upgrades.clear()
        self.prices.of.clear()
        if self.worths is not None:
            self.worths.clear()

    def product_of(self, item_id: str) -> str:
        """What an item is a variant of; the item itself if it is none. A product has no product."""
        return self.products.get(item_id, item_id)


def reason_to_withhold(item: CatalogItem) -> Withholding | None:
    """Why an item is offered to nobody at present."""
    if item.hidden:
        return "hidden"
    if item.restricted is not None:
        return "restricted"
    return None if item.in_stock else "out_of_stock"


class Exclusions(Collection[str]):
    """The items that one decision must not offer, and which of them the catalogue withheld.

    It has what the guards exclude and all that the catalogue withholds, without a copy of it:
    looking an item up costs the same however large the catalogue is.

    >>> catalog = Catalog()
    >>> for size in "ml":
    ...     _ = catalog.put(CatalogItem(item_id=f"shirt-{size}", variant_of="shirt"))
    >>> out = Exclusions(catalog)
    >>> out.fill(excluded={"bread"}, beside=["shirt-m"])
    >>> [item for item in ("bread", "shirt-l", "jam") if item in out], out.noted
    (['bread', 'shirt-l'], {'shirt-l': 'variant'})
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.upgrades, self.prices = catalog.upgrades, catalog.prices.of
        self._excluded: Collection[str] = ()
        self._products: set[str] = set()
        self._met = False
        self.noted: dict[str, Withholding] = {}
        """What an arm came upon that the catalogue alone withheld, with the reason."""

    def fill(self, excluded: Collection[str], beside: Iterable[str]) -> None:
        """What the guards exclude; and the items of which no variant is to be offered."""
        self._excluded, self._met = excluded, False
        self.beside(beside)

    def beside(self, items: Iterable[str]) -> None:
        """The items of which no variant is to be offered."""
        self._products = {self._catalog.product_of(item) for item in items}

    def anew(self) -> "Exclusions":
        """The same catalogue, for a question of which nothing is to be noted here."""
        return Exclusions(self._catalog)

    def worth(self, item_id: str) -> ItemWorth:
        """What the catalogue says that an item earns, as far as it does."""
        return (self._catalog.worths or {}).get(item_id, UNKNOWN)

    def silence(self) -> Silence:
        """Why nothing is offered: for the catalogue, or because nothing was there to be offered."""
        return Silence("withheld") if self._met else Silence("no_candidate")

    def __contains__(self, item: object) -> bool:
        """Whether this item is out of the question; notes it if that is the catalogue's doing."""
        if item in self._excluded or not isinstance(item, str):
            return item in self._excluded
        why, product = self._catalog.withheld.get(item), self._catalog.product_of(item)
        if why is None and product in self._products:
            why = "variant"
        if item in self._catalog.hidden or product in self._catalog.hidden:
            why = "hidden"
        if why is not None:
            self.noted[item], self._met = why, True
        return why is not None

    def __len__(self) -> int:
        """As many items as it may have at most: by that recommenders know how far to look."""
        catalog = self._catalog
        withheld = len(catalog.withheld) + len(catalog.products)
        return len(self._excluded) + withheld + len(self._products)

    def __iter__(self) -> Iterator[str]:
        """What the guards exclude, and what is withheld from everybody."""
        return chain(self._excluded, self._catalog.withheld, self._catalog.hidden)
