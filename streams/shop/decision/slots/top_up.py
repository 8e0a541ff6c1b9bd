"""The top-up: what lifts a basket to free shipping, with the least beyond what is missing.

The arm chooses among what fits the basket anyway: what others bought with it, then what is popular.
It takes as few items as come close: one, if that is no more than a tenth of the gap too dear, else
the best two or three. What they cost beyond the gap is a tenth of the threshold at most: nobody
buys a camera to save the postage of a loaf. Each has to earn something by the catalogue. It is
silent when the threshold is met, where a price of the basket is not known or its currencies are
mixed, where nothing reaches, or what does goes too far beyond.
Items of one prompt have to fit each other, as in any other arm. What the bundles of a basket save
is not paid, and does not count; where what is taken completes a bundle, or several, it has to reach
after their discounts, too. An item of a bundle that stays open costs what any other does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from sys import intern
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.overshoot import Fits, Reach, least_overshoot
from streams.shop.decision.slots.strategy import Strategy, offered_by
from streams.shop.memory.learned import Learned

ARM = "top_up"
SLOTS = frozenset({"basket", "checkout"})
"""Where it is said: beside a basket."""
SOURCES = ("bought_together", "popular")
"""The arms from whose items it chooses, the better first."""
TENTHS = 10
"""What lies beyond the threshold is one part in so many of it at most, or of the gap."""
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

    @property
    def beyond_minor_max(self) -> int:
        """How far what is taken may go beyond it: a tenth of it, or more where that is little.

        >>> Gap(4_751, 5_000, "EUR").beyond_minor_max
        500
        """
        return max(self.missing_minor, self.threshold_minor) // TENTHS


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


Unfit = Literal["no_price", "no_margin", "too_dear"]
"""Why an item lifts nothing, whoever proposes it: the first of these that is so."""
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
        self._rest, self._fits = rest, fits
        self._judged: dict[tuple[int, int], bool] = {}

    @property
    def fit(self) -> Fits | None:
        """Whether the items at two places may stand in one prompt; none: all may."""
        return None if self._fits is None else self._fit

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
        self._bounds = gap.missing_minor, gap.beyond_minor_max
        self._terms = prices, gap.currency, sum(self._bounds)
        """What items cost, in which currency it may be said, and how much one may cost."""
        self._arms, self._fits = arms, fits
        self._beside, self._proposed = beside, proposed
        self._pools: tuple[CandidateQuery, Pool] | None = None
        """The pool for what was asked last."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer: what that is takes longer to find."""
        pool, beside = self._pool(learned, question), self._beside
        reach = Reach(*self._bounds, question.items_max, pool.fit)
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
        missing, beyond = self._bounds
        chosen = least_overshoot(missing, paid, question.items_max, pool.fit, stands, beyond)
        return [pool.drawn[place][0] for place in chosen]

    def _stands(self, beside: Saving, pool: Sequence[Priced], chosen: tuple[int, ...]) -> bool:
        """Whether these of the pool reach what is missing after all that bundles save."""
        saved = beside.minor(pool[place][0].item for place in chosen)
        paid = sum(pool[place][1] for place in chosen)
        return saved is not None and paid - saved >= self.gap.missing_minor

    def _pool(self, learned: Learned, question: CandidateQuery) -> Pool:
        """What it chooses among: the same for a question that was just asked."""
        if self._pools is None or self._pools[0] is not question:
            arms, proposed = self._arms, self._proposed
            named = [one for one in SOURCES if one in arms and proposed.get(one, one) is not None]
            sources = [arms[name] for name in named]  # whoever draws must not hold us: no cycle
            ranked = (offered_by(arm, learned, question, POOL_MAX) for arm in sources)
            rest = priced(chain.from_iterable(ranked), *self._terms)
            self._pools = question, Pool(rest, self._fits)
        return self._pools[1]

    def unfit(self, item_id: str) -> Unfit | None:
        """Why an item is not taken, by what it costs and earns; None: it may be."""
        prices, currency, most = self._terms
        return unfit(prices.get(item_id), currency, most)

    def chooses_among(self, learned: Learned, question: CandidateQuery) -> Iterator[str]:
        """The items that it looks at, the better first."""
        return (one.item for one, _ in self._pool(learned, question))


def unfit(tag: PriceTag | None, currency: str, minor_max: int) -> Unfit | None:
    """Why something lifts no basket in this currency, of which it may cost so much."""
    if tag is None or tag.currency != currency:
        return "no_price"
    if tag.margin_minor is None or tag.margin_minor <= 0:
        return "no_margin"
    return "too_dear" if tag.price_minor > minor_max else None


def priced(
    ranked: Iterable[Candidate], prices: Mapping[str, PriceTag], currency: str, minor_max: int
) -> Iterator[Priced]:
    """The first of these that lift a basket, each once."""
    met = set[str]()
    for candidate in ranked:
        tag = prices.get(candidate.item)
        if tag is None or candidate.item in met or unfit(tag, currency, minor_max) is not None:
            continue
        met.add(candidate.item)
        yield candidate, tag.price_minor
        if len(met) == POOL_MAX:
            return
