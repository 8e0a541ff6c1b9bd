"""Complete the bundle: what is missing of one that is cheaper together, and what that saves.

Bundles are defined by controls (`bundles.<name>`). One is offered where the basket, with the item
that asks, has all of it but one item or two, and every one of these may be offered. The arm needs
to know what each item costs (`GOESWITH_CATALOG_PRICES_MAX`), in one currency, or nobody could say
what the bundle costs; where there is a margin floor, also what each earns: the whole, after its
discount, is held to the floor. The prompt names the discount, its receipt each item's part of it.

A piece of the basket is in one bundle at most, as at the till: what a whole bundle has taken is not
there for the next, or two discounts would be taken off what one price was reckoned by.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations, islice
from types import MappingProxyType
from typing import Any, NamedTuple

from models import Candidate
from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.top_up import PriceTag
from streams.shop.memory.learned import Learned

ARM = "bundle"
SLOTS = frozenset({"product_page", "basket", "checkout"})
"""Where it is said: before the purchase."""
MISSING_MAX = 2
"""A bundle that lacks more is not offered."""
LOOKED_AT_MAX = 16
"""Bundles of one item that are looked at, the first by name;"""
HELD_MAX = 32
"""and items of the basket, the latest ones."""
ASKED_MAX = 256
"""Sets of items of one basket of which it is reckoned what bundles save of it with them."""


class Bundles:
    """The bundles that are defined, by what they are made of.

    >>> bundles = Bundles()
    >>> bundles.put("photo", BundleTerms(items=("camera", "case"), discount_per_mille=100))
    >>> [*bundles.of("case")], len(bundles), "photo" in bundles
    (['photo'], 1, True)
    >>> bundles.take_out("photo")
    >>> [*bundles.of("case")]
    []
    """

    def __init__(self) -> None:
        self.terms: dict[str, BundleTerms] = {}
        self._with: dict[str, list[str]] = {}
        """Item -> the names of the bundles that it is in, in order, so that all workers agree."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.terms)

    def __contains__(self, name: object) -> bool:
        """Whether there is one of this name."""
        return name in self.terms

    def of(self, item_id: str) -> Iterator[str]:
        """The names of those with this item, the first of them."""
        return islice(self._with.get(item_id, ()), LOOKED_AT_MAX)

    def holds(self, item_id: object) -> bool:
        """Whether there is one with this item."""
        return item_id in self._with

    def put(self, name: str, terms: BundleTerms) -> None:
        """A bundle as it is from now on."""
        self.take_out(name)
        self.terms[name] = terms
        for item in terms.items:
            insort(self._with.setdefault(item, []), name)

    def take_out(self, name: str) -> None:
        """There is none of this name any more."""
        terms = self.terms.pop(name, None)
        for item in () if terms is None else terms.items:
            self._with[item].remove(name)
            if not self._with[item]:
                del self._with[item]

    def clear(self) -> None:
        """There is none any more."""
        self.terms.clear()
        self._with.clear()


class WholeBundles(NamedTuple):
    """The bundles of which a basket has everything already, and what there is besides."""

    sets: Mapping[str, int] = MappingProxyType({})
    """By name how often; each piece of the basket is in one of them at most."""
    spare: Mapping[str, int] = MappingProxyType({})
    """The basket without their pieces: of these others may be completed."""

    def saved_minor(self, bundles: Bundles, prices: Mapping[str, PriceTag]) -> int:
        """What all of them cost less than their items do, where each price is known."""
        saved = 0
        for name, times in self.sets.items():
            terms = bundles.terms[name]
            worth = _worth(terms, [prices.get(item) for item in terms.items], None)
            saved += 0 if worth is None else times * worth[1]
        return saved


def whole(bundles: Bundles, basket: Mapping[str, int], kinds_max: int = HELD_MAX) -> WholeBundles:
    """The bundles that are whole in a basket: by name, as often as there are, no piece in two.

    Of the latest `kinds_max` items.

    >>> bundles = Bundles()
    >>> bundles.put("photo", BundleTerms(items=("camera", "case"), discount_per_mille=100))
    >>> whole(bundles, {"camera": 3, "case": 2})
    WholeBundles(sets={'photo': 2}, spare={'camera': 1})
    """
    spare, sets = dict(basket), dict[str, int]()
    latest = [*basket][-kinds_max:]
    for name in sorted({name for item in latest for name in bundles.of(item)}):
        items = bundles.terms[name].items
        if (times := min(spare.get(item, 0) for item in items)) > 0:
            sets[name] = times
            for item in items:
                spare[item] -= times
    return WholeBundles(sets, {item: left for item, left in spare.items() if left > 0})


class SavedBeside:
    """What bundles save of a basket with further items in it, beyond what they save of it now."""

    def __init__(
        self, bundles: Bundles, prices: Mapping[str, PriceTag], basket: Mapping[str, int]
    ) -> None:
        self._bundles, self._prices, self._basket = bundles, prices, basket
        self._known: dict[frozenset[str], int | None] = {frozenset(): 0}

    @cached_property  # few ask of an item that is in a bundle
    def _now_minor(self) -> int:
        return whole(self._bundles, self._basket).saved_minor(self._bundles, self._prices)

    def __contains__(self, item_id: object) -> bool:
        """Whether an item is in any bundle: others save nothing."""
        return self._bundles.holds(item_id)

    def minor(self, items: Iterable[str]) -> int | None:
        """How much, one of each; None: a price is unknown, or too many sets have been asked."""
        bundled = frozenset(filter(self._bundles.holds, items))
        if bundled not in self._known and len(self._known) <= ASKED_MAX:
            more = {item: self._basket.get(item, 0) + 1 for item in sorted(bundled)}
            then = whole(self._bundles, {**self._basket, **more}, HELD_MAX + len(more))
            saved = then.saved_minor(self._bundles, self._prices) - self._now_minor
            pieces = (item for name in then.sets for item in self._bundles.terms[name].items)
            priced = all(item in self._prices for item in pieces)
            self._known[bundled] = saved if priced else None
        return self._known.get(bundled)


class Completion(NamedTuple):
    """A bundle, and what somebody lacks of it."""

    name: str
    items: tuple[str, ...]
    missing: tuple[str, ...]
    """In the order of the bundle."""
    main: str
    """The latest of its items that are there."""
    price_minor: int
    """Of all of it, without the discount."""
    discount_minor: int
    currency: str


def completions(
    bundles: Bundles,
    held: Sequence[str],
    prices: Mapping[str, PriceTag],
    margin_floor: float | None = None,
) -> Iterator[Completion]:
    """The bundles that these items, the latest last, are nearly all of; each once.

    `margin_floor`: what a whole bundle has to earn of what it costs in the end; None: there is no
    floor, and the merchant's word stands.

    >>> bundles = Bundles()
    >>> bundles.put("photo", BundleTerms(items=("camera", "case"), discount_minor={"EUR": 500}))
    >>> prices = {"camera": PriceTag(9000, 900, "EUR"), "case": PriceTag(2000, 800, "EUR")}
    >>> [(one.missing, one.discount_minor) for one in completions(bundles, ["camera"], prices)]
    [(('case',), 500)]
    >>> [*completions(bundles, ["camera"], prices, margin_floor=0.2)]
    []
    """
    there, met = {*held}, set[str]()
    for main in islice(reversed(held), HELD_MAX):
        for name in bundles.of(main):
            if name in met:
                continue
            met.add(name)
            terms = bundles.terms[name]
            missing = tuple(item for item in terms.items if item not in there)
            if 0 < len(missing) <= MISSING_MAX:
                told = [prices.get(item) for item in terms.items]
                if (worth := _worth(terms, told, margin_floor)) is not None:
                    yield Completion(name, terms.items, missing, main, *worth)


def _worth(
    terms: BundleTerms, told: Sequence[PriceTag | None], margin_floor: float | None
) -> tuple[int, int, str] | None:
    """Price, discount and currency of a bundle; None: it cannot be told, or earns too little."""
    tags = [tag for tag in told if tag is not None]
    if len(tags) < len(told) or len({tag.currency for tag in tags}) != 1:
        return None
    currency, price = tags[0].currency, sum(tag.price_minor for tag in tags)
    discount = terms.discount(price, currency)
    if not 0 < discount < price:
        return None
    if margin_floor is not None:
        margins = [tag.margin_minor for tag in tags if tag.margin_minor is not None]
        if len(margins) < len(tags) or sum(margins) - discount < margin_floor * (price - discount):
            return None
    return price, discount, currency


class BundleArm(NamedTuple):
    """The arm, for one basket: all that completes the best bundle, or nothing."""

    found: tuple[Completion, ...]
    prices: Mapping[str, PriceTag]
    fits: Callable[[str, str], bool] | None = None
    """Whether two items may stand in one prompt; none where nothing is known of that."""
    completed: Callable[[str, Sequence[str]], bool] | None = None
    """Whether an item that alone must not be offered may be with these, some of which it needs."""

    def best(self, question: CandidateQuery) -> Completion | None:
        """The bundle that lacks least, of those the one that saves most; None: none may be said."""
        may = [one for one in self.found if self._may_be_said(one, question)]
        may.sort(key=lambda one: (len(one.missing), -one.discount_minor, one.name))
        return may[0] if may else None

    def _may_be_said(self, one: Completion, question: CandidateQuery) -> bool:
        if len(one.missing) > question.items_max:
            return False
        if any(self._is_out(item, one.missing, question) for item in one.missing):
            return False
        return self.fits is None or all(self.fits(*pair) for pair in combinations(one.missing, 2))

    def _is_out(self, item: str, missing: Sequence[str], question: CandidateQuery) -> bool:
        kept = self.completed is not None and self.completed(item, missing)
        return not kept and item in question.excluded

    def proposes(self, _learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer."""
        return self.best(question) is not None

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers: all that is missing, in the order of the bundle."""
        if (best := self.best(question)) is None:
            return []
        of, met = learned.baskets.meetings(best.main)
        return [
            Candidate(item, 1.0 / (1 + place), met.get(item, 0), of, best.main)
            for place, item in enumerate(best.missing)
        ]

    def offer(self, question: CandidateQuery) -> dict[str, Any] | None:
        """The fields of the `BundleOffer`."""
        if (best := self.best(question)) is None:
            return None
        return {
            "type": ARM,
            "bundle": best.name,
            "bundle_items": best.items,
            "price_minor": best.price_minor,
            "discount_minor": best.discount_minor,
            "currency": best.currency,
        }

    def promised(self, known: Sequence[ItemWorth], question: CandidateQuery) -> list[ItemWorth]:
        """What each item costs and earns, and its part of the discount, to be sealed.

        All of the discount is the doing of the prompt that completes the bundle: its items share it
        by their prices, so that net reward counts it whether the order tells it by line or not. It
        is taken off once, however many of an item are bought.
        """
        if (best := self.best(question)) is None:
            return [*known]
        tags, found = [self.prices[item] for item in best.missing], list[ItemWorth]()
        left = best.discount_minor
        of = sum(tag.price_minor for tag in tags)
        for tag, worth in zip(tags, known, strict=True):
            part = left if of == tag.price_minor else left * tag.price_minor // of
            left, of = left - part, of - tag.price_minor
            of_one = tag.margin_minor, tag.price_minor, tag.currency
            found.append(ItemWorth(*of_one, worth.fit, part))
        return found
