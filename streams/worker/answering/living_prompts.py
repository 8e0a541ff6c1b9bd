"""Living prompts: what this worker has published and nobody has taken back yet, found by item.

They are kept beside the fold, by the worker that answers for their partition, until they expire: so
that what the catalogue, or a control, says of an item takes back the prompts that offer it. What
each item cost is remembered, where prices are kept: ten small steps are a large one. So is of which
segments the shopper was, and what the prompt promised: it ends when they are not served any more.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.wire.shop.offers import BundleOffer, LoyaltyOffer
from streams.contract.wire.shop.withdrawals import CatalogReason
from streams.shop.decision.catalog.catalog import Catalog, Withholding
from streams.shop.decision.catalog.eligibility import segments_named
from streams.shop.decision.slots.incentives import read_offer, stands
from streams.shop.decision.slots.top_up import PriceTag
from streams.shop.memory.answer import OutgoingPrompt

LIVING_MAX = 100_000
"""More are not remembered: the oldest leave first, and are not taken back."""
BECAUSE: dict[Withholding, CatalogReason] = {
    "hidden": "hidden",
    "restricted": "restricted",
    "out_of_stock": "sold_out",
}
"""What workers withhold, in the words of the contract; anything else is hidden, to others."""


class LivingPrompt(NamedTuple):
    """A prompt that may be on a screen."""

    prompt_id: str
    session_id: str
    partition: int
    expires_at_ms: int
    items: tuple[str, ...]
    prices: tuple[PriceTag | None, ...] = ()
    """What each item cost when it was offered; empty: no price is known."""
    arm: str = ""
    segments: frozenset[str] | None = None
    """Of which the shopper was who asked; None: nobody says any more."""
    offer: BundleOffer | LoyaltyOffer | None = None
    """What it promised besides, if that may end."""
    bundled: tuple[BundleTerms, ...] = ()
    """Bundles of its items, where it promised points: these are for what is paid."""

    @classmethod
    def of(cls, prompt: OutgoingPrompt, partition: int, catalog: Catalog) -> "LivingPrompt":
        """The prompt as it is decided, by the catalogue of that moment."""
        prices, items = catalog.prices.of, prompt.items
        told = tuple(map(prices.get, items)) if prices else ()
        which = prompt.prompt_id, prompt.session_id, partition, prompt.expires_at_ms
        segments = None if prompt.asked_as is None else segments_named(*prompt.asked_as)
        offer = read_offer(prompt.besides.get("offer")) if prompt.besides else None
        bundled = _bundled(offer, items, catalog)
        return cls(*which, items, told, prompt.arm, segments, offer, bundled)

    def priced(self, catalog: Catalog) -> "LivingPrompt":
        """The same, found on its topic: what it cost then is not said, so what it costs now is."""
        prices = catalog.prices.of
        now = tuple(map(prices.get, self.items)) if prices else ()
        return self._replace(prices=now, bundled=_bundled(self.offer, self.items, catalog))

    def pointless(
        self, catalog: Catalog, share_max: float
    ) -> tuple[CatalogReason, str | None] | None:
        """Why it is to be taken back, and by which item; `share_max`: see `repriced`."""
        for place, item in enumerate(self.items):
            product = catalog.product_of(item)
            if item in catalog.hidden or product in catalog.hidden:
                return "hidden", item
            why = catalog.why_withheld(item, product)
            if why is not None:
                return BECAUSE.get(why, "hidden"), item
            if len(catalog.eligibility) and self._is_not_for((item, product), catalog):
                return "not_eligible", item
            told = self.prices[place] if self.prices else None
            if told is not None and repriced(told, catalog.prices.of.get(item), share_max):
                return "repriced", item
        if self.arm in catalog.stopped:
            return "arm_stopped", None
        if self.offer is None:
            return None
        if self.bundled != _bundled(self.offer, self.items, catalog):
            return "offer_ended", None
        given = stands(self.offer, catalog.bundles, catalog.loyalty, self.prices)
        return None if given else ("offer_ended", None)

    def _is_not_for(self, names: tuple[str, str], catalog: Catalog) -> bool:
        """Whether an item, by its own and its product's name, is not for who it was offered to."""
        if self.segments is None:
            return False
        return catalog.eligibility.barred(names, self.segments, ()) is not None


def _bundled(
    offer: BundleOffer | LoyaltyOffer | None, items: Collection[str], catalog: Catalog
) -> tuple[BundleTerms, ...]:
    """The bundles of items that points are promised for, as they are now."""
    if not isinstance(offer, LoyaltyOffer) or not catalog.bundles:
        return ()
    names = (name for item in items for name in catalog.bundles.of(item))
    return tuple(catalog.bundles.terms[name] for name in names)


def repriced(told: PriceTag, now: PriceTag | None, share_max: float) -> bool:
    """Whether a price is another one by more than a share of it; an unknown one is none.

    >>> told = PriceTag(1000, None, "EUR")
    >>> [repriced(told, PriceTag(price, None, "EUR"), 0.05) for price in (950, 949, 1050, 1051)]
    [False, True, False, True]
    >>> repriced(told, PriceTag(1000, None, "USD"), 0.05), repriced(told, None, 0.05)
    (True, False)
    """
    if now is None:
        return False
    if now.currency != told.currency:
        return True
    return abs(now.price_minor - told.price_minor) > share_max * told.price_minor


class LivingPrompts:
    """The living prompts of this worker, in the order in which they were published.

    >>> living = LivingPrompts()
    >>> living.add(LivingPrompt("p1", "ann", 0, 120_000, ("butter", "jam")))
    True
    >>> [*living.offering("jam")], [*living.offering("tea")]
    (['p1'], [])
    >>> living.expire(now_ms=120_000)
    >>> len(living), [*living.offering("jam")]
    (0, [])
    """

    def __init__(self, prompts_max: int = LIVING_MAX) -> None:
        self.prompts_max, self.left_out = prompts_max, 0
        """Prompts that left though they may live: they are not taken back."""
        self._prompts: OrderedDict[str, LivingPrompt] = OrderedDict()  # a dict's first is far
        self._by_item: dict[str, dict[str, None]] | None = None
        """None: nobody has asked yet; a shop whose catalogue never changes pays nothing for it."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._prompts)

    def get(self, prompt_id: str) -> LivingPrompt | None:
        """The prompt of this id, if it lives."""
        return self._prompts.get(prompt_id)

    def add(self, prompt: LivingPrompt) -> bool:
        """A prompt is published; False: it was known, and is the one that it was."""
        if prompt.prompt_id in self._prompts:
            return False
        self._prompts[prompt.prompt_id] = prompt
        if self._by_item is not None:
            _index(self._by_item, prompt)
        if len(self._prompts) > self.prompts_max:
            self.drop(next(iter(self._prompts)))
            self.left_out += 1
        return True

    def drop(self, prompt_id: str) -> None:
        """A prompt lives no longer."""
        prompt = self._prompts.pop(prompt_id, None)
        if prompt is None or (by_item := self._by_item) is None:
            return
        for item in prompt.items:
            found = by_item.get(item)
            if found is not None:
                found.pop(prompt_id, None)
                if not found:
                    del by_item[item]

    def offering(self, item_id: str) -> Collection[str]:
        """The ids of those that offer an item, the oldest first."""
        if self._by_item is None:
            self._by_item = {}
            for prompt in self:
                _index(self._by_item, prompt)
        return self._by_item.get(item_id, ())

    def __iter__(self) -> Iterator[LivingPrompt]:
        """All of them, the oldest first."""
        return iter(self._prompts.values())

    def expire(self, now_ms: int) -> None:
        """Forget the oldest, as far as nobody may show them any more."""
        while self._prompts:
            oldest = next(iter(self._prompts.values()))
            if oldest.expires_at_ms > now_ms:
                return
            self.drop(oldest.prompt_id)

    def keep(self, partitions: Collection[int]) -> None:
        """Somebody else answers for all other partitions by now."""
        gone = [one.prompt_id for one in self if one.partition not in partitions]
        for prompt_id in gone:
            self.drop(prompt_id)


def _index(by_item: dict[str, dict[str, None]], prompt: LivingPrompt) -> None:
    """A prompt is found by its items from now on."""
    for item in prompt.items:
        by_item.setdefault(item, {})[prompt.prompt_id] = None
