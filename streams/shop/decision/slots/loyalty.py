"""Loyalty: what fits anyway and brings a member points, and how many.

The programme is a control (`loyalty.program`); a member is whom the event that asks names by a
tier of it as their `segment`. The arm offers what others bought with the basket, then what is
popular, of that what brings a point at all, by the catalogue's price
(`GOESWITH_CATALOG_PRICES_MAX`). Where the programme, the tier, a price or its currency is not known
nothing is said. Points are rounded down, item by item: none is promised that the shop would not
give. They are for what is paid: of an item that completes a bundle, for what the basket costs more
with it; and items that save more together than each by itself are not told of in one prompt. Of
what a shopper has already see `streams.shop.decision.slots.standing`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from models import Candidate
from streams.contract.events.reference.loyalty import LoyaltyProgram, Tier
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.standing import MemberStanding
from streams.shop.decision.slots.strategy import Strategy, offered_by
from streams.shop.decision.slots.top_up import POOL_MAX, SOURCES, PriceTag, Saving
from streams.shop.memory.learned import Learned

ARM = "loyalty"
SLOTS = frozenset({"product_page", "basket", "checkout"})
"""Where it is said: before the purchase."""


class LoyaltyArm(NamedTuple):
    """The arm, for a member of one tier."""

    program: LoyaltyProgram
    tier: Tier
    prices: Mapping[str, PriceTag]
    arms: Mapping[str, Strategy]
    """All others, of which it asks some."""
    fits: Callable[[str, str], bool] | None = None
    """Whether two items may stand in one prompt; none where nothing is known of that."""
    currency: str | None = None
    """In which whoever asks pays; None: nobody says, and the catalogue's is taken."""
    standing: MemberStanding | None = None
    """What they have already; None: nobody says, or it is not to be used."""
    beside: Saving | None = None
    """What items save together with the basket; none where there are no bundles."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer."""
        return next(self._rewarding(learned, question), None) is not None

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers, best first."""
        chosen: list[Candidate] = []
        for one in self._rewarding(learned, question):
            fits = self.fits is None or all(self.fits(one.item, by.item) for by in chosen)
            if fits and self._pays_by_itself(one.item, [by.item for by in chosen]):
                chosen.append(one)
            if len(chosen) == question.items_max:
                break
        return chosen

    def _rewarding(self, learned: Learned, question: CandidateQuery) -> Iterator[Candidate]:
        met = set[str]()
        for name in filter(self.arms.__contains__, SOURCES):
            for candidate in offered_by(self.arms[name], learned, question, POOL_MAX):
                if candidate.item not in met and self.points(candidate.item):
                    met.add(candidate.item)
                    yield candidate._replace(source="")

    def points(self, item_id: str) -> int:
        """What one of an item brings; 0: nothing, or nobody can tell."""
        tag = self.prices.get(item_id)
        if tag is None or self.currency not in (None, tag.currency):
            return 0
        saved = self._saved_minor((item_id,))
        if saved is None or saved >= tag.price_minor:
            return 0
        return self.program.points(self.tier, tag.price_minor - max(0, saved), tag.currency)

    def _saved_minor(self, items: Sequence[str]) -> int | None:
        """What bundles take off the basket for one of each item; None: nobody can tell."""
        if self.beside is None or not any(item in self.beside for item in items):
            return 0
        return self.beside.minor(items)

    def _pays_by_itself(self, item_id: str, chosen: Sequence[str]) -> bool:
        """Whether with any of these an item saves no more than each of them does by itself."""
        if self.beside is None or item_id not in self.beside:
            return True
        chosen = [*filter(self.beside.__contains__, chosen)]  # as a rule none is
        sizes = range(1, len(chosen) + 1)
        groups = (group for size in sizes for group in combinations(chosen, size))
        return all(self._save_no_more((*group, item_id)) for group in groups)

    def _save_no_more(self, items: Sequence[str]) -> bool:
        together = self._saved_minor(items)
        if together == 0:  # as nearly always
            return True
        alone = [self._saved_minor((item,)) or 0 for item in items]
        return together is not None and together <= sum(max(0, saved) for saved in alone)

    def offer(self, candidates: Sequence[Candidate]) -> dict[str, Any]:
        """The fields of the `LoyaltyOffer`."""
        points = [self.points(candidate.item) for candidate in candidates]
        said = {"type": ARM, "tier": self.tier.name, "points": points}
        if self.standing is None or not candidates:
            return said
        currency = self.prices[candidates[0].item].currency
        return said | self.standing.fields(self.program, self.tier, points, currency)


class SavedWithEither:
    """What bundles save at most, beside either of two baskets."""

    def __init__(self, *baskets: Saving) -> None:
        self.baskets = baskets

    def __contains__(self, item_id: object) -> bool:
        """Whether an item is in any bundle: others save nothing."""
        return item_id in self.baskets[0]

    def minor(self, items: Iterable[str]) -> int | None:
        """The more of both; None: of one of them nobody can tell."""
        asked = [*items]
        found = [basket.minor(asked) for basket in self.baskets]
        known = [saved for saved in found if saved is not None]
        return max(known) if len(known) == len(found) else None
