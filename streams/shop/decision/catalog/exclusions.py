"""What one decision must not offer: for the guards, for the catalogue, or beside what is there."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import NamedTuple

from models import Candidate
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.catalog.catalog import Catalog, Withholding, with_product
from streams.shop.decision.catalog.eligibility import segments_of
from streams.shop.decision.catalog.relations import Surroundings
from streams.shop.decision.catalog.substitutes import Likeness
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.memory.answer import Silence
from streams.shop.memory.learned import Learned
from streams.shop.memory.session import Session

UNKNOWN = ItemWorth()
NOTHING: frozenset[str] = frozenset()
Arms = Mapping[str, Strategy]


class PairRules(NamedTuple):
    """Which items may stand in one prompt, as the catalogue has it.

    They may not if they are variants of one product, if one excludes, upgrades or replaces the
    other one. Who asks has looked whether that is to decide: `Catalog.judges_pairs`. Arms keep
    these, not what excludes: that keeps arms, and the two would be a cycle.
    """

    products: Mapping[str, str]
    around: Surroundings | None
    likeness: Likeness | None

    def fits(self, a: str, b: str) -> bool:
        """Whether two items may stand in one prompt, whichever comes first."""
        products, around, likeness = self
        if a == b or (products and products.get(a, a) == products.get(b, b)):
            return False
        if around is not None and around.clash(a, b):
            return False
        return likeness is None or not likeness.alike(a, b)

    def fitting(self, candidates: Iterable[Candidate], items_max: int) -> list[Candidate]:
        """The best of these, of which each fits all before it."""
        chosen: list[Candidate] = []
        fits = self.fits
        for one in candidates if items_max else ():
            for by in chosen:
                if not fits(one.item, by.item):
                    break
            else:
                chosen.append(one)
                if len(chosen) == items_max:
                    break
        return chosen


class Exclusions(Collection[str]):
    """The items that one decision must not offer, and which of them the catalogue withheld.

    It has what the guards exclude and all that the catalogue withholds, without a copy of it:
    looking an item up costs the same however large the catalogue is.

    >>> from streams.contract.events.reference.catalog import CatalogItem
    >>> catalog = Catalog()
    >>> for size in "ml":
    ...     _ = catalog.put(CatalogItem(item_id=f"shirt-{size}", variant_of="shirt"))
    >>> out = Exclusions(catalog)
    >>> out.fill(excluded={"bread"}, beside=["shirt-m"])
    >>> [item for item in ("bread", "shirt-l", "jam") if item in out], out.noted
    (['bread', 'shirt-l'], {'shirt-l': 'variant'})
    """

    def __init__(self, catalog: Catalog, segment: str | None = None) -> None:
        """`segment`: the one that the event which asks names."""
        self.catalog, self._segment = catalog, segment
        self._segments: frozenset[str] | None = None
        """Those of who is there; None: no item is for some alone."""
        self._owned = self._lasting = NOTHING
        """What they own, and the products of that; and what of it is owned once. Nothing where no
        item is."""
        self.upgrades, self.prices = catalog.upgrades, catalog.prices.of
        self._excluded: Collection[str] = ()
        self._products: set[str] = set()
        self._around: Surroundings | None = None
        self._likeness: Likeness | None = None
        if catalog.relations.said:
            self._around = Surroundings(catalog.relations, catalog.products)
        if len(catalog.categories):
            told = catalog.categories, catalog.relations, catalog.curation
            self._likeness = Likeness(*told, catalog.substitute_probability_max)
        self.pairs = PairRules(catalog.products, self._around, self._likeness)
        self.met = False
        """Whether an arm came upon anything that the catalogue alone withheld."""
        self._judged: dict[str, Withholding] = {}
        self._fine: set[object] = set()
        """What was found out, for the surroundings at hand: each arm asks again."""
        self.admitted: object = None
        """The item of which it was said last that it may be offered."""
        self.proposed: dict[str, object] = {}
        """By arm an item that it had to offer in a slot before; None: it had none."""
        self.arms: tuple[Arms, Arms, Arms] | None = None
        """Arms, the same with those that the catalogue adds, and these as far as they fit."""
        self.noted: dict[str, Withholding] = {}
        """What an arm came upon that the catalogue alone withheld, with the reason."""

    def fill(
        self,
        excluded: Collection[str],
        beside: Collection[str],
        session: Session | None = None,
        learned: Learned | None = None,
        offered: Collection[str] = (),
    ) -> None:
        """What the guards exclude, and the items beside which others have to fit.

        Beside what is `offered` in other slots they have to fit, too, but nobody has it yet.
        What the shopper of the session has bought is asked for where an item needs another one. By
        what was `learned` items of one category may go together.
        """
        self._excluded, self.met = excluded, False
        if len(self.catalog.eligibility):
            self._segments = segments_of(session, self._segment)
            if self.catalog.eligibility.once:
                bought = purchases(session, learned)
                self._owned = frozenset(chain(bought, map(self.catalog.product_of, bought)))
                self._lasting = frozenset(filter(self._lasts, self._owned))
        if self._around is not None:
            self._around.ask(partial(purchases, session, learned))
        if self._likeness is not None:
            self._likeness.ask(learned)
        self._fit_beside(beside, offered)
        if self._around is not None:
            self._around.fill((*beside, *self._lasting) if self._lasting else beside, offered)

    def instead_of(self, item_id: str, beside: Collection[str]) -> None:
        """The items beside which what replaces one has to fit: no variant of them is offered.

        It may replace what is owned as well, but nothing that this excludes.
        """
        self._fit_beside(beside)
        if self._around is not None:
            replaced = item_id, self.catalog.product_of(item_id)
            self._around.fill(beside, owned=self._lasting.difference(replaced))

    def _fit_beside(self, items: Collection[str], offered: Collection[str] = ()) -> None:
        every, self._judged, self._fine = (*items, *offered), {}, set()
        products = self.catalog.products
        self._products = {products.get(item, item) for item in every} if products else {*every}
        if self._likeness is not None:
            self._likeness.fill(every)

    def _lasts(self, item: str) -> bool:
        """Whether one of an item is enough, by its own word or its product's."""
        lasts = self.catalog.eligibility.lasts
        return lasts(item) or lasts(self.catalog.product_of(item))

    def withheld(self, item: str) -> Withholding | None:
        """Why an item is not for who is there, whatever else is; nothing is noted."""
        product = self.catalog.product_of(item)
        if item in self.catalog.hidden or product in self.catalog.hidden:
            return "hidden"
        why = self.catalog.why_withheld(item, product)
        if why is None and self._segments is not None:
            return self.catalog.eligibility.barred((item, product), self._segments, self._owned)
        return why

    def anew(self) -> "Exclusions":
        """The same catalogue, for a question of which nothing is to be noted here."""
        return Exclusions(self.catalog, self._segment)

    def worth(self, item_id: str) -> ItemWorth:
        """What the catalogue says that an item earns, as far as it does."""
        return (self.catalog.worths or {}).get(item_id, UNKNOWN)

    def silence(self) -> Silence:
        """Why nothing is offered: for the catalogue, or because nothing was there to be offered."""
        return Silence("withheld") if self.met else Silence("no_candidate")

    def __contains__(self, item: object) -> bool:
        """Whether this item is out of the question; notes it if that is the catalogue's doing."""
        if item in self._fine:
            self.admitted = item
            return False
        if item in self._excluded or not isinstance(item, str):
            return item in self._excluded
        why = self._judged.get(item) or self._why(item)
        if why is None:
            self._fine.add(item)
            self.admitted = item
            return False
        self.noted[item] = self._judged[item] = why
        self.met = True
        return True

    def completed_by(self, item: str, others: Collection[str]) -> bool:
        """Whether all that keeps this item out is that it needs some of these others.

        So of what is offered and taken together, such as the rest of a bundle; nothing is noted.
        """
        if self._around is None or item in self._excluded or self._why(item) != "requires":
            return False
        if not self._around.completed_by(item, others):
            return False
        return self._likeness is None or not self._likeness.conflict(item)

    def _why(self, item: str) -> Withholding | None:
        """Why the catalogue withholds an item from who is there; None: it does not."""
        catalog = self.catalog
        product = catalog.products.get(item, item) if catalog.products else item
        if catalog.hidden and (item in catalog.hidden or product in catalog.hidden):
            return "hidden"
        why: Withholding | None = catalog.withheld.get(item)
        if product is not item:
            why = with_product(why, catalog.withheld.get(product))
        if why is None and self._segments is not None:
            why = catalog.eligibility.barred((item, product), self._segments, self._owned)
        if why is not None:
            return why
        if product in self._products:
            return "variant"
        if self._around is not None and (conflict := self._around.conflict(item)) is not None:
            return conflict
        replaces = self._likeness is not None and self._likeness.conflict(item)
        return "substitute" if replaces else None

    def __len__(self) -> int:
        """As many items as it may have at most: by that recommenders know how far to look."""
        catalog = self.catalog
        withheld = len(catalog.withheld) + len(catalog.products) + len(catalog.hidden)
        unfit = len(self._around or ()) + len(catalog.categories) + len(catalog.eligibility)
        return len(self._excluded) + withheld + len(self._products) + unfit

    def __iter__(self) -> Iterator[str]:
        """What the guards exclude, and what is withheld from everybody."""
        return chain(self._excluded, self.catalog.withheld, self.catalog.hidden)


def purchases(session: Session | None, learned: Learned | None) -> Collection[str]:
    """What the shopper is known to have bought, in this session or before, and not sent back."""
    if session is None or learned is None:
        return ()
    kept, back = set[str](), set[str]()
    for order in map(session.order_memory.get, session.orders):
        for item, line in () if order is None else order.lines.items():
            (kept if line.stands else back).add(item)
    bought = set(session.bought) - (back - kept)
    if session.shopper_id is not None:
        bought |= learned.repeats.bought_since(session.shopper_id, 0)
    return bought
