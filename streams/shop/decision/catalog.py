"""What the catalogue keeps out of prompts: what cannot be had, earns too little, or does not fit.

Only what a decision asks for is kept: an item that may be offered takes no memory. `Catalog`
follows the topic record by record; `Exclusions` is what one decision sees of it. Nothing in here is
folded: workers that have followed less far withhold less for a moment, and learn the same.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from sys import intern
from typing import Literal

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.fitting.curation import Curation
from streams.shop.decision.fitting.relations import Conflict, Relations, Surroundings, size_of_new
from streams.shop.decision.fitting.substitutes import NEVER, Likeness
from streams.shop.memory.answer import Silence
from streams.shop.memory.learned import Learned

Withholding = Literal[
    "hidden", "restricted", "out_of_stock", "margin", "variant", Conflict, "substitute"
]
"""Why an item is not offered: the first of these that is so."""
NO_FLOOR = -1.0
"""The margin by price that is no floor: nothing is withheld for what it earns."""
FULL = "full"
"""Why a record is refused that there is no room for."""


class Catalog:
    """Which items are withheld, which are variants of one product, and what fits to what.

    `margin_ratio_min` is the margin floor: what an item has to earn by its price.

    It is false while it keeps nothing out of any prompt.

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
        margin_ratio_min: float = NO_FLOOR,
        substitute_probability_max: float = 0.5,
    ) -> None:
        self.items_max, self.margin_ratio_min = items_max, margin_ratio_min
        self.substitute_probability_max = substitute_probability_max
        self.kinds: dict[str, str] = {}
        """Item -> its narrowest category, of `items_max` at most: more are not judged by it."""
        self.withheld: dict[str, Withholding] = {}
        self.products: dict[str, str] = {}
        """Variant -> the product that it is one of."""
        self.relations = Relations()
        self.curation = Curation()
        """What people say goes with what; it comes by the controls."""

    def __len__(self) -> int:
        """How many entries it keeps: what is withheld, variants, relations and curated pairs."""
        told = len(self.relations) + len(self.curation)
        return len(self.withheld) + len(self.products) + told

    def __bool__(self) -> bool:
        return bool(self.kinds) or len(self) > 0

    @property
    def _is_judged(self) -> bool:
        return self.substitute_probability_max < NEVER

    def put(self, item: CatalogItem) -> bool:
        """An item as it is from now on; False: there was no room, and it is as it was."""
        why, product, item_id = self.reason_to_withhold(item), item.variant_of, item.item_id
        before = self._entries_of(item_id)
        entries = (why is not None) + (product is not None) + size_of_new(item)
        if entries > before and len(self) - before + entries > self.items_max:
            return False
        self.take_out(item_id)
        self.relations.put(item)
        if item.category and self._is_judged and len(self.kinds) < self.items_max:
            self.kinds[item_id] = intern(item.category)
        if why is not None:
            self.withheld[item_id] = why
        if product is not None:
            self.products[item_id] = product
        return True

    def take_out(self, item_id: str) -> None:
        """Nothing is known of this item any more: it may be offered."""
        self.withheld.pop(item_id, None)
        self.products.pop(item_id, None)
        self.relations.take_out(item_id)
        self.kinds.pop(item_id, None)

    def clear(self) -> None:
        """Nothing is known of any item any more, but what curators say."""
        self.withheld.clear()
        self.products.clear()
        self.relations.clear()
        self.kinds.clear()

    def reason_to_withhold(self, item: CatalogItem) -> Withholding | None:
        """Why an item is offered to nobody at present."""
        return reason_to_withhold(item, self.margin_ratio_min)

    def _entries_of(self, item_id: str) -> int:
        own = self.relations.size_of(item_id)
        return (item_id in self.withheld) + (item_id in self.products) + own

    def product_of(self, item_id: str) -> str:
        """What an item is a variant of; the item itself if it is none. A product has no product."""
        return self.products.get(item_id, item_id)


def reason_to_withhold(item: CatalogItem, margin_ratio_min: float = NO_FLOOR) -> Withholding | None:
    """Why an item is offered to nobody at present."""
    if item.hidden:
        return "hidden"
    if item.restricted is not None:
        return "restricted"
    if not item.in_stock:
        return "out_of_stock"
    return "margin" if earns_less(item, margin_ratio_min) else None


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
        self.catalog = catalog
        self._excluded: Collection[str] = ()
        self._products: set[str] = set()
        self._around = Surroundings(catalog.relations, catalog.products)
        self._likeness = Likeness(
            *(catalog.kinds, catalog.relations, catalog.curation),
            catalog.substitute_probability_max,
        )
        self.noted: dict[str, Withholding] = {}
        """What an arm came upon that the catalogue alone withheld, with the reason."""

    def fill(
        self,
        excluded: Collection[str],
        beside: Collection[str],
        had: Callable[[], Collection[str]] = tuple,
        learned: Learned | None = None,
    ) -> None:
        """What the guards exclude, and the items beside which others have to fit.

        `had` is what the shopper has bought: asked for where an item needs another one. By what was
        `learned` items of one category may go together.
        """
        self._likeness.fill(beside, learned)
        self._excluded = excluded
        self._products = {self.catalog.product_of(item) for item in beside}
        self._around.fill(beside, had)

    def silence(self) -> Silence:
        """Why nothing is offered: for the catalogue, or because nothing was there to be offered."""
        return Silence("withheld") if self.noted else Silence("no_candidate")

    def __contains__(self, item: object) -> bool:
        """Whether this item is out of the question; notes it if that is the catalogue's doing."""
        if item in self._excluded or not isinstance(item, str):
            return item in self._excluded
        why = self.catalog.withheld.get(item)
        if why is None and self.catalog.product_of(item) in self._products:
            why = "variant"
        why = why or self._around.conflict(item)
        if why is None and self._likeness.conflict(item):
            why = "substitute"
        if why is not None:
            self.noted[item] = why
        return why is not None

    def __len__(self) -> int:
        """As many items as it may have at most: by that recommenders know how far to look."""
        own = len(self._excluded) + len(self._products)
        return own + len(self.catalog) + len(self.catalog.kinds) + len(self._around)

    def unlike(self, candidates: Iterable[Candidate], items_max: int) -> list[Candidate]:
        """The best of these, of which none replaces one before it."""
        chosen: list[Candidate] = []
        for one in candidates:
            if len(chosen) == items_max:
                break
            if not any(self._likeness.alike(one.item, other.item) for other in chosen):
                chosen.append(one)
        return chosen

    def __iter__(self) -> Iterator[str]:
        """What the guards exclude, and what is withheld from everybody."""
        return chain(self._excluded, self.catalog.withheld)
