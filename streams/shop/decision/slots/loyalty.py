"""Loyalty: what fits anyway and brings a member points, and how many.

The programme is a control (`loyalty.program`); a member is whom the event that asks names by a
tier of it as their `segment`. The arm offers what others bought with the basket, then what is
popular, of that what brings a point at all, by the catalogue's price
(`GOESWITH_CATALOG_PRICES_MAX`). Where the programme, the tier, a price or its currency is not known
nothing is said. Points are rounded down, item by item: none is promised that the shop would not
give. Of what a shopper has already see `streams.shop.decision.slots.standing`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from models import Candidate
from streams.contract.events.reference.loyalty import LoyaltyProgram, Tier
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.standing import MemberStanding
from streams.shop.decision.slots.strategy import Strategy, offered_by
from streams.shop.decision.slots.top_up import POOL_MAX, SOURCES, PriceTag
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

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer."""
        return next(self._rewarding(learned, question), None) is not None

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers, best first."""
        chosen: list[Candidate] = []
        for one in self._rewarding(learned, question):
            if self.fits is None or all(self.fits(one.item, by.item) for by in chosen):
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
        return self.program.points(self.tier, tag.price_minor, tag.currency)

    def offer(self, candidates: Sequence[Candidate]) -> dict[str, Any]:
        """The fields of the `LoyaltyOffer`."""
        points = [self.points(candidate.item) for candidate in candidates]
        said = {"type": ARM, "tier": self.tier.name, "points": points}
        if self.standing is None or not candidates:
            return said
        currency = self.prices[candidates[0].item].currency
        return said | self.standing.fields(self.program, self.tier, points, currency)
