"""Substitutes: of one narrowest category by the catalogue, unless they are seen to go together.

A cross-sell completes the purchase: what would replace an item of the basket, cheaper or dearer, is
none; nor do two that replace each other stand in one prompt. Two of one category go together where
somebody says so (an accessory, a curated pair), or where those who take one mostly take both
(`models.recommenders.pair_table.substitutes`). What is in no category, or in another one, is not
judged, nor what is in a category that holds too much to say anything
(`streams.shop.decision.catalog.categories`). So few pairs are looked at for one decision that it
stays cheap; beyond them the probability is that of two which were never counted.
"""

from collections.abc import Iterable

from models.recommenders.pair_table.substitutes import substitute_probability
from streams.shop.decision.catalog.categories import Categories
from streams.shop.decision.catalog.curation import Curation
from streams.shop.decision.catalog.relations import Relations
from streams.shop.memory.learned import Learned

NEVER = 1.0
"""No probability is larger: nothing is judged."""
BESIDE_MAX = 16
"""Items of one category in the basket that a candidate is compared with: the latest."""
JUDGED_MAX = 32
"""Pairs whose counts are looked up for one decision;"""
PAIRS_MAX = 128
"""and pairs that are looked at: whether anybody says that they go together."""
UNCOUNTED = substitute_probability(0, 0)
"""That two of one category replace each other, where nothing is known of them."""


class Likeness:
    """Which items replace which, for one decision.

    Parameters
    ----------
    categories
        By which items are judged.
    probability_max
        What is a substitute with a larger probability is one.
    """

    def __init__(
        self,
        categories: Categories,
        relations: Relations,
        curation: Curation,
        probability_max: float,
    ) -> None:
        self._kind_of, self._relations, self._curation = categories.of, relations, curation
        self._probability_max = probability_max
        self._learned: Learned | None = None
        self._beside: dict[str, list[str]] = {}
        self._known: dict[tuple[str, str], bool] = {}
        self.looked_up = 0
        """Pairs, for the decision at hand."""

    def ask(self, learned: Learned | None) -> None:
        """What is known of who took what."""
        self._learned, self._known, self.looked_up = learned, {}, 0

    def fill(self, beside: Iterable[str]) -> None:
        """The items that others would stand beside."""
        self._beside = {}
        for item in beside:
            if (kind := self._kind_of(item)) is not None:
                self._beside.setdefault(kind, []).append(item)

    def conflict(self, item: str) -> bool:
        """Whether an item would replace one of those that it would stand beside."""
        if not self._beside or (kind := self._kind_of(item)) is None:
            return False
        there = self._beside.get(kind, ())
        return any(self._replaces(item, other) for other in there[-BESIDE_MAX:])

    def alike(self, a: str, b: str) -> bool:
        """Whether two items replace each other."""
        kind = self._kind_of(a)
        return kind is not None and kind == self._kind_of(b) and self._replaces(a, b)

    def _replaces(self, a: str, b: str) -> bool:
        pair = (a, b) if a < b else (b, a)
        if (known := self._known.get(pair)) is None:
            if len(self._known) >= PAIRS_MAX:
                return self._probability_max < UNCOUNTED
            known = self._known[pair] = not self._said(*pair) and self._judged(*pair)
        return known

    def _said(self, a: str, b: str) -> bool:
        """Whether somebody says that the two go together."""
        of, says = self._relations.of, self._curation.says
        if a == b or b in of(a).accessory_of or a in of(b).accessory_of:
            return True
        return says(a, b) or says(b, a)

    def _judged(self, a: str, b: str) -> bool:
        """Whether the two replace each other, by what was counted."""
        if self._learned is None or self.looked_up >= JUDGED_MAX:
            return self._probability_max < UNCOUNTED
        self.looked_up += 1
        of_a, of_b, both = self._learned.baskets.met(a, b)
        could = max(min(of_a, of_b), self._learned.browsing.met(a, b)[2])
        return substitute_probability(could, both) > self._probability_max
