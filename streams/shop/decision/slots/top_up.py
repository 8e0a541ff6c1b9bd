"""The top-up: what lifts a basket to free shipping, with the least beyond what is missing.

The arm chooses among what fits the basket anyway: what others bought with it, then what is popular.
It takes as few items as come close: one, if that is no more than a tenth of the gap too dear, else
the best two or three. Each has to earn something by the catalogue. It is silent when the threshold
is met, where a price of the basket is not known or its currencies are mixed, where nothing reaches.
Items of one prompt have to fit each other, as in any other arm. What the bundles of a basket save
is not paid, and does not count; what would complete one is not taken.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import combinations, starmap
from sys import intern
from typing import NamedTuple

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.memory.learned import Learned

ARM = "top_up"
SLOTS = frozenset({"basket", "checkout"})
"""Where it is said: beside a basket."""
SOURCES = ("bought_together", "popular")
"""The arms from whose items it chooses, the better first."""
POOL_MAX = 40
"""Items that are looked at; more would take longer than a decision may."""
CLOSE = 0.1
"""An overshoot of no more than this share of the gap is good enough for fewer items."""


class PriceTag(NamedTuple):
    """What an item costs and earns, in minor units of its currency."""

    price_minor: int
    margin_minor: int | None
    currency: str


class Prices:
    """Price and margin by item, of so many items at most.

    >>> prices = Prices(1)
    >>> for name in ("bread", "tea"):
    ...     prices.put(CatalogItem(item_id=name, price_minor=249, currency="EUR"))
    >>> [*prices.of], prices.left_out
    (['bread'], 1)
    """

    def __init__(self, items_max: int = 0) -> None:
        self.items_max, self.left_out = items_max, 0
        """Records for which there was no room."""
        self.of: dict[str, PriceTag] = {}

    def put(self, item: CatalogItem) -> None:
        """An item as it is from now on."""
        self.of.pop(item.item_id, None)
        if not self.items_max or item.price_minor is None or item.currency is None:
            return
        if len(self.of) >= self.items_max:
            self.left_out += 1
            return
        worth = PriceTag(item.price_minor, item.margin_minor, intern(item.currency))
        self.of[intern(item.item_id)] = worth


class Gap(NamedTuple):
    """What a basket lacks."""

    missing_minor: int
    threshold_minor: int
    currency: str


def gap(
    basket: Mapping[str, int],
    prices: Mapping[str, PriceTag],
    thresholds: Mapping[str, int],
    saved_minor: Callable[[], int] | None = None,
) -> Gap | None:
    """What a basket lacks of free shipping; None: nothing, or nobody can tell.

    `saved_minor` tells what is taken off the whole basket: what is not paid does not count.

    >>> gap({"bread": 2}, {"bread": PriceTag(249, 90, "EUR")}, {"EUR": 5000})
    Gap(missing_minor=4502, threshold_minor=5000, currency='EUR')
    """
    total, currency = 0, None
    for item, quantity in basket.items():
        worth = prices.get(item)
        if worth is None or currency not in (None, worth.currency):
            return None
        total, currency = total + quantity * worth.price_minor, worth.currency
    if currency is None or currency not in thresholds:
        return None
    if saved_minor is not None:
        total -= saved_minor()
    missing = thresholds[currency] - total
    return Gap(missing, thresholds[currency], currency) if missing > 0 else None


Fits = Callable[[int, int], bool]
"""Whether two of the things that are bought may be bought together, by their places."""


def least_overshoot(
    missing: int, prices: Sequence[int], most: int, fits: Fits | None = None
) -> tuple[int, ...]:
    """Which of these prices, the better first, together reach what is missing; none: nothing does.

    All of them have to fit each other; none: all do.

    >>> least_overshoot(1000, [900, 400, 1050, 620], most=2), least_overshoot(9, [1, 2], most=3)
    ((2,), ())
    >>> least_overshoot(1000, [900, 400, 1950, 620], most=2)
    (1, 3)
    >>> least_overshoot(1000, [900, 400, 1950, 620], most=2, fits=lambda a, b: {a, b} != {1, 3})
    (0, 1)
    """
    best: tuple[int, int, tuple[int, ...]] | None = None
    order = sorted(range(len(prices)), key=lambda index: (prices[index], index))
    sorted_prices = [prices[index] for index in order]
    placed = None if fits is None else _by_place(fits, order)
    for size in range(1, most + 1):
        for others, spent, least in _reaching(missing, sorted_prices, size):
            for place in range(least, len(order)):
                total = spent + sorted_prices[place]
                if best is not None and total > best[0]:
                    break
                found = (*others, place)
                if placed is None or all(starmap(placed, combinations(found, 2))):
                    said = total, size, tuple(sorted(order[at] for at in found))
                    best = said if best is None else min(best, said)
                    break
        if best is not None and best[0] - missing <= CLOSE * missing:
            break
    return () if best is None else best[2]


class Reach:
    """Whether of the prices that came so far any together reach what is missing.

    As few are looked at as it takes: that an arm has something to offer is asked of each decision,
    what it offers of the one that is drawn.

    >>> reach = Reach(1000, most=2)
    >>> [reach.by(price) for price in (400, 500, 620)]
    [False, False, True]
    """

    def __init__(self, missing: int, most: int, fits: Fits | None = None) -> None:
        self._missing, self._most, self._fits = missing, most, fits
        self._prices: list[int] = []
        self._best: list[int] = []
        """The dearest so far, as many as there may be others beside the next one."""

    def by(self, price: int) -> bool:
        """One more; whether it reaches, with some of those before it."""
        place, spent = len(self._prices), price + sum(self._best)
        self._prices.append(price)
        if self._most and spent >= self._missing and self._fitting(place, price):
            return True
        self._best = sorted((*self._best, price), reverse=True)[: max(0, self._most - 1)]
        return False

    def _fitting(self, last: int, price: int) -> bool:
        """Whether those that reach with this one fit each other, too."""
        fits, left = self._fits, self._missing - price
        if fits is None or left <= 0:
            return True
        beside = [place for place in range(last) if fits(place, last)]
        beside.sort(key=self._prices.__getitem__, reverse=True)
        return any(
            sum(self._prices[place] for place in others) >= left
            and all(starmap(fits, combinations(others, 2)))
            for size in range(1, self._most)
            for others in combinations(beside, size)
        )


def _by_place(fits: Fits, order: Sequence[int]) -> Fits:
    """The same of places in an order; each pair is asked for once."""

    @cache
    def fit(a: int, b: int) -> bool:
        return fits(order[a], order[b])

    return fit


def _reaching(
    missing: int, prices: Sequence[int], size: int
) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """For any others what they cost, and the cheapest last one that reaches: in sorted prices."""
    for others in combinations(range(len(prices)), size - 1):
        spent = sum(prices[place] for place in others)
        last = bisect_left(prices, missing - spent, lo=others[-1] + 1 if others else 0)
        if last < len(prices):
            yield others, spent, last


def _fit(fits: Callable[[str, str], bool], items: Sequence[str], a: int, b: int) -> bool:
    """Whether the items at two places may stand in one prompt."""
    return fits(items[a], items[b])


class TopUpArm(NamedTuple):
    """The arm, for one basket."""

    gap: Gap
    prices: Mapping[str, PriceTag]
    arms: Mapping[str, Strategy]
    """All others, of which it asks some."""
    fits: Callable[[str, str], bool] | None = None
    """Whether two items may stand in one prompt; none where nothing is known of that."""
    saving: Collection[str] = ()
    """What would complete a bundle, whose discount takes away from what is reached."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer: what that is takes longer to find."""
        items: list[str] = []
        fits = None if self.fits is None else cache(partial(_fit, self.fits, items))
        reach = Reach(self.gap.missing_minor, question.items_max, fits)
        for candidate in self._pool(learned, question):
            items.append(candidate.item)
            if reach.by(self.prices[candidate.item].price_minor):
                return True
        return False

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers."""
        pool = [*self._pool(learned, question)]
        paid = [self.prices[candidate.item].price_minor for candidate in pool]
        fits, most = self.fits, question.items_max
        if fits is None:
            chosen = least_overshoot(self.gap.missing_minor, paid, most)
        else:
            items = [one.item for one in pool]
            fit = partial(_fit, fits, items)
            chosen = least_overshoot(self.gap.missing_minor, paid, most, fit)
        return [pool[index] for index in chosen]

    def _pool(self, learned: Learned, question: CandidateQuery) -> Iterator[Candidate]:
        met = set[str]()
        more = question._replace(items_max=POOL_MAX)
        for name in filter(self.arms.__contains__, SOURCES):
            for candidate in self.arms[name].candidates(learned, more):
                if len(met) < POOL_MAX and candidate.item not in met and self._earns(candidate):
                    met.add(candidate.item)
                    yield candidate

    def _earns(self, candidate: Candidate) -> bool:
        """Whether the shop makes money by it, in the basket's currency."""
        worth = self.prices.get(candidate.item)
        return (
            worth is not None
            and worth.currency == self.gap.currency
            and worth.margin_minor is not None
            and worth.margin_minor > 0
            and candidate.item not in self.saving
        )
