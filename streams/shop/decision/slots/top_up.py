"""The top-up: what lifts a basket to free shipping, with the least beyond what is missing.

The arm chooses among what fits the basket anyway: what others bought with it, then what is popular.
It takes as few items as come close: one, if that is no more than a tenth of the gap too dear, else
the best two or three. Each has to earn something by the catalogue. It is silent when the threshold
is met, where a price of the basket is not known or its currencies are mixed, where nothing reaches.
Items of one prompt have to fit each other, as in any other arm. What the bundles of a basket save
is not paid, and does not count; where what is taken completes a bundle, or several, it has to reach
after their discounts, too. An item of a bundle that stays open costs what any other does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations, starmap
from sys import intern
from types import MappingProxyType
from typing import NamedTuple, Protocol

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.overshoot import Fits, least_overshoot
from streams.shop.decision.slots.strategy import Strategy, offered_by
from streams.shop.memory.learned import Learned

ARM = "top_up"
SLOTS = frozenset({"basket", "checkout"})
"""Where it is said: beside a basket."""
SOURCES = ("bought_together", "popular")
"""The arms from whose items it chooses, the better first."""
POOL_MAX = 40
"""Items that are looked at; more would take longer than a decision may."""


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
        self._best: list[tuple[int, int]] = []
        """The dearest so far, as many as there may be beside the next one; the cheapest first, each
        with its place."""
        self._spent = 0
        """What they cost."""

    def by(self, price: int) -> bool:
        """One more; whether it reaches, with some of those before it."""
        last, best = len(self._prices), self._best
        self._prices.append(price)
        enough = self._most and price + self._spent >= self._missing
        if enough and self._fitting(last, price):
            return True
        if len(best) < self._most - 1:
            best.append((price, last))
        elif best and price > best[0][0]:
            best[0] = price, last
        else:
            return False
        best.sort()
        self._spent = sum(price for price, _ in best)
        return False

    def _fitting(self, last: int, price: int) -> bool:
        """Whether those that reach with this one fit each other, too."""
        left, fits = self._missing - price, self._fits
        if fits is None or left <= 0:
            return True
        if all(starmap(fits, combinations((*(place for _, place in self._best), last), 2))):
            return True  # as nearly always: the dearest do
        dearest = sorted(range(last), key=self._prices.__getitem__, reverse=True)
        return self._fitting_beside(fits, (last,), dearest, left, self._most - 1)

    def _fitting_beside(
        self, fits: Fits, chosen: tuple[int, ...], dearest: Sequence[int], left: int, most: int
    ) -> bool:
        """Whether of these, the dearest first, any that fit those `chosen` reach what is left."""
        for at, place in enumerate(dearest):
            price = self._prices[place]
            if price * most < left:
                return False  # nor does anything cheaper
            if all(fits(place, other) for other in chosen):
                if price >= left:
                    return True
                more = (*chosen, place), dearest[at + 1 :], left - price, most - 1
                if self._fitting_beside(fits, *more):
                    return True
        return False


Priced = tuple[Candidate, int]
"""What may be taken, and what one of it costs, in minor units."""


class Pool:
    """What a top-up chooses among, drawn from its sources as far as somebody looks, and once.

    That it proposes anything is known from the first few; what it offers takes all of them.

    >>> bread, tea = Candidate("bread", 0.5, 1, 2), Candidate("tea", 0.4, 1, 2)
    >>> pool = Pool(iter([(bread, 249), (tea, 399)]), None)
    >>> [price for _, price in pool], len(pool.drawn), pool.fit
    ([249, 399], 2, None)
    """

    def __init__(self, rest: Iterator[Priced], fits: Callable[[str, str], bool] | None) -> None:
        self.drawn: list[Priced] = []
        """So far, in their order."""
        self.fit: Fits | None = None if fits is None else self._fit
        """Whether the items at two places may stand in one prompt; none: all may."""
        self._rest, self._fits = rest, fits
        self._judged: dict[tuple[int, int], bool] = {}

    def __iter__(self) -> Iterator[Priced]:
        """All of them, from the first on."""
        yield from self.drawn
        for one in self._rest:
            self.drawn.append(one)
            yield one

    def _fit(self, a: int, b: int) -> bool:
        """The same, judged once for each pair."""
        judged = self._judged.get((a, b))
        if judged is None and self._fits is not None:
            judged = self._fits(self.drawn[a][0].item, self.drawn[b][0].item)
            self._judged[a, b] = judged
        return judged is not False


class Saving(Protocol):
    """What bundles take off a basket in which there is more."""

    def __contains__(self, item_id: object) -> bool:
        """Whether an item may save anything."""

    def minor(self, items: Iterable[str]) -> int | None:
        """What such items save, in minor units; None: nobody can tell."""


class TopUpArm:
    """The arm, for one basket.

    Parameters
    ----------
    arms
        All others, of which it asks some.
    fits
        Whether two items may stand in one prompt; none where nothing is known of that.
    beside
        What the items save together with the basket; none where there are no bundles.
    proposed
        What arms are known to have to offer; None: nothing, so there is nothing to rank.
    """

    def __init__(
        self,
        gap: Gap,
        prices: Mapping[str, PriceTag],
        arms: Mapping[str, Strategy],
        fits: Callable[[str, str], bool] | None = None,
        beside: Saving | None = None,
        proposed: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.gap = gap
        self._prices, self._arms, self._fits = prices, arms, fits
        self._beside, self._proposed = beside, proposed
        self._pools: tuple[CandidateQuery, Pool] | None = None
        """The pool for what was asked last."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer: what that is takes longer to find."""
        pool, beside = self._pool(learned, question), self._beside
        reach = Reach(self.gap.missing_minor, question.items_max, pool.fit)
        for _, price_minor in pool:
            if reach.by(price_minor):
                if beside is None or not any(one.item in beside for one, _ in pool.drawn):
                    return True
                return bool(self.candidates(learned, question))
        return False

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers."""
        pool = self._pool(learned, question)
        paid = [price_minor for _, price_minor in pool]
        stands = None if self._beside is None else partial(self._stands, self._beside, pool.drawn)
        missing, most = self.gap.missing_minor, question.items_max
        chosen = least_overshoot(missing, paid, most, pool.fit, stands)
        return [pool.drawn[place][0] for place in chosen]

    def _stands(self, beside: Saving, pool: Sequence[Priced], chosen: tuple[int, ...]) -> bool:
        """Whether these of the pool reach what is missing after all that bundles save."""
        saved = beside.minor(pool[place][0].item for place in chosen)
        paid = sum(pool[place][1] for place in chosen)
        return saved is not None and paid - saved >= self.gap.missing_minor

    def _pool(self, learned: Learned, question: CandidateQuery) -> Pool:
        """What it chooses among: the same for a question that was just asked."""
        if self._pools is None or self._pools[0] is not question:
            self._pools = question, Pool(self._priced(learned, question), self._fits)
        return self._pools[1]

    def _priced(self, learned: Learned, question: CandidateQuery) -> Iterator[Priced]:
        """The first items of its sources that have a price and earn something, each once."""
        met, prices, currency = set[str](), self._prices, self.gap.currency
        for name in filter(self._arms.__contains__, SOURCES):
            if self._proposed.get(name, name) is None:
                continue
            for candidate in offered_by(self._arms[name], learned, question, POOL_MAX):
                item = candidate.item
                tag = prices.get(item)
                if tag is None or not tag.margin_minor or item in met:
                    continue
                if tag.margin_minor > 0 and tag.currency == currency:
                    met.add(item)
                    yield candidate, tag.price_minor
                    if len(met) == POOL_MAX:
                        return
